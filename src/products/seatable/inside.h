/* Programs inside the containers of an installation, by `docker exec`, never with a terminal: one would make an empty dump without
 * a keyboard, and "\r\n" of "\n" with one (facts of the vendor's cron examples).
 *
 * The one secret there is goes in as the variable MYSQL_PWD, which docker takes from our own environment by its name alone: it stands in
 * no command line, here or in the container. */
#pragma once

#include "base/secret.h"
#include "io/cmd.h"

struct inside {
	const char *container;          /* name or id */
	const char *const *argv;
	const struct secret *password;  /* of a database; NULL none */
	struct sv in;                   /* or in_fd, as struct cmd */
	int in_fd, out_fd;
	int64_t within_ns;              /* 0: one minute */
	const struct cancel *cancel;    /* as struct cmd */
	size_t out_max;                 /* 0: 64 KiB */
};

/* What it says to ret_out, NULL when nobody wants to know. ERR_REFUSED with its own words when it ends with another status than 0; ERR_ABSENT
 * no such container, or none that runs; ERR_SPACE the disk is full, or it says more than out_max; ERR_TIMEOUT. */
int inside_run(const struct inside *what, struct buf *ret_out, struct err *e) must_check;
