/* Event rules and actions at a running server: read, told from one that somebody edited, saved. facts/sftpgo 4.2, seen with 2.6.4
 * and 2.7.5. */
#pragma once

#include "products/sftpgo/rest.h"

enum { EVENT_RULE_OFF = 0, EVENT_RULE_ON = 1 };

/* ERR_CHANGED when it is not there any more. */
int  event_rule_get(struct rest *api, const char *name, json_t **ret, struct err *e) must_check;
/* The rule with that status; nothing when it has it already. */
int  event_rule_save(struct rest *api, const char *name, const json_t *rule, int status, struct err *e) must_check;
/* Actions and rules, as a dump has them; ERR_SPACE above EVENT_KEPT_MAX. New reference. */
int  events_dump_get(struct rest *api, json_t **ret, struct err *e) must_check;
/* Without status and times. */
void event_rule_digest(const json_t *rule, char ret[65]);

/* ERR_ABSENT when there is none. */
int  event_action_get(struct rest *api, const char *name, json_t **ret, struct err *e) must_check;
/* The action with other options; its password stays the server's own. New reference. */
json_t *event_action_with(const json_t *action, const json_t *options) must_check;
int  event_action_save(struct rest *api, const json_t *action, struct err *e) must_check;
/* Of what a person can edit, but the password. */
void event_action_digest(const json_t *action, char ret[65]);
