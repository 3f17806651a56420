/* What a call of apply, resume, rollback or verify has in its hands: private to the run files. */
#pragma once

#include "engine/prober.h"
#include "engine/run.h"
#include "io/lock.h"

#define RUN_AWAITS_DOCKER (60 * NS_PER_S)       /* a daemon that is restarted, or starts with the host */

struct world {
	const struct run_opts *o;
	const struct product  *product;
	struct goal            goal;            /* of the run: owned */
	struct plan            plan;            /* of the run: owned */
	struct ctx             ctx;
	struct journal        *journal;
	struct lock            lock;
	struct prober         *prober;
	char                  *run;             /* NULL before journal_begin() */
	char                  *site_hash;
	bool                   window;          /* clients are not served now */
	bool                   forward;         /* the loop goes forward */
	int                    held;            /* by the last look before the stop: exit code, 0 not */
	bool                   counted;         /* what clients wrote, behind a shut door */
	bool                   unkept;          /* a change could not be kept beside the restore point, and that was said */
	json_t                *pending;         /* events not yet in the journal */
};

/* Open the state directory and its journal. Only who begins something makes them (0700, 0600); to the others they are
 * ERR_ABSENT where no run was ever begun. */
enum world_use { WORLD_LOOK, WORLD_GO_ON, WORLD_BEGIN };
int world_open(struct world *w, const struct run_opts *o, enum world_use use, struct err *e) must_check;
void world_close(struct world *w);
/* Take over goal and plan of a run from the journal. ERR_REFUSED when a kind of it is unknown here. */
int world_load(struct world *w, const char *run, struct err *e) must_check;
/* Bind the sites and name the installation: digest of its canonical root. */
int world_bind(struct world *w, const json_t *sites, struct err *e) must_check;
/* What a killed run started and goes on without it is waited for, ten minutes. ERR_BUSY: somebody is at work. */
int world_lock(struct world *w, const char *verb, struct err *e) must_check;
/* "pid 7, crossgrade apply": who is at work on an installation. 1 somebody, 0 nobody. */
int world_holder(const char *site_hash, struct buf *ret, struct err *e) must_check;
/* Directory of undo blobs, events into the journal, site hash in ctx. */
int world_enter(struct world *w, struct err *e) must_check;
/* From here on a docker that does not answer is waited for, where the installation is docker's: with its program alone on the host, and no
 * daemon, nobody waits. */
void world_await_docker(const struct world *w, int64_t ns);
void world_flush_events(struct world *w);
/* Newest run of this installation that is not finished; 1 there is one, 0 none. site_hash NULL: of this host. */
int world_unfinished(struct world *w, const char *site_hash, struct run_rec *ret, struct err *e) must_check;

/* For a plan whose steps are complete: a server that nothing can keep stopped is not said to be. */
void world_note_holds(struct plan *p);
/* Put kind, scope and home of the restore point into a plan that is being made. */
int world_point_of(struct plan *p, const struct goal *g, const struct scope *s, struct err *e) must_check;
/* Where the restore points of this run are; heap. */
int world_home(struct world *w, char **ret, struct err *e) must_check;

/* After an interruption between the stop and the first start: was a server started behind our back? The target build: its start
 * is journalled as ours. *ret_old: the old build runs (run_stranger.c). */
int run_strangers(struct world *w, bool *ret_old, struct err *e) must_check;
/* The same in the call that stopped the server: where it is held none can have come and gone unseen, and where the way back keeps the data
 * it does not matter. */
int run_strangers_now(struct world *w, struct err *e) must_check;
/* Was the new build started by somebody since the run turned, and did nobody count since what clients wrote to it? Then no boot goes
 * further back. */
int run_started_since(struct world *w, bool *ret, struct err *e) must_check;
int run_counted_since(struct world *w, struct err *e) must_check;
/* Before a step that was never begun: ERR_CHANGED when a server runs that nothing could keep down since this run stopped it, or, before
 * the new server's first start, when the product says that it must not be started. Before that start a gate that somebody opened is
 * closed again. */
int run_look_out(struct world *w, const struct step *next, struct err *e) must_check;
/* Before a step that an earlier call announced: the gate of a start that nobody was let in behind is closed again where somebody opened it,
 * and clients count as let in from then on, because the server may have run meanwhile. */
int run_look_again(struct world *w, const struct step *next, struct err *e) must_check;

/* A gate that was open before a server that may have run: so says the journal, before it is closed again, which hides that, and so says the
 * step's result, `result`, behind it: the last line tells (run_stranger.c). Was `s` such a gate in an earlier call, which was killed, or
 * ended by a boot, in between? */
int run_was_let_in_early(struct world *w, const struct step *s, bool *ret, struct err *e) must_check;
int run_note_open(struct world *w, const struct step *gate, struct err *e) must_check;
int run_closed_again(struct world *w, const struct step *gate, json_t *result, struct err *e) must_check;

