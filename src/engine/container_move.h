/* A server in a container moved to another image (target.image, target.image_archive): looked at before anything stops, judged, and
 * planned, in the same words for every product whose service is of kind "container" or "compose".
 *
 *	container_look(f, to, service)          inspect, with a goal at hand: the two facts below
 *	container_judge(now, id, ret)           a check
 *	container_stage(p, now)                 STAGE: the image is on this host
 *	container_change(p, roots, now, &e)     CHANGE: the container is made anew with it, not started
 *
 * The rest of such a plan is as ever: service_stop, restore point, service_start. The image is named by an explicit tag or digest, and by
 * another one than is in force: through it Compose finds its way back. */
#pragma once

#include "engine/facts.h"
#include "engine/goal.h"
#include "engine/plan.h"
#include "engine/results.h"

/* P {"image","archive":{"path","size"}|absent,"kind":"container"|"compose","name","id","old_image": as it is written,"old_image_id",
 * "draws_port":bool,"compose":{"project":as svc/compose.h has it,"service","version","edit":{"file","dialect","key","old","value"},
 * "moved": compose_files_moved() of an edit of .env}}; where the edit cannot be told "why" stands in compose. */
#define FACT_IMAGE      "target.image"
/* O {"id","arch"}: of the target's image when it is on this host; else {"registry":"there"|what was said} where no archive is given. */
#define FACT_IMAGE_SEEN "target.image_seen"

bool container_is(const char *service_kind);    /* "container" or "compose" */
/* target.image, NULL when it is not given. */
const char *goal_image(const struct goal *g);
/* Its tag: "9.3.4" of "questdb/questdb:9.3.4@sha256:...", "" when it has none. Heap. */
char *image_tag(const char *reference) must_check;
/* What its registry says of an image, asked with the operator's login and proxies and nothing pulled: REGISTRY_HAS, else docker's words. New
 * reference. */
#define REGISTRY_HAS "there"
json_t *container_ask_registry(const char *image) must_check;
/* Are these words a registry's no? Else nobody answered who would know, and the daemon, which has a way of its own (its proxy, its mirrors, what
 * it takes without TLS), may have the image all the same. */
bool registry_refuses(const char *words);
void container_look(struct facts *f, const struct goal *to, const json_t *service);
void container_judge(const struct facts *now, const char *id, struct results *ret);
/* Does what is in force already name this very image? */
bool container_stays(const struct facts *now);
void container_stage(struct plan *p, const struct facts *now);
int  container_change(struct plan *p, json_t *roots, const struct facts *now, struct err *e) must_check;
