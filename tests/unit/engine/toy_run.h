/* What tests of the run loop ask of the toy: each verb as one call, and what became of it. A program that includes this hands its first
 * argument to one_verb(), for struck_at(). */
#pragma once

#include "toy.h"

int toy_test_begins(void **state);      /* setup and teardown of each test */
int toy_test_ends(void **state);

int apply_as(const struct run_opts *o, struct run_end *end);    /* a plan of what is there now */
int apply(struct run_end *end, bool hold);
int apply_in(const char *state_dir, struct run_end *end);
int apply_elsewhere(struct run_end *end);       /* with another state directory */
int resume(struct run_end *end, bool unattended);
int rollback(struct run_end *end);
int finalize_it(bool point_too, struct run_end *end);

void gate(const char *closed, const char *opened_in);   /* "gated", and who opens it in the middle: toy.h */
bool is_at(const char *file, const char *what);
bool is_possible(const char *verb);                     /* by status, of the newest run */
bool clients_are(const char *how);     /* by `status` */
bool is_away(void);                                     /* by status: its data */
bool was_told(const char *run, const char *words);      /* the journal holds an event of that run with these words */
bool is_marked(void);                                   /* the installation, as having an open run */

#ifdef CROSSGRADE_FAULT
/* Run this program again as one verb that is struck at a fault point: its wait status, and whether the n-th one killed it. */
int  struck_at(const char *point, const char *act, const char *verb);
bool killed_at(int n, const char *verb);
#endif
int one_verb(const char *verb);
