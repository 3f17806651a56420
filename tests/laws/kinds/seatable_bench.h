/* SeaTable on a bench: Docker is the stand-in of tests/fakes/docker, whose containers hold a database of a few words. */
#pragma once

#include "laws/bench.h"

#define SEA_DATABASES "docker/databases.json"

void sea_bench_docker(struct bench *b);
/* One schema, dtable_db, with these rows in dtables and in operation_log, as "7, 8"; more: further members of the file, from a ',' on. */
void sea_bench_databases(struct bench *b, const char *bases, const char *edits, const char *more);
/* Params of seatable_dump, and of seatable_point after a dump was taken. */
json_t *sea_bench_dump(struct bench *b);
json_t *sea_bench_point(struct bench *b);
/* A server of another minor release than its image claimed migrates: rows as above. */
void sea_bench_moved(struct bench *b, const char *bases, const char *edits);
void sea_bench_migrate(struct bench *b);        /* the same, and nobody wrote */
