/* The dump of event actions that the goal names: whether it is there, and which it is. */
#include <string.h>

#include "products/sftpgo/event_goal.h"
#include "products/sftpgo/event_kept.h"
#include "products/sftpgo/inspect.h"

static json_t *names_of(const json_t *object)
{
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach((json_t *)object, name, value) json_array_append_new(list, json_string(name));
	return list;
}

void look_at_events(struct look *k)
{
	const char *path = events_dump(k->to), *slash = path ? strrchr(path, '/') : NULL;
	autofree char *parent = slash ? xstrndup(path, slash == path ? 1 : (size_t)(slash - path)) : NULL;
	auto_event_kept struct event_kept kept = { 0 };
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;

	if (events_wanted(k->to) == EVENTS_LEAVE || !parent)
		return;
	if (dir_open(parent, &d, &e) < 0 || event_kept_read(&d, slash + 1, &kept, &e) < 0) {
		if (e.kind == ERR_ABSENT)
			look_pin(k, SF_EVENTS, json_pack("{ss sb}", "file", path, "found", 0), "settings.events_dump");
		else
			look_missing(k, SF_EVENTS, &e);
		return;
	}
	look_pin(k, SF_EVENTS, json_pack("{ss sb ss ss? so*}", "file", path, "found", 1, "sha256", kept.sha256, "from", kept.from, "paused",
					  kept.paused ? names_of(kept.paused) : NULL),
		 "settings.events_dump");
}
