#include "stand_in.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/file.h"
#include "io/json.h"
#include "net/http.h"
#include "products/questdb/questdb.h"
#include "../../tools/port.h"
#include "unit.h"

#define STARTED_WITHIN (60 * NS_PER_S)

static pid_t spawn(const char *const *argv, const char *const *controls, const char *out)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	for (; controls && *controls; controls++)
		(void)putenv(xstrdup(*controls));
	if (out) {
		int fd = open(out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

		dup2(fd, 1);
		dup2(fd, 2);
	}
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static int ends(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void bind_site(struct stand_in *s)
{
	autojson json_t *doc = json_pack("{s{ss} s{ss si}}", "roots", "root", s->root, "probe",
					 "host", "127.0.0.1", "http", (int)s->http);
	struct err e = ERR_INIT;

	s->goal = (struct goal){ .doc = json_pack("{s{ss} s{} s{} s{}}", "source", "root", s->root,
						  "target", "restore_point", "settings"),
				 .product = "questdb",
				 .name = "questdb" };
	s->goal.source = json_object_get(s->goal.doc, "source");
	s->goal.target = json_object_get(s->goal.doc, "target");
	s->goal.restore_point = json_object_get(s->goal.doc, "restore_point");
	s->goal.settings = json_object_get(s->goal.doc, "settings");
	assert_ok(site_bind("main", doc, &s->site, &e), &e);
	s->ctx = (struct ctx){ .product = &product_questdb,
			       .goal = &s->goal,
			       .state = DIR_NONE,
			       .blobs = DIR_NONE,
			       .sites = &s->site,
			       .n_sites = 1,
			       .results = json_object() };
}

void stand_in_make(struct stand_in *s, int tables, const char *version)
{
	char home[] = "/tmp/crossgrade-stand-in-XXXXXX", count[16];
	autofree char *http = NULL, *min = NULL;

	*s = (struct stand_in){ .http = port_take(), .min = port_take() };
	assert_non_null(mkdtemp(home));
	s->home = xstrdup(home);
	s->root = xasprintf("%s/root", home);
	http = xasprintf("127.0.0.1:%u", s->http);
	min = xasprintf("127.0.0.1:%u", s->min);
	snprintf(count, sizeof count, "%d", tables);
	{
		const char *argv[] = { QUESTDB_DOUBLE, "init",      s->root, "--tables",
				       count,          "--version", version, "--http",
				       http,           "--min",     min,     NULL };

		assert_int_equal(ends(spawn(argv, NULL, NULL)), 0);
	}
	bind_site(s);
}

static bool answers(const struct stand_in *s)
{
	struct http h = { .host = "127.0.0.1", .port = s->http };
	struct http_ask ask = { .method = "GET", .path = "/ping", .within_ns = NS_PER_S };
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;
	bool ok = http_do(&h, &ask, &a, &e) >= 0;

	http_answer_done(&a);
	return ok;
}

/* What it said last is all that is known of one that ended at its start. */
static void assert_still_there(pid_t pid, const char *out)
{
	autobuf struct buf said = BUF_MAX(65536);
	struct err e = ERR_INIT;
	siginfo_t ended = { 0 };

	assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT), 0);
	if (!ended.si_pid)
		return;
	assert_ok(file_read_path(out, &said, &e), &e);
	fail_msg("the stand-in ended with %d: %.*s", ended.si_status, (int)said.len, said.data ?: "");
}

void stand_in_start(struct stand_in *s, const char *edition, const char *version,
		    const char *const *controls)
{
	const char *argv[] = { QUESTDB_DOUBLE, "run",       "-d",    s->root, "--edition",
			       edition,        "--version", version, NULL };
	autofree char *out = xasprintf("%s/out", s->home);
	struct deadline d = deadline_in(STARTED_WITHIN);

	s->pid = spawn(argv, controls, out);
	while (!answers(s)) {
		assert_still_there(s->pid, out);
		assert_false(deadline_passed(d));
		clock_sleep_ns(5 * NS_PER_MS);
	}
}

void stand_in_stop(struct stand_in *s)
{
	pid_t pid = s->pid;

	s->pid = 0;
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(ends(pid), 143);
}

void stand_in_write(struct stand_in *s, const char *table, int64_t seq, int64_t ts_us)
{
	struct http h = { .host = "127.0.0.1", .port = s->http };
	autofree char *line = xasprintf("%s writer=1i,seq=%jdi,v=0.5 %jd000\n", table,
					(intmax_t)seq, (intmax_t)ts_us);
	struct http_ask ask = {
		.method = "POST", .path = "/write", .body = sv_of(line), .within_ns = 60 * NS_PER_S
	};
	struct http_answer a = { 0 };
	struct err e = ERR_INIT;

	assert_ok(http_do(&h, &ask, &a, &e), &e);
	assert_int_equal(a.status, 204);
	http_answer_done(&a);
}

/* Every table has all that is in its log. */
static bool is_applied(const struct stand_in *s)
{
	static const char *const query[] = { "query", "select name, sequencerTxn, writerTxn from wal_tables()", NULL };
	struct http h = { .host = "127.0.0.1", .port = s->http };
	struct http_ask ask = { .method = "GET", .path = "/exec", .query = query, .within_ns = 60 * NS_PER_S };
	struct http_answer a = { 0 };
	autojson json_t *said = NULL;
	struct err e = ERR_INIT;
	bool applied = true;
	const json_t *row;
	size_t i;

	assert_ok(http_do(&h, &ask, &a, &e), &e);
	assert_ok(json_parse(buf_sv(&a.body), "the tables", &said, &e), &e);
	http_answer_done(&a);
	json_array_foreach (json_object_get(said, "dataset"), i, row)
		applied &= json_equal(json_array_get(row, 1), json_array_get(row, 2));
	return applied;
}

void stand_in_settle(struct stand_in *s)
{
	struct deadline d = deadline_in(STARTED_WITHIN);

	while (!is_applied(s)) {
		assert_false(deadline_passed(d));
		clock_sleep_ns(5 * NS_PER_MS);
	}
}

void stand_in_frozen(struct stand_in *s, struct facts *ret)
{
	struct err e = ERR_INIT;

	assert_ok(questdb_inspect(&s->ctx, NULL, DEPTH_FROZEN, ret, &e), &e);
}

void stand_in_done(struct stand_in *s)
{
	autodir struct dir tmp = DIR_NONE;
	struct err e = ERR_INIT;

	if (s->pid) {
		kill(s->pid, SIGKILL);
		ends(s->pid);
	}
	json_decref(s->ctx.results);
	site_done(&s->site);
	goal_done(&s->goal);
	assert_ok(dir_open("/tmp", &tmp, &e), &e);
	assert_ok(dir_remove_tree(&tmp, s->home + strlen("/tmp/"), &e), &e);
	free(s->root);
	free(s->home);
}
