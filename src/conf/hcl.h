/* HCL 1 as hashicorp/hcl 1.0 reads it for viper, HCL written as JSON included: reading only.
 *
 *	name = "text"                   # comment
 *	with.dots = [1, 0x10, 022]      // one name: dots part nothing
 *	block { name = true }           // comment, or between slashes and stars
 *
 * Whatever stands in braces under a name becomes an element of a list, `block = { ... }` too, and
 * blocks and lists of one name are joined: "block { a = 1 } block { a = 2 }" is
 * {"block": [{"a": 1}, {"a": 2}]}. A text keeps "${...}" as it is written. A file that begins with
 * '{' is JSON, of which this library takes no booleans from lists, where it gives up on null, which
 * it reads as "" elsewhere. */
#pragma once

#include "base/map.h"
#include "base/sv.h"
#include "io/json.h"

/* *ret_lines: way -> size_t, 1-based, of each value; a way is names and the numbers of elements
 * joined by dots: "block.0.a". ERR_FORMAT with the line where the library gives up; ERR_REFUSED for
 * what cannot be told so: a block with labels, a name with values of two kinds, names beyond ASCII
 * outside of quotes, a NUL, escapes that are no character, numbers beyond 64 bits or that begin
 * with a dot; in JSON whatever is not strict JSON, lists within lists, and objects of nothing but
 * objects, which the library takes apart. ERR_SPACE above 4 MiB, 64 levels or a way of 512 bytes.
 */
int hcl_read(struct sv text, json_t **ret, struct map *ret_lines, struct err *e) must_check;
void hcl_lines_done(struct map *lines);
