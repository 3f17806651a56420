/* Trees that are hard to copy, made and changed by a seed. */
#pragma once

#include <stdint.h>

/* Everything a file system of ours can hold, below the existing directory `path`. */
void nasty_make(const char *path);
/* One change somewhere below it: content, size, name, type, mode, owner, attribute, link. */
void nasty_change(const char *path, uint64_t *seed);
/* As text, for comparing; FIFOs and sockets are left out, as in a copy. Heap. */
char *nasty_text(const char *path);
/* Fails the running test and shows the first line that differs. */
void assert_same_tree(const char *want, const char *have);
