#include "golden/checks.h"
#include "products/questdb/questdb.h"

int main(void)
{
	static const struct golden_degree degrees[] = {
		{ "questdb.tbl-unreadable", "live", VERDICT_UNSURE },
		{ "questdb.tbl-unreadable", "unread", VERDICT_UNSURE },
		{ "questdb.tbl-unreadable", "moved-young", VERDICT_PASS },
		{ "questdb.tbl-unreadable", "moved-old", VERDICT_UNSURE },
		{ "questdb.tbl-unreadable", "moved-asked", VERDICT_UNSURE },
		{ "questdb.tbl-unreadable", "unmoved-old", VERDICT_PASS },
		{ "questdb.disk-backup", "set-aside", VERDICT_PASS },
		{ "questdb.disk-backup", "reflink", VERDICT_PASS },
		{ "questdb.disk-backup", "reserve", VERDICT_BLOCK },
		{ "questdb.disk-way-back", "exchange", VERDICT_PASS },
		{ "questdb.disk-way-back", "mount", VERDICT_WARN },
		{ "questdb.disk-way-back", "volume", VERDICT_WARN },
		{ "questdb.store-place", "above", VERDICT_PASS },
		{ "questdb.disk-headroom", "load", VERDICT_WARN },
		{ "questdb.disk-headroom", "idle", VERDICT_PASS },
		{ "questdb.container", "image", VERDICT_PASS },
		{ "questdb.container", "pulled", VERDICT_NOTE },
		{ "questdb.container", "nowhere", VERDICT_WARN },
		{ "questdb.container", "untagged", VERDICT_BLOCK },
		{ "questdb.container", "same-tag", VERDICT_BLOCK },
		{ "questdb.container", "compose-v1", VERDICT_BLOCK },
		{ "questdb.auth-clients", "local", VERDICT_WARN },
		{ "questdb.repl-shared", "unseen", VERDICT_UNSURE },
		{ "questdb.repl-shared", "theirs-alone", VERDICT_PASS },
		{ "questdb.tls-pem", "ends", VERDICT_WARN },
		{ "questdb.tls-pem", "backslash", VERDICT_BLOCK },
		{ "questdb.tls-pem", "readable", VERDICT_BLOCK },
		{ "questdb.tls-pem", "expired", VERDICT_BLOCK },
		{ 0 },
	};
	static const char *const goal_checks[] = {
		"questdb.restore-point", "questdb.settings-uncarried", "questdb.tbl-nonwal",
		"questdb.tls-pem",       "questdb.tls-clients",        "questdb.repl-string",
		"questdb.repl-store",    "questdb.repl-id",            "questdb.repl-clock",
		"questdb.store-place",   "questdb.disk-way-back",     NULL,
	};
	const struct golden_checks g = { &product_questdb, degrees, goal_checks };

	return golden_checks_run(&g);
}
