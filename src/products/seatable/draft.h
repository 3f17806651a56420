/* A plan in the making: what its parts share. plan.c puts them in order. */
#pragma once

#include "engine/plan_window.h"
#include "products/seatable/seatable.h"

enum sea_folders { SEA_FOLDERS_COPY, SEA_FOLDERS_NONE };

struct sea_draft {
	const struct facts *now;
	const struct goal *to;
	struct plan *plan;
	const char *from_edition, *from_version, *to_edition, *to_version;
	const char *image;      /* that is to be in force */
	bool by_default;        /* by taking the line out of .env */
	bool dumps_running;     /* databases are dumped while the server serves */
	enum sea_folders folders;
	bool clones;            /* the copy of the folders shares their bytes: settings.folders is snapshot */
	json_t *roots;          /* of the site: named here as places need them */
	json_t *at;             /* as sea_db_open() */
	json_t *schemas;        /* SeaTable's own, in order */
	json_t *door;           /* the proxy that is the gate, as gate_close has it; {}: no gate */
};

/* Place of an absolute path: its directory becomes root `name` of the site. New reference. */
json_t *sea_draft_place(struct sea_draft *d, const char *name, const char *path) must_check;
const char *sea_draft_span(const struct sea_draft *d, const char *setting, const char *absent);
bool sea_draft_crosses(const struct sea_draft *d, const char *edition);  /* to this one, from the other */

/* plan_scope.c: what a restore point holds, and whether the folders are in it */
/* Names of those that are copied; NULL-ended. */
extern const char *const sea_folders[];
int sea_folders_of(const struct facts *now, const struct goal *to, enum sea_folders *ret, struct err *e) must_check;
bool sea_folders_clone(const struct goal *to);
/* ERR_USAGE with the reason where they are to be cloned and cannot be. */
int sea_folders_can(const struct facts *now, const struct goal *to, struct err *e) must_check;

/* plan_window.c: everything around the change */
void sea_draft_stage(struct sea_draft *d);
void sea_draft_freeze(struct sea_draft *d);
void sea_draft_thaw(struct sea_draft *d);
void sea_draft_prove(struct sea_draft *d);
void sea_draft_open(struct sea_draft *d);

/* plan_change.c: the change itself */
void sea_draft_change(struct sea_draft *d);

json_t *sea_draft_project(const struct sea_draft *d);    /* as svc/compose.h has it; new reference */

/* plan_words.c: what people read */
void sea_draft_notes(struct sea_draft *d);
void sea_draft_forecast(struct sea_draft *d);
