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
		{ 0 },
	};
	static const char *const goal_checks[] = { "sftpgo.restore-point", NULL };
	const struct golden_checks g = { &product_sftpgo, degrees, goal_checks };

	return golden_checks_run(&g);
}
