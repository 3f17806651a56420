#include "double.h"

#include <endian.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPEND_PAGE (64u << 10)

static bool mapped_to(struct mapped *m, size_t size)
{
	if (m->p)
		munmap(m->p, m->size);
	m->p = NULL;
	if (ftruncate(m->fd, (off_t)size) < 0)
		return false;
	m->p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (m->p == MAP_FAILED)
		m->p = NULL;
	m->size = size;
	return m->p;
}

bool mapped_open(struct mapped *m, int dirfd, const char *rel, size_t least)
{
	struct stat st;

	m->fd = openat(dirfd, rel, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (m->fd < 0 || fstat(m->fd, &st) < 0)
		return false;
	return mapped_to(m, (size_t)st.st_size > least ? (size_t)st.st_size : least);
}

void mapped_need(struct mapped *m, size_t bytes)
{
	if (bytes > m->size &&
	    !mapped_to(m, (bytes + APPEND_PAGE - 1) / APPEND_PAGE * APPEND_PAGE)) {
		perror("stand-in: grow a file");
		_exit(DOUBLE_EXIT_REFUSED);
	}
}

void mapped_close(struct mapped *m, size_t length)
{
	if (m->p)
		munmap(m->p, m->size);
	if (m->fd >= 0) {
		if (ftruncate(m->fd, (off_t)length) < 0)
			perror("stand-in: truncate a file");
		close(m->fd);
	}
	*m = (struct mapped)MAPPED_NONE;
}

void put32(struct mapped *m, size_t at, int32_t v)
{
	v = (int32_t)htole32((uint32_t)v);
	memcpy(m->p + at, &v, sizeof v);
}

void put64(struct mapped *m, size_t at, int64_t v)
{
	v = (int64_t)htole64((uint64_t)v);
	memcpy(m->p + at, &v, sizeof v);
}

int32_t get32(const struct mapped *m, size_t at)
{
	uint32_t v;

	memcpy(&v, m->p + at, sizeof v);
	return (int32_t)le32toh(v);
}

int64_t get64(const struct mapped *m, size_t at)
{
	uint64_t v;

	memcpy(&v, m->p + at, sizeof v);
	return (int64_t)le64toh(v);
}

bool file_put(int dirfd, const char *rel, const void *p, size_t n)
{
	int fd = openat(dirfd, rel, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write(fd, p, n) == (ssize_t)n;

	if (fd >= 0)
		close(fd);
	return ok;
}

bool file_put_text(int dirfd, const char *rel, const char *text)
{
	return file_put(dirfd, rel, text, strlen(text));
}

bool file_get(const char *path, struct buf *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char piece[4096];
	ssize_t n = 0;

	if (fd < 0)
		return false;
	while ((n = read(fd, piece, sizeof piece)) > 0)
		buf_add(ret, piece, (size_t)n);
	close(fd);
	return !n && !ret->full;
}

void le_add(struct buf *b, int64_t v, size_t bytes)
{
	uint64_t le = htole64((uint64_t)v);

	buf_add(b, &le, bytes);
}

void utf16_add(struct buf *b, const char *ascii)
{
	le_add(b, (int64_t)strlen(ascii), 4);
	for (; *ascii; ascii++)
		le_add(b, *ascii, 2);
}
