#include "products/sftpgo/build.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "data/unpack.h"
#include "io/cmd.h"
#include "io/file.h"
#include "io/memory.h"
#include "io/room.h"
#include "products/sftpgo/version.h"

#define ASK_WITHIN (10 * NS_PER_S)
#define PROGRAM_MAX (512u << 20) /* of an archive: it is brought into memory */
#define PROGRAM    "sftpgo"

/* What the vendor's archive brings beside the program, and the server reads from where it lies. */
static const char *const own_entries[] = { PROGRAM, "templates", "static", "openapi", NULL };

/* ---- a program ---- */

/* "SFTPGo 2.7.5-abc12345-2026-07-17T00:00:00Z -metrics +bolt" */
static int parse_said(struct sv said, json_t **ret, struct err *e)
{
	struct sv line = sv_line(&said), word;
	json_t *features;
	char version[48];

	if (!sv_starts(line, "SFTPGo ") || !sftpgo_version_of(line, version))
		return err_set(e, ERR_FORMAT, "what it says is not SFTPGo's: '%.*s'", (int)MIN_OF(line.n, (size_t)60), line.p);
	features = json_array();
	while ((word = sv_word(&line)).n)
		if (*word.p == '+' || *word.p == '-')
			json_array_append_new(features, json_stringn(word.p, word.n));
	*ret = json_pack("{ss ss so}", "version", version, "edition", sftpgo_edition_of(version),
			 "features", features);
	return 0;
}

static int ask(const char *name, int program, uid_t uid, gid_t gid, json_t **ret, struct err *e)
{
	const char *argv[] = { name, "--version", NULL };
	struct cmd c = { .argv = argv,
			 .program = program,
			 .within_ns = ASK_WITHIN,
			 .out_max = 4096,
			 .cwd = "/",
			 .set_ids = true,
			 .uid = uid,
			 .gid = gid,
			 .die_with_us = true };
	struct cmd_result r = { 0 };
	int ok;

	if (cmd_run(&c, &r, e) < 0)
		return err_wrap(e, "ask '%s' for its version", name);
	ok = r.status ? err_set(e, ERR_FORMAT, "'%s --version' ends with status %d", name, r.status)
		      : parse_said(buf_sv(&r.out), ret, e);
	cmd_result_done(&r);
	return ok;
}

int build_ask(const char *program, uid_t uid, gid_t gid, json_t **ret, struct err *e)
{
	return ask(program, 0, uid, gid, ret, e);
}

int build_ask_open(int program, json_t **ret, struct err *e)
{
	if (ask(PROGRAM, program, BUILD_NOBODY, BUILD_NOBODY, ret, e) >= 0)
		return 0;
	return e->sys == EACCES ? err_wrap(e, "neither in memory (vm.memfd_noexec) nor below " ROOM_ABOVE " may programs be run") :
				  -(int)e->kind;
}

/* ---- an archive ---- */

/* What lies at the top, and one level down: which of the two is the build is known at the end. */
struct listing {
	char top[NAME_MAX + 1];
	bool one_top;
	struct level {
		json_t *entries;
		bool has_program;
		uint64_t program_size;
	} first, second;
};

static bool is_own(struct sv name)
{
	for (size_t i = 0; own_entries[i]; i++)
		if (sv_eq(name, own_entries[i]))
			return true;
	return false;
}

static void note_entry(struct level *l, struct sv name, bool is_file, uint64_t size)
{
	const json_t *one;
	size_t i;

	if (is_file && sv_eq(name, PROGRAM)) {
		l->has_program = true;
		l->program_size = size;
	}
	json_array_foreach(l->entries, i, one)
	{
		if (sv_eq(name, json_string_value(one)))
			return;
	}
	if (is_own(name))
		json_array_append_new(l->entries, json_stringn(name.p, name.n));
}

static int see_entry(void *data, const struct unpack_entry *a, struct err *e unused_arg)
{
	struct listing *l = data;
	struct sv rest = sv_of(a->path), first = sv_cut(&rest, '/'), second = rest, below = second;

	if (!l->top[0])
		snprintf(l->top, sizeof l->top, SV_FMT, SV_ARG(first));
	if (!sv_eq(first, l->top) || (!rest.n && a->type != 'd'))
		l->one_top = false;
	note_entry(&l->first, first, !rest.n && a->type == 'f', a->size);
	second = sv_cut(&below, '/');
	if (second.n)
		note_entry(&l->second, second, !below.n && a->type == 'f', a->size);
	return 0;
}

static int list_archive(int fd, const char *path, struct listing *l, struct err *e)
{
	struct unpack_opts whole = { 0 };
	const struct level *build;

	l->one_top = true;
	if (unpack_list(fd, path, &whole, see_entry, l, e) < 0)
		return -(int)e->kind;
	if (!l->one_top)
		l->top[0] = '\0';
	build = l->one_top ? &l->second : &l->first;
	if (!build->has_program)
		return err_set(e, ERR_FORMAT, "there is no program 'sftpgo' in it");
	return build->program_size > PROGRAM_MAX ? err_set(e, ERR_FORMAT, "the program 'sftpgo' in it is larger than any of SFTPGo's")
						 : 0;
}

/* ELF: e_machine at offset 18. elf(5) */
static const char *arch_of(int fd)
{
	unsigned char head[20];

	if (pread(fd, head, sizeof head, 0) != sizeof head || memcmp(head, "\177ELF", 4) != 0)
		return "?";
	return head[18] == 62 ? "x86_64" : head[18] == 183 ? "aarch64" : "?";
}

