/* Dumps of event actions: read and written unchanged they are the same bytes; with every action translated they are a dump again,
 * of as many. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "io/file.h"
#include "io/json_splice.h"
#include "products/sftpgo/event_dump.h"
#include "products/sftpgo/event_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_MAX (16u << 20)

struct pass {
	struct event_judge judge;
	struct buf out;
	int actions, rules;
};

static int to_buf(void *arg, struct sv bytes, struct err *e)
{
	struct pass *p = arg;

	buf_add_sv(&p->out, bytes);
	return buf_check(&p->out, "what is passed", e);
}

static int count_action(void *arg, struct sv text, const json_t *value, struct buf *ret, struct err *e)
{
	struct pass *p = arg;

	p->actions++;
	return 0;
}

static int count_rule(void *arg, struct sv text, const json_t *value, struct buf *ret, struct err *e)
{
	struct pass *p = arg;

	p->rules++;
	return 0;
}

static int translate(void *arg, struct sv text, const json_t *action, struct buf *ret, struct err *e)
{
	autojson json_t *made = json_copy((json_t *)action), *told = NULL;
	struct template_action t = { 0 };
	struct pass *p = arg;

	p->actions++;
	if (event_translate(&p->judge, action, &t, e) < 0)
		return -(int)e->kind;
	told = event_action_json(&p->judge, action, &t);
	if (t.findings.n && json_array_size(json_object_get(told, "findings")) != t.findings.n)
		abort();
	if (t.options)
		json_object_set(made, "options", t.options);
	template_action_done(&t);
	json_splice(text, action, made, ret);
	return 0;
}

static int walk(struct sv text, event_dump_seen action, struct pass *p)
{
	const struct event_dump_watch watch = { .action = action, .rule = count_rule, .sink = to_buf, .arg = p };
	autoclose int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct err e = ERR_INIT;
	int r;

	p->actions = p->rules = 0;
	buf_reset(&p->out);
	if (fd < 0 || file_write_all(fd, text.p, text.n, "input", &e) < 0)
		return -1;
	r = event_dump_walk(fd, "input", &watch, &e);
	if (r < 0 && !e.msg[0])
		abort();
	return r;
}

static void look(struct sv text, struct pass *first, struct pass *second)
{
	if (walk(text, count_action, first) < 0)
		return;
	if (first->out.len != text.n || memcmp(buf_str(&first->out), text.p, text.n))
		abort();
	if (walk(text, translate, second) < 0)
		return;
	if (walk(buf_sv(&second->out), count_action, first) < 0 || first->actions != second->actions || first->rules != second->rules)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct template_world *world = template_world_new();
	struct pass first = { .out = BUF_MAX(OUT_MAX) }, second = { .out = BUF_MAX(OUT_MAX) };

	second.judge = (struct event_judge){ .world = world, .asked.release = { 6 + (int)(size & 1), 5 } };
	look((struct sv){ (const char *)data, size }, &first, &second);
	buf_done(&first.out);
	buf_done(&second.out);
	template_world_free(world);
	return 0;
}
