#include "engine/container_logs.h"

#include <ctype.h>
#include <string.h>

#include "engine/event.h"
#include "engine/product.h"
#include "io/file.h"
#include "svc/container.h"

#define LOG_MAX    ((size_t)4 << 20)
#define SECRET_MIN 4    /* shorter, it would blot out everything */

static void cut(struct buf *log, const char *secret, size_t n)
{
	char *at = log->data, *end = log->data + log->len;

	while ((at = memmem(at, (size_t)(end - at), secret, n)) != NULL) {
		memset(at, '*', n);
		at += n;
	}
}

static bool ends_address(char c)
{
	return isspace((unsigned char)c) || c == '\'' || c == '"';
}

/* "//user:password@host". A password may hold an '@' itself, so it ends at the last one. */
static void cut_addresses(struct buf *log)
{
	char *at = log->data, *end = log->data + log->len;

	while ((at = memmem(at, (size_t)(end - at), "//", 2)) != NULL) {
		char *colon = NULL, *host = NULL;

		for (at += 2; at < end && !ends_address(*at); at++) {
			if (*at == ':' && !colon)
				colon = at;
			else if (*at == '@')
				host = at;
		}
		if (colon && host > colon)
			memset(colon + 1, '*', (size_t)(host - colon - 1));
	}
}

void container_log_cut(const struct product *p, const json_t *seen, struct buf *log)
{
	const json_t *pair;
	size_t i;

	if (!log->len)
		return;
	json_array_foreach(json_object_get(json_object_get(seen, "Config"), "Env"), i, pair) {
		struct sv value = sv_of(json_string_value(pair)), key = sv_cut(&value, '=');
		autofree char *name = sv_dup(key);

		if (value.n >= SECRET_MIN && p->secret_key && p->secret_key("", name))
			cut(log, value.p, value.n);
	}
	cut_addresses(log);
}

void keep_container_logs(struct ctx *c, const json_t *seen)
{
	const char *name = json_str(seen, "Name", "/container");
	autofree char *rel = xasprintf("logs/%s-%s.log", c->run, name + (name[0] == '/'));
	autobuf struct buf log = BUF_MAX(LOG_MAX);
	struct err e = ERR_INIT;

	if (container_logs(json_str(seen, "Id", ""), &log, &e) < 0 || !log.len)
		return;
	container_log_cut(c->product, seen, &log);
	if (dir_make_all(&c->state, "logs", 0700, &e) < 0 ||
	    file_replace(&c->state, rel, buf_sv(&log), FILE_PRIVATE, &e) < 0)
		return;
	event_emit(c->events, "note", json_pack("{ss ss}", "text", "what the container wrote last is kept", "file", rel));
}
