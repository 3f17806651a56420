/* Fixtures of QuestDB's own kinds. */
#include "laws/fixture.h"

/* Nothing answers there: a server that cannot be asked is no failure. */
static json_t *drain(struct bench *b)
{
	return json_pack("{ss}", "within", "1s");
}

const struct fixture questdb_fixtures[] = {
	{ .kind = "wal_drain", .name = "no server to ask", .flags = FX_NO_EFFECT, .params = drain },
	{ NULL },
};
