/* A file of a product's own, written anew so that another edition understands it: `crossgrade convert PRODUCT-NAME FILE`.
 * Thinks but for reading the file and writing the new one; knows of no installation. */
#pragma once

#include "io/json.h"
#include "io/new_file.h"

struct convert_ask {
	int fd;                         /* a regular file, read from its beginning, perhaps several times */
	const char *file;               /* its name, for messages */
	const char *from_version;       /* what wrote it; NULL: nobody said */
	const char *const *accept;      /* NULL-ended: findings that are agreed to */
	const char *settled;            /* file with what the target was seen to do; NULL: none */
	bool strict;                    /* refuse what is not exact */
};

struct converter {
	const char *name;               /* "events"; NULL ends the list */
	const char *words;              /* what is converted */
	/* Writes to `out`, but nothing that is to be kept when the document's "outcome" is "refused". *ret: the body of the
	 * "translation" document; what waits for somebody's hand is in its "lists". ERR_FORMAT: the file is none of that kind; ERR_USAGE: what is asked cannot be;
	 * ERR_CHANGED: somebody wrote the file meanwhile. */
	int (*convert)(const struct convert_ask *a, struct new_file *out, json_t **ret, struct err *e);
	/* What it may find, for `crossgrade explain`: the i-th name, NULL behind the last; and the body of an "explanation" of it,
	 * a new reference, NULL for a name that is none. */
	const char *(*finding)(size_t i);
	json_t *(*explain)(const char *finding);
};
