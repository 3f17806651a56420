#include "products/notes/notes.h"

static const char *const editions[] = { "only", NULL };

const struct product product_notes = {
	.name = "notes",
	.title = "Notes",
	.checks = notes_checks,
	.editions = editions,
	.sheet = notes_sheet,
	.sheet_name = "notes",
	.find = notes_find,
	.site = notes_site,
	.inspect = notes_inspect,
	.scope = notes_scope,
	.plan = notes_plan,
	.verify = notes_verify,
	.probe = notes_probe,
	.since = notes_since,
	.save_since = notes_save_since,
};
