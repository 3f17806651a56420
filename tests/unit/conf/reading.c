#include "reading.h"

static void lines_done(struct map *lines)
{
	map_done(lines, free);
}

void reader_reads(reader *read, const char *text, const char *json)
{
	cleanup_with(lines_done) struct map lines = { 0 };
	autojson json_t *tree = NULL;
	autofree char *is = NULL;
	struct err e = ERR_INIT;

	if (read(sv_of(text), &tree, &lines, &e) < 0)
		fail_msg("<<%s>>: %s", text, e.msg);
	is = json_dumps(tree, JSON_COMPACT);
	assert_string_equal(is, json);
}

void reader_fails(reader *read, const char *text, enum err_kind kind, const char *why)
{
	cleanup_with(lines_done) struct map lines = { 0 };
	autojson json_t *tree = NULL;
	struct err e = ERR_INIT;

	if (read(sv_of(text), &tree, &lines, &e) != -(int)kind || !strstr(e.msg, why))
		fail_msg("<<%s>>: %s", text, e.msg);
	assert_null(tree);
	assert_int_equal(lines.n, 0);
}
