/* Texts drawn by lot: the same seed, the same texts. SEED asks for one; which it was is always said. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/own.h"

static uint64_t draw_seed, draw_state;

static inline void draw_begin(void)
{
	const char *given = getenv("SEED");

	draw_seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	draw_state = draw_seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	print_message("# SEED=%llu\n", (unsigned long long)draw_seed);
}

/* 0 to n - 1. Xorshift, Marsaglia 2003. */
static inline size_t pick(size_t n)
{
	draw_state ^= draw_state << 13;
	draw_state ^= draw_state >> 7;
	draw_state ^= draw_state << 17;
	return (size_t)(draw_state % n);
}

#define ONE_OF(list) ((list)[pick(ARRAY_LEN(list))])
