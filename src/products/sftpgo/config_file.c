/* Which configuration file the server reads. */
#include "products/sftpgo/config_in.h"

#include <ctype.h>

#include "io/file.h"

#define FILE_MAX ((size_t)4 << 20)

/* The endings that viper looks for, in its order. */
static const char *const ENDINGS[] = { "json", "toml", "yaml",   "yml",    "properties", "props",
				       "prop", "hcl",  "tfvars", "dotenv", "env",        "ini" };

static char *lower_ending(const char *path)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
	char *ending = xstrdup(dot ? dot + 1 : "");

	for (char *p = ending; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return ending;
}

static bool is_known_ending(const char *ending)
{
	for (size_t i = 0; i < ARRAY_LEN(ENDINGS); i++)
		if (!strcmp(ENDINGS[i], ending))
			return true;
	return false;
}

/* 1 read, 0 there is none. */
static int try_file(struct sftpgo_config *cfg, const char *path, struct flats *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(FILE_MAX);
	autofree char *below = sftpgo_read_at(cfg, path), *ending = lower_ending(path);
	struct stat st;

	if (!below || stat(below, &st) < 0 || S_ISDIR(st.st_mode))
		return 0;
	cfg->file = xstrdup(path);
	if (!is_known_ending(ending))
		return err_set(e, ERR_FORMAT, "'%s' has no ending that tells a format", path);
	if (file_read_path(below, &text, e) < 0)
		return -(int)e->kind;
	return sftpgo_text_read(cfg, ending, buf_sv(&text), ret, e) < 0 ? err_wrap(e, "'%s'", path) : 1;
}

static int search_in(struct sftpgo_config *cfg, const char *dir, struct flats *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(ENDINGS); i++) {
		autofree char *path =
		    xasprintf("%s/sftpgo.%s", strcmp(dir, "/") != 0 ? dir : "", ENDINGS[i]);
		int r = try_file(cfg, path, ret, e);

		if (r != 0)
			return r;
	}
	return 0;
}

static const char *home_of(const struct sftpgo_config *cfg)
{
	const struct sftpgo_variable *v = sftpgo_config_variable(cfg, "HOME");

	return v ? v->value : NULL;
}

static int search(const struct sftpgo_config_where *w, struct sftpgo_config *cfg, struct flats *ret,
		  struct err *e)
{
	const char *home = home_of(cfg);
	autofree char *of_home = xasprintf("%s/.config/sftpgo", home ? home : "");
	const char *const dirs[] = { cfg->dir, of_home, "/etc/sftpgo", "/usr/local/etc/sftpgo",
				     w->cwd ? w->cwd : cfg->dir };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(dirs); i++)
		r = search_in(cfg, dirs[i], ret, e);
	if (r == 0 && cfg->container)
		cfg->unsure = xstrdup("the container does not run, and which file its image brings cannot be seen");
	return r < 0 ? r : 0;
}

/* The command line's word comes first, the variable's then, which may stand in env.d. */
static const char *named_file(const struct sftpgo_config_where *w, struct sftpgo_config *cfg)
{
	struct sftpgo_variable *v = map_get(&cfg->variables, "SFTPGO_CONFIG_FILE");

	if (w->config_file)
		return w->config_file;
	return v ? v->value : "";
}

int sftpgo_file_read(const struct sftpgo_config_where *w, struct sftpgo_config *cfg,
		     struct flats *ret, struct err *e)
{
	const char *name = named_file(w, cfg);
	autofree char *path = *name == '/' ? xstrdup(name) : xasprintf("%s/%s", cfg->dir, name);
	int r;

	if (!*name)
		return search(w, cfg, ret, e);
	r = try_file(cfg, path, ret, e);
	return r == 0  ? err_set(e, ERR_ABSENT,
				 "there is no '%s', the configuration file that is named", path)
	       : r < 0 ? r
		       : 0;
}
