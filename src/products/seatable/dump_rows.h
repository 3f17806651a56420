/* How many rows a dump has of each table, by its own text: of a server that goes on writing nobody else knows. */
#pragma once

#include "io/json.h"

/* Of what mariadb-dump or mysqldump wrote, from offset 0. ret: {table: rows}, without those that have none. ERR_FORMAT: a statement that
 * never ends. */
int dump_rows(int fd, const char *what, json_t **ret, struct err *e) must_check;
