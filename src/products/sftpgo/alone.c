#include "products/sftpgo/alone.h"

#include "engine/plan.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/frozen.h"
#include "products/sftpgo/holders.h"
#include "products/sftpgo/nodes.h"
#include "products/sftpgo/sessions.h"
#include "products/sftpgo/sftpgo.h"
#include "products/sftpgo/version.h"

/* Where the others reach this node, as the plan has it for its steps; NULL: nobody shares the database, or nothing of it is kept. */
static const char *own_node(const struct ctx *c)
{
	static const char *const ids[] = { "nodes", "database" };
	const char *own = NULL;

	for (size_t i = 0; i < ARRAY_LEN(ids) && !own; i++) {
		const struct step *s = plan_step(c->plan, ids[i]);

		own = s ? json_str(s->params, "node", NULL) : NULL;
	}
	return own;
}

/* Since they were looked for, or waited for, one may have come: minutes before the stop. */
static int nobody_shares(struct ctx *c, const struct facts *seen, struct err *e)
{
	const char *own = own_node(c);

	if (sessions_none(c, seen, e) < 0)
		return -(int)e->kind;
	return own ? nodes_none(c, own, "the shared database", e) : 0;
}

int alone_with_database(struct ctx *c, const struct facts *seen, struct err *e)
{
	const json_t *pinned = plan_pinned(c->plan);
	const char *file = json_str(pinned, SF_DB_FILE, NULL);

	if (file)
		return holders_none(file, e);
	return json_bool(pinned, SF_SHARED, false) && !sftpgo_follows(c->goal) ? nobody_shares(c, seen, e) : 0;
}

int alone_old_schema(const struct ctx *c)
{
	const json_t *pinned = plan_pinned(c->plan);
	const char *version = json_str(pinned, SF_VERSION, NULL);
	struct sftpgo_version v;
	int was = (int)json_int(pinned, SF_SCHEMA, 0);
	int own = version && sftpgo_version_parse(version, &v) ? sftpgo_version_schema(&v) : 0;

	if (own && !sftpgo_follows(c->goal) && sftpgo_version_may_write(&v, was))
		own = was;
	/* A follower's database had the new one already. */
	return own || sftpgo_follows(c->goal) ? own : was;
}

/* A node that went first may have migrated it, and an operator's snapshot may not hold the database server's data. */
static int old_release_knows(struct ctx *c, struct err *e)
{
	autoprovider struct provider *p = NULL;
	int own = alone_old_schema(c);

	/* Before the point this run has changed nothing of it, but other nodes may have. */
	if (!own || frozen_can_wait(c) || (!c->point_passed && !sftpgo_follows(c->goal)))
		return 0;
	if (database_open(c, NULL, &p, e) < 0)
		return err_wrap(e, "see whether the old release knows the database's schema");
	if (provider_schema(p) <= own)
		return 0;
	err_set(e, ERR_CHANGED, "the database has schema %d, and %s knows %d: started on it, it would write on all the same, so it stays "
		"stopped", provider_schema(p), json_str(plan_pinned(c->plan), SF_VERSION, "the old release"), own);
	return sftpgo_follows(c->goal) ? err_hint(e, "roll back the node that went first, then 'crossgrade rollback' here again") :
					 err_hint(e, "put the database of before back, then 'crossgrade rollback' again");
}

int sftpgo_may_start(struct ctx *c, struct err *e)
{
	return c->backward ? old_release_knows(c, e) : alone_with_database(c, NULL, e);
}
