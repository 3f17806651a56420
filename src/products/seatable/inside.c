#include "products/seatable/inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define WORDS_MAX 40

/* Where the operator's docker is, and as whom it logs in. */
static const char *const kept_env[] = { "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "HOME" };

struct environment {
	const char *v[ARRAY_LEN(kept_env) + 4];
	char *owned[ARRAY_LEN(kept_env) + 1];
	size_t n;
};

static void add_variable(struct environment *env, const char *name, const char *value)
{
	env->owned[env->n] = xasprintf("%s=%s", name, value);
	env->v[2 + env->n] = env->owned[env->n];
	env->n++;
}

static void make_environment(const struct inside *what, struct environment *env)
{
	*env = (struct environment){ .v = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8" } };
	for (size_t i = 0; i < ARRAY_LEN(kept_env); i++)
		if (getenv(kept_env[i]))
			add_variable(env, kept_env[i], getenv(kept_env[i]));
	if (what->password)
		add_variable(env, "MYSQL_PWD", what->password->bytes ? what->password->bytes : "");
}

static void drop_environment(struct environment *env)
{
	for (size_t i = 0; i < env->n; i++) {
		secret_wipe(env->owned[i], strlen(env->owned[i]));
		free(env->owned[i]);
	}
}

static int make_words(const struct inside *what, const char *words[WORDS_MAX + 1], struct err *e)
{
	size_t n = 0;

	words[n++] = getenv("CROSSGRADE_DOCKER") ?: "docker";
	words[n++] = "exec";
	if (what->in.n || what->in_fd > 0)
		words[n++] = "--interactive";
	if (what->password) {
		words[n++] = "--env";
		words[n++] = "MYSQL_PWD";
	}
	words[n++] = what->container;
	for (const char *const *it = what->argv; *it; it++) {
		if (n == WORDS_MAX)
			return err_set(e, ERR_BUG, "more than %d words for a container", WORDS_MAX);
		words[n++] = *it;
	}
	words[n] = NULL;
	return 0;
}

static bool says(const struct cmd_result *r, const char *words)
{
	return strcasestr(buf_str(&r->err), words) != NULL;
}

/* docker says in lower case what programs in a container say as the library does. */
static int said_no(const struct inside *what, const struct cmd_result *r, struct err *e)
{
	cmd_said_no(r, e);
	if (says(r, "no space left on device"))
		e->kind = ERR_SPACE;
	else if (says(r, "No such container") || says(r, "is not running"))
		e->kind = ERR_ABSENT;
	return err_wrap(e, "'%s' in container '%s'", what->argv[0], what->container);
}

int inside_run(const struct inside *what, struct buf *ret_out, struct err *e)
{
	const char *words[WORDS_MAX + 1];
	struct environment env;
	struct cmd c = { .argv = words,
			 .env = env.v,
			 .in = what->in,
			 .in_fd = what->in_fd,
			 .out_fd = what->out_fd,
			 .within_ns = what->within_ns,
			 .cancel = what->cancel,
			 .out_max = what->out_max,
			 .die_with_us = true };
	struct cmd_result r = { 0 };
	int ret = make_words(what, words, e);

	if (ret < 0)
		return ret;
	make_environment(what, &env);
	ret = cmd_run(&c, &r, e);
	drop_environment(&env);
	if (ret < 0)
		return err_wrap(e, "'%s' in container '%s'", what->argv[0], what->container);
	if (r.status)
		ret = said_no(what, &r, e);
	else if (ret_out && r.cut)
		ret = err_set(e, ERR_SPACE, "'%s' in container '%s' says too much", what->argv[0], what->container);
	else if (ret_out)
		buf_add_sv(ret_out, buf_sv(&r.out));
	cmd_result_done(&r);
	return ret < 0 || !ret_out ? ret : buf_check(ret_out, "what it says", e);
}
