#include "products/seatable/content.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/vec.h"
#include "data/hash.h"
#include "io/file.h"

#define UNREAD "unread" /* there, and not to be read, or written to meanwhile */

static int by_key(const void *a, const void *b)
{
	const struct sea_picked *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key ? 1 : strcmp(x->rel, y->rel);
}

/* The first of them by the hash of their names; the rest goes. */
static void keep_first(struct sea_pick *p)
{
	if (p->n)
		qsort(p->v, p->n, sizeof *p->v, by_key);
	while (p->n > SEA_CONTENT_FILES)
		free(p->v[--p->n].rel);
}

/* A name that no JSON can hold could not be found again. */
static bool is_plain(const char *rel)
{
	autojson json_t *text = json_string(rel);

	return text != NULL;
}

void sea_pick_add(struct sea_pick *p, const struct tree_entry *entry)
{
	p->files++;
	if (!is_plain(entry->rel))
		return;
	*vec_push(p) = (struct sea_picked){ block_sum_of(0, entry->rel, strlen(entry->rel)).lo, xstrdup(entry->rel), entry->st.st_size };
	if (p->n >= 2 * SEA_CONTENT_FILES)
		keep_first(p);
}

void sea_pick_done(struct sea_pick *p)
{
	vec_each (p, it)
		free(it->rel);
	vec_done(p);
}

/* ---- reading ---- */

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* NULL: it is gone, cannot be read, or was written to meanwhile. */
static json_t *read_one(const struct dir *folder, const char *rel, bool *ret_gone)
{
	struct err ignored = ERR_INIT;
	autoclose int fd = dir_openat(folder, rel, O_RDONLY, 0, &ignored);
	char digest[DIGEST_TEXT];
	struct stat before, after;

	*ret_gone = ignored.kind == ERR_ABSENT;
	if (fd < 0 || fstat(fd, &before) < 0 || !S_ISREG(before.st_mode) || file_digest(fd, rel, digest, &ignored) < 0 || fstat(fd, &after) < 0 ||
	    !is_same(&before, &after))
		return NULL;
	return json_sprintf("%" PRId64 " %" PRId64 ".%09ld %s", (int64_t)after.st_size, (int64_t)after.st_mtim.tv_sec, after.st_mtim.tv_nsec,
			    digest);
}

json_t *sea_content_of(struct sea_pick *p, const struct dir *folder)
{
	json_t *files = json_object();
	int64_t left = SEA_CONTENT_BYTES;
	bool gone;

	keep_first(p);
	vec_each (p, it) {
		json_t *one = it->size <= left ? read_one(folder, it->rel, &gone) : NULL;

		if (!one)
			continue;
		left -= it->size;
		json_object_set_new(files, it->rel, one);
	}
	return json_pack("{sb so}", "whole", (int)(json_object_size(files) == p->files), "files", files);
}

json_t *sea_content_again(const json_t *before, const struct dir *folder)
{
	json_t *files = json_object();
	const char *rel;
	const json_t *was;

	json_object_foreach(json_object_get(before, "files"), rel, was)
	{
		bool gone;
		json_t *one = read_one(folder, rel, &gone);

		if (!gone)
			json_object_set_new(files, rel, one ?: json_string(UNREAD));
	}
	return json_pack("{sb so}", "whole", (int)json_bool(before, "whole", false), "files", files);
}

bool sea_content_rotted(const char *was, const char *is)
{
	const char *a = strrchr(was, ' '), *b = strrchr(is, ' ');

	return a && b && a - was == b - is && !memcmp(was, is, (size_t)(a - was)) && strcmp(a, b) != 0;
}

static bool is_in(const char *rel, const char *dir)
{
	return !strncmp(rel, dir, strlen(dir));
}

bool sea_content_lost(const char *folder, const char *rel, const char *was, const char *is)
{
	const char *a = strrchr(was, ' '), *b = strrchr(is, ' ');
	bool uploads = !strcmp(folder, "seafile-data");

	/* What seaf-server has beside its store comes and goes: uploads that were broken off. */
	if (!strcmp(is, UNREAD) || (uploads && !is_in(rel, "storage/")))
		return false;
	return !b || (is_in(is, "0 ") && !is_in(was, "0 ")) || (uploads && is_in(rel, "storage/blocks/") && a && strcmp(a, b) != 0);
}
