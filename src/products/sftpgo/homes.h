/* The files of users that lie on this host: counted and summed, and listed into a file of their own.
 *
 * Looked into are home directories of users and mapped paths of folders, local or encrypted, each once, none twice where one lies
 * in another, unless it is mounted there. A group's home that hangs on the user's name is not known here. No link is followed, nothing of another file system
 * than the home's is entered, no file is opened. */
#pragma once

#include "engine/step.h"
#include "products/sftpgo/provider.h"

struct homes_limits {
	uint64_t entries;               /* files, directories and the rest, of all homes */
	int64_t  within_ns;
};

#define HOMES_LIMITS ((struct homes_limits){ .entries = 5000000, .within_ns = 10 * 60 * NS_PER_S })

/* {"homes","absent","files","directories","links","others","bytes","owners": {"UID:GID": n}}, of regular files the bytes, as a
 * new reference. "incomplete" says why that is not all: a limit, a home that cannot be read, a mount in one, an owner beyond the
 * first 100. With `side`, a directory, "list" names a file in it, "<SHA-256>.files": a line each,
 *
 *	f 644 UID GID SIZE MTIME_NS "/srv/sftpgo/data/a/name"
 *
 * of type f, d, l or o, in no order; in the quotes control characters, '"' and '\' as \xNN. ERR_CANCELED, or what makes the
 * database or that file fail. */
int homes_look(const struct ctx *c, struct provider *db, struct homes_limits limits, const char *side, json_t **ret,
	       struct err *e) must_check;
