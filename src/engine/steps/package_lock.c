/* package_lock: nobody else installs packages from here on, until this call of ours ends. Taken before the server is stopped: who
 * has to wait for another's upgrade waits while clients are served.
 * params {"manager","within":"10m"}; undo record and result {}. Undo leaves the lock: the old package may have to be installed again. */
#include "engine/package_of.h"

#include "engine/serve.h"

#define LOCK_WITHIN (600 * NS_PER_S)

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "keep others from installing packages, after at most %s", json_str(params, "within", "10m"));
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo unused_arg, json_t **ret_result, struct err *e)
{
	struct packager p;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || packages_of_site(s, params, &p, e) < 0 ||
	    packages_lock(c, &p, params_span(params, "within", LOCK_WITHIN), e) < 0)
		return -(int)e->kind;
	*ret_result = json_object();
	return 0;
}

static int verify(struct ctx *c, const json_t *params unused_arg, const json_t *result, enum step_state *ret, struct err *e unused_arg)
{
	*ret = result && packages_are_locked(c) ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c unused_arg, const json_t *params unused_arg, const json_t *undo unused_arg, struct err *e unused_arg)
{
	return 0;
}

const struct step_kind step_package_lock = { "package_lock", 1, LIFE_PROCESS, describe, step_capture_nothing, apply, verify, undo };
