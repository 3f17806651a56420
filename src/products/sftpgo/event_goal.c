#include "products/sftpgo/event_goal.h"

#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/event_judge.h"

static const char *const words[] = { [EVENTS_LEAVE] = "leave", [EVENTS_REPORT] = "report", [EVENTS_TRANSLATE] = "translate", NULL };

enum events_wanted events_wanted(const struct goal *g)
{
	const char *word = goal_setting(g, "events", words[EVENTS_LEAVE]);
	int i = EVENTS_TRANSLATE;

	while (i > EVENTS_LEAVE && strcmp(words[i], word))
		i--;
	return (enum events_wanted)i;
}

const char *events_dump(const struct goal *g)
{
	return goal_setting(g, "events_dump", NULL);
}

bool events_probe(const struct goal *g)
{
	return json_bool(g->settings, "events_probe", false);
}

const char **events_accepted(const json_t *list)
{
	const char **names = xcalloc(json_array_size(list) + 1, sizeof *names);

	for (size_t i = 0; i < json_array_size(list); i++)
		names[i] = json_string_value(json_array_get(list, i)) ?: "";
	return names;
}

static int want_word(const struct goal *g, struct err *e)
{
	const char *word = goal_setting(g, "events", words[EVENTS_LEAVE]);
	bool known = !strcmp(word, words[events_wanted(g)]);

	if (known && (!json_object_get(g->settings, "events") || json_is_string(json_object_get(g->settings, "events"))))
		return 0;
	err_set(e, ERR_USAGE, "'settings.events' is '%s'", word);
	return err_hint(e, "it knows translate, report and leave");
}

static int want_dump(const struct goal *g, struct err *e)
{
	const char *path = events_dump(g);

	if (events_wanted(g) == EVENTS_LEAVE || (path && *path == '/'))
		return 0;
	err_set(e, ERR_USAGE, path ? "'settings.events_dump' is not an absolute path"
				   : "'settings.events' needs 'settings.events_dump': the file that keeps the event actions as they were");
	return err_hint(e, "name a file outside of what the server owns, as /root/sftpgo-events.json");
}

int events_settings(const struct goal *g, struct err *e)
{
	const json_t *accept = json_object_get(g->settings, "events_accept");
	autofree const char **names = events_accepted(accept);

	if (want_word(g, e) < 0 || want_dump(g, e) < 0)
		return -(int)e->kind;
	if (events_wanted(g) != EVENTS_LEAVE && !json_object_get(g->source, "login"))
		return err_set(e, ERR_USAGE, "'settings.events' needs 'source.login': event actions are asked of the server");
	if (json_object_get(g->settings, "events_probe") && !json_is_boolean(json_object_get(g->settings, "events_probe")))
		return err_set(e, ERR_USAGE, "'settings.events_probe' is neither true nor false");
	if (accept && !json_is_array(accept))
		return err_set(e, ERR_USAGE, "'settings.events_accept' is not a list");
	return event_judge_accepts(names, e) < 0 ? err_wrap(e, "settings.events_accept") : 0;
}
