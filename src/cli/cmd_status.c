#include "cli/command.h"
#include "view/status_text.h"

#define TEXT_MAX (8u << 20)

int cmd_status(struct call *c, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	struct style style = out_style(&c->out);
	autojson json_t *doc = NULL;

	if (world_status(&c->opts, &doc, e) < 0)
		return exit_of(e);
	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "status", take_ptr(doc));
		return EXIT_DONE;
	}
	view_status(doc, &style, &text);
	out_text(&c->out, buf_sv(&text));
	return EXIT_DONE;
}
