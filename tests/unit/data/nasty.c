#include "nasty.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../unit.h"
#include "oracle.h"

#define must(what) assert_true((what) >= 0)

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void fill(int fd, off_t at, size_t n, uint64_t seed)
{
	static uint64_t piece[8192];

	for (seed |= 1; n;) {
		size_t m = n < sizeof piece ? n : sizeof piece;

		for (size_t i = 0; i < sizeof piece / sizeof piece[0]; i++)
			piece[i] = next(&seed);
		assert_int_equal(pwrite(fd, piece, m, at), m);
		at += (off_t)m;
		n -= m;
	}
}

static void put(const char *path, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd);
	fill(fd, 0, n, n + 7);
	must(fchmod(fd, mode));
	close(fd);
}

static void put_sparse(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

	must(fd);
	fill(fd, 3 << 20, 70000, 1);
	fill(fd, 9 << 20, 10, 2);
	must(ftruncate(fd, 33 << 20));
	close(fd);
}

static void age(const char *path, time_t s, long ns)
{
	struct timespec t[2] = { { s, ns }, { s, ns } };

	must(utimensat(AT_FDCWD, path, t, AT_SYMLINK_NOFOLLOW));
}

struct acl {
	uint32_t version;
	struct {
		uint16_t tag, perm;
		uint32_t id;
	} e[5];
};

static struct acl acl_for(uint32_t uid)
{
	return (struct acl){ 2,
			     { { 0x01, 6, UINT32_MAX },
			       { 0x02, 5, uid },
			       { 0x04, 4, UINT32_MAX },
			       { 0x10, 5, UINT32_MAX },
			       { 0x20, 0, UINT32_MAX } } };
}

static void put_attrs(const char *path, bool is_dir, uint32_t uid)
{
	struct acl acl = acl_for(uid);

	(void)!lsetxattr(path, "user.note", "of the user", 11, 0);
	(void)!lsetxattr(path, "user.empty", "", 0, 0);
	must(lsetxattr(path, "trusted.t", "\0\1\2", 3, 0));
	must(lsetxattr(path, "system.posix_acl_access", &acl, sizeof acl, 0));
	if (is_dir)
		must(lsetxattr(path, "system.posix_acl_default", &acl, sizeof acl, 0));
}

static void put_odd_names(void)
{
	char longest[NAME_MAX + 1];

	memset(longest, 'n', NAME_MAX);
	longest[NAME_MAX] = '\0';
	must(mkdir("odd", 0751));
	put("odd/ leading and trailing ", 3, 0644);
	put("odd/new\nline", 4, 0644);
	put("odd/back\\slash", 5, 0644);
	put("odd/carriage\rreturn", 5, 0644);
	put("odd/\"quoted\"", 6, 0644);
	put("odd/-dash", 7, 0644);
	put("odd/\xff\xfe not utf-8", 8, 0644);
	put("odd/\001\033[31m", 9, 0644);
	put("odd/*?[]$(x)`y`", 9, 0644);
	must(chdir("odd"));
	put(longest, 10, 0644);
	must(chdir(".."));
	must(mkdir("odd/d\n", 0700));
	put("odd/d\n/x\\", 1, 0600);
}

static void put_links(void)
{
	must(mkdir("links", 01777));
	must(symlink("/etc/passwd", "links/out"));
	must(symlink("../../../../../../etc", "links/up"));
	must(symlink("nowhere", "links/dangling"));
	must(symlink("new\nline \xff", "links/odd target"));
	must(symlink(".", "links/self"));
	must(lchown("links/out", 1234, 5678));
	must(lsetxattr("links/up", "trusted.l", "of a link", 9, 0));
	age("links/self", 1000000000, 123456789);
	put("hard1", 70000, 0640);
	must(mkdir("hard", 0755));
	must(link("hard1", "hard/a"));
	must(link("hard1", "hard/b"));
	put("hard/big", 3 << 20, 0600);
	must(link("hard/big", "big2"));
}

static void put_specials(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "specials/socket" };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(mkdir("specials", 0755));
	must(mkfifo("specials/fifo", 0644));
	must(bind(s, (struct sockaddr *)&a, sizeof a));
	close(s);
}

void nasty_make(const char *path)
{
	static const size_t sizes[] = { 0,      1,      4095,   4096,    4097,
					262143, 262144, 262145, 1048576, 5000123 };
	char name[64];
	int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mode_t mask = umask(0);

	must(back);
	must(chdir(path));
	must(mkdir("sizes", 02775));
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		snprintf(name, sizeof name, "sizes/%zu", sizes[i]);
		put(name, sizes[i], 0644);
	}
	must(chown("sizes/4096", 1234, 5678));
	must(chmod("sizes/4096", 06755));
	must(chmod("sizes/4097", 0));
	age("sizes/1", 1, 1);
	age("sizes/0", 4000000000, 999999999);
	put_sparse("sparse");
	put_attrs("sizes/4095", false, 77);
	must(mkdir("acl", 0750));
	put_attrs("acl", true, 78);
	put("acl/inherits", 100, 0664);
	must(mkdir("acl/below", 0777));
	put_odd_names();
	put_links();
	put_specials();
	must(mkdir("a", 0755));
	must(mkdir("a/b", 0711));
	must(mkdir("a/b/c", 0700));
	must(mkdir("a/b/c/empty", 0));
	put("a/b/c/x", 12, 0600);
	age("a/b", 1500000000, 5);
	must(fchdir(back));
	close(back);
	umask(mask);
}

