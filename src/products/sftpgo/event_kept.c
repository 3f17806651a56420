#include "products/sftpgo/event_kept.h"

#include <fcntl.h>
#include <string.h>

#include "io/file.h"
#include "products/sftpgo/event_dump.h"
#include "products/sftpgo/event_rest.h"

#define OBJECTS_MAX 100000

void event_kept_done(struct event_kept *k)
{
	json_decref(k->actions);
	json_decref(k->rules);
	json_decref(k->paused);
	template_world_free(k->world);
	free(k->from);
	*k = (struct event_kept){ 0 };
}

/* ---- reading ---- */

static int add(struct event_kept *k, json_t *list, struct sv text, const json_t *one, struct err *e)
{
	if (json_array_size(list) == OBJECTS_MAX)
		return err_set(e, ERR_SPACE, "there are more than %d of them", OBJECTS_MAX);
	k->bytes += text.n;
	if (k->bytes > EVENT_KEPT_MAX) {
		err_set(e, ERR_SPACE, "the event actions and rules are larger than %u bytes", EVENT_KEPT_MAX);
		return err_hint(e, "'crossgrade convert sftpgo-events' translates dumps of any size");
	}
	json_array_append(list, (json_t *)one);
	return 0;
}

static int keep_action(void *arg, struct sv text, const json_t *action, struct buf *ret, struct err *e)
{
	struct event_kept *k = arg;

	return add(k, k->actions, text, action, e) < 0 || template_world_action(k->world, action, e) < 0 ? -(int)e->kind : 0;
}

static int keep_rule(void *arg, struct sv text, const json_t *rule, struct buf *ret, struct err *e)
{
	struct event_kept *k = arg;

	return add(k, k->rules, text, rule, e) < 0 || template_world_rule(k->world, rule, e) < 0 ? -(int)e->kind : 0;
}

static int keep_release(void *arg, struct sv text, const json_t *release, struct buf *ret, struct err *e)
{
	struct event_kept *k = arg;

	if (!json_is_string(release))
		return err_set(e, ERR_FORMAT, "'" EVENT_DUMP_FROM "' is no text");
	k->from = xstrdup(json_string_value(release));
	return 0;
}

static int keep_paused(void *arg, struct sv text, const json_t *names, struct buf *ret, struct err *e)
{
	struct event_kept *k = arg;
	const json_t *name;
	size_t i;

	if (!json_is_array(names))
		return err_set(e, ERR_FORMAT, "'" EVENT_DUMP_PAUSED "' is no list");
	k->paused = json_object();
	json_array_foreach(names, i, name)
	{
		if (!json_is_string(name))
			return err_set(e, ERR_FORMAT, "'" EVENT_DUMP_PAUSED "' is no list of names");
		json_object_set_new(k->paused, json_string_value(name), json_true());
	}
	return 0;
}

int event_kept_read(const struct dir *d, const char *rel, struct event_kept *ret, struct err *e)
{
	struct event_kept k = { .actions = json_array(), .rules = json_array(), .world = template_world_new() };
	const struct event_dump_watch watch = { .action = keep_action, .rule = keep_rule, .taken_from = keep_release, .paused = keep_paused, .arg = &k };
	autoclose int fd = dir_openat(d, rel, O_RDONLY | O_NONBLOCK, 0, e);

	if (fd < 0 || event_dump_walk(fd, rel, &watch, e) < 0 || file_digest(fd, rel, k.sha256, e) < 0) {
		event_kept_done(&k);
		return -(int)e->kind;
	}
	*ret = k;
	return 0;
}

/* ---- keeping ---- */

json_t *event_kept_of(const json_t *dump, const char *release, const char *run, const json_t *paused)
{
	json_t *actions = json_deep_copy(json_object_get(dump, "event_actions")), *rules = json_object_get(dump, "event_rules"), *one;
	json_t *kept_rules = json_array();
	size_t i;

	json_array_foreach(actions, i, one)
		json_object_del(json_object_get(json_object_get(one, "options"), "http_config"), "password");
	json_array_foreach(rules, i, one)
	{
		json_t *rule = json_deep_copy(one), *action;
		size_t j;

		json_array_foreach(json_object_get(rule, "actions"), j, action) json_object_del(action, "options");
		json_array_append_new(kept_rules, rule);
	}
	return json_pack("{ss ss sO* sO? so* so}", EVENT_DUMP_FROM, release, EVENT_KEPT_BY, run, EVENT_DUMP_PAUSED, paused, "version", json_object_get(dump, "version"),
			 "event_actions", actions, "event_rules", kept_rules);
}

bool event_kept_paused(const struct event_kept *k, const json_t *rule)
{
	return json_object_get(k->paused, json_str(rule, "name", "")) != NULL;
}

/* ---- judging ---- */

int event_kept_judge(const struct event_kept *k, const char *release, const char *const *accept, struct event_judge *ret, struct err *e)
{
	struct event_judge j = { .world = k->world, .accept = accept };
	const char *from = release ? release : k->from;

	if (!from) {
		err_set(e, ERR_USAGE, "the dump of event actions does not tell which release it is of");
		return err_hint(e, "give settings.events_from, as 2.7.5");
	}
	if (template_release_parse(from, &j.asked.release, e) < 0 || event_judge_accepts(accept, e) < 0)
		return -(int)e->kind;
	*ret = j;
	return 0;
}

void event_judge_zone(struct event_judge *j, const json_t *local_time)
{
	j->asked.local_time = json_is_true(local_time);
	if (json_is_false(local_time))
		j->asked.settled[TEMPLATE_IF_UTC] = TEMPLATE_HOLDS;
}
