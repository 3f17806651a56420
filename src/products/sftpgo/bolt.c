#include "products/sftpgo/bolt.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define MAGIC 0xED0CDAEDu
#define VERSION 2
#define PAGE_MIN 1024
#define PAGE_MAX (64 << 10)
#define HEADER 16 /* number u64, flags u16, count u16, overflow u32 */
#define ELEMENT                                                                                 \
	16        /* of a branch: pos, key u32, page u64; of a leaf: flags, pos, key, value u32 \
		   */
#define META 64   /* with its sum */
#define BUCKET 16 /* root u64, sequence u64; a root of 0: the page follows in the value */
#define FLAG_BRANCH 1
#define FLAG_LEAF 2
#define LEAF_BUCKET 1
#define DEPTH_MAX 32
#define LOAD_MAX (64u << 20) /* a leaf holds whole values, but no provider's are so large */

struct bolt {
	int fd;
	uint32_t page_size;
	uint64_t root, end; /* page numbers: of the root bucket; behind the last */
	uint64_t txid;
};

static uint64_t get64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return le64toh(v);
}

static uint32_t get32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return le32toh(v);
}

static uint16_t get16(const unsigned char *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return le16toh(v);
}

static int read_at(const struct bolt *b, void *to, size_t n, uint64_t at, struct err *e)
{
	size_t have = 0;

	while (have < n) {
		ssize_t r = pread(b->fd, (char *)to + have, n - have, (off_t)(at + have));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, errno, "read a bolt database");
		if (r == 0)
			return err_set(e, ERR_FORMAT, "a bolt database that ends too early");
		have += (size_t)r;
	}
	return 0;
}

/* ---- the meta pages ---- */

/* FNV-1a, 64 bits. */
static uint64_t sum_of(const unsigned char *p, size_t n)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);
	return sum;
}

/* The newer of two whole ones counts: the older is what a killed server falls back to. */
static bool take_meta(struct bolt *b, uint64_t at)
{
	unsigned char page[HEADER + META], *m = page + HEADER;
	struct err ignored = ERR_INIT;

	if (read_at(b, page, sizeof page, at, &ignored) < 0 || get32(m) != MAGIC ||
	    get32(m + 4) != VERSION || get64(m + META - 8) != sum_of(m, META - 8))
		return false;
	if (b->page_size && get64(m + 48) <= b->txid)
		return true;
	b->page_size = get32(m + 8);
	b->root = get64(m + 16);
	b->end = get64(m + 40);
	b->txid = get64(m + 48);
	return true;
}

static bool is_page_size(uint32_t n) { return n >= PAGE_MIN && n <= PAGE_MAX && !(n & (n - 1)); }

/* The second meta page is the file's second page; of which size, a torn first one does not say. */
static bool find_meta(struct bolt *b)
{
	bool first = take_meta(b, 0);
	struct stat st;

	for (uint32_t size = PAGE_MIN; size <= PAGE_MAX; size *= 2) {
		if (!first || size == b->page_size)
			(void)take_meta(b, size);
	}
	return is_page_size(b->page_size) && fstat(b->fd, &st) == 0 &&
	       b->end <= (uint64_t)st.st_size / b->page_size;
}

static int no_bolt(struct err *e)
{
	return err_set(e, ERR_FORMAT, "no bolt database, or both its meta pages are torn");
}

int bolt_txid(int fd, uint64_t *ret, struct err *e)
{
	struct bolt b = { .fd = fd };

	if (!find_meta(&b))
		return no_bolt(e);
	*ret = b.txid;
	return 0;
}

int bolt_open(int fd, struct bolt **ret, struct err *e)
{
	struct bolt *b = xcalloc(1, sizeof *b);

	b->fd = fd;
	if (!find_meta(b)) {
		bolt_close(b);
		return no_bolt(e);
	}
	*ret = b;
	return 0;
}

void bolt_close(struct bolt *b)
{
	if (!b)
		return;
	close(b->fd);
	free(b);
}

/* ---- pages ---- */

struct page {
	unsigned char *bytes;
	size_t size;
	unsigned count, at; /* elements; the one that is next */
	bool leaf;
};

struct bolt_cursor {
	struct bolt *bolt;
	struct page path[DEPTH_MAX]; /* from the root down; the last is a leaf */
	unsigned depth;
	uint64_t visited;
};

static int torn(const char *why, struct err *e)
{
	return err_set(e, ERR_FORMAT, "a torn bolt database: %s", why);
}

