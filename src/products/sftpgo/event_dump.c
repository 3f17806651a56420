#include "products/sftpgo/event_dump.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define NAME_MAX_BYTES 4096 /* of a member of the dump itself */

struct walk {
	struct json_stream stream;
	const struct event_dump_watch *watch;
	struct buf name, text, instead;
	bool seen[5]; /* sections, in the order of the table */
};

static int one_value(struct walk *w, event_dump_seen seen, const json_t *value, struct err *e)
{
	struct sv text = buf_sv(&w->text);

	buf_reset(&w->instead);
	if (seen && (seen(w->watch->arg, text, value, &w->instead, e) < 0 || buf_check(&w->instead, "what is written instead", e) < 0))
		return -(int)e->kind;
	return json_stream_put(&w->stream, w->instead.len ? buf_sv(&w->instead) : text, e);
}

static int taken(struct walk *w, const char *what, json_t **ret, struct err *e)
{
	buf_reset(&w->text);
	if (json_stream_take(&w->stream, &w->text, e) < 0)
		return e->kind == ERR_SPACE && w->text.full ? err_set(e, ERR_SPACE, "%s of '%s' is larger than %u bytes", what,
								      w->stream.what, EVENT_OBJECT_MAX)
							    : -(int)e->kind;
	return json_parse(buf_sv(&w->text), what, ret, e);
}

static int version(struct walk *w, event_dump_seen seen, const char *what, struct err *e)
{
	autojson json_t *value = NULL;

	if (taken(w, what, &value, e) < 0)
		return -(int)e->kind;
	if (!json_is_integer(value))
		return err_set(e, ERR_FORMAT, "the 'version' of '%s' is no number", w->stream.what);
	return one_value(w, seen, value, e);
}

static int whole(struct walk *w, event_dump_seen seen, const char *what, struct err *e)
{
	autojson json_t *value = NULL;

	return taken(w, what, &value, e) < 0 ? -(int)e->kind : one_value(w, seen, value, e);
}

/* ---- names of members ---- */

/* What is read of actions and rules, here and by the translation (template_action.c). */
static const char *const members[] = {
	"name", "type", "status", "trigger", "conditions", "actions", "order", "relation_options", "is_failure_action", "execute_sync",
	"stop_on_failure", "fs_events", "provider_events", "provider_objects", "protocols", "options", "http_config", "cmd_config",
	"email_config", "fs_config", "idp_config", "endpoint", "method", "timeout", "query_parameters", "headers", "key", "value",
	"username", "password", "body", "parts", "filepath", "args", "env_vars", "recipients", "bcc", "subject", "content_type",
	"attachments", "renames", "deletes", "mkdirs", "exist", "compress", "paths", "copy", "template_user", "template_admin",
};

/* Go also takes the long s for an s, and the sign of Kelvin for a k. */
static char letter(const char **p)
{
	static const char long_s[] = "\u017f", kelvin[] = "\u212a";

	if (!strncmp(*p, long_s, sizeof long_s - 1)) {
		*p += sizeof long_s - 1;
		return 's';
	}
	if (!strncmp(*p, kelvin, sizeof kelvin - 1)) {
		*p += sizeof kelvin - 1;
		return 'k';
	}
	return (char)tolower((unsigned char)*(*p)++);
}

static bool is_taken_for(const char *name, const char *member)
{
	while (*name && *member) {
		if (letter(&name) != *member++)
			return false;
	}
	return !*name && !*member;
}

/* NULL: it is no other spelling of a member that is read. */
static const char *meant_by(const char *name)
{
	if (!name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (is_taken_for(name, members[i]))
			return members[i];
	}
	return NULL;
}

