/* The objects of a data provider, in one form whatever the driver and the schema from 29 to 34:
 *named as in a dump, relations by name, what is derived (ids, back-references, copies of related
 *objects) left out, and what is null, zero or empty left out, because SFTPGo writes it or not as
 *its releases please.
 *
 *	autoobjects struct objects *all = NULL;
 *	const struct object *o;
 *	if (objects_open(p, OBJ_USERS, &all, e) < 0) ...
 *	while ((r = objects_next(all, &o, e)) > 0)
 *		use(o->key, o->fields);
 *
 * One object at a time, in the order of its key's bytes, so that two moments are compared in one
 *pass with the memory of one object. Soft-deleted ones are left out, with what is theirs. Source:
 *SFTPGo 2.6.4 and 2.7.5, sqlqueries.go, bolt.go; the shape of a dump as both write it. */
#pragma once

#include "io/json.h"
#include "products/sftpgo/provider.h"

enum object_kind {
	OBJ_ADMINS,
	OBJ_API_KEYS,
	OBJ_CONFIGS,
	OBJ_EVENT_ACTIONS,
	OBJ_EVENT_RULES,
	OBJ_FOLDERS,
	OBJ_GROUPS,
	OBJ_IP_LISTS,
	OBJ_ROLES,
	OBJ_SHARES,
	OBJ_USERS,
	OBJ__MAX
};
const char *object_kind_name(enum object_kind kind); /* as in a dump: "api_keys" */
enum object_kind object_kind_of(const char *name);   /* OBJ__MAX when it is none */

#define OBJECT_MAX_BYTES (4 << 20)

struct object {
	enum object_kind kind;
	/* Username, name, id of a key or share, "1_10.0.0.0/8" of an IP list, "configs". */
	char *key;
	json_t *fields; /* object */
	/* Event actions below schema 32: `options` as the placeholder pass of the step to 32 leaves
	 * them, NULL where that would fail. */
	json_t *dotted;
};

struct objects;
int objects_open(struct provider *p, enum object_kind kind, struct objects **ret,
		 struct err *e) must_check;
/* 1 and the next object, which stays ours and is gone with the next call; 0 at the end. ERR_SPACE
 * when one is larger than OBJECT_MAX_BYTES, ERR_FORMAT when the order or a value of the database
 * cannot be. */
int objects_next(struct objects *o, const struct object **ret, struct err *e) must_check;
/* objects_next() in two parts: its key, and what it says as bytes, both until the next call; then the
 * object itself, where it is wanted. Of two providers of one driver equal bytes are equal objects,
 * whatever their schemas; equal objects need not have equal bytes. */
int objects_step(struct objects *o, const char **ret_key, struct sv *ret_said,
		 struct err *e) must_check;
int objects_read(struct objects *o, const struct object **ret, struct err *e) must_check;
void objects_close(struct objects *o);

/* SHA-256 over the fields, and over one of them shortened to 16 digits; equal values have equal
 * digests. */
void object_digest(const struct object *o, char ret[65]);
#define FIELD_DIGEST 17
void field_digest(const json_t *value, char ret[FIELD_DIGEST]);

/* Everything of `value` that is null, zero or empty dropped, below it too, but not out of arrays
 * nor out of "permissions", whose keys are paths. Returns it. */
json_t *json_prune(json_t *value);

/* For every object of every kind, in the order of enum object_kind. `each` ends it by -kind. */
int objects_each(struct provider *p, int (*each)(void *arg, const struct object *o, struct err *e),
		 void *arg, struct err *e) must_check;

static inline void objects_autoclose_(struct objects **o) { objects_close(*o); }
#define autoobjects cleanup_with(objects_autoclose_)
