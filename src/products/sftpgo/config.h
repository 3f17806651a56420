/* The configuration an SFTPGo runs with: every key, its value, and where that comes from. Reading
 * only.
 *
 * The server takes a key from the environment; else from the files of env.d, by name, the first
 * that has it; else from one configuration file, the first sftpgo.<ending> on its search path;
 * else from what is built in. Keys are paths without capitals: "data_provider.driver",
 * "httpd.bindings.0.port". The rules are those of SFTPGo 2.6 and 2.7 (viper, mapstructure,
 * gotenv); src/products/sftpgo/config_keys.c has the keys.
 *
 *	struct sftpgo_config_where where = { .config_dir = "/etc/sftpgo", .environ = unit_environment };
 *	autosftpgoconfig struct sftpgo_config cfg = { 0 };
 *	if (sftpgo_config_read(&where, &cfg, e) < 0) ...
 *	if (cfg.unsure) ...                             what the file says is not known
 *	driver = sftpgo_config_str(&cfg, "data_provider.driver"); */
#pragma once

#include "base/map.h"
#include "io/json.h"

struct sftpgo_config_where {
	const char *root;               /* prefix of every path here: a copy, a container; NULL: none */
	const char *config_dir;         /* absolute */
	const char *config_file;        /* of the command line; NULL: SFTPGO_CONFIG_FILE, else the search path */
	const char *cwd;                /* the server's, absolute; NULL: config_dir */
	const char *const *environ;     /* "NAME=value", NULL-ended: of the process, or as its unit gives it */
	pid_t       inside;             /* a process that has these paths, in a container: root is /proc/PID/root; 0: they are this host's */
	json_t     *container;          /* docker's word of a stopped one that has them; NULL: none */
};

enum sftpgo_from {
	SFTPGO_DEFAULT,                 /* built in, or the zero of an element's key that nobody set */
	SFTPGO_FILE,
	SFTPGO_ENV_D,
	SFTPGO_ENVIRONMENT,
};

struct sftpgo_setting {
	json_t          *value;         /* string, integer, real, boolean, or a list of strings or integers */
	enum sftpgo_from from;
	char            *where;         /* "environment: NAME", "env.d/a:3: NAME", "/etc/sftpgo/sftpgo.json:12" */
	bool             secret;        /* value must not be shown */
	bool             only_2_6;      /* 2.7 does not read it */
	bool             only_2_7;      /* 2.6 does not read it, and it is another value than 2.7 has built in */
	bool             only_enterprise;       /* 2.7 does not read it, the Enterprise edition does */
};

struct sftpgo_variable {
	char            *value;
	enum sftpgo_from from;          /* SFTPGO_ENV_D or SFTPGO_ENVIRONMENT */
	char            *where;
	bool             own;           /* the program's own, as SFTPGO_LICENSE_KEY */
	bool             used;          /* a setting has it */
};

struct sftpgo_config {
	char      *root, *dir;
	pid_t      inside;              /* as told */
	json_t    *container;
	char      *folder;              /* where dir lies on the Windows host it was copied from; NULL: it is used here */
	char      *file;                /* the configuration file, without root; NULL: there is none */
	char      *unsure;              /* why its content is not known; then only what variables set is here */
	struct map settings;            /* key -> struct sftpgo_setting */
	struct map variables;           /* name -> struct sftpgo_variable, the whole environment */
	struct map counts;              /* list of objects, as "sftpd.bindings" -> size_t elements */
	json_t    *ignored;             /* [{"what","where","why"}]: set, and not read by the server. No values. */
	json_t    *emptied;             /* [{"what","where","port"}]: lists that are empty in the file, whose built-in element opens a door */
};

#define autosftpgoconfig cleanup_with(sftpgo_config_done)

/* ERR_FORMAT with file and line where the server would give up (its initprovider exits 0 then): a
 * file that does not parse, a value of a type that cannot be converted. ERR_ABSENT: a file that is
 * named and not there. */
int  sftpgo_config_read(const struct sftpgo_config_where *w, struct sftpgo_config *ret, struct err *e) must_check;
void sftpgo_config_done(struct sftpgo_config *cfg);

/* NULL, or `absent`, when the key is not known or has another type. Borrowed. Secrets, too: never
 * show them. */
const struct sftpgo_setting *sftpgo_config_get(const struct sftpgo_config *cfg, const char *key);
const char *sftpgo_config_str(const struct sftpgo_config *cfg, const char *key);
int64_t     sftpgo_config_int(const struct sftpgo_config *cfg, const char *key, int64_t absent);
bool        sftpgo_config_bool(const struct sftpgo_config *cfg, const char *key, bool absent);
const char *sftpgo_config_from(const struct sftpgo_config *cfg, const char *key);       /* `where` of the setting */
/* Elements of a list of objects ("httpd.bindings"), or of a list that is a value. */
size_t      sftpgo_config_count(const struct sftpgo_config *cfg, const char *list);
/* A variable of the program itself, as SFTPGO_LICENSE_KEY or SFTPGO_LOADDATA_FROM; NULL when it is
 * not set. */
const struct sftpgo_variable *sftpgo_config_variable(const struct sftpgo_config *cfg, const char *name);
/* The path that a key names, relative ones from the configuration directory as the server takes
 * them, without root; NULL when it is empty or unknown, or not in the copy of a Windows folder. Of a container as this host calls it,
 * NULL where it does not show here. Heap. */
char       *sftpgo_config_path(const struct sftpgo_config *cfg, const char *key) must_check;

/* Is the file in a format that 2.6 reads and 2.7 does not, by its ending? Java properties, HCL and INI. */
bool        sftpgo_config_gone_format(const char *file);

/* Everything as facts: {"dir","file","unsure","settings":{key:{"value","from","where"}},
 * "variables":{name: the same, of the program's own},"ignored":[...],"emptied":[...] where
 * there are such}; "only" of a setting is
 * "2.6", "2.7" or "enterprise". A secret is "***", or "" when it is empty; of a URL only what is no
 * secret. */
json_t     *sftpgo_config_facts(const struct sftpgo_config *cfg) must_check;
