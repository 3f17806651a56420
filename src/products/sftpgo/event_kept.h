/* The dump of event actions and rules that a crossing to Enterprise keeps before its stop, for the second plan, which translates from
 * it: the migration itself rewrites the texts (dot_pass.h), and what it makes of some cannot be translated any more. Any dump of
 * SFTPGo's will do in its place, up to EVENT_KEPT_MAX of actions and rules. The encrypted password of an action is in none that we kept.
 *
 *	{"taken_from": "2.7.5", "kept_by": RUN, "paused": [rule], "version": 17, "event_actions": [...], "event_rules": [...]}
 *
 * "paused" are the rules that this run set inactive, and no others: only these are set active again. */
#pragma once

#include "io/dir.h"
#include "products/sftpgo/event_judge.h"

#define EVENT_KEPT_MAX (64u << 20) /* bytes, as written */

struct event_kept {
	json_t *actions, *rules;        /* as dumped */
	json_t *paused;                 /* {rule: true}; NULL: the dump does not tell */
	struct template_world *world;
	char *from;                     /* release it tells of itself, or NULL */
	size_t bytes;                   /* of all of them */
	char sha256[65];
};
#define auto_event_kept cleanup_with(event_kept_done)

/* ERR_FORMAT: no dump. */
int  event_kept_read(const struct dir *d, const char *rel, struct event_kept *ret, struct err *e) must_check;
void event_kept_done(struct event_kept *k);
/* What a run keeps of a server's answer; paused: names of the rules that it sets inactive, or NULL. New reference. */
#define EVENT_KEPT_BY "kept_by"
json_t *event_kept_of(const json_t *dump, const char *release, const char *run, const json_t *paused) must_check;

/* Did the run that kept the dump set this rule inactive? */
bool event_kept_paused(const struct event_kept *k, const json_t *rule);

/* A judge over what is kept; the world is borrowed. release NULL: as the dump says; ERR_USAGE when nobody does. */
int  event_kept_judge(const struct event_kept *k, const char *release, const char *const *accept, struct event_judge *ret,
		      struct err *e) must_check;
/* Was common.tz of the old server "local"? NULL: nobody knows. */
void event_judge_zone(struct event_judge *j, const json_t *local_time);