static const char *arch_here(void)
{
#if defined(__x86_64__)
	return "x86_64";
#elif defined(__aarch64__)
	return "aarch64";
#else
	return "?";
#endif
}

/* Into memory: nothing is left behind by a kill, no disk is filled, and nobody asks whether a directory takes programs. */
static int bring_out(int fd, const char *path, const struct listing *l, int *ret, struct err *e)
{
	autofree char *member = l->top[0] ? xasprintf("%s/" PROGRAM, l->top) : xstrdup(PROGRAM);
	autoclose int out = memory_program(PROGRAM, e);
	int sys = out < 0 ? 0 : fault_errno("sftpgo.build.bring");

	if (sys)
		err_sys(e, sys, "make room in memory");
	if (out < 0 || sys || unpack_member_file(fd, path, member, out, e) < 0 || memory_program_ready(&out, e) < 0) {
		err_wrap(e, "bring the program of '%s' into memory", path);
		return e->kind == ERR_SPACE ? err_hint(e, "free some memory: the program is asked for its version there") : -(int)e->kind;
	}
	*ret = take_fd(out);
	return 0;
}

static int ask_inside(int fd, const char *path, const struct listing *l, json_t *doc, struct err *e)
{
	autojson json_t *said = NULL;
	autoclose int program = -1;
	const char *arch;

	if (bring_out(fd, path, l, &program, e) < 0)
		return -(int)e->kind;
	arch = arch_of(program);
	json_object_set_new(doc, "arch", json_string(arch));
	if (strcmp(arch, arch_here()) != 0)
		return err_set(e, ERR_FORMAT, "its program is for %s, this machine is %s", arch, arch_here());
	if (build_ask_open(program, &said, e) < 0)
		return -(int)e->kind;
	json_object_update(doc, said);
	return 0;
}

static int look_inside(int fd, const char *path, json_t *doc, struct err *e)
{
	struct listing l = { .first.entries = json_array(), .second.entries = json_array() };
	int r = list_archive(fd, path, &l, e);

	json_object_set(doc, "entries", (l.one_top ? l.second : l.first).entries);
	json_object_set_new(doc, "top", json_string(l.top));
	json_decref(l.first.entries);
	json_decref(l.second.entries);
	return r < 0 ? r : ask_inside(fd, path, &l, doc, e);
}

static const char *form_of(int fd)
{
	unsigned char head[8] = { 0 };

	if (pread(fd, head, sizeof head, 0) < 4)
		return "?";
	if (!memcmp(head, "!<arch>\n", 8))
		return "deb";
	if (!memcmp(head, "MZ", 2))
		return "installer";
	return !memcmp(head, "\xed\xab\xee\xdb", 4) ? "rpm" : "archive";
}

/* "sftpgo_v2.7.5_windows_x86_64.exe": it is not run here, and its name is all that tells. */
static void take_version_of_name(const char *path, json_t *doc)
{
	const char *slash = strrchr(path, '/');

	for (const char *p = slash ? slash + 1 : path; *p; p += strcspn(p, "0123456789")) {
		size_t n = strspn(p, "0123456789.");
		autofree char *version = xstrndup(p, n);

		if (sftpgo_edition_of(version)) {
			json_object_set_new(doc, "version", json_string(version));
			json_object_set_new(doc, "edition", json_string(sftpgo_edition_of(version)));
			return;
		}
		p += n;
	}
}

/* What this machine refuses says nothing of the file, except that it cannot be executed at all. */
static bool is_of_the_file(const struct err *e)
{
	return e->sys ? e->sys == ENOEXEC : e->kind == ERR_FORMAT || e->kind == ERR_REFUSED || e->kind == ERR_SPACE;
}

static int look_into(int fd, const char *path, json_t *doc, struct err *e)
{
	const char *form = form_of(fd);
	const struct packager_ops *ops = packager_of_form(form);
	struct err why = ERR_INIT;
	int r = 0;

	if (!strcmp(form, "archive"))
		r = look_inside(fd, path, doc, &why);
	else if (!strcmp(form, "installer"))
		take_version_of_name(path, doc);
	else if (ops)
		r = build_look_in_package(ops, path, doc, &why);
	if (r >= 0)
		return 0;
	if (is_of_the_file(&why)) {
		json_object_set_new(doc, "finding", json_text(why.msg));
		return 0;
	}
	*e = why;
	return r;
}

/* The same bytes, judged before on the same kind of machine. */
static bool is_known(const json_t *known, const char *path, const char *sha256)
{
	return !strcmp(json_str(known, "sha256", ""), sha256) && !strcmp(json_str(known, "path", ""), path) &&
	       !json_str(known, "finding", NULL) && !strcmp(json_str(known, "machine", ""), arch_here());
}

int build_judge(const char *path, const json_t *known, json_t **ret, struct err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	autojson json_t *doc = NULL;
	char sha256[DIGEST_TEXT];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, errno, "open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_REFUSED, "'%s' is no file", path);
	if (file_digest(fd, path, sha256, e) < 0)
		return -(int)e->kind;
	if (is_known(known, path, sha256)) {
		*ret = json_deep_copy(known);
		return 0;
	}
	doc = json_pack("{ss ss ss sI ss}", "path", path, "form", form_of(fd), "sha256", sha256, "size", (json_int_t)st.st_size,
			"machine", arch_here());
	if (look_into(fd, path, doc, e) < 0)
		return -(int)e->kind;
	*ret = take_ptr(doc);
	return 0;
}
