#include "svc/arrival.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/own.h"

#define LINKS_MAX 40 /* as the kernel follows */

static bool is_from_before(const char *path, uint64_t us)
{
	struct stat st;

	return lstat(path, &st) == 0 && (uint64_t)st.st_ctim.tv_sec * 1000000 + (uint64_t)st.st_ctim.tv_nsec / 1000 < us;
}

/* Absolute, as its link says it; heap. NULL: it is no link. */
static char *target_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char to[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof to - 1);

	if (n < 0)
		return NULL;
	to[n] = '\0';
	return *to == '/' ? xstrdup(to) : xasprintf("%.*s/%s", (int)(slash - path), path, to);
}

/* A directory that was exchanged, or a link that was set elsewhere, brings files of old. */
static bool way_is_from_before(const char *path, uint64_t us, int *links)
{
	autofree char *part = xstrdup(path);
	char *slash;

	while ((slash = strrchr(part, '/'))) {
		autofree char *to = *part ? target_of(part) : NULL;

		if (!is_from_before(*part ? part : "/", us))
			return false;
		if (to && (--*links < 0 || !way_is_from_before(to, us, links)))
			return false;
		*slash = '\0';
	}
	return true;
}

bool arrived_before(const char *path, uint64_t us)
{
	autofree char *real = realpath(path, NULL);
	int links = LINKS_MAX;

	return real && *path == '/' && way_is_from_before(path, us, &links) && way_is_from_before(real, us, &links);
}
