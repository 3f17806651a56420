/* TOML 1.0 as go-toml 2 reads it for viper: reading only.
 *
 *	autojson json_t *tree = NULL;
 *	cleanup_with(toml_lines_done) struct map lines = { 0 };
 *	if (toml_read(text, &tree, &lines, e) < 0) ...
 *
 * The tree is what JSON would hold. Where a value stands is told by its way, names and the numbers of elements (from 0)
 * joined by dots, as in conf/editor.h: "httpd.bindings.0.port". */
#pragma once

#include "base/map.h"
#include "base/sv.h"
#include "io/json.h"

/* *ret_lines: way -> size_t, 1-based, of each value that stands behind a "=". ERR_FORMAT with the line when it is no TOML;
 * ERR_REFUSED for TOML that cannot be told so: a date or time, inf, nan, a NUL, a carriage return within a text, a name
 * that is empty or has a dot; ERR_SPACE above 4 MiB or 64 levels. */
int  toml_read(struct sv text, json_t **ret, struct map *ret_lines, struct err *e) must_check;
void toml_lines_done(struct map *lines);
