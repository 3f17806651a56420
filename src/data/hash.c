#include "data/hash.h"

#include <errno.h>
#include <sys/random.h>

#include <openssl/evp.h>
#include <xxhash.h>

#include "base/mem.h"
#include "data/pace.h"

struct hasher {
	EVP_MD *sha;
	EVP_MD_CTX *ctx;
};

/* Fails only when OpenSSL has no SHA-256 at all or memory is out: nothing a run could survive. */
static void must(bool fine)
{
	if (!fine)
		abort();
}

struct hasher *hasher_new(void)
{
	struct hasher *h = xcalloc(1, sizeof *h);

	h->sha = EVP_MD_fetch(NULL, "SHA256", NULL);
	h->ctx = EVP_MD_CTX_new();
	must(h->sha && h->ctx);
	return h;
}

void hasher_free(struct hasher *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->sha);
	free(h);
}

void hasher_begin(struct hasher *h) { must(EVP_DigestInit_ex2(h->ctx, h->sha, NULL) == 1); }

void hasher_add(struct hasher *h, const void *p, size_t n)
{
	must(EVP_DigestUpdate(h->ctx, p, n) == 1);
}

void hasher_add_zeros(struct hasher *h, uint64_t n)
{
	static const unsigned char zeros[64 << 10];

	for (; n; n -= MIN_OF(n, (uint64_t)sizeof zeros))
		hasher_add(h, zeros, (size_t)MIN_OF(n, (uint64_t)sizeof zeros));
}

void hasher_end(struct hasher *h, unsigned char ret[SHA_BYTES])
{
	unsigned n = 0;

	must(EVP_DigestFinal_ex(h->ctx, ret, &n) == 1 && n == SHA_BYTES);
}

int hasher_file(struct hasher *h, int fd, const char *what, void *buf, size_t n, struct pace *pace,
		unsigned char ret[SHA_BYTES], struct err *e)
{
	off_t at = 0, data, size = lseek(fd, 0, SEEK_END);

	hasher_begin(h);
	while (at < size) {
		data = lseek(fd, at, SEEK_DATA);
		if (data < 0) /* only a hole left, or a file system without holes */
			data = errno == ENXIO ? size : at;
		data = MIN_OF(data, size);
		hasher_add_zeros(h, (uint64_t)(data - at));
		at = data;

		off_t end = at < size ? lseek(fd, at, SEEK_HOLE) : at;

		for (end = end < 0 ? size : end; at < end;) {
			/* Whole pages, as O_DIRECT wants them. */
			size_t want = ((size_t)(end - at) + 4095) / 4096 * 4096;
			ssize_t r;

			if (pace_wait(pace, MIN_OF(n, want), e) < 0)
				return -(int)e->kind;
			r = pread(fd, buf, MIN_OF(n, want), at);
			if (r < 0)
				return err_sys(e, errno, "read '%s'", what);
			if (r == 0)
				return err_set(e, ERR_CHANGED, "'%s' shrank while it was read",
					       what);
			r = MIN_OF(r, (ssize_t)(end - at));
			hasher_add(h, buf, (size_t)r);
			at += r;
		}
	}
	hasher_end(h, ret);
	return 0;
}

void hash_hex(const unsigned char sha[SHA_BYTES], char ret[2 * SHA_BYTES + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA_BYTES; i++) {
		ret[2 * i] = digits[sha[i] >> 4];
		ret[2 * i + 1] = digits[sha[i] & 15];
	}
	ret[(size_t)2 * SHA_BYTES] = '\0';
}

int hash_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hash_unhex(const char *hex, unsigned char ret[SHA_BYTES])
{
	for (size_t i = 0; i < SHA_BYTES; i++) {
		int high = hash_digit(hex[2 * i]);
		int low = high < 0 ? -1 : hash_digit(hex[2 * i + 1]);

		if (low < 0)
			return false;
		ret[i] = (unsigned char)(high << 4 | low);
	}
	return !hex[(size_t)2 * SHA_BYTES];
}

uint64_t block_seed(void)
{
	uint64_t seed;

	must(getrandom(&seed, sizeof seed, 0) == sizeof seed);
	return seed;
}

struct block_sum block_sum_of(uint64_t seed, const void *p, size_t n)
{
	XXH128_hash_t x = XXH3_128bits_withSeed(p, n, seed);

	return (struct block_sum){ x.low64, x.high64 };
}

bool block_sum_eq(struct block_sum a, struct block_sum b) { return a.lo == b.lo && a.hi == b.hi; }
