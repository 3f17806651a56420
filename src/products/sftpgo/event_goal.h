/* What the goal asks for event actions on the way to Enterprise: settings.events, events_dump, events_from, events_accept. Pure. */
#pragma once

#include "engine/goal.h"

enum events_wanted {
	EVENTS_LEAVE,           /* nothing: rules that were set inactive stay so */
	EVENTS_REPORT,          /* keep them as they were, and say what a translation would do */
	EVENTS_TRANSLATE        /* and a second plan puts it */
};
enum events_wanted events_wanted(const struct goal *g);
/* Absolute path of the dump that is kept and translated from; NULL: not given. */
const char *events_dump(const struct goal *g);
/* Is the new server asked how it executes templates, by actions of our own? settings.events_probe */
bool events_probe(const struct goal *g);
/* Findings that are agreed to, NULL-ended; heap, the names borrowed. */
const char **events_accepted(const json_t *list) must_check;
/* The settings are what they may be; ERR_USAGE names what is not. */
int events_settings(const struct goal *g, struct err *e) must_check;
