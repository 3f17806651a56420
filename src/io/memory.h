/* Files that have no name: bytes in memory, and a program that is brought here to be run by its descriptor (cmd.program).
 *
 * A host may forbid programs in memory (vm.memfd_noexec=2); then it is an unnamed file below ROOM_ABOVE, which nobody else can open
 * either, and which goes with its last descriptor. */
#pragma once

#include "base/err.h"

/* To read and write; no program. The descriptor, or -kind. */
int memory_open(const char *name, struct err *e) must_check;
/* For a program: write it, then memory_program_ready(). */
int memory_program(const char *name, struct err *e) must_check;
/* A file that somebody has open to write cannot be run: *fd becomes one to read. */
int memory_program_ready(int *fd, struct err *e) must_check;
