/* The command line that starts a QuestDB: from the old build's to the new one's, everything else
 * kept. Editions differ in the main class and in the modules that flags open; releases that need
 * Java 25 want other flags than those for 17; a jar is named by -p, a runtime has its modules built
 * in. facts/questdb 11.3; values: launch_flags of sheet.yaml. */
#pragma once

#include <jansson.h>

#include "base/buf.h"

const char *launch_main_class(bool enterprise); /* "io.questdb/io.questdb.ServerMain", ... */
bool launch_same_class(const char *named, const char *wanted); /* with or without its module */

struct launch_want {
	const char *java; /* the java to start; NULL: as it is */
	const char *jar;  /* NULL: a runtime, modules built in */
	bool enterprise;
	int java_needed; /* by the target; 0: flags stay as they are */
};

/* New argv of a java command line. ERR_FORMAT when no main class is in it, ERR_REFUSED when it
 * cannot be carried over. */
int launch_rewrite(const json_t *argv, const struct launch_want *want, json_t **ret, struct err *e)
    __attribute__((warn_unused_result));

/* ExecStart of a unit into words and back: systemd's quoting; '$' and '%' stay as written. */
int launch_split(const char *exec_start, json_t **ret, struct err *e)
    __attribute__((warn_unused_result));
void launch_join(const json_t *argv, struct buf *ret);
