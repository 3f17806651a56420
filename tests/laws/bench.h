/* A workbench for one step kind: a small installation in a temporary directory, a service whose commands are scripts, a
 * product that looks at files, and a run without a journal. The programs that are killed are this one again, on the same
 * bench: everything but the process is found by the path. */
#pragma once

#include "engine/product.h"

/*	BASE/world/root, install, builds ...    what a step may change
 *	BASE/bin/start, stop, status            the service: "world/up" is there while it runs, and holds the build's version
 *	BASE/state                              the state directory
 *	BASE/site.json                          more of the site document: doors, login
 *	BASE/params.json undo.json pinned.json passed   what a killed program needs to know */
struct bench {
	char           base[64];
	struct dir     dir;             /* BASE */
	struct site    site;
	struct goal    goal;
	struct plan    plan;
	struct events *events;
	struct ctx     ctx;
	json_t        *params, *undo, *result;
	void         (*also)(struct bench *b, struct buf *ret); /* what of the world is no file, for bench_world() */
};

#define autobench cleanup_with(bench_close)

void bench_make(struct bench *b);               /* new and empty, the old build runs */
void bench_open(struct bench *b, const char *base);     /* one that is there */
void bench_close(struct bench *b);              /* and removed */
void bench_leave(struct bench *b);              /* the files stay */
void bench_forget(void);                        /* remove what a failed test left */

/* Text files below BASE, parents made as needed. Fail the test themselves. */
void  bench_put(struct bench *b, const char *rel, const char *text);
char *bench_get(struct bench *b, const char *rel);      /* heap; "(absent)" when it is not there */
bool  bench_is(struct bench *b, const char *rel, const char *text);
void  bench_drop(struct bench *b, const char *rel);
char *bench_path(struct bench *b, const char *rel);     /* absolute, heap */
void  bench_program(struct bench *b, const char *rel, const char *script);
void  bench_run(const char *const *argv);
/* A target build was started: for this process and for the killed ones. */
void  bench_pass_point(struct bench *b);

/* Pinned facts of the plan: for this process and for the killed ones. */
void bench_pin(struct bench *b, json_t *facts /* stolen */);

/* The installation as text: every entry of world/ with its type, mode, owner, content; our own places beside the data, what the
 * restore point leaves out (world/root/users) and times left out. And the rules of the firewall, where a network namespace is ours. Heap. */
char *bench_world(struct bench *b);

/* True when this process has a network namespace of its own with nftables in it; why not, otherwise. */
bool  bench_own_net(void);
extern char bench_no_net[256];