/* ---- changes ---- */

struct names {
	char *v[2000];
	size_t n;
};

static void collect(const char *dir, struct names *all)
{
	DIR *d = opendir(dir);

	for (struct dirent *it; d && (it = readdir(d));) {
		char path[PATH_MAX];
		struct stat st;

		if (strcmp(it->d_name, ".") == 0 || strcmp(it->d_name, "..") == 0 || all->n == 2000)
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, it->d_name);
		if (lstat(path, &st) < 0 || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
			continue;
		all->v[all->n++] = strdup(path);
		if (S_ISDIR(st.st_mode))
			collect(path, all);
	}
	if (d)
		closedir(d);
}

static void change_file(const char *path, const struct stat *st, uint64_t *seed)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	off_t at = st->st_size ? (off_t)(next(seed) % (uint64_t)st->st_size) : 0;

	must(fd);
	switch (next(seed) % 5) {
	case 0:
		fill(fd, at, 1 + next(seed) % 9000, next(seed));
		break;
	case 1:
		fill(fd, st->st_size, 1 + next(seed) % 400000, next(seed));
		break;
	case 2:
		must(ftruncate(fd, at));
		break;
	case 3:
		must(ftruncate(fd, st->st_size + (off_t)(next(seed) % 3000000)));
		break;
	default:
		(void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, 300000);
	}
	close(fd);
}

static void change_name(const char *root, const char *path, const char *other, uint64_t *seed)
{
	char to[PATH_MAX];

	switch (next(seed) % 6) {
	case 0:
		snprintf(to, sizeof to, "%s/moved-%llu", root,
			 (unsigned long long)(next(seed) % 20));
		(void)rename(path, to);
		break;
	case 1:
		(void)rename(path, other);
		break;
	case 2:
		snprintf(to, sizeof to, "%s/linked-%llu", root,
			 (unsigned long long)(next(seed) % 20));
		(void)!link(path, to);
		break;
	case 3:
		(void)renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE);
		break;
	case 4:
		(void)remove(path);
		break;
	default:
		if (remove(path) == 0 && next(seed) % 2)
			must(symlink("sizes", path));
		else if (access(path, F_OK) < 0 && next(seed) % 2)
			must(mkdir(path, 0755));
		else if (access(path, F_OK) < 0)
			put(path, next(seed) % 5000, 0644);
	}
}

static void change_attrs(const char *path, const struct stat *st, uint64_t *seed)
{
	switch (next(seed) % 5) {
	case 0:
		if (!S_ISLNK(st->st_mode))
			must(chmod(path, next(seed) % 2 ? 04755 : 0640));
		break;
	case 1:
		must(lchown(path, (uid_t)(next(seed) % 3), (gid_t)(next(seed) % 3)));
		break;
	case 2:
		if (!S_ISLNK(st->st_mode))
			put_attrs(path, S_ISDIR(st->st_mode), (uint32_t)(next(seed) % 4 + 50));
		break;
	case 3:
		(void)lremovexattr(path, "trusted.t");
		(void)lremovexattr(path, "system.posix_acl_access");
		break;
	default:
		age(path, (time_t)(next(seed) % 2000000000), (long)(next(seed) % 1000000000));
	}
}

void nasty_change(const char *path, uint64_t *seed)
{
	struct names all = { .n = 0 };
	struct stat st;
	const char *one, *other;

	collect(path, &all);
	if (!all.n) {
		nasty_make(path);
		return;
	}
	one = all.v[next(seed) % all.n];
	other = all.v[next(seed) % all.n];
	must(lstat(one, &st));
	if (S_ISREG(st.st_mode) && next(seed) % 2)
		change_file(one, &st, seed);
	else if (next(seed) % 3 == 0)
		change_attrs(one, &st, seed);
	else
		change_name(path, one, other, seed);
	for (size_t i = 0; i < all.n; i++)
		free(all.v[i]);
}

/* ---- comparing ---- */

char *nasty_text(const char *path)
{
	struct oracle_opts o = { .times = true, .contents = true };
	char *text = oracle_text(path, &o), *to;

	assert_non_null(text);
	to = text;
	for (char *line = text; *line;) {
		char *end = strchr(line, '\n') + 1;

		if (*line != 'p' && *line != 's') {
			memmove(to, line, (size_t)(end - line));
			to += end - line;
		}
		line = end;
	}
	*to = '\0';
	return text;
}

void assert_same_tree(const char *want, const char *have)
{
	char *a = nasty_text(want), *b = nasty_text(have), *p = a, *q = b;

	if (strcmp(a, b) != 0) {
		while (*p && *q) {
			size_t n = strcspn(p, "\n") + 1, m = strcspn(q, "\n") + 1;

			if (n != m || memcmp(p, q, n) != 0)
				break;
			p += n;
			q += m;
		}
		print_error("want %.*s\nhave %.*s\n", (int)strcspn(p, "\n"), p,
			    (int)strcspn(q, "\n"), q);
		fail();
	}
	free(a);
	free(b);
}
