/* Restore points: where the old world is kept. crossgrade-restore-point(5).
 *
 * A tree restore point is a directory on the data's own file system by default (ROOT/.crossgrade/<id> where ROOT is a
 * mount point, else <parent>/.crossgrade-<name of ROOT>/<id>), or in a folder the operator names:
 *
 *	data/<root>/...      the copy, usable without crossgrade
 *	index-<root>         stats the passes trust, hashes and block sums
 *	manifest-<root>      one line an entry;  SHA256SUMS as `sha256sum -c` reads it
 *	plan.json            of a run: its plan, with the pinned facts;  facts.json  of 'backup create': the pinned facts
 *	journal.json journal.jsonl undo/   what a way back needs when the journal is gone; they move with their run
 *	point.json           state, sizes, digests of all that does not move; what of each root is left out (engine/scope.h); why it is kept;
 *	                     and a digest over itself
 *	trash/<run>/<root>/  the new world after a way back
 *	staged/<run>/<root>/ beside the data: what goes live in place of the copy
 *
 * States: open (being filled), complete (byte-identical to the stopped tree; sealed when it has a manifest), proved (read
 * back), spent (it went live, by run "live_by", itself and not a clone of it; not prunable, not provable). An open run leaves a marker (run.json) beside the data, and
 * beside its points where those are elsewhere: state dir, run, plan digest, its point. */
#pragma once

#include "data/manifest.h"
#include "engine/product.h"

enum point_state { POINT_OPEN, POINT_COMPLETE, POINT_PROVED, POINT_SPENT };

struct point {
	char        *id;
	struct dir   dir;
	json_t      *doc;               /* point.json */
	enum point_state state;
	bool         altered;           /* point.json is not as it was written: a proof finds that */
};
void point_done(struct point *p);

/* Where things of ours stand beside a root's data: below it where it is a mount point (it cannot be renamed, its children
 * can), else next to it. Heap. */
char *point_beside(const struct scope_root *r) must_check;
/* Directory that holds the points of a root: the store of the goal, or beside. Heap, absolute. */
int point_home(const struct goal *g, const struct scope *s, char **ret, struct err *e) must_check;
/* Does `path`, of which the last parts need not be there, lie outside what these roots hold (scope_json(), or a point's own)? ERR_REFUSED,
 * without a hint. */
int point_apart(const json_t *roots, const char *path, struct err *e) must_check;
/* The same of where points are to be made, with the hint: a copy that lies in what is copied would copy itself. point_make() asks. */
int point_home_apart(const char *home, const json_t *roots, struct err *e) must_check;
int point_make(const char *home, const char *id, const struct scope *s, const json_t *about, struct point *ret,
               struct err *e) must_check;
/* The same with an id that nobody has: stem, or stem-2, ... */
int point_make_new(const char *home, const char *stem, const struct scope *s, const json_t *about, struct point *ret,
                   struct err *e) must_check;
int point_open(const char *home, const char *id, struct point *ret, struct err *e) must_check;
int point_save(struct point *p, struct err *e) must_check;              /* point.json, durable */
/* A document beside the copies, durable. Its digest comes to point.json with the next point_save(). */
int point_put(struct point *p, const char *name, const json_t *doc, struct err *e) must_check;
/* What lies in it is nowhere else: its run's way back leaves it where it is, and who lists points is told why. NULL: no more. Durable. */
int point_keep(struct point *p, const char *why, struct err *e) must_check;
const char *point_kept(const struct point *p);                          /* why; NULL: it is not */

struct point_pass {
	struct pass_stats total;
	uint64_t          cached;       /* read back, but perhaps from the page cache */
};
/* One pass over every root of the scope. All but live ones move the state to complete, durably; the manifest is still
 * missing then. */
int point_fill(struct point *p, enum pass_mode mode, const struct pass_opts *o,
               struct point_pass *ret, struct err *e) must_check;
/* Live passes, at least one, and what was copied by all but the last read back, so that little is left for the window. ret is of
 * the last pass, but for copied_bytes: of all. */
int point_fill_live(struct point *p, int64_t passes, const struct pass_opts *o,
                    struct point_pass *ret, struct err *e) must_check;
/* What its first pass has to copy; and has it been made? */
int  point_measure(const struct point *p, const struct cancel *cancel, uint64_t *ret_bytes, struct err *e) must_check;
bool point_is_begun(const struct point *p);
int point_read_back(struct point *p, const struct pass_opts *o, struct point_pass *ret, struct err *e) must_check;
/* Read back what was copied since the last reading and write manifest and SHA256SUMS: after the window, because it takes
 * as long as the changed files are large. Until then point.json names no manifest. Nothing to do: 0. */