/* A plain server that runs when the run begins and is ended by a reboot before the run stopped it is started again on the way
 * back, where the stop is undone, and so is that of a held run by the boot service (run_begun.c). */
int run_note_server(struct world *w, struct err *e) must_check;
int run_start_again(struct world *w, struct err *e) must_check;

/* The directories that hold the data are known from the begin on. run_roots_there(): ERR_CHANGED when another one stands there now, as under a mount
 * that is missing, -kind when there is none; 0 for a run that noted none. run_find_roots() asks before a call takes the run up
 * again, and waits for a late disk where nobody attends; --force agrees to another one. Exit code, 0 to go on (run_roots.c). */
int run_note_roots(struct world *w, struct err *e) must_check;
int run_roots_there(struct journal *j, const char *run, const json_t *plan, struct err *e) must_check;
int run_find_roots(struct world *w, const struct run_rec *rec, const char *verb, struct run_end *ret) must_check;

/* Copy the run's records and undo blobs into its restore point: run_rollback_from() needs nothing else. Nothing to do before
 * there is a point; one that was whole and cannot be opened any more is an error, of run_seal(), too. From then on run_follow() has every change of the journal kept there, too: before the effect it announces
 * while the loop goes forward, as well as it can on the way back (run_keep.c). */
int  run_keep(struct world *w, struct err *e) must_check;
void run_follow(struct world *w);
/* Seal the run's restore point, once clients are served again (run_keep.c). */
int run_seal(struct world *w, struct err *e) must_check;

/* Mark the installation as having this open run, and take the mark away: before the run is closed, because of a closed one nobody
 * would, and it forbids the next. run_none_marked(): none of another run stands there that is not finished; exit code, 0 to go
 * on (run_marker.c). */
int  run_mark(struct world *w, struct err *e) must_check;
int  run_unmark(struct world *w, struct err *e) must_check;
bool run_is_marked(struct world *w);
int  run_none_marked(struct world *w, struct run_end *ret) must_check;
/* No open run of this installation stands in this journal. Exit code, 0 to go on (run.c). */
int  run_none_in_journal(struct world *w, struct run_end *ret) must_check;

/* Is it 'backup restore': the data of before under the build of now? */
bool run_puts_back(const struct plan *p);
/* And have its clients been let in? There is no gate before it, and nothing to count from. */
int  run_restored_served(struct world *w, bool *ret, struct err *e) must_check;
/* Going back over the point says first what was written since: it is counted, saved aside behind the gate, agreed to. Clients are kept
 * out when it comes back, whatever with. `begun`: by this call; of one that goes on only what is not agreed to yet is asked about. only_ask:
 * with clients at the door, and nothing is done: who has not agreed hears it before hours of reading. Exit code, 0 to go on (run_writes.c). */
int  run_account_for_writes(struct world *w, bool begun, bool only_ask, struct run_end *ret) must_check;
/* Would going further back put the old data over what clients may have written since the last count? Then no boot does, which agrees to
 * nothing: the new server may have been started again, and served. Not before the opening was begun: until then the hold is in force, and
 * no boot starts it. */
int  run_overwrites(struct world *w, const struct run_rec *rec, bool *ret, struct err *e) must_check;
/* The new server was stopped on the way back, and the last count was not made behind a shut door: what clients wrote since is named. */
void run_count_last(struct world *w);
/* Keep clients out for the last count, and say so in the journal where they had been let in. 1 nobody is answered any more, 0 there is no
 * gate, this way back took it away already, or it cannot be sure of that, -kind (run_door.c). */
int  run_shut_out(struct world *w, struct err *e) must_check;
int  run_let_in_again(struct world *w, struct err *e) must_check;
/* Was a call killed that kept them out, of a run that is not on its way back? Its mark is left, and until the next boot its gate. */
bool run_is_shut(struct world *w, const struct run_rec *rec);
/* Are they kept out by such a call still, of any run? */
bool run_is_gated(struct world *w, const struct run_rec *rec);
/* Is what differs since the frozen facts, or cannot be counted, the new server's own doing: behind a gate that holds and that nobody was let in
 * through (run_verdict.c)? */
bool run_own_doing(struct world *w, const struct writes *since);
/* The first step of that kind; NULL: the plan has none. */
const struct step *step_of_kind(const struct world *w, const char *kind);
/* Where the way back lays what was live of the first root. Heap; NULL: the restore point is none of ours. */
char *world_trash(const struct world *w) must_check;
bool loss_accepted(const struct run_opts *o, const char *id);

/* What is lost must be agreed to by its name; --yes never does. All return ERR_REFUSED with the loss that was not (run_losses.c): the
 * plan's, those that facts of now have besides, and, before the first step of FREEZE, those found by a last look: it holds the run, also when it could not look. */
int  run_losses_agreed(const struct world *w, struct err *e) must_check;
int  run_losses_since(struct world *w, const struct facts *now, struct err *e) must_check;
int  run_losses_last(struct world *w, struct err *e) must_check;
/* A way back in place: does this call agree to it? What one agrees to that is not refused holds for every later call of the run, a boot's,
 * too: known by ctx from world_enter() on, and kept as ctx has it by the second, once nothing is in the call's way. */
