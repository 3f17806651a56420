/* Paths of configuration and database, told from each other by where they lead. */
#pragma once

/* The same place without links and "..": by what is there of it, the rest as it is named. Heap; path is absolute. */
char *place_real(const char *path);

/* The first name below root on the way to path, both real: heap; NULL: not below it, "" the root itself. */
char *place_below(const char *root, const char *path);