int point_seal(struct point *p, const struct pass_opts *o, struct err *e) must_check;
/* Compare the copy with its manifest (sealed first when it is not), all of it or only what moved since, and point.json with its own digest.
 * ret lists differences; 0 equal, 1 not. */
int point_prove(struct point *p, bool all, const struct pass_opts *o, manifest_diffs *ret, struct err *e) must_check;

/* And what stands beside the copies with the digests in point.json. No way back of a run asks for that: its data is whole without. */
int point_prove_beside(struct point *p, manifest_diffs *ret, struct err *e) must_check;

/* Has anybody touched the live tree since the final pass? By its stats, against those the pass took; the copy is neither
 * needed nor looked at. Paths of the differences are absolute. 0 equal, 1 different. */
int point_compare_live(struct point *p, manifest_diffs *ret, struct err *e) must_check;

/* Where the copy of a path of the live world lies, heap: what a stopped server left can be read there while the new one runs. ERR_ABSENT:
 * no root of the point holds it, or the copy went live. */
int point_copy_of(const struct point *p, const char *path, char **ret, struct err *e) must_check;

/* Where the file system clones: clones of the copies beside the data, durable, so that they go live and the copies stay what they are. Best
 * before the server is stopped. Cannot be had (file system, room), or the point went live already: none is there afterwards, and no error. Of
 * clones no bytes move, so a limit of them holds nothing back. With o->beside_server what is kept on another file system is copied there, too:
 * 1 where room for that is wanting beside the server, of one root or more. May be repeated after a kill; what is there is taken, so who begins
 * anew drops it first. */
int point_stage(struct point *p, const char *run, const struct pass_opts *o, struct err *e) must_check;
char *point_look_name(const char *run, const char *name) must_check;    /* name: of a root; in its `beside`: what is staged of it is whole; heap */
/* What is staged goes, but of roots that began to go live. */
int point_unstage(struct point *p, const char *run, struct err *e) must_check;
/* Is it going live, or did it, by this run: the copy itself, or what is staged of it? */
int point_is_leaving(struct point *p, const char *run, bool *ret, struct err *e) must_check;
/* Make it live: exchange per top-level entry, the live world to trash/<run>. `look` first, its record journalled. What is staged of
 * all roots goes in place of the copies, and the point stays complete; else the copies themselves go, and it is spent. A point on
 * another file system is copied beside the data first, and stays complete, too; where there is no room for that, in_place lets differing
 * files be written back one by one, else ERR_SPACE. */
int point_look(struct point *p, json_t **ret, struct err *e) must_check;
/* Is there room for that, without in_place? ERR_SPACE. What an earlier call of the run has staged counts. */
bool    point_exchanges(const json_t *store, const json_t *root);       /* facts of both directories, with "dev" and "mount" */
int64_t point_room_staged(int64_t bytes);        /* what must be free for it beside roots of so many bytes */
int point_room_back(struct point *p, const json_t *record, const char *run, struct err *e) must_check;
int point_go_live(struct point *p, const json_t *record, const char *run, bool in_place,
                  struct err *e) must_check;

/* The way back of that: the world in the trash live again. One that was spent is complete again, unless a server may have been at work on
 * it meanwhile (`used`): then it stays spent. */
int point_go_back(struct point *p, const json_t *record, const char *run, bool used, struct err *e) must_check;

/* What went live by another run than this one is no longer what was copied: ERR_CHANGED. One of before that was written down passes. */
int point_is_unused(const struct point *p, const char *run, struct err *e) must_check;

/* point: the directory of the run's restore point, NULL when it makes none of ours. homes: texts, wherever one like it stands, borrowed; NULL:
 * here alone. With the marker a home goes that holds nothing else. */
int point_marker_put(const char *home, const char *state_dir, const char *run, const char *plan_digest, const char *point,
                     json_t *homes, struct err *e) must_check;
int point_marker_drop(const char *home, struct err *e) must_check;
int point_marker_read(const char *home, json_t **ret, struct err *e) must_check;        /* ERR_ABSENT */

int point_list(const char *home, json_t **ret, struct err *e) must_check;               /* "restore-points" body */
/* For people: ERR_REFUSED for a point that went live, and for that of a run whose marker stands. */
int point_prune(const char *home, const char *id, struct err *e) must_check;
/* For its own run: in any state. Repeated after a kill it goes on: until the last it is a point in state open. Absent is fine. */
int point_remove(const char *home, const char *id, struct err *e) must_check;
/* The run that put it live gives up its way back: what is left of such a point goes, or, where something in it is kept, can be pruned from
 * then on. Of any other point, or none: nothing. *found: there was something to do. */
int point_give_up(const char *home, const char *id, const char *run, bool *found, struct err *e) must_check;
