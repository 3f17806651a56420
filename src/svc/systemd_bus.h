/* Parts of the service kind "systemd", each with a file of its own. */
#pragma once

#include <systemd/sd-bus.h>

#include "base/mem.h"
#include "svc/service.h"

#define MANAGER_NAME  "org.freedesktop.systemd1"
#define MANAGER_PATH  "/org/freedesktop/systemd1"
#define MANAGER_IFACE "org.freedesktop.systemd1.Manager"
#define UNIT_IFACE    "org.freedesktop.systemd1.Unit"
#define SERVICE_IFACE "org.freedesktop.systemd1.Service"
#define JOB_IFACE     "org.freedesktop.systemd1.Job"

struct systemd {
	sd_bus *bus; /* opened when first needed */
	char *unit;
	char *path; /* the unit's object */
};

static inline void bus_error_done(sd_bus_error *b)
{
	sd_bus_error_free(b);
}
#define autobuserr cleanup_with(bus_error_done)

static inline void message_done(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}
#define automsg cleanup_with(message_done)

/* -kind of an answer r < 0. */
int systemd_fail(struct err *e, int r, const sd_bus_error *b, const char *doing);
/* The bus open, the unit loaded. */
int systemd_connect(struct service *s, struct systemd **ret, struct err *e) must_check;
/* A property; *ret is freed before. */
int systemd_text(struct systemd *own, const char *iface, const char *name, char **ret, struct err *e) must_check;

/* systemd_record.c: a property of texts, new; and service_ops.record */
int systemd_list(struct systemd *own, const char *iface, const char *name, json_t **ret, struct err *e) must_check;
int systemd_record(struct service *s, json_t **ret, struct err *e) must_check;
