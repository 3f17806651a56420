/* The kernel's TCP sockets, of our network namespace, by sock_diag(7). */
#pragma once

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdint.h>

#include "base/err.h"

/* One socket of an answer: `one` has a whole struct inet_diag_msg, and attributes behind it. */
typedef int sock_diag_visit(void *arg, const struct nlmsghdr *one, struct err *e);

/* *ret is the caller's to close; an answer is waited for at most 10 s. */
int sock_diag_open(int *ret, struct err *e) must_check;
/* Every socket in one of these states (1 << TCP_LISTEN ..). ERR_CHANGED when the kernel says its answer is not whole. */
int sock_diag_each(int fd, int family, uint32_t states, sock_diag_visit *visit, void *arg, struct err *e) must_check;
/* The same of one answer of the kernel's, as it came: 1 it was the last, 0 more come, -kind it is not to be believed. Only thinks. */
int sock_diag_told(const void *answer, size_t size, sock_diag_visit *visit, void *arg, struct err *e) must_check;
/* Ends a connection, whoever has it open: both ends get an error at once, and nothing that was sent goes on its way. One that is gone by
 * itself is no error; EOPNOTSUPP: a kernel without CONFIG_INET_DIAG_DESTROY. */
int sock_diag_destroy(int fd, const struct inet_diag_msg *of, struct err *e) must_check;