bool run_agrees_in_place(const struct run_opts *o);
int  run_know_in_place(struct world *w, struct err *e) must_check;
int  run_keep_in_place(struct world *w, struct err *e) must_check;

/* The loop (run_loop.c). Both return 0, or -kind with the world as it then is; the caller decides what that means. */
int loop_forward(struct world *w, const struct step **ret_at, struct err *e) must_check;
int loop_backward(struct world *w, struct err *e) must_check;
/* Clients are not served from here, or are again: it is told, and measured more closely. */
void loop_window(struct world *w, bool open);
/* Let clients in to a new world that is accepted as it is, and let go of its server, where the run did not come so far. */
int loop_open(struct world *w, struct err *e) must_check;
/* The run turns, and data that the plan keeps is to be put back on the way: one record, so that a way back that is killed in the middle
 * of it goes on so, and none that was not agreed to does. */
int loop_restore_data(struct world *w, const char *why, struct err *e) must_check;
int loop_data_wished(struct world *w, bool *ret, struct err *e) must_check;
/* Results of the steps done into w->ctx, for params that name them and for the product. */
int loop_load_results(struct world *w, struct err *e) must_check;
/* Would loop_backward() meet a third value somewhere? Asked before anything is touched. Not asked of what goes away with the data. */
int loop_look_back(struct world *w, struct err *e) must_check;
/* Of that what the data's own way back wants, whatever was agreed to: room. */
int loop_look_at_room(struct world *w, struct err *e) must_check;

/* Forward to the end, or to the hold, or to the failure and what follows from it; the way back to its end, where `code` is what
 * a success means to the caller: 5, 130 or 0. Both give the exit code (run_verdict.c). */
int  run_go_on(struct world *w, struct run_end *ret) must_check;
int  run_go_back(struct world *w, int code, const struct err *why, struct run_end *ret) must_check;
/* As its service manager knows; who cannot be asked is not said to be down. */
bool run_server_is_down(struct world *w);
/* The operator's hook, when a run that failed has come to its end. */
void run_on_failure(struct world *w);
/* Before the first start of a new server, by the journal, the gate keeps clients out of nothing but the old one, which may run still, or
 * again: nothing is waited for behind it. What fails is left to the gate's own turn: it is undone, or closed, once more. */
void run_let_in_to_old(struct world *w);
/* A call ends: what it ended with is durable before anybody is told. Returns the code. */
int  run_ends(struct world *w, struct run_end *ret, int code, const struct err *e, const char *line);
int  run_turn(struct world *w, enum run_state to, const char *why, struct err *e) must_check;
void run_start_prober(struct world *w);
/* Past the start, with no copy of ours of the data: no rollback goes on, finalize ends it (run_rollback.c). One on its way back, when somebody
 * else made that start, resume does not go on with either; one that was killed it does. What was so ended is known by what it was closed
 * with: a finalize that was killed is repeated. */
#define RUN_LEFT_TO_HAND   "restore your own backup, then 'crossgrade finalize'"
#define RUN_CLOSED_BY_HAND "left to the operator's own backup"
int  run_is_left_to_hand(struct world *w, const struct run_rec *rec, bool *ret, struct err *e) must_check;
/* world_open() failed: without a journal there is nothing to do, unless a run was named. Exit code (run.c). */
int  run_none(const char *run, const char *line, const struct err *e, struct run_end *ret) must_check;
/* Find and lock the run a verb is about; from now on docker is waited for. Exit code, 0 to go on (run.c). */
int  run_take(struct world *w, const char *run, const char *verb, struct run_rec *rec, struct run_end *ret) must_check;

/* Fill ret with the code, the line and the error; returns the code. */
int run_says(struct run_end *ret, int code, const struct err *e, const char *fmt, ...) printf_like(4, 5);

/* Facts frozen in the window; ERR_ABSENT when the run did not come so far. */
int run_frozen(struct world *w, struct facts *ret, struct err *e) must_check;

/* A step of the run is announced, with its undo record; NULL keeps the one there is (run_loop.c). */
int run_intend(struct world *w, const struct step *s, const json_t *undo, bool lets_in, struct err *e) must_check;

/* Journal states of a run's steps, as questions. */
int  run_point_passed(struct world *w, bool *ret, struct err *e) must_check;
int  run_reached(struct world *w, enum phase p, bool *ret, struct err *e) must_check;  /* any step of it intended */
int  run_kind_is(struct world *w, const char *kind, enum rec_state state, bool *ret, struct err *e) must_check;      /* a step of this kind is in this state */
int  run_started(struct world *w, bool *ret, struct err *e) must_check;                 /* the new server, and the way back did not stop it yet */
/* Put DONE steps whose effect is gone, or that are made again, back to intended. */
int  run_refresh(struct world *w, struct err *e) must_check;
