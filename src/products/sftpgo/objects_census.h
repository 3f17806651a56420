/* What checks and the inventory ask of all objects, in one pass: storage, homes, event rules and
 * actions, administrators, names, secrets. What grows with the server goes to the callbacks, one at
 * a time; what does not is counted. */
#pragma once

#include "products/sftpgo/objects_compare.h"
#include "products/sftpgo/secret_box.h"

/* filesystem.provider: 0 local, 1 S3, 2 GCS, 3 Azure, 4 encrypted local, 5 SFTP, 6 HTTP, 7 FTP;
 * larger ones count as the last. */
#define STORAGE_LOCAL 0
#define STORAGE_LOCAL_ENCRYPTED 4
#define STORAGE_LAST 7
#define STORAGE_MAX 16
const char *storage_name(int provider); /* "s3"; "other" of one that is not known */

/* All borrowed, for the call. */
struct storage_use {
	enum object_kind kind; /* users, groups, folders */
	const char *key;
	int provider;
	/* home_dir or mapped_path where files lie there (0, 4), "" none; a group's may hold
	 * %username%. */
	const char *local;
	const char *remote;  /* bucket, container or endpoint, "" none */
	const char *primary; /* of users: the group that may set home and storage; NULL none */
};
enum action_text {
	TEXT_UNDOTTED = 1, /* {{Name}}: of 2.6 */
	TEXT_DOTTED = 2,   /* {{.Name}}: of 2.7, and of Enterprise's templates */
	TEXT_OTHER = 4,    /* other {{: a template, or braces that mean themselves */
};
struct action_use {
	const char *name;
	int type, fs_type;     /* fs_type of type 9 */
	unsigned texts;        /* of its options, enum action_text */
	const char *command;   /* of type 2, "" none */
	const json_t *options; /* NULL none */
};
struct rule_use {
	const char *name;
	bool active;
	int trigger;
	const json_t *actions; /* array of objects with "name" */
	const json_t *conditions;
};
struct admin_use {
	const char *name, *role; /* role "" none */
	bool active, super;      /* super: permission "*" */
	bool two_factor, needs_two_factor, needs_password, api_key;
	const json_t *permissions, *allow_list;
};
struct secret_use {
	enum object_kind kind;
	const char *key, *where; /* see secrets_each() */
	const char *status;      /* "Secretbox", "AWS", ... */
	bool master;             /* made with a master key */
	enum secret_state state;
	const char *key_type; /* of a key for Google Cloud Storage, "" not to be seen; NULL: it is none */
};

struct census {
	struct object_counts objects;
	int64_t storage[OBJ__MAX][STORAGE_MAX]; /* of users, groups, folders */
	int64_t users_active, users_two_factor, users_extra_emails;
	int64_t users_symlinks;   /* by name, not as part of "*" */
	int64_t users_two_steps;  /* may log in by two methods alone, in the order that they were offered */
	int64_t paths_backslash;  /* users and groups with one in a virtual path or permission */
	int64_t secrets[SECRET__MAX], secrets_master;
	struct err secrets_untried; /* kind 0: each could be tried */
	int64_t names_refused;
	bool super_admin; /* there is an active one */
	char acme_domain[256];    /* of the stored configuration, "" none */
};

/* Each may be NULL; -kind ends the pass. */
struct census_watch {
	int (*storage)(void *arg, const struct storage_use *u, struct err *e);
	int (*action)(void *arg, const struct action_use *a, struct err *e);
	int (*rule)(void *arg, const struct rule_use *r, struct err *e);
	int (*admin)(void *arg, const struct admin_use *a, struct err *e);
	int (*name)(void *arg, enum object_kind kind, const char *name, const char *why,
		    struct err *e);
	int (*secret)(void *arg, const struct secret_use *s, struct err *e);
	int (*object)(void *arg, const struct object *o, struct err *e); /* each, for who asks something else */
	void *arg;
	const struct secret *master_key; /* NULL none */
};

int census_take(struct provider *p, const struct census_watch *w, struct census *ret,
		struct err *e) must_check;
/* The same of one object, for who reads them anyway. */
int census_add(const struct census_watch *w, const struct object *o, struct census *c,
	       struct err *e) must_check;

/* Kinds of placeholders in a text. */
unsigned text_placeholders(struct sv text);
/* The same of all texts in an object. */
unsigned placeholders_below(const json_t *v);
