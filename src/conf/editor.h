/* Lossless editing of configuration files: find the byte span of one value, replace it, keep every other byte.
 *
 * Law: outside the span the text is identical, the value parsed again is the one asked for, and setting the value
 * that is there already is an empty change. A dialect knows one file format's grammar; this file knows how to replace
 * the file durably and keep its owner, mode, xattrs, ACL and line endings. */
#pragma once

#include "base/buf.h"
#include "io/file.h"

struct span {                           /* where a value stands in the text */
	size_t from, to;                /* bytes of the value as written, quotes and continuations included */
	size_t line;                    /* 1-based, of the key */
	bool   present;                 /* false: the key is not there; `from` is where a new line would go */
	size_t also;                    /* how many other assignments of the key the file has, which do not win */
};

struct dialect {
	const char *name;               /* "properties", "env", "unit", "shvar" */
	/* Find the assignment of key that wins. ERR_FORMAT with line when the file's own reader would refuse it,
	 * ERR_REFUSED when this dialect cannot edit it safely (the message says why). */
	int (*span)(struct sv text, const char *key, struct span *ret, struct err *e);
	/* The value at a span, as the file's own reader would see it. */
	int (*value)(struct sv text, const struct span *at, struct buf *ret, struct err *e);
	/* Append the value as it must be written there, or the whole line for a new key. */
	int (*quote)(struct sv text, const char *key, const char *value, const struct span *at, struct buf *ret,
	             struct err *e);
	/* Every key that has a value, in order, each once; for inspecting. Calls back with the winning value. */
	int (*each)(struct sv text, int (*seen)(void *data, const char *key, const char *value, size_t line,
	            struct err *e), void *data, struct err *e);
	/* Take the winning assignment's line out (its continuations too); absent key: nothing. */
	int (*cut)(struct sv text, const char *key, struct span *ret, struct err *e);
};

extern const struct dialect dialect_properties;         /* Java Properties.load(InputStream), ISO-8859-1 */
extern const struct dialect dialect_env;                /* compose-go's dotenv, facts/seatable.md section 4 */
extern const struct dialect dialect_unit;               /* systemd.syntax(7); keys are "Section.Key" */
extern const struct dialect dialect_shvar;              /* plain shell assignments; anything else is refused */

const struct dialect *dialect_named(const char *name);  /* NULL when unknown */

/* Current value of key into ret: 1 present, 0 absent, -kind. */
int editor_get(const struct dialect *lang, struct sv text, const char *key, struct buf *ret, struct err *e) must_check;
/* New text with key set (value NULL: taken out) appended to ret. Proves the law before it returns: ERR_BUG if the
 * result read back is not what was asked. 1 changed, 0 the same. */
int editor_set(const struct dialect *lang, struct sv text, const char *key, const char *value, struct buf *ret,
               struct err *e) must_check;

struct edit {
	const char *key;
	const char *value;              /* NULL: take out */
	const char *old;                /* expected old value; NULL: expected absent */
	bool        any_old;            /* do not compare with old */
};

/* Apply the edits to a file, durably, keeping everything else of it. An old value other than expected: ERR_CHANGED
 * with both values named (unless `secret`, then only the key). 1 changed, 0 nothing to do. File ceiling 4 MiB. */
int editor_file(const struct dialect *lang, const struct dir *d, const char *rel, const struct edit *edits, size_t n,
                bool secret, struct err *e) must_check;

/* Unified diff (three lines of context) of two texts. The value of any key for which is_secret() says true is shown as
 * "***" on every line, context included. */
int editor_diff(const struct dialect *lang, const char *name, struct sv before, struct sv after,
                bool (*is_secret)(const char *key, void *data), void *data, struct buf *ret, struct err *e) must_check;
