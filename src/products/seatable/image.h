/* References of images, and what their names tell: [host[:port]/]path[:tag][@digest]. Edition by the vendor's names, whatever the
 * registry; a name that is not the vendor's tells nothing, and the server is asked. Source: facts/seatable 1.6. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "products/seatable/version.h"

struct sea_image {
	char name[256];         /* with the registry, without tag and digest: "registry.example:5000/seatable/seatable-enterprise" */
	char registry[128];     /* "" for the default one */
	char tag[129];          /* "" when there is none */
	char digest[80];        /* "sha256:...", or "" */
	const char *edition;    /* NULL: not told by the name */
	bool pinned;            /* the tag is a version, then: */
	struct sea_version version;
};

/* false: docker would take it for no reference. */
bool sea_image_parse(const char *reference, struct sea_image *ret);
/* Name of the vendor's image of an edition: "seatable/seatable-enterprise". */
const char *sea_image_name(const char *edition);
/* As facts have it (facts.h, SEA_IMAGE); NULL when it is no reference. New reference. */
json_t *sea_image_facts(const char *reference) must_check;
/* May it stand in .env unquoted by anybody's reading: [A-Za-z0-9._/:@-]? */
bool sea_image_is_plain(const char *reference);
/* The same image in another edition: name and registry as `like` has them when it is the vendor's name there, else the vendor's own.
 * Heap. */
char *sea_image_of(const char *like, const char *edition, const char *version) must_check;
