/* What keeps clients out of the new server until the gate checks passed: an nftables table of our own that resets every
 * TCP connection to the given ports except those whose sockets carry our mark. Connections made before it stood are ended. BOOT lifetime; `nft flush ruleset`, the
 * first line of many firewall reloads, removes it (seen), so whoever relies on it asks gate_closed() and counts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define GATE_MARK 0x43475241u   /* "CGRA": SO_MARK of our own sockets */

struct gate {
	const char *name;       /* table name: "crossgrade_<lock hash>"; letters, digits, '_' */
	uint16_t    ports[16];
	size_t      n_ports;
};

/* 1 when nft is there and a table can be made (made in check mode only), 0 with the reason in why, -kind. */
int gate_usable(char *why, size_t n, struct err *e) must_check;
/* 1 nobody is answered any more, 0 nobody comes in, but this kernel cannot end connections: who asked before may still be answered; -kind.
 * Idempotent. */
int gate_close(const struct gate *g, struct err *e) must_check;
int gate_open(const struct gate *g, struct err *e) must_check;          /* idempotent; absent is fine */
int gate_closed(const struct gate *g, struct err *e) must_check;        /* 1 our table stands with our rule, 0 no, -kind */
int gate_mark_socket(int fd, struct err *e) must_check;
/* The mark for connections that must pass: GATE_MARK, or 0 where we may set none (it wants CAP_NET_ADMIN) and so no gate of
 * ours can stand either. */
uint32_t gate_mark(void);
