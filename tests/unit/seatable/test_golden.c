#include "golden/checks.h"
#include "products/seatable/seatable.h"

int main(void)
{
	static const struct golden_degree degrees[] = {
		{ "seatable.docker", "rootless", VERDICT_WARN },
		{ "seatable.compose", "old", VERDICT_BLOCK },
		{ "seatable.layout", "unknown", VERDICT_BLOCK },
		{ "seatable.env-image", "words", VERDICT_NOTE },
		{ "seatable.env-image", "none", VERDICT_PASS },
		{ "seatable.healthy", "docker", VERDICT_BLOCK },
		{ "seatable.healthy", "older", VERDICT_PASS },
		{ "seatable.images", "retagged", VERDICT_PASS },
		{ "seatable.edition", "word", VERDICT_NOTE },
		{ "seatable.version-agrees", "early", VERDICT_WARN },
		{ "seatable.probe", "fileless", VERDICT_NOTE },
		{ "seatable.version", "down", VERDICT_BLOCK },
		{ "seatable.version", "ten", VERDICT_BLOCK },
		{ "seatable.version", "new", VERDICT_BLOCK },
		{ "seatable.version", "none", VERDICT_BLOCK },
		{ "seatable.version", "patch", VERDICT_PASS },
		{ "seatable.version", "unpinned", VERDICT_BLOCK },
		{ "seatable.target-version", "resolved", VERDICT_NOTE },
		{ "seatable.target-version", "word", VERDICT_BLOCK },
		{ "seatable.target-edition", "unknown", VERDICT_NOTE },
		{ "seatable.target-image", "archive", VERDICT_BLOCK },
		{ "seatable.target-image", "load", VERDICT_NOTE },
		{ "seatable.target-content", "absent", VERDICT_PASS },
		{ "seatable.default-image", "same", VERDICT_NOTE },
		{ "seatable.license", "none", VERDICT_BLOCK },
		{ "seatable.license", "life", VERDICT_PASS },
		{ "seatable.license", "crlf", VERDICT_BLOCK },
		{ "seatable.license", "twice", VERDICT_BLOCK },
		{ "seatable.license", "html", VERDICT_BLOCK },
		{ "seatable.license", "directory", VERDICT_BLOCK },
		{ "seatable.license", "strange", VERDICT_UNSURE },
		{ "seatable.license", "developer", VERDICT_PASS },
		{ "seatable.license-form", "crlf", VERDICT_WARN },
		{ "seatable.license-place", "full", VERDICT_BLOCK },
		{ "seatable.license-back", "holds", VERDICT_PASS },
		{ "seatable.conf", "controller", VERDICT_BLOCK },
		{ "seatable.conf-syntax", "unread", VERDICT_NOTE },
		{ "seatable.nginx", "none", VERDICT_PASS },
		{ "seatable.plugins", "comment", VERDICT_WARN },
		{ "seatable.database", "external", VERDICT_BLOCK },
		{ "seatable.redis", "external", VERDICT_NOTE },
		{ "seatable.room", "folders", VERDICT_WARN },
		{ "seatable.room", "asked", VERDICT_BLOCK },
		{ "seatable.room", "none", VERDICT_PASS },
		{ "seatable.clock", "stopped", VERDICT_PASS },
		{ "seatable.archives", "uncounted", VERDICT_UNSURE },
		{ "seatable.archives", "never", VERDICT_PASS },
		{ NULL, NULL, VERDICT_PASS },
	};
	static const char *const goal_checks[] = { NULL };

	return golden_checks_run(&(struct golden_checks){ &product_seatable, degrees, goal_checks });
}
