/* A toy product over one directory: every step writes a file of its own from "old" to "new", so that the world is old when
 * all files say old and new when all say new. Tests bend it by files: "writes" (a count), "writes-gated" and "writes-stopped" (another one
 * behind the gate, and when the new server is stopped; "dies": the call is killed while it counts), "differs", "mute", "unsure", "fail-<step>",
 * "bar-<step>" (a way back would stick there, as a look tells), "traceless" (so are the writes), "gated" (a gate is closed before the start;
 * "gate" says "new" while it holds), "opens-in" (somebody opens it once the step that writes that file has), "tree" (the
 * restore point is one of ours, which nobody fills), "snapshot" (it is one of the operator's), "nothing" (the plan has no steps),
 * "uncut" (who asked before the gate was closed may still be answered), "proxied" (the gate is a proxy),
 * "interrupts" (the operator does, in the middle of an export; "seen": which sees it),
 * "held" (without a gate, what opens lets go of the server alone),
 * "keeps" (a way back keeps the data), "gated" saying "before" (the gate is closed before the stop), "goes-in" (docker is away for good from
 * the step on that writes that file),
 * "loses" (sight is lost; saying "rows": these, too; "rows later": once file "stage" is new),
 * "blind" (once file "stage" is new it cannot be inspected; "canceled": because the operator interrupts),
 * "recreates" (Compose makes the container anew, after the switch), "image" (the container runs, made from that one), "known" (the old
 * image, as the plan knows it), "id" (the container's, "toy" in the plan), "kept-final" (what step "final" keeps for the way back;
 * saying "for now": not of the old world),
 * "secret" (every step keeps that for its way back, in a file of the run),
 * "data" (the data has a way back of its own, which "bar-data" leaves no room for),
 * "ready" (behind the start, which status knows as one then, it is waited for), "taken" (the new server must not be started), "alarm" (a file that the hook on_failure makes), "apart" (the first root of its scope is that directory beside it), "only" (of the other it holds that file alone). */
#pragma once

#include "engine/run.h"

extern char toy_root[512];      /* the installation */

void toy_setup(void);           /* new empty installation, all files "old" */
void toy_again(void);           /* the one this process's parent set up */
void toy_second(void);          /* a second installation of the same host becomes the one of toy_root; toy_again() goes back */
void toy_done(void);
void toy_put(const char *name, const char *text);
void toy_drop(const char *name);
char *toy_get(const char *name);                /* heap, "" when absent */
/* From now on it can be asked, and says this. */
void toy_answers(struct probe says);
/* "old", "new", or "mixed" when the files disagree. */
const char *toy_world(void);
/* The toy has a server, known by its port: this very process, which listens from the step on that writes the file `starts_in`. */
void toy_server(const char *starts_in);
void toy_server_starts(void);   /* behind everybody's back, now */
void toy_server_ends(void);
/* The toy has a server, a stopped container, and a docker that is away for its next `away` questions; -1: it refuses to
 * answer. */
void toy_container(int away);
/* Asked to end by the run, it is up for the next question, and down for all others. */
void toy_container_ends(void);
/* Its writes can be exported: nothing comes of it. */
void toy_exports(void);
/* goal and sealed plan of the toy migration. */
void toy_goal(struct goal *ret);
void toy_plan(const struct goal *g, struct plan *ret);
struct run_opts toy_opts(struct events *ev);
