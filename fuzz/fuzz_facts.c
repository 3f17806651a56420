/* Facts as a file may hold them: every check judges them, and a plan is made or refused. */
#include <stdint.h>

#include "engine/checks.h"
#include "engine/run.h"
#include "products/questdb/questdb.h"

#define FACTS_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* To Enterprise, with hooks, so that every part of a plan is made. */
static const struct goal *goal_of_test(void)
{
	static struct goal goal;
	struct err e = ERR_INIT;

	if (!goal.doc &&
	    goal_of_doc(json_pack("{ss s{ss} s{ss ss} s{ss s{ss ss}} s{s[s]}}", "product",
				  "questdb", "source", "root", "/var/lib/questdb", "target",
				  "edition", "enterprise", "artifact", "/srv/q.tar.gz", "settings",
				  "access", "closed", "admin", "user", "dba", "password_file",
				  "/root/pw", "hooks", "before_stop", "/bin/true"),
			&goal, &e) < 0)
		abort();
	return &goal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct goal *to = goal_of_test();
	autofacts struct facts now = { 0 };
	autoplan struct plan plan = { 0 };
	struct results found = { 0 };
	struct err e = ERR_INIT;

	if (size > FACTS_MAX ||
	    facts_parse((struct sv){ (const char *)data, size }, "facts", &now, &e) < 0)
		return 0;
	checks_run(product_named("questdb"), &now, to, &found);
	results_done(&found);
	if (world_plan(to, &now, &plan, &e) < 0)
		plan = (struct plan){ 0 };
	return 0;
}
