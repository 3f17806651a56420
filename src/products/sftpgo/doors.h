/* The doors of a server, by its configuration: addresses it listens on, and how this host reaches them. A door with port 0 is
 * closed. facts/sftpgo 2.2; defaults: SFTP 2022, HTTP 8080, the others closed. */
#pragma once

#include "base/vec.h"
#include "products/sftpgo/config.h"

/* {"sftp":[{"host","port","tls"}],"http":[..],"ftp":[..],"webdav":[..],"telemetry":[..]}: open ones; an absolute "host" is a Unix
 * socket. "tls": from the first byte on; "members" of HTTP: it asks for a client's certificate. "pages" of HTTP: {"WebAdmin": path}, those that are switched on and answer without a login.
 * New reference. */
json_t *doors_of(const struct sftpgo_config *c) must_check;

/* The Unix socket that clients come in by (a proxy of this host, for them), whatever port stands beside it: no gate is closed before it.
 * Borrowed; NULL: none. */
const char *doors_socket(const json_t *doors);

/* One TCP door of doors_of(); borrowed from it. */
struct door {
	char name[96];          /* "http 127.0.0.1:8080"; "*" is every address */
	const char *kind;       /* "http" */
	const char *host;       /* where the server has it; what means every address is a loopback's */
	uint16_t port;
	char at[64];            /* how this host reaches it: there, until doors_find() */
	uint16_t at_port;       /* 0: it does not */
	bool tls;
	const json_t *pages;    /* NULL: none */
};
typedef VEC(struct door) door_list;
void doors_list(const json_t *doors, door_list *ret);   /* dropped with vec_done() */
/* Of a server in a container, by docker's word (container_about()): where it publishes each, else at its own address. */
void doors_find(const json_t *container, door_list *doors);
/* Their TCP ports, each once, SFTP and HTTP first. */
json_t *doors_ports(const struct sftpgo_config *c) must_check;
/* "probe" of the site document: {"host","http"|"https","sftp","sftp_host": where that is another,
 * "banner","healthz","members": HTTP asks for a client's certificate, and is only seen to listen}. No banner where somebody would feel a connection to
 * SFTP or FTP: a hook at each one, a rate limit, or a defender that counts those without a login. No healthz, many times over, where a
 * rate limit counts requests to HTTP. */
json_t *doors_probe(const struct sftpgo_config *c) must_check;
