/* The change itself: the new build takes the old one's place, server.conf and launcher follow. */
#include "products/questdb/draft.h"

#include "base/mem.h"

/* One place after the other: compilers differ in which argument of a call comes first, and a
 * plan's bytes are its digest. */
static void exchange(struct draft *d)
{
	autofree char *jar = xasprintf("%s/questdb.jar", d->at.staged);
	json_t *new = draft_place(d, d->at.jar ? "staged" : "builds", d->at.jar ? jar : d->at.staged);
	json_t *old = draft_place(d, "programs", d->at.swapped);

	draft_step(d, PHASE_CHANGE, "swap", "file_swap", STEP_IN_WINDOW,
		   json_pack("{so so}", "a", old, "b", new),
		   "one atomic exchange; the old build stays on disk under the other name");
}

static void swap(struct draft *d)
{
	if (d->at.taking == TAKE_LINK)
		draft_step(d, PHASE_CHANGE, "swap", "file_swap", STEP_IN_WINDOW,
			   json_pack("{so so}", "link", draft_place(d, "link", d->at.swapped), "to",
				     window_link(d->at.swapped, d->at.staged)),
			   "the link the launcher follows leads to the new build; the old one "
			   "stays beside it");
	else if (d->at.taking == TAKE_EXCHANGE)
		exchange(d);
}

static void admin_password(struct draft *d)
{
	const json_t *admin = json_object_get(d->to->settings, "admin");
	const char *from = json_str(admin, "password_file", NULL);

	if (d->change.crossing != CROSS_TO_ENTERPRISE || !from)
		return;
	draft_step(d, PHASE_CHANGE, "admin-password", "file_put", STEP_IN_WINDOW,
		   json_pack("{so ss ss so}", "file", place_of("root", ADMIN_PASSWORD_FILE), "from",
			     from, "mode", "0600", "owner",
			     draft_place(d, "conf", facts_str(d->now, QF_CONF_FILE, "/"))),
		   "the new edition must never listen with the default administrator");
}

/* Before the programs change, so that on the way back they are the old ones when the old data is put back: a server that
 * somebody starts in between is then never the new build on the old data, which it would upgrade. */
static void data_point(struct draft *d)
{
	if (window_copies(d->to))
		draft_step(d, PHASE_CHANGE, "data", "data_point", STEP_IN_WINDOW, json_object(),
			   "once the new build was started only the restore point brings the old "
			   "data back");
}

int draft_change(struct draft *d, struct err *e)
{
	const char *conf = facts_str(d->now, QF_CONF_FILE, "/");

	admin_password(d);
	if (json_array_size(d->conf_edits) &&
	    draft_edit(d, "server-conf", conf, "conf", "properties", json_incref(d->conf_edits),
		       "keys the new edition needs, or the old one's that it refuses", e) < 0)
		return -e->kind;
	data_point(d);
	if (d->in_container)
		return container_change(d->plan, d->roots, d->now, e);
	swap(d);
	return draft_launcher(d, e);
}
