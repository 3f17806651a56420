/* The place of an object store, without the secrets of its connection string: two instances whose
 * places are equal write into one another's stream. */
#pragma once

#include "base/err.h"
#include "base/own.h"
#include "base/sv.h"

/* "s3 bucket=B endpoint= container= root=a/b" of "scheme::key=value;..."; slashes around the root
 * do not count. NULL: it is no such string. Heap. */
char *object_store_place(struct sv text) must_check;
/* The place that a server.conf names; 1, 0 it names none, -kind (a file that it names cannot be
 * read). */
int object_store_of_conf(const char *path, char **ret, struct err *e) must_check;
/* The same of a file that holds nothing but the string. */
int object_store_of_file(const char *path, char **ret, struct err *e) must_check;
