/* Questions to docker and its Compose plugin (svc/docker.h), as the facts want the answers. Nothing is changed. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* SEA_DOCKER and SEA_COMPOSE; new references. */
int sea_docker_about(json_t **ret, struct err *e) must_check;
int sea_docker_compose(json_t **ret, struct err *e) must_check;
/* The merged configuration of a project's directory and its files (absolute names), '$' undoubled; raw: before variables are put in. */
int sea_docker_config(const char *dir, const json_t *files, bool raw, json_t **ret, struct err *e) must_check;
/* What docker says of an image on this host; ERR_ABSENT: it has none. */
int sea_docker_image(const char *reference, json_t **ret, struct err *e) must_check;
/* "name:tag" of every image on this host. New reference. */
int sea_docker_images(json_t **ret, struct err *e) must_check;
