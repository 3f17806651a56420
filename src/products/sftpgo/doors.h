/* The doors of a server, by its configuration: addresses it listens on, and how this host reaches them. A door with port 0 is
 * closed. facts/sftpgo 2.2; defaults: SFTP 2022, HTTP 8080, the others closed. */
#pragma once

#include "products/sftpgo/config.h"

/* {"sftp":[{"host","port","tls"}],"http":[..],"ftp":[..],"webdav":[..],"telemetry":[..]}: open ones; an absolute "host" is a Unix
 * socket. New reference. */
json_t *doors_of(const struct sftpgo_config *c) must_check;
/* Their TCP ports, each once, SFTP and HTTP first. */
json_t *doors_ports(const struct sftpgo_config *c) must_check;
/* "probe" of the site document: {"host","http"|"https","sftp","banner"}. No banner where somebody would feel it: a hook at each
 * connection, a rate limit, or a defender that counts connections without a login. */
json_t *doors_probe(const struct sftpgo_config *c) must_check;
