#include "products/sftpgo/event_settled.h"

#include <string.h>

#define REPORT_MAX (64u << 20)

static int want_report(const json_t *doc, const char *path, struct err *e)
{
	if (!strcmp(json_str(doc, "schema", ""), "crossgrade/report/1") && !strcmp(json_str(doc, "product", ""), "sftpgo"))
		return 0;
	err_set(e, ERR_FORMAT, "'%s' is no report of a run of SFTPGo's", path);
	return err_hint(e, "crossgrade report RUN --output json writes one");
}

/* What no probe asks is no server's to settle: it would stand for an operator's word, and unseen. */
static int want_asked(const json_t *settled, const char *path, struct err *e)
{
	for (int i = TEMPLATE_IF_NONE + 1; i < TEMPLATE_IF__MAX; i++) {
		const struct template_condition_about *about = template_condition_about((enum template_condition)i);

		if (!about->unasked || !json_object_get(settled, about->name))
			continue;
		err_set(e, ERR_FORMAT, "'%s' settles '%s', which no run asks a server for", path, about->name);
		return err_hint(e, "--accept %s agrees to it", about->name);
	}
	return 0;
}

int event_settled_read(const char *path, json_t **ret, struct err *e)
{
	autojson json_t *doc = NULL, *all = json_object();
	const json_t *step;
	bool asked = false;
	size_t i;

	if (json_read_path(path, REPORT_MAX, &doc, e) < 0 || want_report(doc, path, e) < 0)
		return -(int)e->kind;
	json_array_foreach(json_object_get(doc, "steps"), i, step)
	{
		json_t *settled = json_object_get(step, "settled");

		if (strcmp(json_str(step, "kind", ""), "events_probe") || !json_is_object(settled))
			continue;
		if (want_asked(settled, path, e) < 0)
			return -(int)e->kind;
		asked = true;
		json_object_update(all, settled);
	}
	if (!asked) {
		err_set(e, ERR_USAGE, "the run that '%s' reports asked no server", path);
		return err_hint(e, "settings.events_probe: true makes a run ask");
	}
	*ret = take_ptr(all);
	return 0;
}

void event_judge_settle(struct event_judge *j, const json_t *settled)
{
	for (int i = TEMPLATE_IF_NONE + 1; i < TEMPLATE_IF__MAX; i++) {
		const struct template_condition_about *about = template_condition_about((enum template_condition)i);
		const json_t *is = json_object_get(settled, about->name);

		if (!about->unasked && json_is_boolean(is))
			j->asked.settled[i] = json_is_true(is) ? TEMPLATE_HOLDS : TEMPLATE_FAILS;
	}
}
