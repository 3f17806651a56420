/* TCP connections to this host or a neighbour by numeric address, with our mark and a deadline. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"

/* A connected, non-blocking descriptor, or -kind. mark: SO_MARK of the socket, 0: none. ERR_REFUSED: nobody listens, or the
 * connection is reset; ERR_USAGE: no numeric address; ERR_TIMEOUT. */
int tcp_connect(const char *host, uint16_t port, uint32_t mark, struct deadline d, struct err *e) must_check;

/* The first line that a server says unasked (RFC 4253, 4.2: "SSH-2.0-..."; 220 of FTP and mail), without its line end, appended
 * to ret whose ceiling holds; then the connection ends. ERR_REFUSED also when it ends before a whole line. */
int tcp_banner(const char *host, uint16_t port, uint32_t mark, struct deadline d, struct buf *ret, struct err *e) must_check;
