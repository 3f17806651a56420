/* What a dialect's scanner finds in a text, and how the questions of conf/editor.h are answered
 * from it.
 *
 * A scanner lists every assignment in file order, with those that are commented out, because a new
 * line goes behind such a one and a diff masks a secret there too. Inside this room only. */
#pragma once

#include "conf/editor.h"

#define CONF_MAX       ((size_t)4 << 20)        /* ceiling of a file we edit */
#define CONF_VALUE_MAX (2 * CONF_MAX)           /* of a value: ISO-8859-1 grows in UTF-8 */

enum assign_flag {
	ASSIGN_OFF = 1 << 0,            /* commented out, or (with BARE) a value from outside */
	ASSIGN_BARE = 1 << 1,           /* no separator: a value needs one */
	ASSIGN_EXPORT = 1 << 2,         /* "export" stands before the key */
	ASSIGN_SHARED = 1 << 3,         /* its line, or what it stands in, is another's too */
	ASSIGN_SECTION = 1 << 4,        /* a section's header; key is the section */
	ASSIGN_OPEN = 1 << 5,           /* the file ends inside its continuation */
};

struct assign {
	char    *key;                   /* owned */
	size_t   line;                  /* 1-based */
	size_t   from, to;              /* the value as written */
	size_t   line_from, line_to;    /* its lines, the last line end included */
	unsigned flags;
};

struct assigns {
	struct assign *v;
	size_t         n, room;
	size_t         tail;            /* line ends it takes before an appended line */
};

static inline bool conf_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool conf_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

#define autoassigns cleanup_with(assigns_done)

void assigns_done(struct assigns *all);

/* May this text be edited at all: not above CONF_MAX (ERR_SPACE), no NUL (ERR_REFUSED). */
int         conf_admit(struct sv text, struct err *e) must_check;
const char *conf_eol(struct sv text); /* the line end most lines have; "\n" when none has any */

/* The live assignment of key that stands last, or NULL. */
const struct assign *assigns_last(const struct assigns *all, const char *key);
/* The live assignment whose value starts at `from`, or NULL. */
const struct assign *assigns_at(const struct assigns *all, size_t from);
/* The only commented-out assignment of key that a line can follow, or NULL. */
const struct assign *assigns_only_off(const struct assigns *all, const char *key);

/* Answers to dialect.span, .cut and .each for dialects in which the last assignment wins. */
void assigns_span(const struct assigns *all, struct sv text, const char *key, struct span *ret);
int assigns_cut(const struct assigns *all, const char *key, struct span *ret,
		struct err *e) must_check;
typedef int (*conf_seen)(void *data, const char *key, const char *value, size_t line,
			 struct err *e);
int assigns_each(const struct assigns *all, struct sv text, const struct dialect *lang,
		 conf_seen seen, void *data, struct err *e) must_check;

/* Line ends that must precede a new line written at `from`. */
void conf_start_line(struct sv text, const struct assigns *all, size_t from, struct buf *ret);

/* A comment that is a commented-out assignment: "#KEY=value", blanks and "export" allowed. Its
 * marks are those of `marks`. Offsets into text of key and value; false when it is prose. */
bool conf_off(struct sv text, size_t from, size_t to, const char *marks, struct sv *ret_key,
	      struct span *ret_value);

bool conf_is_utf8(struct sv s);         /* well-formed, no surrogates */
size_t conf_utf8_char(struct sv s);     /* bytes of the well-formed character at s, else 0 */
void conf_add_utf8(struct buf *b, unsigned long rune);
int  conf_hex(char c);                  /* the digit's value, or -1 */
