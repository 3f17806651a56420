/* Inside verify: what its parts share. They compare what was seen, and look at nothing. */
#pragma once

#include "products/seatable/seatable.h"

struct sea_proof {
	struct ctx *c;
	const struct facts *frozen, *now;
	const struct goal *to;          /* NULL: the old world is expected */
	enum depth depth;
	struct comparisons *ret;
	const char *edition, *version;  /* expected; NULL: nothing says which */
	const json_t *last;             /* sea_running_of() at the end of the look; NULL: not to be had */
	bool still;                     /* no client can have written since the baseline was read */
};

bool sea_at_gate(const struct sea_proof *p);
/* A loss that users may have caused. Nobody can have at the gate when no client could write since the baseline was read, and nobody takes all
 * there is: then it is a difference. Else, and before a way back, whose users had weeks, it is not proved. */
void sea_lost(struct sea_proof *p, bool all, const char *subject, const char *what, const char *was, const char *is, const char *why);
/* What no user does, but an operator can have done meanwhile: a difference at the gate, not proved later. */
void sea_moved(struct sea_proof *p, const char *subject, const char *what, const char *was, const char *is, const char *why);
void sea_unproved(struct sea_proof *p, const char *subject, const char *what, const char *why);
/* Each that the baseline names as one that it could not read, {name: why}: "KIND NAME". */
void sea_unread(struct sea_proof *p, const char *key, const char *kind, const char *what);

void sea_compare_databases(struct sea_proof *p);        /* verify_databases.c: schemas, rows, edits; beyond the gate sums */
void sea_compare_files(struct sea_proof *p);            /* verify_files.c: release, configuration; beyond the gate folders and content */
void sea_compare_containers(struct sea_proof *p);       /* verify_server.c: of the others, the image that they run */
void sea_compare_running(struct sea_proof *p);          /* verify_server.c: restarts and log of the server's */
void sea_compare_seats(struct sea_proof *p);            /* verify_server.c: users against the licence */
void sea_compare_outside(struct sea_proof *p);          /* verify_outside.c: certificate, client, programs beside the server */
