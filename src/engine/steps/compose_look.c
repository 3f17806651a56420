/* compose_look: what the files of a Compose project say, now and with the edit that is to come, before anything stops: Compose takes a
 * while to read them, and in the window that is downtime.
 * params {"project","service","image","variable":{"name","value"}|null: the edit, where it is one variable's};
 * result {"config":digest of the rest,"reference":image in force|null,"compose":version,
 * "tried":the edit was, and that shows all}. */
#include "engine/compose_files.h"

#include "svc/compose.h"

static const char *service_of(const json_t *params)
{
	return json_str(params, "service", "");
}

static const json_t *project_of(const json_t *params)
{
	return json_object_get(params, "project");
}

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "read what the project's files make of service %s", service_of(params));
	return buf_check(ret, "the description", e);
}

static struct compose_part part_of(const json_t *params)
{
	return (struct compose_part){ project_of(params), service_of(params), json_str(json_object_get(params, "variable"), "name", NULL) };
}

/* Compose takes a variable of its environment before the one of the file. What that may not show is looked at again when the edit was made. */
static int try_edit(const json_t *params, const char *rest, bool *ret_tried, struct err *e)
{
	const struct compose_part part = part_of(params);
	const char *value = json_str(json_object_get(params, "variable"), "value", NULL);
	autofree char *set = value ? xasprintf("%s=%s", part.variable, value) : NULL;

	*ret_tried = set && !compose_files_take_more(part.project);
	return set ? compose_files_are(&part, set, json_str(params, "image", ""), rest, e) : 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	const struct compose_part part = part_of(params);
	autofree char *version = NULL;
	autojson json_t *image = NULL;
	char digest[65];
	bool tried;

	if (compose_version(&version, e) < 0 ||
	    compose_files_read(&part, NULL, &image, digest, e) < 0 ||
	    try_edit(params, digest, &tried, e) < 0)
		return -(int)e->kind;
	*ret_result = json_pack("{ss sO? ss sb}", "config", digest, "reference", image, "compose", version, "tried", (int)tried);
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_compose_look = { "compose_look", 1, LIFE_DURABLE, describe, step_capture_nothing, apply,
	                                     step_verify_result, undo, .harmless = true };
