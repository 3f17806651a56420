/* YAML for what people write: migration files and sheets. Read into JSON values by the YAML 1.2 core rules; no anchors,
 * aliases, tags, merge keys or duplicate keys (ERR_FORMAT with line and column). */
#pragma once

#include "io/json.h"

int yaml_parse(struct sv text, const char *what, json_t **ret, struct err *e) must_check;
int yaml_read_path(const char *path, size_t max, json_t **ret, struct err *e) must_check;
