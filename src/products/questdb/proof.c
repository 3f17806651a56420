#include "products/questdb/proof.h"

#include <string.h>

#include "base/clock.h"

#define WITHIN (600 * NS_PER_S)
#define MAX_AGE (24 * 3600 * NS_PER_S)

static const char *const keys[] = { "level", "within", "max_age", NULL };
static const char *const levels[] = {
	[PROOF_AUTO] = "auto", [PROOF_F1] = "F1", [PROOF_F2] = "F2", [PROOF_F3] = "F3"
};

static int level_of(const char *word, enum proof_level *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(levels[i], word) == 0) {
			*ret = (enum proof_level)i;
			return 0;
		}
	}
	err_set(e, ERR_USAGE, "'settings.proof.level' is '%s'", word);
	return err_hint(e, "it knows auto, F1, F2 and F3");
}

static int span_of(const json_t *said, const char *key, int64_t *ret, struct err *e)
{
	const json_t *v = json_object_get(said, key);

	if (!v || (json_is_string(v) && clock_parse_span(json_string_value(v), ret) && *ret > 0))
		return 0;
	err_set(e, ERR_USAGE, "'settings.proof.%s' is not a span of time", key);
	return err_hint(e, "write '30s', '10m' or '2h'");
}

int proof_of(const struct goal *to, struct proof_asked *ret, struct err *e)
{
	const json_t *said = to ? json_object_get(to->settings, "proof") : NULL;
	struct proof_asked p = { PROOF_AUTO, WITHIN, MAX_AGE };

	if (said && !json_is_object(said))
		return err_set(e, ERR_USAGE, "'settings.proof' is not a mapping");
	if ((said && json_only_keys(said, "settings.proof", keys, e) < 0) ||
	    level_of(json_str(said, "level", "auto"), &p.level, e) < 0 ||
	    span_of(said, "within", &p.within_ns, e) < 0 ||
	    span_of(said, "max_age", &p.max_age_ns, e) < 0)
		return -e->kind;
	*ret = p;
	return 0;
}
