#include "svc/docker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/cmd.h"
#include "io/json.h"

#define HUNG_NS    (60 * NS_PER_S) /* one that did not answer is not asked again so soon */
#define AGAIN_NS   (500 * NS_PER_MS)
#define ANSWER_MAX ((size_t)4 << 20)
#define REQUEST_MAX ((size_t)512 << 10)
#define PIPE_BYTES (1 << 20)
#define WORDS_MAX  300

/* Where the operator's docker is, and as whom it logs in. */
static const char *const kept_env[] = { "DOCKER_HOST",      "DOCKER_CONFIG",     "DOCKER_CONTEXT",
					"DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "HOME" };

/* Where the program itself asks others, and not its daemon. */
static const char *const proxies[] = { "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy" };

static int64_t awaits_ns;

void docker_await(int64_t ns)
{
	awaits_ns = ns;
}

int64_t docker_awaits(void)
{
	return awaits_ns;
}

static const char **argv_of(const char *const *argv)
{
	const char *program = getenv("CROSSGRADE_DOCKER");
	size_t n = 0;
	const char **own;

	while (argv[n])
		n++;
	own = xcalloc(n + 1, sizeof *own);
	memcpy(own, argv, n * sizeof *own);
	if (program && *program)
		own[0] = program;
	return own;
}

/* Asked twice it is answered twice; everything else may have been done although nobody said so. */
static bool only_looks(const char *const *argv)
{
	static const char *const verbs[] = { "inspect", "ls", "logs", "info", "diff" };

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (!strcmp(argv[1], verbs[i]) || (argv[2] && !strcmp(argv[2], verbs[i])))
			return true;
	return false;
}

/* c->env: more variables, at most as many as there are proxies; or NULL. */
static int run_program(struct cmd *c, struct cmd_result *r, struct err *e)
{
	const char *env[ARRAY_LEN(kept_env) + ARRAY_LEN(proxies) + 3] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"
	};
	autofree const char **argv = argv_of(c->argv);
	char *made[ARRAY_LEN(kept_env)] = { 0 };
	static int64_t hung_ns;
	size_t n = 2;
	int done;

	if (!awaits_ns && hung_ns && clock_mono_ns() - hung_ns < HUNG_NS)
		return err_set(e, ERR_TIMEOUT, "docker did not answer a moment ago");
	for (size_t i = 0; i < ARRAY_LEN(kept_env); i++)
		if (getenv(kept_env[i]))
			env[n++] = made[i] = xasprintf("%s=%s", kept_env[i], getenv(kept_env[i]));
	for (const char *const *more = c->env; more && *more; more++)
		env[n++] = *more;
	c->argv = argv;
	c->env = env;
	c->out_max = ANSWER_MAX;
	/* A daemon goes on, and Compose itself, when who asked is killed; its program has ended when they have. An image is fetched for
	 * longer than anybody waits, and in nobody's way. */
	c->outlives_us = !only_looks(argv) && strcmp(argv[1], "image") != 0;
	c->die_with_us = !c->outlives_us;
	done = cmd_run(c, r, e);
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		free(made[i]);
	if (done >= 0)
		return 0;
	if (e->kind == ERR_TIMEOUT && c->within_ns <= DOCKER_WITHIN)
		hung_ns = clock_mono_ns();
	err_wrap(e, "docker cannot be asked");
	if (e->kind != ERR_ABSENT)
		return -(int)e->kind;
	/* Without its program nobody says that a thing of docker's is not there. */
	e->kind = ERR_REFUSED;
	return err_hint(e, "the docker command line is needed for containers");
}

static bool says(const char *words, const char *what)
{
	return strcasestr(words, what) != NULL;
}

/* As the command line says it up to version 28, and since. */
static bool is_away(const char *words)
{
	return says(words, "Cannot connect to the Docker daemon") || says(words, "failed to connect to the docker API");
}

/* Of what was asked for, not of a file on the way there: "connect: no such file or directory". */
static bool knows_none(const char *words)
{
	static const char *const things[] = { "container", "object", "image", "network", "volume" };

	for (size_t i = 0; i < ARRAY_LEN(things); i++) {
		autofree char *what = xasprintf("No such %s", things[i]);

		if (says(words, what))
			return !is_away(words);
	}
	return false;
}

