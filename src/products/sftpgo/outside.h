/* What anybody sees of a running server without a login, door by door: which ones listen, SFTP's host keys, certificates, pages of
 * HTTP. Clients remember the first two of them, so a move must not change them.
 *
 * Each returns an object by the names of doors (doors.h) or of keys; *why (heap, or NULL) is the first reason why one could not be
 * seen, which is then left out. `site` has the probe's word whether a connection would be felt (doors_probe()). Our mark passes the
 * gate. */
#pragma once

#include "engine/site.h"
#include "products/sftpgo/doors.h"

/* Names of the doors that the process listens on, in order; pid 0: any process of this host. -kind when that cannot be read. */
int outside_listens(const door_list *doors, pid_t pid, json_t **ret, struct err *e) must_check;
/* {"ssh-ed25519": "SHA256:..."} of the first SFTP door; all have the same. */
json_t *outside_host_keys(const struct site *s, const door_list *doors, char **why) must_check;
/* {"http 127.0.0.1:8443": {"sha256","not_after"}}, or "plain" instead of the object. SFTP has none. */
json_t *outside_certificates(const struct site *s, const door_list *doors, char **why) must_check;
/* {"http 127.0.0.1:8080": {"WebAdmin": 200}}; none where a rate limit counts requests, which would answer now so and now so. */
json_t *outside_pages(const struct site *s, const door_list *doors, char **why) must_check;
