/* Talking to a running SFTPGo: who it is, and whether it serves. Site document: "probe": {"host","http","https","sftp",
 * "banner","healthz"} and "sftp_host" where that is another one; ports 0 or absent where a door is closed. */
#pragma once

#include "engine/product.h"

/* The HTTP door as we reach it, past our own gate. ERR_ABSENT where none is open. */
struct http;
int talk_http(const struct site *s, struct http *ret, struct err *e) must_check;
/* GET /healthz: 200 "ok" without a login, both editions; 429 where a rate limit refuses. 0 it serves, ERR_BUSY it answers another
 * status, -kind. ret_version (or NULL): by the Server header, "" when it tells none. facts/sftpgo 1.2, seen with 2.6.4 and 2.7.5. */
int talk_healthz(const struct site *s, bool as_client, int64_t within_ns, char ret_version[48], struct err *e) must_check;
/* The line that the SSH door says first. The server opens it after HTTP: 0.1 to 0.9 s later at a first start, which
 * makes host keys. Closing without a login is logged, and is nothing else with the defender's defaults. */
int talk_banner(const struct site *s, bool as_client, int64_t within_ns, char ret_version[48], struct err *e) must_check;
bool talk_has(const struct site *s, const char *door);  /* "http", "https", "sftp" */
const char *talk_host(const struct site *s, const char *door);  /* where it is reached */

/* Both doors where both are open. One that listens and stays mute has its data open, as one that answers on HTTP has. One that would feel it is not asked but looked at: does anybody listen there? Of HTTP so for the
 * prober alone (as_client), which asks over and over; anybody else asks it when SFTP has answered. */
int sftpgo_probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e);
