/* The server that is known by the TCP ports it listens on: the process of our network namespace that has one of them open,
 * whatever the address. */
#pragma once

#include "io/cmd.h"

#define LISTENER_PORTS_MAX 16

/* LISTENER_SEVERAL: processes of which none is a parent of all the others listen, each on some of the ports: not to be
 * guessed which is the server. */
enum listener { LISTENER_NONE, LISTENER_ONE, LISTENER_SEVERAL };

/* `known`, when it lives (pid 0: nobody), is looked at first: only where it does not have every listening socket open are
 * the descriptors of all processes read. Of a process and its children that share sockets the parent is told. Returns an
 * enum listener: ONE with *ret, SEVERAL with `why`. ERR_BUSY when who listens cannot be seen for a second (another pid
 * namespace). */
int listener_find(const uint16_t *ports, size_t n, struct process_id known, struct process_id *ret, char *why,
                  size_t n_why, struct err *e) must_check;
