/* Repositories as apt reads them, from a file of one-line entries (.list) or of stanzas (.sources). sources.list(5)
 *
 * An entry is {"types":[..],"uris":[..],"suites":[..],"components":[..],"architectures":[..],"signed_by":text|absent,
 * "unsafe":the option that takes less than a good signature|absent}; those that are switched off are left out. */
#pragma once

#include "base/buf.h"
#include "io/json.h"

/* By its name: is it of stanzas? */
bool apt_source_is_deb822(const char *name);
/* ERR_FORMAT when apt could not read it either, with the line. Options that are of no interest here are skipped. */
int apt_source_parse(struct sv text, bool deb822, json_t **ret, struct err *e) must_check;
/* Would apt check what it takes from these, all of it by one keyring file? Into ret_keyring (borrowed) its path. ERR_REFUSED: a
 * signature is not asked for, or by no file, or a password stands in it; ERR_ABSENT: no packages come from it. */
int apt_source_judge(const json_t *entries, const char **ret_keyring, struct err *e) must_check;
/* As stanzas, with this keyring and for this architecture alone. */
void apt_source_text(const json_t *entries, const char *keyring, const char *arch, struct buf *ret);
/* "h" of "https://user:password@h:8080/x"; empty where it names none. */
struct sv apt_source_host(const char *uri);
