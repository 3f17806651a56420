/* A plan in the making: what its parts share. plan.c puts them in order. */
#pragma once

#include "engine/container_move.h"
#include "engine/plan_window.h"
#include "products/questdb/conf_change.h"
#include "products/questdb/placement.h"
#include "products/questdb/questdb.h"

struct draft {
	const struct facts *now;
	const struct goal *to;
	struct plan *plan;
	struct change change;
	struct placement at;
	json_t *roots;      /* of the site: named here as places need them */
	json_t *conf_edits; /* server.conf */
	json_t *argv;       /* command line of a plain process, or NULL: the service knows how */
	bool in_container;  /* its programs are an image's */
	json_t *ports;      /* behind the gate; [] when there is none */
};

/* Place of an absolute path: its directory becomes root `name` of the site. New reference. */
json_t *draft_place(struct draft *d, const char *name, const char *path) must_check;
json_t *
draft_lock(const struct draft *d) must_check; /* place of the file whose flock the server holds */
/* A step without more to say about it. */
void draft_step(struct draft *d, enum phase phase, const char *id, const char *kind, unsigned flags,
		json_t *params /* stolen */, const char *why);
const char *draft_span(const struct draft *d, const char *setting, const char *absent);

/* plan_window.c: everything around the change */
void draft_stage(struct draft *d);
void draft_freeze(struct draft *d);
void draft_thaw(struct draft *d);
void draft_prove(struct draft *d);
void draft_open(struct draft *d);

/* plan_switch.c: the change itself */
int draft_change(struct draft *d, struct err *e) must_check;

/* plan_launch.c: the launcher. draft_command() fills argv. */
int draft_command(struct draft *d, struct err *e) must_check;
int draft_launcher(struct draft *d, struct err *e) must_check;

/* plan_words.c: what people read */
int draft_edit(struct draft *d, const char *id, const char *path, const char *root,
	       const char *dialect, json_t *edits /* stolen */, const char *why,
	       struct err *e) must_check;
void draft_notes(struct draft *d);
void draft_forecast(struct draft *d);