/* Takes the bytes over. */
static int push_page(struct bolt_cursor *c, unsigned char *bytes, size_t size, struct err *e)
{
	unsigned flags = size >= HEADER ? get16(bytes + 8) : 0;
	struct page p = { .bytes = bytes, .size = size, .leaf = flags & FLAG_LEAF };

	if (c->depth == DEPTH_MAX || (flags != FLAG_LEAF && flags != FLAG_BRANCH)) {
		free(bytes);
		return torn(c->depth == DEPTH_MAX ? "pages without end" : "a page of another kind",
			    e);
	}
	p.count = get16(bytes + 10);
	if (HEADER + (size_t)p.count * ELEMENT > size) {
		free(bytes);
		return torn("more elements than a page has room for", e);
	}
	c->path[c->depth++] = p;
	return 0;
}

static int load_page(struct bolt_cursor *c, uint64_t number, struct err *e)
{
	const struct bolt *b = c->bolt;
	unsigned char header[HEADER];
	uint64_t pages;
	void *bytes = NULL;

	if (number < 2 || number >= b->end)
		return torn("a page that cannot be", e);
	if (read_at(b, header, sizeof header, number * b->page_size, e) < 0)
		return -(int)e->kind;
	pages = (uint64_t)get32(header + 12) + 1;
	if (get64(header) != number || pages > b->end - number)
		return torn("a page of another number", e);
	c->visited += pages;
	if (c->visited > b->end)
		return torn("a page more than once", e);
	if (try_alloc(pages * b->page_size, LOAD_MAX, &bytes, e) < 0)
		return -(int)e->kind;
	if (read_at(b, bytes, pages * b->page_size, number * b->page_size, e) < 0) {
		free(bytes);
		return -(int)e->kind;
	}
	return push_page(c, bytes, pages * b->page_size, e);
}

static void pop_page(struct bolt_cursor *c) { free(c->path[--c->depth].bytes); }

/* ---- walking ---- */

struct element {
	struct sv key, value;
	bool bucket;
};

static int leaf_element(const struct page *p, unsigned at, struct element *ret, struct err *e)
{
	size_t here = HEADER + (size_t)at * ELEMENT;
	const unsigned char *el = p->bytes + here;
	uint64_t pos = get32(el + 4), key = get32(el + 8), value = get32(el + 12);

	if (here + pos + key + value > p->size)
		return torn("an element beyond its page", e);
	ret->key = (struct sv){ (const char *)el + pos, key };
	ret->value = (struct sv){ (const char *)el + pos + key, value };
	ret->bucket = get32(el) & LEAF_BUCKET;
	return 0;
}

/* 1 the next element of a leaf, 0 the end. */
static int next_element(struct bolt_cursor *c, struct element *ret, struct err *e)
{
	while (c->depth) {
		struct page *p = &c->path[c->depth - 1];

		if (p->at == p->count)
			pop_page(c);
		else if (p->leaf)
			return leaf_element(p, p->at++, ret, e) < 0 ? -(int)e->kind : 1;
		else if (load_page(c, get64(p->bytes + HEADER + (size_t)p->at++ * ELEMENT + 8), e) <
			 0)
			return -(int)e->kind;
	}
	return 0;
}

static int enter_bucket(struct bolt_cursor *c, struct sv value, struct err *e)
{
	uint64_t root;

	if (value.n < BUCKET)
		return torn("a bucket without its root", e);
	root = get64((const unsigned char *)value.p);
	if (root)
		return load_page(c, root, e);
	return push_page(c, xmemdup(value.p + BUCKET, value.n - BUCKET), value.n - BUCKET, e);
}

static int find_bucket(struct bolt_cursor *c, struct bolt_cursor *root, const char *name,
		       struct err *e)
{
	struct element el;
	int r = load_page(root, c->bolt->root, e);

	if (r < 0)
		return r;
	while ((r = next_element(root, &el, e)) > 0) {
		if (el.bucket && sv_eq(el.key, name))
			return enter_bucket(c, el.value, e);
	}
	return r < 0 ? r : err_set(e, ERR_ABSENT, "no bucket '%s'", name);
}

int bolt_bucket(struct bolt *b, const char *name, struct bolt_cursor **ret, struct err *e)
{
	autobolt_cursor struct bolt_cursor *c = xcalloc(1, sizeof *c),
					   *root = xcalloc(1, sizeof *root);

	c->bolt = root->bolt = b;
	if (find_bucket(c, root, name, e) < 0)
		return -(int)e->kind;
	*ret = take_ptr(c);
	return 0;
}

int bolt_next(struct bolt_cursor *c, struct sv *ret_key, struct sv *ret_value, struct err *e)
{
	struct element el;
	int r;

	while ((r = next_element(c, &el, e)) > 0 && el.bucket)
		;
	if (r <= 0)
		return r;
	*ret_key = el.key;
	*ret_value = el.value;
	return 1;
}

void bolt_cursor_free(struct bolt_cursor *c)
{
	if (!c)
		return;
	while (c->depth)
		pop_page(c);
	free(c);
}
