/* What the parts of config.h share. */
#pragma once

#include "products/sftpgo/config.h"

enum key_type { KEY_STR, KEY_INT, KEY_BOOL, KEY_REAL, KEY_LIST, KEY_INTS };

enum key_flag {
	KEY_SECRET = 1 << 0,
	KEY_FILE = 1 << 1,              /* a variable counts only where the file has the key, too */
	KEY_NEEDED = 1 << 2,            /* an element whose key is empty is not added */
	KEY_OLD = 1 << 3,               /* 2.6 reads it, 2.7 does not */
	KEY_NEW = 1 << 4,               /* the Enterprise edition reads it, 2.7 does not */
	KEY_2_7 = 1 << 5,               /* 2.7 reads it, 2.6 does not */
};

/* A key; '#' stands for an element's number. */
struct sftpgo_key {
	const char   *name;
	enum key_type type;
	const char   *absent;           /* what is built in, as JSON; NULL: a setting only where it is set */
	unsigned      flags;
};

extern const struct sftpgo_key sftpgo_keys[];
extern const size_t            sftpgo_keys_n;

/* A list of objects. */
struct sftpgo_list {
	const char *name;               /* as "httpd.bindings.#.security.https_proxy_headers" */
	size_t      built_in;           /* elements there are when nobody says anything */
	size_t      max;                /* elements that variables can name */
};

extern const struct sftpgo_list sftpgo_lists[];
extern const size_t             sftpgo_lists_n;

const struct sftpgo_key  *sftpgo_key_of(const char *key);       /* "a.0.b" is "a.#.b"; NULL when unknown */
const struct sftpgo_list *sftpgo_list_of(const char *key);
bool sftpgo_key_is_above(const char *key);                      /* other keys begin with it */

/* One value of a file. */
struct flat {
	char   *key;                    /* without capitals */
	json_t *value;
	size_t  line;                   /* 0: not known */
	const char *lost;               /* why the server looks for it nowhere; NULL: it does */
};

struct flats {
	struct flat *v;
	size_t       n, room;
	size_t       kept;              /* as sftpgo_flat_cost() counts; beyond FLATS_MAX nothing more is added */
};

#define FLATS_MAX ((size_t)16 << 20)

void flats_done(struct flats *all);
/* What a value costs: a few bytes of a file may have a long name, and are kept more than once. */
size_t sftpgo_flat_cost(const char *key);
/* Steals value. `lost` as in struct flat. */
void sftpgo_flat_add(struct flats *all, const char *key, json_t *value, size_t line, const char *lost);
char *sftpgo_folded(const char *key) must_check; /* without capitals, heap */

/* Where a path of the server's is read. Heap; NULL: nowhere, in an image that nobody runs. */
char *sftpgo_read_at(const struct sftpgo_config *cfg, const char *path) must_check;

/* Find and read the configuration file into cfg->file, cfg->unsure and ret. */
int sftpgo_file_read(const struct sftpgo_config_where *w, struct sftpgo_config *cfg, struct flats *ret, struct err *e)
	must_check;

/* What a file with this ending says, into ret; into cfg->unsure why that is not known. */
int sftpgo_text_read(struct sftpgo_config *cfg, const char *ending, struct sv text, struct flats *ret, struct err *e)
	must_check;

/* The content is not known. The first reason counts. */
void sftpgo_unsure(struct sftpgo_config *cfg, const char *why);

enum sftpgo_form {
	FORM_TREE,                      /* lists of objects are lists */
	FORM_NAMED,                     /* texts by names: an object where a list is looked for is its first element */
	FORM_HCL,                       /* both; blocks are lists */
};

/* Add the values of a file as a tree; `lines`: way without capitals -> size_t, as far as it is known. Into
 * cfg->unsure what is not read as the server does. */
void sftpgo_tree_take(struct sftpgo_config *cfg, enum sftpgo_form form, json_t *tree, const struct map *lines,
		      struct flats *ret);
/* The same where the values are added already. */
void sftpgo_tree_check(struct sftpgo_config *cfg, enum sftpgo_form form, json_t *tree, struct flats *ret);

/* Fill cfg->variables. */
int sftpgo_variables_read(const struct sftpgo_config_where *w, struct sftpgo_config *cfg, struct err *e) must_check;

/* The name of a key's variable: "SFTPGO_" and capitals, "__" for dots. Heap. */
char *sftpgo_variable_name(const char *key) must_check;

/* Put the variables over what is in cfg->settings; `file_has` knows the file's keys. */
int sftpgo_variables_apply(struct sftpgo_config *cfg, const struct map *file_has, struct err *e) must_check;

/* Put back what the server puts back at start because it takes no such value. */
void sftpgo_reset(struct sftpgo_config *cfg);

/* As viper and mapstructure convert a value, strings weakly. New reference; NULL when they refuse
 * it. */
json_t *sftpgo_convert(enum key_type type, const json_t *value) must_check;
/* As SFTPGo itself converts the variable of an element; NULL when it passes over it. */
json_t *sftpgo_convert_variable(enum key_type type, const char *text) must_check;

/* Steals value; where is copied. */
void sftpgo_set(struct sftpgo_config *cfg, const char *key, json_t *value, enum sftpgo_from from, const char *where);
/* Add an element, with its keys as they are built in or as zeros. */
void sftpgo_add_element(struct sftpgo_config *cfg, const char *list, bool built_in);
void sftpgo_drop_elements(struct sftpgo_config *cfg, const char *list);
void sftpgo_ignore(struct sftpgo_config *cfg, const char *what, const char *where, const char *why);
