/* The translator of event actions on any text: it always comes to an end, in a template whose
 * actions are well-formed and which the dot pass leaves alone. */
#include "products/sftpgo/dot_pass.h"
#include "products/sftpgo/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD 4 /* release, context, triggers, the rest */

/* Every "{{" begins an action, and none is in a quoted string. */
static bool well_formed(struct sv s)
{
	bool inside = false, quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		bool pair = i + 1 < s.n && s.p[i] == s.p[i + 1];

		if (pair && s.p[i] == '{') {
			if (inside || i + 2 >= s.n || s.p[i + 2] != ' ')
				return false;
			inside = true;
			i++;
		} else if (inside && s.p[i] == '"') {
			quoted = !quoted;
		} else if (quoted && s.p[i] == '\\') {
			i++;
		} else if (inside && !quoted && pair && s.p[i] == '}') {
			inside = false;
			i++;
		}
	}
	return !inside && !quoted;
}

static void check(const struct template_text *t, struct sv text)
{
	autobuf struct buf dotted = BUF_MAX(TEMPLATE_MAX);

	if (!well_formed(buf_sv(&t->text)))
		abort();
	dot_pass_text(buf_sv(&t->text), &dotted);
	if (dotted.len != t->text.len || memcmp(buf_str(&dotted), buf_str(&t->text), dotted.len))
		abort();
	vec_each (&t->findings, f) {
		if (f->at + f->len > text.n || f->class > t->class)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct template_text t = { .text = BUF_MAX(TEMPLATE_MAX) };
	struct template_asked a = { 0 };
	struct err e = ERR_INIT;
	struct sv text;

	if (size < HEAD)
		return 0;
	text = (struct sv){ (const char *)data + HEAD, size - HEAD };
	a.release = (struct template_release){ data[0] & 1 ? 7 : 6, (data[0] >> 1) % 8 - 1 };
	a.triggers = (unsigned)data[2] | ((unsigned)data[3] & 3) << 8;
	a.object_data = data[3] & 4;
	a.local_time = data[3] & 8;
	memset(a.settled, data[3] >> 4 & 3, sizeof a.settled);
	if (template_translate(&a, text, data[1] % TEMPLATE_CONTEXT__MAX, &t, &e) == 0)
		check(&t, text);
	else if (!e.msg[0])
		abort();
	template_text_done(&t);
	return 0;
}
