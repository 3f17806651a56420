/* What clients move: of it explained is only what they, or rules, can have moved by now. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "products/sftpgo/trial_goal.h"
#include "products/sftpgo/verify.h"

/* Types of actions that count quotas anew, set them to nothing, or write and remove files. */
#define FIRST_COUNTING 5
#define LAST_COUNTING  9

bool used_is_shut(const struct proof *p)
{
	return p->to && p->depth == DEPTH_GATE && p->c->plan && !sftpgo_follows(p->c->goal) && !ctx_was_opened(p->c) &&
	       ctx_gate_holds(p->c);
}

static int each_of(struct provider *db, enum object_kind kind, bool (*is)(const struct object *o, json_t *names), json_t *names,
		   bool *ret, struct err *e)
{
	autoobjects struct objects *all = NULL;
	const struct object *o;
	int r = objects_open(db, kind, &all, e);

	while (r >= 0 && (r = objects_next(all, &o, e)) > 0)
		*ret |= is(o, names);
	return r;
}

static bool counts(const struct object *o, json_t *names)
{
	int64_t type = json_int(o->fields, "type", 0);

	return type >= FIRST_COUNTING && type <= LAST_COUNTING && json_object_set_new(names, o->key, json_true()) == 0;
}

static bool uses_one(const struct object *o, json_t *names)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(o->fields, "actions"), i, one)
		if (json_int(o->fields, "status", 0) == 1 && json_object_get(names, json_str(one, "name", "")))
			return true;
	return false;
}

int used_rules_look(struct provider *db, bool *ret, struct err *e)
{
	autojson json_t *names = json_object();
	bool found = false;

	*ret = false;
	if (each_of(db, OBJ_EVENT_ACTIONS, counts, names, &found, e) < 0)
		return -(int)e->kind;
	return found && each_of(db, OBJ_EVENT_RULES, uses_one, names, ret, e) < 0 ? -(int)e->kind : 0;
}

/* The gate kept clients out until it was compared: what they moved since is theirs. */
static bool was_proved_at_gate(const struct proof *p)
{
	if (p->depth == DEPTH_GATE || !p->c->plan || ctx_was_opened(p->c))
		return false;
	vec_each(&p->c->plan->steps, s)
		if (!strcmp(s->kind->name, "gate_close"))
			return true;
	return false;
}

/* Of these a client that removes its files, or a rule, can make nothing; of tokens and of the first transfer nobody can. */
static bool can_be_nothing(const char *field)
{
	return sv_starts(sv_of(field), "used_quota_") || sv_ends(sv_of(field), "_data_transfer");
}

/* In an encrypted home the counters were frozen with the file that is left for the new server, which removes it. */
static bool was_left_file_removed(const struct proof *p, const json_t *user)
{
	const json_t *left = json_object_get(json_object_get(p->c->results, TRIAL_BEFORE), "kept");
	const json_t *kept = json_object_get(left, json_str(user, "user", ""));
	autofree char *path = xasprintf("%s/%s", json_str(user, "home", ""), json_str(kept, "name", ""));

	return kept && access(path, F_OK) < 0 && errno == ENOENT;
}

/* Counters of quotas can be nothing then. */
static bool is_moved_by_trial(const struct proof *p, const struct object_difference *d, const json_t *user)
{
	struct sv field = sv_of(d->field);

	if (sv_starts(field, "used_quota_"))
		return was_left_file_removed(p, user);
	return d->is && (sv_ends(field, "_data_transfer") || sv_starts(field, "first_"));
}

/* The step behind this comparison tries logins and moves files by them; where a boot followed, all is compared again. */
static bool is_of_our_trial(const struct proof *p, const struct object_difference *d)
{
	json_t *user;
	size_t i;

	if (d->kind != OBJ_USERS)
		return false;
	vec_each(&p->c->plan->steps, s) {
		if (strcmp(s->kind->name, "login_trial"))
			continue;
		json_array_foreach(json_object_get(s->params, "users"), i, user)
			if (!strcmp(json_str(user, "user", ""), d->key) && is_moved_by_trial(p, d, user))
				return true;
	}
	return false;
}

enum outcome used_judge(const struct proof *p, const struct object_difference *d, const char **ret_why)
{
	bool again = can_be_nothing(d->field);

	*ret_why = NULL;
	if (!p->to || sv_starts(sv_of(d->field), "last_") || (!p->shut && (d->is || (again && was_proved_at_gate(p)))))
		return CMP_EXPLAINED;
	if (p->shut && is_of_our_trial(p, d)) {
		*ret_why = "clients were kept out, but this run tries a login of this user, and may have before the machine went down";
		return CMP_UNPROVED;
	}
	if (!again || (p->shut && !p->rules_count))
		return CMP_DIFFERENT;
	*ret_why = p->shut ? "clients were kept out, but an active rule counts or moves files, and may have run"
			   : "clients that removed all, or a rule, explain it; so does a new server that lost it";
	return CMP_UNPROVED;
}