static struct sv last_of(struct sv s, size_t n)
{
	return s.n > n ? (struct sv){ s.p + s.n - n, n } : s;
}

static int advise(const char *said, struct err *e)
{
	const char *advice = docker_advice(said);

	return advice ? err_hint(e, "%s", advice) : -(int)e->kind;
}

static int refused(const struct cmd_result *r, struct err *e)
{
	struct sv words = sv_trim(buf_sv(&r->err));
	const char *said = buf_str(&r->err);
	enum err_kind kind = knows_none(said)                          ? ERR_ABSENT
			     : says(said, "No space left on device") ? ERR_SPACE
								     : ERR_REFUSED;

	/* What is the matter comes last, behind what Compose tells of its progress. */
	words = last_of(words, WORDS_MAX);
	err_set(e, kind, "docker: " SV_FMT, SV_ARG(words));
	return advise(said, e);
}

static int ask_once(struct cmd *c, bool both, bool *ret_away, struct buf *ret, struct err *e)
{
	struct cmd_result r = { 0 };
	int done = 0;

	*ret_away = false;
	if (run_program(c, &r, e) < 0)
		return -(int)e->kind;
	*ret_away = r.status != 0 && is_away(buf_str(&r.err));
	if (r.cut)
		done = err_set(e, ERR_SPACE, "docker answers more than %zu bytes", ANSWER_MAX);
	else if (r.status != 0)
		done = refused(&r, e);
	else
		buf_add_sv(ret, buf_sv(&r.out));
	if (done == 0 && both)
		buf_add_sv(ret, buf_sv(&r.err));
	cmd_result_done(&r);
	return done < 0 ? done : buf_check(ret, "docker's answer", e);
}

/* A daemon that is away was asked nothing yet, so every verb may be said again; what came by a pipe was read. */
static int ask(const struct cmd *c, bool both, struct buf *ret, struct err *e)
{
	struct deadline until = deadline_in(awaits_ns);

	for (;;) {
		struct cmd again = *c;
		bool away;
		int r = ask_once(&again, both, &away, ret, e);

		if (r >= 0 || c->in_fd > 0 || deadline_passed(until) || !(away || (e->kind == ERR_TIMEOUT && only_looks(c->argv))))
			return r;
		err_clear(e);
		clock_sleep_ns(AGAIN_NS);
	}
}

int docker_run_until(const char *const *argv, int64_t within_ns, const struct cancel *cancel, struct buf *ret, struct err *e)
{
	struct cmd c = { .argv = argv, .within_ns = within_ns, .cancel = cancel };

	return ask(&c, false, ret, e);
}

int docker_run(const char *const *argv, int64_t within_ns, struct buf *ret, struct err *e)
{
	return docker_run_until(argv, within_ns, NULL, ret, e);
}

int docker_run_both(const char *const *argv, int64_t within_ns, struct buf *ret, struct err *e)
{
	struct cmd c = { .argv = argv, .within_ns = within_ns, .err_max = ANSWER_MAX };

	return ask(&c, true, ret, e);
}

int docker_run_abroad(const char *const *argv, int64_t within_ns, struct buf *ret, struct err *e)
{
	const char *env[ARRAY_LEN(proxies) + 1] = { 0 };
	char *made[ARRAY_LEN(proxies)] = { 0 };
	struct cmd c = { .argv = argv, .within_ns = within_ns, .env = env };
	size_t n = 0;
	int r;

	for (size_t i = 0; i < ARRAY_LEN(proxies); i++)
		if (getenv(proxies[i]))
			env[n++] = made[i] = xasprintf("%s=%s", proxies[i], getenv(proxies[i]));
	r = ask(&c, false, ret, e);
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		free(made[i]);
	return r;
}

int docker_json_with(const char *const *argv, const char *set, int64_t within_ns, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(ANSWER_MAX);
	const char *env[] = { set, NULL };
	struct cmd c = { .argv = argv, .within_ns = within_ns, .env = set ? env : NULL };

	return ask(&c, false, &text, e) < 0 ? -(int)e->kind : json_parse(buf_sv(&text), "docker's answer", ret, e);
}

