/* The change itself: the new build takes the old one's place. Configuration stays where it is. */
#include "products/sftpgo/draft.h"

#include <string.h>

#include "base/mem.h"

/* One place after the other: compilers differ in which argument of a call comes first, and a plan's bytes are its digest. */
static void exchange(struct draft *d, const char *id, const char *live, const char *root, const char *staged, const char *why)
{
	json_t *new = sftpgo_draft_place(d, root, staged), *old = sftpgo_draft_place(d, "programs", live);

	sftpgo_draft_step(d, PHASE_CHANGE, id, "file_swap", STEP_IN_WINDOW, json_pack("{so so}", "a", old, "b", new), why);
}

/* Data lies beside the program: only what both builds bring is exchanged, one by one, all of it while the server is down. */
static void swap_entries(struct draft *d)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)facts_get(d->now, SF_INSTALL_ENTRIES), i, one)
	{
		const char *entry = json_string_value(one);
		autofree char *id = xasprintf("swap-%s", entry), *old = xasprintf("%s/%s", d->at.live, entry),
			      *new = xasprintf("%s/%s", d->at.staged, entry);

		if (json_lists(json_object_get(d->change.artifact, "entries"), entry))
			exchange(d, id, old, "staged", new,
				 "an atomic exchange; the old one stays on disk under the other name");
	}
}

static void swap(struct draft *d)
{
	if (d->at.taking == TAKE_ENTRIES)
		swap_entries(d);
	else if (d->at.taking == TAKE_LINK)
		sftpgo_draft_step(d, PHASE_CHANGE, "swap", "file_swap", STEP_IN_WINDOW,
			   json_pack("{so so}", "link", sftpgo_draft_place(d, "link", d->at.live), "to", window_link(d->at.live, d->at.staged)),
			   "the link the launcher follows leads to the new build; the old one stays beside it");
	else
		exchange(d, "swap", d->at.live, "builds", d->at.staged,
			 "one atomic exchange; the old build stays on disk under the other name");
}

/* The data first, so that on the way back the program is the old one when the old data is put back: a server that somebody starts
 * in between is then never the new build on the old database, which it would rewrite. */
int sftpgo_draft_change(struct draft *d, struct err *e)
{
	if (window_copies(d->to))
		sftpgo_draft_step(d, PHASE_CHANGE, "data", "data_point", STEP_IN_WINDOW, json_object(),
			   "once the new build was started only the restore point brings the old world back");
	sftpgo_draft_dump_point(d);
	if (d->in_container && container_change(d->plan, d->roots, d->now, e) < 0)
		return -(int)e->kind;
	if (sftpgo_draft_is_package(d))
		sftpgo_draft_install(d);
	else if (!d->in_container)
		swap(d);
	sftpgo_draft_license(d);
	return 0;
}
