/* Repositories as dnf reads them, from a file of sections (.repo); dnf.conf(5), seen with 4.14.
 *
 * An entry is {"id","uris":[..],"keys":[..],"options":{name: value}}; what comes in two sections of one name is of one repository. */
#pragma once

#include "base/buf.h"
#include "io/json.h"

/* See front_ops.parse and .judge. */
int dnf_source_parse(struct sv text, const char *name, json_t **ret, struct err *e) must_check;
int dnf_source_judge(const json_t *entries, const char **ret_keyring, struct err *e) must_check;
/* As sections, their packages and, where that is asked for, their index to be signed by this file of keys. */
void dnf_source_text(const json_t *entries, const char *keyring, struct buf *ret);
/* How this host reaches the world, out of dnf.conf: lines for another one. Of a file that cannot be read, none. */
void dnf_source_ways_out(struct sv conf, struct buf *ret);
