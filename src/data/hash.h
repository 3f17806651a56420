/* Two hashes: XXH3-128 answers "did this block change?", SHA-256 proves. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SHA_BYTES 32

struct hasher; /* SHA-256 by OpenSSL; one a thread, used again and again */
struct hasher *hasher_new(void);
void hasher_free(struct hasher *h);
void hasher_begin(struct hasher *h);
void hasher_add(struct hasher *h, const void *p, size_t n);
void hasher_add_zeros(struct hasher *h, uint64_t n);
void hasher_end(struct hasher *h, unsigned char ret[SHA_BYTES]);
/* The whole file from offset 0, read through buf, at that pace; a hole costs no read. */
struct pace;
int hasher_file(struct hasher *h, int fd, const char *what, void *buf, size_t n, struct pace *pace,
		unsigned char ret[SHA_BYTES], struct err *e) must_check;

void hash_hex(const unsigned char sha[SHA_BYTES], char ret[2 * SHA_BYTES + 1]);
bool hash_unhex(const char *hex, unsigned char ret[SHA_BYTES]); /* 64 lower-case digits, no more */

int hash_digit(char c); /* of a lower-case hex digit, or -1 */

struct block_sum {
	uint64_t lo, hi;
};
/* A seed of its own for every index: nobody who owns the data can prepare two blocks that look the
 * same. */
uint64_t block_seed(void);
struct block_sum block_sum_of(uint64_t seed, const void *p, size_t n);
bool block_sum_eq(struct block_sum a, struct block_sum b);
