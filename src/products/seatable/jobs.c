#include "products/seatable/jobs.h"

#include <string.h>

#include "base/mem.h"

static const char *program_of(struct sv line)
{
	static const char *const at_work[] = { "restic", "rclone", "rsync", "mariadb-dump", "mysqldump", "pg_dump", "pg_dumpall" };
	struct sv program;
	const char *slash;

	sv_word(&line);
	program = sv_word(&line);
	slash = program.n ? memrchr(program.p, '/', program.n) : NULL;
	if (slash)
		program = (struct sv){ slash + 1, program.n - (size_t)(slash + 1 - program.p) };
	for (size_t i = 0; i < ARRAY_LEN(at_work); i++)
		if (sv_eq(program, at_work[i]))
			return at_work[i];
	return NULL;
}

json_t *sea_job_of(struct sv top)
{
	while (top.n) {
		const char *found = program_of(sv_line(&top));

		if (found)
			return json_string(found);
	}
	return json_string("");
}
