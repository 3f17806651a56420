/* image_secure: the target's image is on this host, whole, while the old server still serves: there already, loaded from the
 * archive the operator brought, or pulled, that one reference and nothing else.
 * params {"image":reference,"archive":"/abs"|null,"sha256":str|null,"within":"1h"};
 * undo record {"had":id|null}; result {"id","digests":[..],"brought":bool}. Undo removes the image that the run brought, unless something
 * uses it. */
#include "engine/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fault.h"
#include "io/file.h"
#include "svc/container.h"
#include "svc/docker.h"

#define WITHIN (3600 * NS_PER_S)

static const char *reference_of(const json_t *params)
{
	return json_str(params, "image", "");
}

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "have image %s on this host", reference_of(params));
	return buf_check(ret, "the description", e);
}

/* 1 it is there, 0 not. */
static int look(const json_t *params, json_t **ret, struct err *e)
{
	if (image_inspect(reference_of(params), ret, e) >= 0)
		return 1;
	if (e->kind != ERR_ABSENT)
		return -(int)e->kind;
	err_clear(e);
	return 0;
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autojson json_t *seen = NULL;
	int has = look(params, &seen, e);

	if (has < 0)
		return err_wrap(e, "look for image '%s'", reference_of(params));
	*ret_undo = json_pack("{ss?}", "had", has ? json_str(seen, "Id", NULL) : NULL);
	return 0;
}

static int check_digest(const char *archive, const char *want, struct err *e)
{
	autoclose int fd = open(archive, O_RDONLY | O_CLOEXEC);
	char digest[DIGEST_TEXT];

	if (fd < 0)
		return err_sys(e, errno, "open '%s'", archive);
	if (!want)
		return 0;
	if (file_digest(fd, archive, digest, e) < 0)
		return -(int)e->kind;
	return strcmp(digest, want) ? err_set(e, ERR_CHANGED, "'%s' has SHA-256 %s, not %s", archive, digest, want) : 0;
}

static int load(struct ctx *c, const char *archive, const char *sha256, int64_t within_ns, struct err *e)
{
	const char *argv[] = { "docker", "image", "load", "--quiet", "--input", archive, NULL };
	autobuf struct buf said = BUF_MAX(64 << 10);
	int sys;

	if (check_digest(archive, sha256, e) < 0)
		return -(int)e->kind;
	sys = fault_errno("image.load");
	if (sys || docker_run_until(argv, within_ns, c->cancel, &said, e) < 0)
		return sys ? err_sys(e, sys, "load '%s'", archive) : err_wrap(e, "load '%s'", archive);
	return 0;
}

static int pull(struct ctx *c, const char *reference, int64_t within_ns, struct err *e)
{
	const char *argv[] = { "docker", "image", "pull", "--quiet", reference, NULL };
	autobuf struct buf said = BUF_MAX(64 << 10);
	int sys = fault_errno("image.pull");

	if (sys)
		return err_sys(e, sys, "pull '%s'", reference);
	if (docker_run_until(argv, within_ns, c->cancel, &said, e) < 0) {
		err_wrap(e, "pull '%s'", reference);
		return e->kind != ERR_REFUSED ? -(int)e->kind : err_hint(e, "bring the image as a file: target.image_archive");
	}
	return 0;
}

static int bring(struct ctx *c, const json_t *params, struct err *e)
{
	const char *archive = json_str(params, "archive", NULL);
	int64_t within = params_span(params, "within", WITHIN);

	return archive ? load(c, archive, json_str(params, "sha256", NULL), within, e) : pull(c, reference_of(params), within, e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	const char *archive = json_str(params, "archive", NULL);
	autojson json_t *seen = NULL;
	int has = look(params, &seen, e);

	if (has == 0)
		has = bring(c, params, e) < 0 ? -(int)e->kind : look(params, &seen, e);
	if (has < 0)
		return has;
	if (!has)
		return err_set(e, ERR_FORMAT, "'%s' holds no image '%s'", archive ? archive : "the registry", reference_of(params));
	*ret_result = json_pack("{ss sO? sb}", "id", json_str(seen, "Id", ""), "digests", json_object_get(seen, "RepoDigests"),
	                        "brought", !json_is_string(json_object_get(undo, "had")));
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	autojson json_t *seen = NULL;
	int has = look(params, &seen, e);

	if (has < 0)
		return has;
	*ret = has && !strcmp(json_str(seen, "Id", ""), json_str(result, "id", "?")) ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	const char *argv[] = { "docker", "image", "rm", reference_of(params), NULL };
	autobuf struct buf said = BUF_MAX(64 << 10);
	autojson json_t *seen = NULL;
	int has, sys;

	if (json_is_string(json_object_get(undo, "had")))
		return 0;
	has = look(params, &seen, e);
	if (has <= 0)
		return has;
	sys = fault_errno("image.remove");
	if (sys)
		return err_sys(e, sys, "remove image '%s'", reference_of(params));
	/* Somebody's container uses it: then it stays. */
	if (docker_run(argv, 6 * DOCKER_WITHIN, &said, e) < 0 && e->kind != ERR_REFUSED)
		return -(int)e->kind;
	err_clear(e);
	return 0;
}

const struct step_kind step_image_secure = { "image_secure", 1, LIFE_DURABLE, describe, capture, apply, verify, undo };
