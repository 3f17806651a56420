#include "engine/container_logs.h"

#include "engine/event.h"
#include "io/file.h"
#include "svc/container.h"

#define LOG_MAX ((size_t)4 << 20)

void keep_container_logs(struct ctx *c, const json_t *seen)
{
	const char *name = json_str(seen, "Name", "/container");
	autofree char *rel = xasprintf("logs/%s-%s.log", c->run, name + (name[0] == '/'));
	autobuf struct buf log = BUF_MAX(LOG_MAX);
	struct err e = ERR_INIT;

	if (container_logs(json_str(seen, "Id", ""), &log, &e) < 0 || !log.len || dir_make_all(&c->state, "logs", 0700, &e) < 0 ||
	    file_replace(&c->state, rel, buf_sv(&log), FILE_PRIVATE, &e) < 0)
		return;
	event_emit(c->events, "note", json_pack("{ss ss}", "text", "what the new container wrote is kept", "file", rel));
}
