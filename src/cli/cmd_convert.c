#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/signals.h"
#include "cli/subject.h"
#include "engine/product.h"
#include "view/translation_html.h"
#include "view/translation_text.h"

#define TEXT_MAX (64u << 20)

struct job {
	const struct converter *converter;
	const char *file;
	struct new_file out, report;            /* report: path NULL when none is asked for */
	json_t *doc;
};

/* ---- what is asked ---- */

/* "sftpgo-events": a product's name and its converter's. */
static const struct converter *converter_named(const char *what)
{
	for (size_t i = 0; products[i]; i++) {
		for (const struct converter *it = products[i]->converters; it && it->name; it++) {
			autofree char *name = xasprintf("%s-%s", products[i]->name, it->name);

			if (!strcmp(name, what))
				return it;
		}
	}
	return NULL;
}

static int unknown(const char *what, struct err *e)
{
	autobuf struct buf all = BUF_MAX(200);

	for (size_t i = 0; products[i]; i++) {
		for (const struct converter *it = products[i]->converters; it && it->name; it++)
			buf_addf(&all, "%s%s-%s", all.len ? ", " : "", products[i]->name, it->name);
	}
	if (what)
		err_set(e, ERR_USAGE, "'%s' is nothing that can be converted", what);
	else
		err_set(e, ERR_USAGE, "there is nothing to convert");
	return err_hint(e, "crossgrade convert WHAT FILE -o OUT; there is %s", buf_str(&all));
}

static int want_two(const char *out, const char *report, struct err *e)
{
	autofree char *a = path_absolute(out), *b = report ? path_absolute(report) : NULL;

	return b && !strcmp(a, b) ? err_set(e, ERR_USAGE, "'%s' cannot be both the new file and the report", out) : 0;
}

static int want_words(const struct call *c, struct job *ret, struct err *e)
{
	const char *what = call_operand(c, 0);

	ret->converter = what ? converter_named(what) : NULL;
	ret->file = call_operand(c, 1);
	if (!ret->converter)
		return unknown(what, e);
	if (!ret->file)
		return err_set(e, ERR_USAGE, "the file to convert is not named");
	if (!c->args.value[OPT_OUT])
		return err_set(e, ERR_USAGE, "the new file is not named: -o OUT");
	return want_two(c->args.value[OPT_OUT], c->args.value[OPT_REPORT], e);
}

/* What is read is never what is written. */
static int want_another(const char *path, const struct stat *source, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == 0 && st.st_dev == source->st_dev && st.st_ino == source->st_ino)
		return err_set(e, ERR_USAGE, "'%s' is the file that is to be read", path);
	return 0;
}

static int open_new(const char *given, const struct stat *source, struct new_file *ret, struct err *e)
{
	autofree char *path = given ? path_absolute(given) : NULL;

	if (!path)
		return 0;
	if (want_another(path, source, e) < 0)
		return -(int)e->kind;
	if (new_file_open(path, 0600, ret, e) < 0)
		return e->kind == ERR_EXISTS ? err_hint(e, "name another file, or take that one away") : -(int)e->kind;
	return 0;
}

/* ---- the report ---- */

static bool is_json(const char *path)
{
	return sv_ends(sv_of(path), ".json");
}

static int write_report(struct job *j, struct err *e)
{
	autojson json_t *doc = doc_of_kind("translation", j->doc);
	autobuf struct buf text = BUF_MAX(TEXT_MAX);

	if (!j->report.path)
		return 0;
	if (is_json(j->report.path))
		json_pretty(doc, &text);
	else
		view_translation_html(doc, &text);
	if (buf_check(&text, "the report", e) < 0 || new_file_write(&j->report, buf_sv(&text), e) < 0)
		return -(int)e->kind;
	return new_file_finish(&j->report, e);
}

/* Both files are whole before either has its name. */
static int keep(struct job *j, bool written, struct err *e)
{
	if ((written && new_file_finish(&j->out, e) < 0) || write_report(j, e) < 0)
		return -(int)e->kind;
	signals_will("the new file and its report get their names");
	if (written && new_file_keep(&j->out, e) < 0)
		return -(int)e->kind;
	return j->report.path ? new_file_keep(&j->report, e) : 0;
}

static int tell(struct call *c, struct job *j, bool written)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	struct style style = out_style(&c->out);
	int exit = written ? EXIT_DONE : EXIT_BLOCKED;

	json_object_set_new(j->doc, "exit", json_integer(exit));
	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "translation", take_ptr(j->doc));
		return exit;
	}
	view_translation(j->doc, &style, &text);
	out_text(&c->out, buf_sv(&text));
	return exit;
}

/* ---- all of it ---- */

static int convert(struct call *c, struct job *j, struct err *e)
{
	struct convert_ask ask = { .file = j->file, .from_version = c->args.value[OPT_FROM_VERSION], .accept = c->accept,
				   .strict = args_has(&c->args, OPT_STRICT) };
	struct stat source;
	autoclose int fd = file_open_path(j->file, &source, e);
	bool written;

	ask.fd = fd;
	if (fd < 0 || open_new(c->args.value[OPT_OUT], &source, &j->out, e) < 0 ||
	    open_new(c->args.value[OPT_REPORT], &source, &j->report, e) < 0 || j->converter->convert(&ask, &j->out, &j->doc, e) < 0)
		return -(int)e->kind;
	written = !strcmp(json_str(j->doc, "outcome", ""), "written");
	json_object_set_new(j->doc, "out", written ? json_string(j->out.path) : json_null());
	return keep(j, written, e) < 0 ? -(int)e->kind : tell(c, j, written);
}

/* A file that is none of its kind, or is not there, is the caller's mistake. */
static int exit_of_convert(const struct err *e)
{
	return e->kind == ERR_FORMAT || e->kind == ERR_ABSENT || e->kind == ERR_REFUSED ? EXIT_USAGE : exit_of(e);
}

int cmd_convert(struct call *c, struct err *e)
{
	struct job j = { .out = NEW_FILE_NONE, .report = NEW_FILE_NONE };
	int r = want_words(c, &j, e);

	if (r >= 0)
		r = convert(c, &j, e);
	new_file_done(&j.out);
	new_file_done(&j.report);
	json_decref(j.doc);
	return r < 0 ? exit_of_convert(e) : r;
}
