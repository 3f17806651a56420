/* Where an installation is and what it is made of: the directory of its Compose project, .env, the merged configuration, and its
 * containers. Everything else is read out of these. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "engine/goal.h"

struct sea_layout {
	char *root;                     /* canonical */
	char *dir;                      /* the same, as its containers were made from it: maybe by a link, which stands in Compose's paths, too */
	char *env_text;                 /* of .env; NULL: there is none, or it cannot be read */
	char env_error[300];            /* why Compose cannot read it; "" */
	struct map env;                 /* its values: passwords, too */
	json_t *files;                  /* names, as COMPOSE_FILE lists them */
	json_t *config;                 /* merged; NULL: cannot be had. It has every password */
	json_t *raw;                    /* the same before variables were put in; NULL likewise */
	struct err config_error;
	const char *server;             /* name of its service, of config; NULL: it has none */
	json_t *containers;             /* docker's words on each one of the project; NULL: docker cannot be asked */
	struct err docker_error;
	json_t *service;                /* for service_open() */
	char *project;                  /* name of the project */
};

#define autosealayout cleanup_with(sea_layout_done)

/* source: of the goal, or NULL. ERR_ABSENT: there is no such directory, or no SeaTable's project in it. */
int sea_layout_of(const char *root, const json_t *source, struct sea_layout *ret, struct err *e) must_check;
void sea_layout_done(struct sea_layout *l);

/* As svc/compose.h has it; new reference. */
json_t *sea_layout_project(const struct sea_layout *l) must_check;
/* Its container, or that of any service of the project: docker's words, borrowed; NULL: it has none. */
const json_t *sea_layout_container(const struct sea_layout *l, const char *service);
/* One of Compose's paths: below root where it is below dir. Heap. */
char *sea_layout_path(const struct sea_layout *l, const char *path) must_check;
/* The name by which docker knows it; borrowed. */
const char *sea_container_name(const json_t *seen);
/* Directory on this host that the server has as /shared: by its container, else by the configuration. Heap; NULL: not known. */
char *sea_layout_data(const struct sea_layout *l);

/* Directories of projects on this host that are SeaTable's: by their containers, and in the vendor's usual places. */
typedef VEC(char *) sea_roots;
void sea_layout_roots(sea_roots *ret);
void sea_roots_done(sea_roots *roots);
