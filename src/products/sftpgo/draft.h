/* A plan in the making: what its parts share. plan.c puts them in order. */
#pragma once

#include "engine/container_move.h"
#include "engine/plan_window.h"
#include "products/sftpgo/placement.h"

struct draft {
	const struct facts *now;
	const struct goal *to;
	struct plan *plan;
	struct change change;
	struct placement at;
	bool in_container;      /* its programs are an image's, and nothing of them is placed */
	json_t *roots;  /* of the site: named here as places need them */
	json_t *ports;  /* behind the gate; [] when there is none */
};

/* Place of an absolute path: its directory becomes root `name` of the site. New reference. */
json_t *sftpgo_draft_place(struct draft *d, const char *name, const char *path) must_check;
void sftpgo_draft_step(struct draft *d, enum phase phase, const char *id, const char *kind, unsigned flags,
                json_t *params /* stolen */, const char *why);
const char *sftpgo_draft_span(const struct draft *d, const char *setting, const char *absent);
bool sftpgo_draft_dumps(const struct draft *d);  /* the database of a server is dumped into a restore point of ours */
bool sftpgo_draft_is_process(const struct draft *d);

/* plan_window.c: everything around the change */
void sftpgo_draft_stage(struct draft *d);
void sftpgo_draft_freeze(struct draft *d);
void sftpgo_draft_thaw(struct draft *d);
void sftpgo_draft_prove(struct draft *d);
void sftpgo_draft_open(struct draft *d);

/* plan_crossing.c: what only the running server can do before its stop, and the way to Enterprise */
void sftpgo_draft_quiet(struct draft *d);
void sftpgo_draft_license(struct draft *d);
void sftpgo_draft_left(struct draft *d);
json_t *sftpgo_draft_rules(const struct draft *d) must_check; /* to be set inactive, in order; new reference */

/* plan_events.c: event actions, kept before the stop, and put by a second plan */
void sftpgo_draft_events_keep(struct draft *d);
void sftpgo_draft_events_put(struct draft *d);

/* plan_trial.c: logins that are tried, before the stop and at the new server */
void sftpgo_draft_trial(struct draft *d);
void sftpgo_draft_trial_again(struct draft *d);
void sftpgo_draft_rule(struct draft *d);
size_t sftpgo_draft_logins(const struct draft *d);       /* tried while clients are kept out */

/* plan_switch.c: the change itself */
int sftpgo_draft_change(struct draft *d, struct err *e) must_check;

/* plan_database.c: a database server's tables, there and back */
void sftpgo_draft_nodes(struct draft *d);        /* waits for the others' end, where that is wanted */
void sftpgo_draft_dump(struct draft *d);
void sftpgo_draft_dump_point(struct draft *d);
void sftpgo_draft_dump_notes(struct draft *d);

/* plan_package.c: where the build is a package */
bool sftpgo_draft_is_package(const struct draft *d);
void sftpgo_draft_stage_packages(struct draft *d);
void sftpgo_draft_install(struct draft *d);
void sftpgo_draft_package_notes(struct draft *d);

/* plan_repository.c: who installs packages besides, and where they come from */
void sftpgo_draft_lock_packages(struct draft *d);
void sftpgo_draft_source_off(struct draft *d);
void sftpgo_draft_source_on(struct draft *d);
void sftpgo_draft_source_notes(struct draft *d);

/* plan_windows.c: no draft, but the procedure of a person on a Windows host */
int sftpgo_plan_by_hand(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e) must_check;

/* plan_words.c: what people read */
void sftpgo_draft_notes(struct draft *d);
void sftpgo_draft_forecast(struct draft *d);
