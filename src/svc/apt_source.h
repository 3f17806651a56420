/* Repositories as apt reads them, from a file of one-line entries (.list) or of stanzas (.sources). sources.list(5)
 *
 * An entry is {"types":[..],"uris":[..],"suites":[..],"components":[..],"architectures":[..],"signed_by":text|absent,
 * "unsafe":the option that takes less than a good signature|absent}; those that are switched off are left out. */
#pragma once

#include "base/buf.h"
#include "io/json.h"

/* See front_ops.parse and .judge. A file is of stanzas by its name. Options that are of no interest here are skipped. */
int apt_source_parse(struct sv text, const char *name, json_t **ret, struct err *e) must_check;
int apt_source_judge(const json_t *entries, const char **ret_keyring, struct err *e) must_check;
/* As stanzas, with this keyring and for this architecture alone. */
void apt_source_text(const json_t *entries, const char *keyring, const char *arch, struct buf *ret);
