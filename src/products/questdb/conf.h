/* What a server is set to: conf/server.conf with the QDB_* variables of its environment on top.
 * Only keys that are set somewhere are known here; defaults are the release's own. */
#pragma once

#include "io/dir.h"
#include "io/json.h"

struct conf {
	json_t *keys;    /* {canonical key: {"value","from","env","secret","file","overrides"}}, as
			    QF_CONF */
	json_t *aliases; /* {written key: canonical key} */
	json_t *duplicates; /* {key: how many others} */
};
#define autoconf cleanup_with(conf_done)

/* text: bytes of server.conf; env: NULL-ended "K=V", may be NULL. */
int conf_read(struct sv text, char *const *env, struct conf *ret, struct err *e) must_check;
void conf_done(struct conf *c);

/* Borrowed; `absent` when not set, or a secret. */
const char *conf_str(const struct conf *c, const char *key, const char *absent);
bool conf_bool(const struct conf *c, const char *key, bool absent);
bool conf_has(const struct conf *c, const char *key);

/* Host and port of an endpoint's bind key: "0.0.0.0:9000" when absent; "9000" alone is a port. */
void conf_bind(const struct conf *c, const char *key, uint16_t absent_port, char *host, size_t n,
	       uint16_t *ret_port);

/* A key of server.conf, or a QDB_* variable, whose value must not be seen. */
bool conf_is_secret(const char *key);
/* Key that a QDB_* variable sets; NULL for variables that are none ("QDB_ROOT"). Heap. */
char *conf_key_of_env(const char *name) must_check;
