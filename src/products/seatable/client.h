/* A client of ours at the server, as `settings.probe` asks for: it signs in with a token, opens a base, reads a page of its rows and fetches a
 * file that they name, by the calls of the vendor's own library (seatable-api 4.0.0, read 2026-11-22). It only reads, and it asks the door of
 * the site alone, whatever address an answer names. The token leaves its file for a header of a request and for nothing else. */
#pragma once

#include "engine/goal.h"
#include "engine/site.h"

/* Is settings.probe right as it stands: {"token_file": absolute path,"base": "WORKSPACE/NAME"|absent}? Without a base the token is one of a base's
 * own, with it an account's. ERR_USAGE. */
int sea_client_settings(const struct goal *g, struct err *e) must_check;

/* What it met: {"login": true,"base": {"uuid","tables": {name: columns}},"rows": {table: [row ids of its first page]},"file": {"path","bytes",
 * "sha256"},"seats": {"active","max"}: where an administrator's account is told them,"failed": {part: {"status": of HTTP; 0: none, or that of a
 * busy program to the end,"why"}}}. What hangs on a part that failed is not in it. before: of an earlier look, whose file is fetched again; NULL:
 * the first one that the rows name. A program behind the door that is not up yet is asked again until the deadline. NULL: nobody asks for it.
 * New reference. */
json_t *sea_client_look(const struct site *s, const struct goal *g, const json_t *before, struct deadline until) must_check;
