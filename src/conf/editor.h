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

struct assigns;                         /* conf/assign.h, inside this room */

struct dialect {
	const char *name;               /* "properties", "env", "unit", "shvar", "json", "yaml" */
	/* Everything that looks like an assignment, commented-out ones included; what the others are answered from. */
	int (*scan)(struct sv text, struct assigns *ret, struct err *e);
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
	/* The winning assignment's lines (its continuations too), to be taken out; absent key: not present. */
	int (*cut)(struct sv text, const char *key, struct span *ret, struct err *e);
};

/* Java Properties.load(InputStream): ISO-8859-1 and \uXXXX. Values are UTF-8 here; half a surrogate pair, which UTF-8
 * cannot hold, comes as its own three bytes. Beyond ASCII \uXXXX is written, so it is read alike in any encoding. */
extern const struct dialect dialect_properties;
/* compose-go's dotenv, read with an empty environment as crossgrade starts compose. A value is written as KEY='value', where that
 * holds it, else as KEY="value" with escapes. One of [A-Za-z0-9._/:@-] is read alike by compose-go, docker-compose v1 and bash;
 * others, as compose-go reads them. What is not UTF-8 cannot be written: ERR_USAGE. */
extern const struct dialect dialect_env;
/* systemd.syntax(7); keys are "Section.Key". A value is the raw text after '=', quotes kept, a continuation read as
 * systemd reads it (a blank for the backslash). Keys that may be given several times (ExecStart=, Environment=) add up,
 * and an empty assignment resets what came before; so: assignments after the last empty one are effective. Exactly one:
 * it is the value. None: the value is empty, and setting it adds a line after the reset. Several: editing the key is
 * ERR_REFUSED, and each() shows them joined by newlines. */
extern const struct dialect dialect_unit;
/* NAME=value and export NAME=value with plain or quoted text, comments, blank lines. Anything else a shell would act on,
 * anywhere in the file, is ERR_REFUSED with its line, because then a later line may decide the value. */
extern const struct dialect dialect_shvar;
/* JSON as Go's encoding/json reads it under viper, which does not see case. A key is the way to a value, names and the numbers of
 * elements (from 0) joined by dots: "httpd.bindings.0.port". A value is JSON itself, so that its type is never a guess: 22,
 * "abc" with its quotes, true, null, ["a","b"]. It is read, compared and set in one form, jansson's JSON_COMPACT: no
 * blanks, in strings only what must be escaped is; a number as it is written. Another form, and what is no JSON: ERR_USAGE.
 *
 * Values are scalars and the lists that hold no object; objects, and lists that hold one, are what stands on the way.
 * Setting a key that is not there adds it as the last of its object, in the file's own style; that object must be there.
 * Elements of a list are not added or taken out, as others would move (the whole list, if it is a value, is one).
 *
 * The last of two members of one name wins, whole. ERR_REFUSED for the file: two members that differ in case alone, or a
 * name with dots that reads like a way that is there too ("a.b" beside {"a": {"b": 1}}); a NUL in a name; more than 128 levels
 * deep. A key that stands there in another spelling is not edited, and a new name has no dot. Comments, trailing commas,
 * a byte order mark, a number beyond a double and a root that is no object are ERR_FORMAT, as the reader refuses them. */
extern const struct dialect dialect_json;
/* Scalars of YAML, as Compose files have them; keys as in dialect_json: "services.db.image". Values are text: what stands there,
 * without its quotes. Only what stands on one line as a text of its own is set; nothing is added or taken out (ERR_REFUSED), and what an
 * alias or a merge key brings is not there. More than one document: ERR_REFUSED. */
extern const struct dialect dialect_yaml;

const struct dialect *dialect_named(const char *name);  /* NULL when unknown */

/* Current value of key into ret: 1 present, 0 absent, -kind. */
int editor_get(const struct dialect *lang, struct sv text, const char *key, struct buf *ret, struct err *e) must_check;
/* New text with key set (value NULL: every assignment taken out) appended to ret. A new key goes behind its one
 * commented-out line if there is exactly one, else to the end (of its section). Proves the law before it returns: ERR_BUG
 * if the result read back is not what was asked; ERR_REFUSED if another key's value would change with it, as where one
 * refers to the other. 1 changed, 0 the same. */
int editor_set(const struct dialect *lang, struct sv text, const char *key, const char *value, struct buf *ret,
               struct err *e) must_check;

struct edit {
	const char *key;
	const char *value;              /* NULL: take out */
	const char *old;                /* expected old value; NULL: expected absent */
	bool        any_old;            /* do not compare with old */
};

/* Apply the edits to a file, durably, keeping everything else of it. An old value other than expected: ERR_CHANGED
 * with both values named (unless `secret`, then only the key); a value that is already the wanted one needs no edit and
 * is not compared, so the call may be repeated. A link, a file with several hard links, an immutable file and a
 * read-only file system are refused before anything is written; a file that somebody changed meanwhile is ERR_CHANGED.
 * 1 changed, 0 nothing to do. File ceiling 4 MiB. */
int editor_file(const struct dialect *lang, const struct dir *d, const char *rel, const struct edit *edits, size_t n,
                bool secret, struct err *e) must_check;

/* Unified diff (three lines of context) of two texts, appended to ret. The value of any key for which is_secret() says
 * true (NULL: none) is shown as "***" on every line, context, duplicates and commented-out assignments included.
 * 1 they differ, 0 they are the same and ret is untouched. */
int editor_diff(const struct dialect *lang, const char *name, struct sv before, struct sv after,
                bool (*is_secret)(const char *key, void *data), void *data, struct buf *ret, struct err *e) must_check;
