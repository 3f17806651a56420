/* A borrowed slice of text for parsers. Never outlives what it points into. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sv {
	const char *p;
	size_t      n;
};

#define SV(lit)     ((struct sv){ (lit), sizeof(lit) - 1 })
#define SV_FMT      "%.*s"
#define SV_ARG(s)   (int)(s).n, (s).p

static inline struct sv sv_of(const char *s)
{
	return (struct sv){ s, s ? strlen(s) : 0 };
}

bool      sv_eq(struct sv a, const char *b);
bool      sv_starts(struct sv s, const char *prefix);
bool      sv_ends(struct sv s, const char *suffix);
struct sv sv_trim(struct sv s);                         /* blanks, tabs, CR, LF at both ends */
struct sv sv_cut(struct sv *rest, char sep);            /* up to sep; *rest moves behind it, empty at the end */
struct sv sv_line(struct sv *rest);                     /* up to LF, without it; a CR stays */
struct sv sv_word(struct sv *rest);                     /* next word between blanks; empty at the end */
bool      sv_u64(struct sv s, uint64_t *ret);           /* decimal digits only, whole slice, no overflow */
bool      sv_i64(struct sv s, int64_t *ret);
char     *sv_dup(struct sv s) __attribute__((warn_unused_result));
