/* TCP connections to this host or a neighbour by numeric address, with our mark and a deadline. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"

/* A connected, non-blocking descriptor, or -kind. mark: SO_MARK of the socket, 0: none. ERR_REFUSED: nobody listens, or the
 * connection is reset; ERR_USAGE: no numeric address; ERR_TIMEOUT. */
int tcp_connect(const char *host, uint16_t port, uint32_t mark, struct deadline d, struct err *e) must_check;

/* Of such a descriptor: readable or writable (POLLIN, POLLOUT), or ERR_TIMEOUT. */
int tcp_wait(int fd, short events, struct deadline d, struct err *e) must_check;
/* All of it. ERR_REFUSED when the other side ends before. */
int tcp_send(int fd, struct sv bytes, struct deadline d, struct err *e) must_check;
int tcp_receive(int fd, void *to, size_t n, struct deadline d, struct err *e) must_check;
/* A line without its end, appended to ret, whose ceiling holds. ERR_REFUSED also when the other side ends before a whole one. */
int tcp_line(int fd, struct deadline d, struct buf *ret, struct err *e) must_check;

/* The first line that a server says unasked (RFC 4253, 4.2: "SSH-2.0-..."; 220 of FTP and mail); then the connection ends. */
int tcp_banner(const char *host, uint16_t port, uint32_t mark, struct deadline d, struct buf *ret, struct err *e) must_check;