int docker_json(const char *const *argv, int64_t within_ns, json_t **ret, struct err *e)
{
	return docker_json_with(argv, NULL, within_ns, ret, e);
}

/* ---- the Engine's API ---- */

/* A path that a daemon does not know is 404 as well. */
static enum err_kind kind_of(uint64_t status, const char *words)
{
	if (status == 404 && knows_none(words))
		return ERR_ABSENT;
	return status == 409 ? ERR_EXISTS : ERR_REFUSED;
}

static int answer_body(struct sv body, uint64_t status, json_t **ret, struct err *e)
{
	autojson json_t *doc = NULL;
	struct err ignored = ERR_INIT;
	const char *words;

	body = sv_trim(body);
	if (!body.n)
		doc = json_null();
	else if (json_parse(body, "docker's answer", &doc, status < 300 ? e : &ignored) < 0 &&
		 status < 300)
		return -(int)e->kind;
	if (status < 300) {
		*ret = take_ptr(doc);
		return 0;
	}
	words = json_str(doc, "message", "it says no");
	err_set(e, kind_of(status, words), "docker: %.*s (%d)", WORDS_MAX, words, (int)status);
	return advise(words, e);
}

/* HTTP/1.0 is asked, so there are no chunks: the body goes to the end. */
int docker_answer(struct sv said, json_t **ret, struct err *e)
{
	struct sv rest = said, line = sv_trim(sv_line(&rest));
	uint64_t status = 0;

	if (!sv_starts(line, "HTTP/1.") || (sv_word(&line), !sv_u64(sv_word(&line), &status)) ||
	    status < 200)
		return err_set(e, ERR_FORMAT, "docker's answer is none of its API");
	while (rest.n && sv_trim(sv_line(&rest)).n)
		;
	return answer_body(rest, status, ret, e);
}

/* A pipe that holds all of the request. Its other end stays open until there is an answer: docker takes the end of the input
 * for a client that went away, and may drop what it was asked. */
static int pipe_with(struct sv request, int *ret_from, int *ret_held, struct err *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	*ret_from = p[0];
	*ret_held = p[1];
	if (fcntl(p[1], F_SETPIPE_SZ, PIPE_BYTES) < 0 || fcntl(p[1], F_SETFL, O_NONBLOCK) < 0 ||
	    write(p[1], request.p, request.n) != (ssize_t)request.n)
		return err_sys(e, errno, "hand over the request");
	return 0;
}

int docker_run_with(const char *const *argv, struct sv in, int64_t within_ns, struct buf *ret, struct err *e)
{
	struct cmd c = { .argv = argv, .within_ns = within_ns };
	autoclose int from = -1, held = -1;

	if (pipe_with(in, &from, &held, e) < 0)
		return -(int)e->kind;
	close(take_fd(held));
	c.in_fd = from;
	return ask(&c, false, ret, e);
}

int docker_post(const char *path, const json_t *body, json_t **ret, struct err *e)
{
	static const char *const argv[] = { "docker", "system", "dial-stdio", NULL };
	autobuf struct buf request = BUF_MAX(REQUEST_MAX), said = BUF_MAX(ANSWER_MAX);
	autofree char *text = json_dumps(body, JSON_COMPACT);
	struct cmd c = { .argv = argv, .within_ns = 6 * DOCKER_WITHIN };
	autoclose int from = -1, held = -1;
	int r;

	if (!text)
		return err_set(e, ERR_BUG, "a request that is no JSON");
	buf_addf(&request,
		 "POST %s HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\n"
		 "Content-Length: %zu\r\n\r\n%s",
		 path, strlen(text), text);
	r = buf_check(&request, "the request to docker", e);
	if (r >= 0)
		r = pipe_with(buf_sv(&request), &from, &held, e);
	c.in_fd = from;
	if (r >= 0)
		r = ask(&c, false, &said, e);
	return r < 0 ? r : docker_answer(buf_sv(&said), ret, e);
}
