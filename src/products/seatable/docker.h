/* Questions to docker and its Compose plugin: one program, one answer, nothing changed. The environment is ours: of the caller's only
 * where docker is and as whom it logs in, so that no variable of a shell gets before .env. */
#pragma once

#include "base/buf.h"
#include "io/json.h"

/* SEA_DOCKER and SEA_COMPOSE; new references. */
int sea_docker_about(json_t **ret, struct err *e) must_check;
int sea_docker_compose(json_t **ret, struct err *e) must_check;
/* The merged configuration of a project directory, '$' undoubled; raw: before variables are put in. */
int sea_docker_config(const char *dir, bool raw, json_t **ret, struct err *e) must_check;
/* What docker says of an image on this host; ERR_ABSENT: it has none. */
int sea_docker_image(const char *reference, json_t **ret, struct err *e) must_check;
/* "name:tag" of every image on this host. New reference. */
int sea_docker_images(json_t **ret, struct err *e) must_check;
