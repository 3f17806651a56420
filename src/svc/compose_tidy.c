#include "svc/compose.h"

#include <string.h>

#include "io/json.h"
#include "svc/container.h"

#define DIGITS   12
#define STILL_NS (500 * NS_PER_MS)
#define WITHIN   (30 * NS_PER_S)

const char *compose_name_to_be(const json_t *seen)
{
	const char *name = json_str(seen, "Name", "/");

	name += *name == '/';
	return strspn(name, "0123456789abcdef") == DIGITS && name[DIGITS] == '_' ? name + DIGITS + 1 : NULL;
}

static int look(const char *project, const char *service, json_t **ret, struct err *e)
{
	autojson json_t *all = NULL;

	if (compose_containers(project, &all, e) < 0)
		return -(int)e->kind;
	*ret = compose_of_service(all, service);
	return 0;
}

static const json_t *unfinished(const json_t *own)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)own, i, one)
		if (compose_name_to_be(one))
			return one;
	return NULL;
}

static bool is_running(const json_t *seen)
{
	return json_bool(json_object_get(seen, "State"), "Running", false);
}

static int finish(const json_t *own, const json_t *one, struct err *e)
{
	const char *id = json_str(one, "Id", "");

	if (is_running(one))
		return 0;       /* somebody started it: that is for others to tell */
	return json_array_size(own) == 1 ? container_rename(id, compose_name_to_be(one), e) : container_remove(id, e);
}

static bool are_same(const json_t *a, const json_t *b)
{
	const json_t *one, *other;
	size_t i;

	json_array_foreach((json_t *)a, i, one) {
		other = json_array_get(b, i);
		if (strcmp(json_str(one, "Id", ""), json_str(other, "Id", "")) != 0 ||
		    strcmp(json_str(one, "Name", ""), json_str(other, "Name", "")) != 0)
			return false;
	}
	return json_array_size(a) == json_array_size(b);
}

/* A Compose whose caller was killed lives a moment longer. */
int compose_tidy(const char *project, const char *service, struct err *e)
{
	struct deadline until = deadline_in(WITHIN);
	autojson json_t *before = NULL;

	if (look(project, service, &before, e) < 0)
		return -(int)e->kind;
	while (unfinished(before)) {
		autojson json_t *now = NULL;

		clock_sleep_ns(STILL_NS);
		if (look(project, service, &now, e) < 0)
			return -(int)e->kind;
		if (are_same(before, now))
			return finish(now, unfinished(now), e);
		if (deadline_passed(until))
			return err_set(e, ERR_BUSY, "somebody's Compose is at work on service '%s'", service);
		json_decref(before);
		before = take_ptr(now);
	}
	return 0;
}
