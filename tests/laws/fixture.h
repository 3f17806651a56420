/* What the laws need to know of a step kind: a world it can be tried in. One file of kinds/ holds those of one noun;
 * a kind without a fixture fails the test. */
#pragma once

#include "laws/bench.h"

enum {
	FX_NET       = 1 << 0,  /* needs a network namespace of its own */
	FX_FORCE     = 1 << 1,  /* with --force its undo overwrites a third value */
	FX_LEAVES    = 1 << 2,  /* with --force its undo leaves a third value where it is, and ends */
	FX_NOT_KILLED = 1 << 4, /* another form of the kind is, by the same way */
	FX_NO_EFFECT = 1 << 3   /* it changes nothing of the installation: a wait, a look, a hook */
};

struct fixture {
	const char *kind, *name;        /* the step kind, and which of its forms */
	unsigned    flags;
	/* False: what it needs cannot be had here, and why was printed. NULL: it needs nothing. */
	bool      (*can)(void);
	/* Build the old world and say the step's params. */
	json_t   *(*params)(struct bench *b);
	/* Take the old value away that the step expects: capture must refuse. NULL: it expects none. */
	void      (*drift)(struct bench *b);
	/* What the run does between the step and its undo: the new server writes. NULL: nothing. */
	void      (*then)(struct bench *b);
	/* Somebody else changes what the step changed: undo must refuse. NULL: nobody else can. */
	void      (*meddle)(struct bench *b);
	/* A program that apply calls is killed at its work: apply fails, and may be repeated or undone. NULL: it calls none. */
	void      (*strike)(struct bench *b);
	/* The effect, seen by other eyes than the kind's own. NULL: the listing of the world tells. */
	bool      (*done)(struct bench *b);
	/* Is what the restore point leaves out (world/root/users, not in the listing) as its users left it? NULL: there is none. */
	bool      (*left)(struct bench *b);
};

/* Each ends with .kind = NULL. */
extern const struct fixture file_fixtures[], service_fixtures[], data_fixtures[], package_fixtures[], questdb_fixtures[],
	sftpgo_fixtures[], database_fixtures[], container_fixtures[], seatable_fixtures[];
void database_fixtures_end(void);        /* ends the servers that they started */
void container_fixtures_end(void);       /* ends the daemon that they started */
void package_fixtures_end(void);         /* removes the packages that they made */
