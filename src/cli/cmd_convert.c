#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/signals.h"
#include "cli/subject.h"
#include "engine/product.h"
#include "view/translation_html.h"
#include "view/translation_text.h"

#define DOCUMENT_MAX (64u << 20)

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
	return 0;
}

/* What is read is never what is written. */
static int want_another(const char *path, const struct stat *source, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == 0 && st.st_dev == source->st_dev && st.st_ino == source->st_ino)
		return err_set(e, ERR_USAGE, "'%s' is the file that is to be read", path);
	return 0;
}

/* A report of ours may be there from the last time; nothing else is written over. */
static bool is_report(const char *path)
{
	static const char *const heads[] = { TRANSLATION_PAGE_HEAD, "{\n  \"schema\": \"crossgrade/translation/1\"," };
	struct err ignored = ERR_INIT;
	autoclose int fd = -1;
	struct stat st;
	char head[256];
	ssize_t n;

	fd = file_open_path(path, &st, &ignored);
	n = fd < 0 ? -1 : read(fd, head, sizeof head);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		if (n >= (ssize_t)strlen(heads[i]) && !memcmp(head, heads[i], strlen(heads[i])))
			return true;
	}
	return false;
}

static int is_there(struct err *e)
{
	return e->kind == ERR_EXISTS ? err_hint(e, "name another file, or take that one away") : -(int)e->kind;
}

static int open_out(const char *given, const struct stat *source, struct new_file *ret, struct err *e)
{
	autofree char *path = path_absolute(given);

	if (want_another(path, source, e) < 0)
		return -(int)e->kind;
	return new_file_open(path, 0600, ret, e) < 0 ? is_there(e) : 0;
}

static int open_report(const char *given, const struct stat *source, struct new_file *ret, struct err *e)
{
	autofree char *path = given ? path_absolute(given) : NULL;
	int r;

	if (!path)
		return 0;
	if (want_another(path, source, e) < 0)
		return -(int)e->kind;
	r = is_report(path) ? new_file_open_over(path, 0600, ret, e) : new_file_open(path, 0600, ret, e);
	return r < 0 ? is_there(e) : 0;
}

static const char *leaf_of(const struct new_file *f)
{
	return strrchr(f->path, '/') + 1;
}

/* Two spellings of one path are one file. */
static int want_two(const struct job *j, struct err *e)
{
	struct stat out, report;

	if (!j->report.path || fstat(j->out.dir.fd, &out) < 0 || fstat(j->report.dir.fd, &report) < 0)
		return 0;
	if (out.st_dev == report.st_dev && out.st_ino == report.st_ino && !strcmp(leaf_of(&j->out), leaf_of(&j->report)))
		return err_set(e, ERR_USAGE, "'%s' cannot be both the new file and the report", j->out.path);
	return 0;
}

/* ---- the report ---- */

static bool is_json(const char *path)
{
	return sv_ends(sv_of(path), ".json");
}

static int to_report(void *arg, struct sv text, struct err *e)
{
	struct job *j = arg;

	return new_file_write(&j->report, text, e);
}

static int write_json(struct job *j, struct err *e)
{
	autojson json_t *doc = doc_of_kind("translation", j->doc);
	autobuf struct buf text = BUF_MAX(DOCUMENT_MAX);

	json_pretty(doc, &text);
	return buf_check(&text, "the report", e) < 0 ? -(int)e->kind : to_report(j, buf_sv(&text), e);
}

static int write_report(struct job *j, struct err *e)
{
	int r;

	if (!j->report.path)
		return 0;
	r = is_json(j->report.path) ? write_json(j, e) : view_translation_html(j->doc, to_report, j, e);
	return r < 0 ? r : new_file_finish(&j->report, e);
}

/* Both files are whole before either has its name; the report first, which may stand alone: a failure is a file not written. */
static int keep(struct job *j, bool written, struct err *e)
{
	if ((written && new_file_finish(&j->out, e) < 0) || write_report(j, e) < 0)
		return -(int)e->kind;
	signals_will("the new file and its report get their names");
	if (j->report.path && new_file_keep(&j->report, e) < 0)
		return -(int)e->kind;
	return written ? new_file_keep(&j->out, e) : 0;
}

/* ---- the answer ---- */

static int exit_code(const struct call *c, const json_t *doc, bool written)
{
	const json_t *lists = json_object_get(doc, "lists");
	bool waits = json_array_size(json_object_get(lists, "held")) || json_array_size(json_object_get(lists, "set_inactive"));

	if (!written)
		return EXIT_BLOCKED;
	return waits && args_has(&c->args, OPT_DETAILED_EXITCODE) ? EXIT_PENDING : EXIT_DONE;
}

static int to_answer(void *arg, struct sv text, struct err *e unused_arg)
{
	out_text(arg, text);
	return 0;
}

static int tell(struct call *c, struct job *j, bool written, struct err *e)
{
	struct style style = out_style(&c->out);
	int exit = exit_code(c, j->doc, written);

	json_object_set_new(j->doc, "exit", json_integer(exit));
	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "translation", take_ptr(j->doc));
		return exit;
	}
	return view_translation(j->doc, &style, to_answer, &c->out, e) < 0 ? -(int)e->kind : exit;
}

/* ---- all of it ---- */

static int convert(struct call *c, struct job *j, struct err *e)
{
	struct convert_ask ask = { .file = j->file, .from_version = c->args.value[OPT_FROM_VERSION], .accept = c->accept,
				   .settled = c->args.value[OPT_SETTLED], .strict = args_has(&c->args, OPT_STRICT) };
	struct stat source;
	autoclose int fd = file_open_path(j->file, &source, e);
	bool written;

	ask.fd = fd;
	if (fd < 0 || open_out(c->args.value[OPT_OUT], &source, &j->out, e) < 0 ||
	    open_report(c->args.value[OPT_REPORT], &source, &j->report, e) < 0 || want_two(j, e) < 0 ||
	    j->converter->convert(&ask, &j->out, &j->doc, e) < 0)
		return -(int)e->kind;
	written = !strcmp(json_str(j->doc, "outcome", ""), "written");
	json_object_set_new(j->doc, "out", json_text(written ? j->out.path : NULL));
	return keep(j, written, e) < 0 ? -(int)e->kind : tell(c, j, written, e);
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
