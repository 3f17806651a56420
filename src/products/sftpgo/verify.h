/* Inside verify: what its parts share. */
#pragma once

#include "engine/plan.h"
#include "products/sftpgo/objects_compare.h"
#include "products/sftpgo/provider.h"
#include "products/sftpgo/sftpgo.h"

struct proof {
	struct ctx *c;
	const struct facts *frozen;
	const struct goal *to;  /* NULL: the old world is expected */
	enum depth depth;
	struct comparisons *ret;
	const char *edition, *version;  /* expected; NULL: nothing says which */
	bool shut;        /* of compare_objects(): no client can have been in */
	bool rules_count; /* while it is: is there an active rule that counts, writes or removes files? */
	json_t *features; /* of the new server's licence, by compare_rest(); NULL: none was told */
};

/* What the plan pinned, else what the facts say; borrowed, NULL when neither does. */
const json_t *proof_fact(const struct proof *p, const char *key);
const char *proof_word(const struct proof *p, const char *key);
/* Sets edition and version. By hand: what the goal names, else what its artifact or its image is, to be kept as long as they are asked
 * for; an edition that nobody names is kept. */
int proof_expect(struct proof *p, json_t **ret_artifact, struct err *e) must_check;

/* is: the number in the database now. */
void compare_schema_number(struct proof *p, int is);
/* Every object of the database, as it is now, against the stopped one. -kind. */
int compare_objects(struct proof *p, struct provider *db, struct err *e) must_check;
/* verify_used.c: is what moves whenever clients come (RULE_USED) explained, as far as clients can have been in? With CMP_UNPROVED *ret_why
 * says what may have moved it. */
enum outcome used_judge(const struct proof *p, const struct object_difference *d, const char **ret_why);
bool used_is_shut(const struct proof *p);
int used_rules_look(struct provider *db, bool *ret, struct err *e) must_check;

/* verify_rest.c: what the new server tells its administrator: version, services, and in Enterprise the licence. What cannot be asked
 * is unproved. */
void compare_rest(struct proof *p);
/* verify_license.c: that licence, against what the database and the configuration use. -kind. */
int compare_license_covers(const struct proof *p, struct provider *db, struct err *e) must_check;
/* verify_log.c: errors that the new server wrote to its log since its last start. Those of clients' connections are theirs. Later, when
 * the run's own comparison was made, they are listed and decide nothing; that the database is not of this release always does. */
void compare_log(const struct proof *p);
struct server_log;
void compare_log_lines(struct server_log *log, bool later, struct comparisons *ret);
/* A log without the line of its last start: not proved at the end of a run, explained later. */
void compare_log_turned(const struct server_log *log, bool later, struct comparisons *ret);
/* verify_outside.c: what clients see of it without a login: doors, host keys, certificates, pages. */
void compare_outside(const struct proof *p);
/* verify_files.c: users' files on this host, by their sums, where the facts have them (inspect --deep --save). -kind. */
int compare_files(const struct proof *p, struct provider *db, struct err *e) must_check;
