/* What SFTPGo 2.7 does to the options of every event action in its step from schema 31 to 32: a dot
 * into each placeholder, then the paths in them cleaned, as any save does. Pure.
 *
 * The pass runs over the JSON text of the options, so it is blind to where a value ends: text after
 * a '{{' that is never closed is skipped up to the next '}}', be it of another field. That is why
 * it is done here on text, too. Source: facts seen on 2.6.4 moved to 2.7.5; SFTPGo 2.7.5,
 * dataprovider.go and eventrule.go. */
#pragma once

#include "io/json.h"

#define DOT_PASS_SCHEMA 32

/* Append the text with its dots. */
void dot_pass_text(struct sv text, struct buf *ret);
/* A path as 2.7 stores it: backslashes become slashes, made absolute, cleaned. */
void clean_path(struct sv path, struct buf *ret);

/* The options after the step, new reference; members in the order they are stored in. NULL where
 * the step would fail because the text is no JSON any more, or where options is no object. */
json_t *dot_pass(const json_t *options);
