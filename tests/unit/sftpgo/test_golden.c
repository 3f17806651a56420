#include "golden/checks.h"
#include "products/sftpgo/sftpgo.h"

int main(void)
{
	static const struct golden_degree degrees[] = {
		{ "sftpgo.source-version", "dev", VERDICT_BLOCK },
		{ "sftpgo.source-edition", "nothing", VERDICT_NOTE },
		{ "sftpgo.healthy", "stopped", VERDICT_NOTE },
		{ "sftpgo.service", "stopped", VERDICT_BLOCK },
		{ "sftpgo.starter", "supervised", VERDICT_BLOCK },
		{ "sftpgo.gate", "none", VERDICT_NOTE },
		{ "sftpgo.secrets", "elsewhere", VERDICT_WARN },
		{ "sftpgo.placeholders", "dots", VERDICT_NOTE },
		{ "sftpgo.placeholders", "dotted", VERDICT_PASS },
		{ "sftpgo.braces", "later", VERDICT_NOTE },
		{ "sftpgo.commands", "idle", VERDICT_NOTE },
		{ "sftpgo.names", "saved", VERDICT_WARN },
		{ "sftpgo.names", "older", VERDICT_PASS },
		{ "sftpgo.super-admin", "none", VERDICT_WARN },
		{ "sftpgo.super-admin", "unknown", VERDICT_BLOCK },
		{ "sftpgo.super-admin", "listed", VERDICT_WARN },
		{ "sftpgo.super-admin", "password", VERDICT_BLOCK },
		{ "sftpgo.super-admin", "off", VERDICT_BLOCK },
		{ "sftpgo.admin-groups", "bridged", VERDICT_NOTE },
		{ "sftpgo.symlinks", "allowed", VERDICT_PASS },
		{ "sftpgo.symlinks", "since", VERDICT_PASS },
		{ "sftpgo.target-features", "neither", VERDICT_NOTE },
		{ "sftpgo.target-features", "silent", VERDICT_UNSURE },
		{ "sftpgo.gcs-credentials", "bridged", VERDICT_NOTE },
		{ "sftpgo.kms", "plugin", VERDICT_WARN },
		{ "sftpgo.target-features", "package", VERDICT_NOTE },
		{ "sftpgo.removed-keys", "already", VERDICT_NOTE },
		{ "sftpgo.hooks", "action", VERDICT_WARN },
		{ "sftpgo.plugins", "stays", VERDICT_NOTE },
		{ "sftpgo.plugins", "enterprise", VERDICT_WARN },
		{ "sftpgo.acme", "file", VERDICT_WARN },
		{ "sftpgo.owner", "directory", VERDICT_BLOCK },
		{ "sftpgo.owner", "server", VERDICT_PASS },
		{ "sftpgo.write-ahead-log", "enterprise", VERDICT_PASS },
		{ "sftpgo.removed-keys", "back", VERDICT_PASS },
		{ "sftpgo.placeholders", "literal", VERDICT_PASS },
		{ "sftpgo.removed-keys", "shipped", VERDICT_PASS },
		{ "sftpgo.login", "none", VERDICT_NOTE },
		{ "sftpgo.login", "drain", VERDICT_BLOCK },
		{ "sftpgo.transfers", "unseen", VERDICT_NOTE },
		{ "sftpgo.license", "local", VERDICT_WARN },
		{ "sftpgo.license", "open", VERDICT_BLOCK },
		{ "sftpgo.license", "hidden", VERDICT_BLOCK },
		{ "sftpgo.license", "environment", VERDICT_BLOCK },
		{ "sftpgo.license", "over", VERDICT_PASS },
		{ "sftpgo.license", "set", VERDICT_PASS },
		{ "sftpgo.event-rules", "paused", VERDICT_WARN },
		{ 0 },
	};
	static const char *const goal_checks[] = { "sftpgo.restore-point", NULL };
	const struct golden_checks g = { &product_sftpgo, degrees, goal_checks };

	return golden_checks_run(&g);
}
