#include "svc/service.h"

#include <errno.h>

#include "io/json.h"
#include "io/proc.h"
#include "svc/kinds.h"

static const struct service_kind *const kinds[] = {
	&kind_process, &kind_command, &kind_systemd, &kind_compose, &kind_container,
};
static const char *const kind_names[] = { "process", "command",   "systemd",
					  "compose", "container", NULL };

static const struct service_kind *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i]->ops->name, name))
			return kinds[i];
	return NULL;
}

const struct service_ops *service_kind(const char *name)
{
	const struct service_kind *k = find_kind(name);

	return k ? k->ops : NULL;
}

static int check_config(const json_t *config, const struct service_kind **ret, struct err *e)
{
	const char *known[16] = { "kind" };
	const char *name = json_str(config, "kind", NULL);
	const struct service_kind *k = name ? find_kind(name) : NULL;

	if (!name)
		return err_set(e, ERR_USAGE, "'service' has no 'kind'");
	if (!k) {
		const char *near = nearest_word(name, kind_names);

		err_set(e, ERR_USAGE, "service kind '%s' is not known", name);
		return near ? err_hint(e, "did you mean '%s'?", near) : -(int)e->kind;
	}
	for (size_t i = 0; k->keys[i] && i + 2 < ARRAY_LEN(known); i++)
		known[i + 1] = k->keys[i];
	if (json_only_keys(config, "service", known, e) < 0)
		return -(int)e->kind;
	*ret = k;
	return 0;
}

int service_open(const json_t *config, const char *lock_path, struct service **ret, struct err *e)
{
	const struct service_kind *k = NULL;
	struct service *s;

	if (check_config(config, &k, e) < 0)
		return -(int)e->kind;
	s = xcalloc(1, sizeof *s);
	s->ops = k->ops;
	s->config = json_deep_copy(config);
	s->lock_path = xstrdup(lock_path);
	if (k->open(s, e) < 0) {
		service_close(s);
		return -(int)e->kind;
	}
	*ret = s;
	return 0;
}

void service_close(struct service *s)
{
	if (!s)
		return;
	if (s->ops->done)
		s->ops->done(s);
	json_decref(s->config);
	json_decref(s->launch);
	free(s->lock_path);
	free(s->name);
	free(s);
}

void service_set_launch(struct service *s, const json_t *launch)
{
	json_decref(s->launch);
	s->launch = json_deep_copy(launch);
}

void service_set_known(struct service *s, struct process_id id)
{
	s->known = id;
}

/* A holder that is ending can be gone from /proc while the kernel still lists its lock, and is for a
 * moment no different from one of another pid namespace. */
#define HOLDER_SEEN_WITHIN_NS NS_PER_S
#define LOOK_EVERY_NS         (5 * NS_PER_MS)

/* /proc/locks names who took the lock. Between reading it and that process's start time the process
 * may end and its number be given to another: so it must hold the lock still once its start time is
 * known. */
static int settled_holder(const char *lock_path, struct process_id *ret, struct err *e)
{
	struct process_id id = { 0 };
	pid_t again = 0;

	if (proc_lock_holder_of(lock_path, &id.pid, e) < 0)
		return -(int)e->kind;
	if (id.pid > 0 && id.pid != getpid()) {
		if (process_start_ticks(id.pid, &id.start_ticks, e) < 0 ||
		    proc_lock_holder_of(lock_path, &again, e) < 0)
			return -(int)e->kind;
		if (again != id.pid)
			return err_set(e, ERR_ABSENT, "the holder of the lock changed");
	}
	if (id.pid == getpid())
		id = (struct process_id){ 0 };
	*ret = id;
	return 0;
}

int service_lock_owner(const char *lock_path, struct process_id *ret, struct err *e)
{
	struct deadline until = deadline_in(HOLDER_SEEN_WITHIN_NS);
	struct process_id id = { 0 };
	int r;

	for (;;) {
		err_clear(e);
		if (access(lock_path, F_OK) < 0 && errno == ENOENT) {
			*ret = (struct process_id){ 0 };
			return 0;
		}
		r = settled_holder(lock_path, &id, e);
		if ((r == 0 && id.pid >= 0) || (r < 0 && r != -ERR_ABSENT) || !deadline_left_ns(until))
			break;
		clock_sleep_ns(LOOK_EVERY_NS);
	}
	if (r == -ERR_ABSENT || (r == 0 && id.pid < 0))
		return err_set(e, ERR_BUSY,
			       "'%s' is locked by a process that cannot be seen from here",
			       lock_path);
	if (r < 0)
		return err_wrap(e, "find out who holds '%s'", lock_path);
	*ret = id;
	return id.pid > 0;
}

int service_argv(const json_t *list, const char *key, const char ***ret, struct err *e)
{
	size_t n = json_array_size(list);
	const char **argv;

	if (!n)
		return err_set(e, ERR_USAGE,
			       "'%s' of the service is to be a list: program, argument, ...", key);
	argv = xcalloc(n + 1, sizeof *argv);
	for (size_t i = 0; i < n; i++) {
		argv[i] = json_string_value(json_array_get(list, i));
		if (!argv[i]) {
			free(argv);
			return err_set(e, ERR_USAGE,
				       "'%s' of the service holds something that is no text", key);
		}
	}
	*ret = argv;
	return 0;
}
