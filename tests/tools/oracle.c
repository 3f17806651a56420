#include "oracle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <openssl/evp.h>

struct first { /* of an inode with several names */
	dev_t dev;
	ino_t ino;
	char *rel;
};

struct oracle {
	const struct oracle_opts *o;
	FILE *to;
	struct first *firsts;
	size_t n;
};

static int fail(const char *rel, const char *what)
{
	fprintf(stderr, "tree-oracle: %s '%s': %s\n", what, rel, strerror(errno));
	return -1;
}

static void put_name(FILE *to, const char *s)
{
	fputc('"', to);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x21 || c >= 0x7f || c == '"' || c == '\\')
			fprintf(to, "\\x%02x", c);
		else
			fputc(c, to);
	}
	fputc('"', to);
}

static void put_digest(FILE *to, EVP_MD_CTX *ctx)
{
	unsigned char sha[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	EVP_DigestFinal_ex(ctx, sha, &n);
	for (unsigned i = 0; i < n; i++)
		fprintf(to, "%02x", sha[i]);
	fputc(' ', to);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int put_xattrs(struct oracle *w, int dirfd, const char *name, const char *rel)
{
	static char list[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
	char path[PATH_MAX + 64], *names[1024];
	size_t k = 0;

	snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dirfd, name);

	ssize_t n = llistxattr(path, list, sizeof list);

	if (n < 0 && errno != EOPNOTSUPP)
		return fail(rel, "list attributes of");
	if (n <= 0) {
		fputs("- ", w->to);
		return 0;
	}
	for (char *p = list; p < list + n && k < 1024; p += strlen(p) + 1)
		names[k++] = p;
	qsort(names, k, sizeof *names, by_name);

	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	for (size_t i = 0; i < k; i++) {
		ssize_t m = lgetxattr(path, names[i], value, sizeof value);
		char head[320];
		int len = snprintf(head, sizeof head, "%s=%zd:", names[i], m);

		EVP_DigestUpdate(ctx, head, (size_t)len);
		if (m > 0)
			EVP_DigestUpdate(ctx, value, (size_t)m);
	}
	put_digest(w->to, ctx);
	EVP_MD_CTX_free(ctx);
	return 0;
}

static int put_content(struct oracle *w, int dirfd, const char *name, const char *rel)
{
	static char piece[1 << 20];
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	EVP_MD_CTX *ctx;
	ssize_t n;

	if (fd < 0)
		return fail(rel, "open");
	ctx = EVP_MD_CTX_new();
	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	while ((n = read(fd, piece, sizeof piece)) > 0)
		EVP_DigestUpdate(ctx, piece, (size_t)n);
	put_digest(w->to, ctx);
	EVP_MD_CTX_free(ctx);
	close(fd);
	return n < 0 ? fail(rel, "read") : 0;
}

/* The first name of this inode in our order, which is rel itself when it is new. */
static const char *first_name(struct oracle *w, const struct stat *st, const char *rel)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->firsts[i].dev == st->st_dev && w->firsts[i].ino == st->st_ino)
			return w->firsts[i].rel;
	w->firsts = realloc(w->firsts, (w->n + 1) * sizeof *w->firsts);
	w->firsts[w->n++] = (struct first){ st->st_dev, st->st_ino, strdup(rel) };
	return rel;
}

static char type_of(mode_t mode)
{
	return S_ISREG(mode)    ? 'f'
	       : S_ISDIR(mode)  ? 'd'
	       : S_ISLNK(mode)  ? 'l'
	       : S_ISFIFO(mode) ? 'p'
	       : S_ISSOCK(mode) ? 's'
				: 'b';
}

static int put_entry(struct oracle *w, int dirfd, const char *name, const char *rel,
		     const struct stat *st)
{
	char target[PATH_MAX] = "";

	fprintf(w->to, "%c %04o %u:%u %lld ", type_of(st->st_mode), st->st_mode & 07777, st->st_uid,
		st->st_gid, S_ISDIR(st->st_mode) ? 0LL : (long long)st->st_size);
	if (w->o->times && *rel)
		fprintf(w->to, "%lld.%09ld ", (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (put_xattrs(w, dirfd, name, rel) < 0)
		return -1;
	if (S_ISREG(st->st_mode) && w->o->contents) {
		if (put_content(w, dirfd, name, rel) < 0)
			return -1;
	} else if (S_ISLNK(st->st_mode)) {
		if (readlinkat(dirfd, name, target, sizeof target - 1) < 0)
			return fail(rel, "read the link");
		put_name(w->to, target);
		fputc(' ', w->to);
	} else {
		fputs("- ", w->to);
	}
	if (S_ISREG(st->st_mode) && st->st_nlink > 1) {
		const char *first = first_name(w, st, rel);

		if (first != rel) {
			fputc('=', w->to);
			put_name(w->to, first);
			fputc(' ', w->to);
		}
	}
	put_name(w->to, rel);
	fputc('\n', w->to);
	return 0;
}

static bool left_out(const struct oracle *w, const char *name)
{
	for (const char *const *p = w->o->leave_out; p && *p; p++)
		if (strcmp(*p, name) == 0)
			return true;
	return false;
}

static int walk(struct oracle *w, int dirfd, const char *name, const char *rel);

static int walk_names(struct oracle *w, int fd, const char *rel, char **names, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		char *below = NULL;

		if (r == 0 && asprintf(&below, "%s%s%s", rel, *rel ? "/" : "", names[i]) >= 0)
			r = walk(w, fd, names[i], below);
		free(below);
		free(names[i]);
	}
	free(names);
	return r;
}

static int walk_dir(struct oracle *w, int dirfd, const char *name, const char *rel)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char **names = NULL;
	size_t n = 0;

	if (!d)
		return fail(rel, "open");
	for (struct dirent *it; (it = readdir(d));) {
		if (strcmp(it->d_name, ".") == 0 || strcmp(it->d_name, "..") == 0 ||
		    left_out(w, it->d_name))
			continue;
		names = realloc(names, (n + 1) * sizeof *names);
		names[n++] = strdup(it->d_name);
	}
	if (n)
		qsort(names, n, sizeof *names, by_name);

	int r = walk_names(w, fd, rel, names, n);

	closedir(d);
	return r;
}

static int walk(struct oracle *w, int dirfd, const char *name, const char *rel)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(rel, "look at");
	if (put_entry(w, dirfd, name, rel, &st) < 0)
		return -1;
	return S_ISDIR(st.st_mode) ? walk_dir(w, dirfd, name, rel) : 0;
}

int oracle_print(const char *path, const struct oracle_opts *o, FILE *to)
{
	struct oracle w = { .o = o, .to = to };
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return fail(path, "open");
	r = walk(&w, fd, ".", "");
	close(fd);
	for (size_t i = 0; i < w.n; i++)
		free(w.firsts[i].rel);
	free(w.firsts);
	return r;
}

char *oracle_text(const char *path, const struct oracle_opts *o)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	int r = to ? oracle_print(path, o, to) : -1;

	if (to)
		fclose(to);
	if (r < 0) {
		free(text);
		return NULL;
	}
	return text;
}
