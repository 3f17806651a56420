/* The product contract: what a product must tell the engine. One folder below src/products/ a product; products know
 * nothing of each other. */
#pragma once

#include "engine/check.h"
#include "engine/convert.h"
#include "engine/plan.h"
#include "engine/scope.h"
#include "engine/step.h"

/* How deep to look. DEEP reads every table once through the old server; FROZEN reads the stopped tree only; LIVE asks the
 * running server and the host. */
enum depth { DEPTH_QUICK, DEPTH_LIVE, DEPTH_DEEP, DEPTH_FROZEN, DEPTH_GATE };

struct host {
	const char *only_root;          /* look at this installation only; NULL: all of this host */
};

struct instance {
	char   *root;                   /* its canonical data root */
	json_t *doc;                    /* one entry of the "instances" document */
};
struct instances {
	struct instance *v;
	size_t           n, room;
};

struct probe {
	bool serving;                   /* a client would be served, at every door; that its login is refused is an answer */
	bool answered;                  /* anything spoke at all */
	unsigned doors;                 /* a bit for each that answered, where a product asks several of them; one that answered
	                                 * once is missed by clients when it does not again */
	bool data_open;                 /* as it does only once its data is open: no migration is what is waited for */
	char edition[32], version[48];  /* "" when not told */
	char detail[160];
};

/* Of a server that was started and does not answer yet: what is seen of it besides its process's work. */
struct signs {
	void    *own;                   /* what the product keeps from look to look */
	uint64_t moves;                 /* another number than before: it went on meanwhile */
	char     last[256];             /* the last of it, for people; "" nothing yet */
};

struct write_count {
	char   *subject;                /* "table trades" */
	int64_t transactions;           /* since the frozen state; -1: not to be known */
	int64_t rows_before, rows_now;  /* -1: not to be known */
	char   *partitions;             /* changed ones, comma-separated, or NULL */
	int64_t behind;                 /* the product's own number behind which it was written, for save_since(); 0: it has none */
	bool    traceless;              /* no trace of a client, it only differs or is gone: or the server spoilt it */
};
struct writes {
	struct write_count *v;          /* subjects written since only */
	size_t              n, room;
	int64_t             transactions;       /* in all; -1: could not be counted, then why */
	char                why[200];
};
void writes_done(struct writes *w);
json_t *writes_json(const struct writes *w);

/* A key of the migration file that is the product's own, and how `crossgrade init` names it: an example after its words, in a
 * comment. Without an example it is only known, not named. */
struct product_key {
	const char *key, *example, *words;
};

struct product {
	const char         *name, *title;       /* "questdb", "QuestDB" */
	const struct check *checks;             /* ends with .id = NULL */
	const struct product_key *source_keys;  /* ended by .key NULL, itself NULL without any: below `source`, ... */
	const struct product_key *target_keys;
	const struct product_key *setting_keys;
	const struct converter *converters;     /* ended by .name NULL; NULL: it has none */
	const char *const  *editions;           /* NULL-ended: "open-source", "enterprise" */
	const char         *sheet, *sheet_name; /* text of sheet.yaml, embedded */
	const char         *process;            /* name that the kernel knows its server by (proc_pid_comm(5)); NULL: it has several */

	/* What stands on this host. Looks; there is no site yet. */
	int (*find)(struct host *h, struct instances *ret, struct err *e);
	/* Fill in what the goal leaves out (root from a single instance, install, service); the document only. */
	int (*site)(const struct goal *g, struct site *ret, struct err *e);
	/* Looks; `to` may be NULL: then nothing of a target is looked at. */
	int (*inspect)(struct ctx *c, const struct goal *to, enum depth d, struct facts *ret, struct err *e);
	/* Thinks: roots a restore point must hold, and what of them it leaves out (our own .crossgrade always is). */
	int (*scope)(const struct facts *now, const struct goal *to, struct scope *ret, struct err *e);
	/* Thinks: the steps, in order. */
	int (*plan)(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e);
	/* Thinks: plan_loss() for what the migration loses, for a new plan and once more before a run stops anything. Where it can lose
	 * anything there is one whatever is counted: a plan without any is not counted again. NULL: nothing is lost by data. */
	void (*losses)(const struct facts *now, const struct goal *to, struct plan *ret);
	/* Thinks: must a person move it, on another host? Then plan() writes a procedure (engine/procedure.h) and no steps, and
	 * nothing of this host is held. NULL: never. */
	bool (*by_hand)(const struct facts *now);
	/* Compare the installation now with facts frozen before. `to` NULL: the old world is expected back. */
	int (*verify)(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d,
	              struct comparisons *ret, struct err *e);
	/* From outside: serving? who? as_client: an unmarked socket, as any client; else marked to pass our gate. */
	int (*probe)(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e);
	/* Looks, about once a second while a migration may be at work in a server that was started: what it writes to its log, how far
	 * its data has come. What moved is told as progress. `of` NULL: the last call, which lets go of `own`. NULL: only the work of
	 * its process is looked at. */
	void (*signs)(struct ctx *c, const struct process_id *of, struct signs *io);
	/* Writes of clients since the frozen facts. */
	int (*since)(struct ctx *c, const struct facts *frozen, struct writes *ret, struct err *e);
	/* Export what since() found into a directory while the server answers. */
	int (*save_since)(struct ctx *c, const struct writes *w, const struct dir *to, struct err *e);
	/* Make a copy of a server that stays up possible (a database checkpoint), and end it. left: the holds of copies that were begun and
	 * never became whole; one that nobody holds any more is ended first. NULL: must be stopped. */
	int (*copy_begin)(struct ctx *c, const json_t *left, json_t **ret_hold, struct err *e);
	int (*copy_end)(struct ctx *c, const json_t *hold, struct err *e);
	/* Looks, just before a stopped server is started: the target for the first time, or (ctx->backward) the old server on the way
	 * back. ERR_CHANGED: it must not be; the one turns the run back, the other leaves the server stopped. NULL: it always may. */
	int (*may_start)(struct ctx *c, struct err *e);
	/* Is the value of this configuration key a secret? */
	bool (*secret_key)(const char *file, const char *key);
};

extern const struct product *const products[];          /* generated; ends with NULL */
const struct product *product_named(const char *name);
