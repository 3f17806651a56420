/* The merged configuration: what `docker compose config --format json` prints, read. Pure. It holds every password of the installation:
 * none of what is taken out of it here is one. Source: facts/seatable 1; run: Compose 2.26.1. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* The service that is the server: by the vendor's name, else the only one with the vendor's image. Borrowed; NULL: none. */
const char *sea_merged_server(const json_t *config);
/* Borrowed; NULL: there is no such service. */
const json_t *sea_merged_service(const json_t *config, const char *service);
const char *sea_merged_image(const json_t *config, const char *service);
/* What stands for an image that is written "${NAME:-default}" when the variable is not set: heap; NULL: no default is written. */
char *sea_merged_default(const char *written, const char *name) must_check;
/* A variable of a service's environment; NULL: none. Borrowed, and perhaps a secret. */
const char *sea_merged_variable(const json_t *config, const char *service, const char *key);

/* Facts of it (facts.h): SEA_SERVICES, SEA_ENVIRONMENT, SEA_BINDS, SEA_PUBLISHED. New references. */
json_t *sea_merged_services(const json_t *config) must_check;
json_t *sea_merged_environment(const json_t *config, const char *service) must_check;
json_t *sea_merged_binds(const json_t *config, const char *service) must_check;
json_t *sea_merged_published(const json_t *config) must_check;
/* Of SEA_PUBLISHED the service that clients come through to this server: the vendor's, or who has the ports of the web. Borrowed; NULL: none,
 * or the server publishes its own. */
const char *sea_merged_proxy(const json_t *published, const char *server);
/* The service whose container has the server's database, or NULL where that is elsewhere. Borrowed. */
const char *sea_merged_database(const json_t *config, const char *server);

/* Why it is taken for a node of a cluster, in words; [] when it is none. New reference. */
json_t *sea_merged_cluster(const json_t *config, const char *server) must_check;
/* "modern", "legacy", "cluster" or "unknown" (SEA_LAYOUT). */
const char *sea_merged_layout(const json_t *config, const char *server, bool has_env);
