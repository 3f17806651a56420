#include "real.h"

#include <stdio.h>
#include <string.h>

#include "io/cmd.h"
#include "products/questdb/questdb.h"
#include "unit.h"

static int call(const char *verb, const char *a, const char *b, char *said, size_t n)
{
	autofree char *home = xasprintf("HOME=%s", getenv("HOME") ? getenv("HOME") : "/root");
	const char *argv[] = { "/bin/bash", REAL_QUESTDB, verb, a, b, NULL };
	const char *env[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			      home, NULL };
	struct cmd c = { .argv = argv, .env = env, .within_ns = 300 * NS_PER_S };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	int status = -1;

	if (cmd_run(&c, &r, &e) < 0) {
		snprintf(said, n, "%s", e.msg);
	} else {
		status = r.status;
		snprintf(said, n, "%s", buf_str(&r.err));
	}
	cmd_result_done(&r);
	return status;
}

bool real_call(struct real *r, const char *verb, const char *a, const char *b)
{
	char said[2000];

	(void)r;
	if (!call(verb, a, b, said, sizeof said))
		return true;
	print_message("# questdb.sh %s: %s\n", verb, said);
	return false;
}

bool real_again(struct real *r)
{
	r->running = real_call(r, "start", r->version, r->root);
	return r->running;
}

void real_home(struct real *r, const char *version)
{
	char home[] = "/tmp/crossgrade-real-XXXXXX";

	*r = (struct real){ .version = version };
	assert_non_null(mkdtemp(home));
	r->home = xstrdup(home);
	r->root = xasprintf("%s/root", home);
}

bool real_try(struct real *r)
{
	char said[2000];
	int status = call("start", r->version, r->root, said, sizeof said);

	if (status)
		print_message("# %s\n", said);
	if (status == 77)
		return false;
	assert_int_equal(status, 0);
	r->running = true;
	return true;
}

int real_start(struct real *r, const char *version)
{
	real_home(r, version);
	if (!real_try(r))
		return 0;
	assert_true(real_call(r, "load", r->root, NULL));
	return 1;
}

static void unbind(struct real *r)
{
	if (!r->goal.doc)
		return;
	json_decref(r->ctx.results);
	free(r->ctx.held);
	site_done(&r->site);
	goal_done(&r->goal);
}

/* Not through goal_of_doc(): that looks the product up, and this look is below the registry. */
void real_bind(struct real *r)
{
	struct err e = ERR_INIT;

	unbind(r);
	r->goal = (struct goal){ .doc = json_pack("{s{ss} s{} s{} s{}}", "source", "root", r->root,
						  "target", "restore_point", "settings"),
				 .product = "questdb",
				 .name = "questdb" };
	r->goal.source = json_object_get(r->goal.doc, "source");
	r->goal.target = json_object_get(r->goal.doc, "target");
	r->goal.restore_point = json_object_get(r->goal.doc, "restore_point");
	r->goal.settings = json_object_get(r->goal.doc, "settings");
	assert_ok(questdb_site(&r->goal, &r->site, &e), &e);
	r->ctx = (struct ctx){ .product = &product_questdb,
			       .goal = &r->goal,
			       .state = DIR_NONE,
			       .blobs = DIR_NONE,
			       .sites = &r->site,
			       .n_sites = 1,
			       .results = json_object() };
}

void real_done(struct real *r)
{
	struct err e = ERR_INIT;
	autodir struct dir tmp = DIR_NONE;

	if (r->running)
		real_call(r, "stop", r->root, NULL);
	unbind(r);
	if (dir_open("/tmp", &tmp, &e) >= 0)
		assert_ok(dir_remove_tree(&tmp, r->home + strlen("/tmp/"), &e), &e);
	free(r->root);
	free(r->home);
}
