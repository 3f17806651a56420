/* The environment the server ends up with: what it is started with, then the files of env.d. */
#include "products/sftpgo/config_in.h"

#include <dirent.h>

#include "conf/gotenv.h"
#include "io/file.h"

#define ENV_FILE_MAX  ((size_t)1 << 20) /* larger ones the server skips */
#define ENV_FILES_MAX 10000

/* What the program's own options are set by. Of these the last file of env.d wins, and a file that
 * does not parse ends the search (internal/cmd/serve.go). */
static const char *const OPTIONS[] = {
	"SFTPGO_LOG_FILE_PATH", "SFTPGO_LOG_MAX_SIZE",   "SFTPGO_LOG_MAX_BACKUPS",
	"SFTPGO_LOG_MAX_AGE",   "SFTPGO_LOG_COMPRESS",   "SFTPGO_LOG_LEVEL",
	"SFTPGO_LOG_UTC_TIME",  "SFTPGO_CONFIG_FILE",    "SFTPGO_LOADDATA_FROM",
	"SFTPGO_LOADDATA_MODE", "SFTPGO_LOADDATA_CLEAN", "SFTPGO_LOADDATA_QUOTA_SCAN",
	"SFTPGO_GRACE_TIME",
};

/* Variables with the prefix that no key stands for. */
static const char *const OTHERS[] = {
	"SFTPGO_CONFIG_DIR",
	"SFTPGO_DEFAULT_ADMIN_USERNAME",
	"SFTPGO_DEFAULT_ADMIN_PASSWORD",
	"SFTPGO_LICENSE_KEY",
	"SFTPGO_PIDFILE",
	/* Of Enterprise alone. docs: env-vars.md */
	"SFTPGO_HOOK__LEGACY_ADMIN_PERMS",
	"SFTPGO_HOOK__GCS_TRUSTED_JSON_CREDENTIALS",
};

struct reading {
	struct sftpgo_config *cfg;
	bool                  options_end;      /* a file that did not parse has been met */
};

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

static bool is_option(const char *name)
{
	return is_one_of(name, OPTIONS, ARRAY_LEN(OPTIONS));
}

static bool is_own(const char *name)
{
	return is_option(name) || is_one_of(name, OTHERS, ARRAY_LEN(OTHERS)) ||
	       !strncmp(name, "SFTPGO_HOOK__", strlen("SFTPGO_HOOK__"));
}

static void set_variable(struct sftpgo_config *cfg, const char *name, const char *value,
			 enum sftpgo_from from, char *where)
{
	struct sftpgo_variable *v = map_get(&cfg->variables, name);

	if (!v) {
		v = xcalloc(1, sizeof *v);
		map_put(&cfg->variables, name, v);
	}
	free(v->value);
	free(v->where);
	*v = (struct sftpgo_variable){
		.value = xstrdup(value), .from = from, .where = where, .own = is_own(name)
	};
}

static void take_environment(struct sftpgo_config *cfg, const char *const *vars)
{
	for (; vars && *vars; vars++) {
		struct sv value = sv_of(*vars), name_sv = sv_cut(&value, '=');
		autofree char *name = sv_dup(name_sv);

		if (name_sv.n < strlen(*vars) && !map_has(&cfg->variables, name))
			set_variable(cfg, name, value.p, SFTPGO_ENVIRONMENT,
				     xasprintf("environment: %s", name));
	}
}

static const char *known(const char *name, void *data)
{
	const struct sftpgo_variable *v = map_get(&((struct sftpgo_config *)data)->variables, name);

	return v ? v->value : NULL;
}

static void take_file(struct reading *r, const char *file, const struct gotenv *env)
{
	map_each (&env->vars, it) {
		const struct gotenv_var *var = it->value;
		const struct sftpgo_variable *had = map_get(&r->cfg->variables, it->key);
		bool again =
		    had && had->from == SFTPGO_ENV_D && is_option(it->key) && !r->options_end;

		if (!had || again)
			set_variable(r->cfg, it->key, var->value, SFTPGO_ENV_D,
				     xasprintf("env.d/%s:%zu: %s", file, var->line, it->key));
	}
}

/* A file that gotenv gives up on is left out whole; one that only we cannot read leaves all open.
 */
static int read_env_file(struct reading *r, const struct dir *d, const char *name, struct err *e)
{
	autobuf struct buf text = BUF_MAX(ENV_FILE_MAX);
	autogotenv struct gotenv env = { 0 };
	autofree char *what = xasprintf("env.d/%s", name);
	struct err why = ERR_INIT;
	int got = file_read(d, name, &text, &why);

	if (got == -ERR_SPACE) {
		sftpgo_ignore(r->cfg, what, what, "larger than 1 MiB");
		return 0;
	}
	if (got < 0)
		return err_set(e, why.kind, "%s", why.msg);
	got = gotenv_read(buf_sv(&text), known, r->cfg, &env, &why);
	if (got == -ERR_FORMAT) {
		r->options_end = true;
		sftpgo_ignore(r->cfg, what, what, why.msg);
	} else if (got < 0 && !r->cfg->unsure) {
		r->cfg->unsure = xasprintf("'%s' cannot be read: %s", what, why.msg);
	} else if (got == 0) {
		take_file(r, name, &env);
	}
	return 0;
}

static int read_env_dir(struct sftpgo_config *cfg, const struct dir *d, struct err *e)
{
	cleanup_with(dir_names_done) struct dir_names names = { 0 };
	struct reading r = { .cfg = cfg };

	if (dir_list(d, ".", ENV_FILES_MAX, &names, e) < 0)
		return -(int)e->kind;
	vec_each (&names, it) {
		autofree char *what = xasprintf("env.d/%s", it->name);

		if (it->type != DT_REG)
			sftpgo_ignore(cfg, what, what, "not a regular file");
		else if (read_env_file(&r, d, it->name, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

int sftpgo_variables_read(const struct sftpgo_config_where *w, struct sftpgo_config *cfg,
			  struct err *e)
{
	autofree char *inside = xasprintf("%s/env.d", cfg->dir), *path = sftpgo_read_at(cfg, inside);
	autodir struct dir d = DIR_NONE;
	struct err why = ERR_INIT;

	take_environment(cfg, w->environ);
	if (!path)
		return 0;
	if (dir_open(path, &d, &why) == 0)
		return read_env_dir(cfg, &d, e);
	return why.kind == ERR_ABSENT ? 0 : err_set(e, why.kind, "%s", why.msg);
}