/* SFTPGo reads a member whatever its case; what is passed over here for that would run untranslated. */
static int want_spelling(const json_t *value, const char *what, struct err *e)
{
	const char *name, *meant;
	json_t *below;
	size_t i;

	json_array_foreach((json_t *)value, i, below)
	{
		if (want_spelling(below, what, e) < 0)
			return -(int)e->kind;
	}
	json_object_foreach((json_t *)value, name, below)
	{
		meant = meant_by(name);
		if (meant) {
			err_set(e, ERR_FORMAT, "%s has '%s', which SFTPGo takes for '%s'", what, name, meant);
			return err_hint(e, "write it as SFTPGo does, in small letters");
		}
		if (want_spelling(below, what, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

/* ---- sections ---- */

static int named(struct walk *w, event_dump_seen seen, const char *what, struct err *e)
{
	autojson json_t *value = NULL;

	if (taken(w, what, &value, e) < 0)
		return -(int)e->kind;
	if (want_spelling(value, what, e) < 0)
		return -(int)e->kind;
	if (!*json_str(value, "name", ""))
		return err_set(e, ERR_FORMAT, "%s has no name", what);
	return one_value(w, seen, value, e);
}

/* A section may be null; what is wrong in it is told with the number of the element. */
static int list(struct walk *w, event_dump_seen seen, const char *what, struct err *e)
{
	char kind, each[64];
	int more;

	if (json_stream_kind(&w->stream, &kind, e) < 0)
		return -(int)e->kind;
	if (kind == 'n')
		return json_stream_skip(&w->stream, e);
	if (json_stream_enter(&w->stream, '[', e) < 0)
		return -(int)e->kind;
	for (size_t n = 1; (more = json_stream_element(&w->stream, e)) > 0; n++) {
		snprintf(each, sizeof each, "%s %zu", what, n);
		if (named(w, seen, each, e) < 0)
			return -(int)e->kind;
	}
	return more;
}

/* As Go reads names: escapes are undone, and letters may be of either case. */
static bool is_section(const struct buf *name, const char *section)
{
	autofree char *quoted = NULL;
	autojson json_t *plain = NULL;

	if (!memchr(buf_str(name), '\\', name->len))
		return !strcasecmp(buf_str(name), section);
	quoted = xasprintf("\"%s\"", buf_str(name));
	plain = json_loads(quoted, JSON_DECODE_ANY, NULL);
	return plain && !strcasecmp(json_string_value(plain), section);
}

static int member(struct walk *w, struct err *e)
{
	const struct {
		const char *name, *what;
		int (*read)(struct walk *, event_dump_seen, const char *, struct err *);
		event_dump_seen seen;
	} sections[ARRAY_LEN(w->seen)] = {
		{ "version", "the version", version, w->watch->version },
		{ "event_actions", "event action", list, w->watch->action },
		{ "event_rules", "event rule", list, w->watch->rule },
		{ EVENT_DUMP_FROM, "the release", whole, w->watch->taken_from },
		{ EVENT_DUMP_PAUSED, "the list of rules", whole, w->watch->paused },
	};

	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (!is_section(&w->name, sections[i].name))
			continue;
		if (w->seen[i])
			return err_set(e, ERR_FORMAT, "'%s' has '%s' twice", w->stream.what, sections[i].name);
		w->seen[i] = true;
		return sections[i].read(w, sections[i].seen, sections[i].what, e);
	}
	return json_stream_skip(&w->stream, e);
}

static int all(struct walk *w, struct err *e)
{
	int more;

	if (json_stream_enter(&w->stream, '{', e) < 0)
		return -(int)e->kind;
	while ((more = json_stream_member(&w->stream, &w->name, e)) > 0) {
		if (member(w, e) < 0)
			return -(int)e->kind;
	}
	if (more < 0 || json_stream_end(&w->stream, e) < 0)
		return -(int)e->kind;
	return w->seen[0] ? 0 : err_set(e, ERR_FORMAT, "'%s' is no dump of SFTPGo's: it has no 'version'", w->stream.what);
}

int event_dump_walk(int fd, const char *what, const struct event_dump_watch *watch, struct err *e)
{
	struct walk *w = xcalloc(1, sizeof *w);
	int r;

	w->watch = watch;
	w->name = (struct buf)BUF_MAX(NAME_MAX_BYTES);
	w->text = (struct buf)BUF_MAX(EVENT_OBJECT_MAX);
	w->instead = (struct buf)BUF_MAX(4 * EVENT_OBJECT_MAX);
	json_stream_init(&w->stream, fd, what, watch->sink, watch->arg);
	r = lseek(fd, 0, SEEK_SET) < 0 ? err_sys(e, errno, "read '%s'", what) : all(w, e);
	buf_done(&w->name);
	buf_done(&w->text);
	buf_done(&w->instead);
	free(w);
	return r;
}
