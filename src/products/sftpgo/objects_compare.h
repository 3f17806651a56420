/* Two moments of a provider's objects: the first written down as digests, the second read now.
 *
 *	objects_freeze(p, &out, &counts, e);                    before, into a file
 *	objects_compare(fd, "objects", p, differ, arg, &tally, e);   after, against it
 *	objects_compare_two(then, now, differ, arg, &tally, e);      both at hand: a tenth of the time
 *
 * A difference that the schema step or the users themselves explain comes with a rule of
 *sheet.yaml, every other with none. The placeholder pass is not "may differ": its result is worked
 *out before (dot_pass.h), and only that explains. */
#pragma once

#include "data/out.h"
#include "products/sftpgo/objects.h"

/* Rules of what may differ in place: clients came (last login, used quota, tokens of shares); the
 * placeholder pass (options of actions, and the time of the rules that use them); a section of
 * `configs` that the old release did not have; the minute 0 that Enterprise writes into schedules. */
#define RULE_USED "sftpgo.used-since"
#define RULE_DOTS "sftpgo.placeholder-dots"
#define RULE_CONFIGS "sftpgo.configs-added"
#define RULE_MINUTE "sftpgo.schedule-minute"
/* A login by password stores a hash of another form anew (password_form.h), and moves nothing else but the time of change: a password
 * that somebody changes moves its own time, too. */
#define RULE_PASSWORD "sftpgo.password-rewritten"

struct object_counts {
	int64_t n[OBJ__MAX];
};

/* Lines of JSON, sorted by kind and key; the first says schema and driver. No value of the database
 * is in them but keys: digests of whole objects and, shortened, of their fields, and the form that a
 * user's password is stored in. The file is for root alone. */
int objects_freeze(struct provider *p, struct out *to, struct object_counts *ret,
		   struct err *e) must_check;

enum object_change { OBJECT_MISSING, OBJECT_NEW, OBJECT_CHANGED };
struct object_difference { /* borrowed, for the call */
	enum object_kind kind;
	const char *key;
	enum object_change change;
	const char *field;    /* of OBJECT_CHANGED, once for each field */
	const char *was, *is; /* its digests, NULL where it was not there */
	const char *rule;     /* NULL: nothing explains it */
	const json_t *now;    /* of OBJECT_CHANGED: all fields as they are now */
};

struct object_tally {
	struct object_counts then, now;
	struct object_counts missing, added;
	struct object_counts same;      /* every field */
	struct object_counts explained; /* differences, all by rules */
	struct object_counts different;
	int schema_then, schema_now;
};

/* `frozen` is read from its start. each: once for every difference; ends it by -kind. ERR_FORMAT:
 * no such file. */
int objects_compare(int frozen, const char *what, struct provider *now,
		    int (*each)(void *arg, const struct object_difference *d, struct err *e),
		    void *arg, struct object_tally *ret, struct err *e) must_check;
/* The same of two providers of one driver. Most objects are equal byte for byte and are looked at no further. 1: an object of `then`
 * cannot be read, and e says why; what was told before is not all. */
int objects_compare_two(struct provider *then, struct provider *now,
			int (*each)(void *arg, const struct object_difference *d, struct err *e),
			void *arg, struct object_tally *ret, struct err *e) must_check;
