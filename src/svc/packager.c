#include "svc/packager.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "io/cmd.h"
#include "io/file.h"
#include "io/json.h"

static const struct packager_ops *const managers[] = { &packager_dpkg, &packager_rpm };

const struct packager_ops *packager_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(managers); i++)
		if (!strcmp(managers[i]->name, name))
			return managers[i];
	return NULL;
}

const struct packager_ops *packager_of_form(const char *form)
{
	for (size_t i = 0; i < ARRAY_LEN(managers); i++)
		if (!strcmp(managers[i]->form, form))
			return managers[i];
	return NULL;
}

static int owner_by(const struct packager_ops *ops, const char *path, json_t **ret, struct err *e)
{
	autofree char *admin = NULL, *name = NULL;
	struct packager here = { .ops = ops, .inst = "/" };
	autojson json_t *is = NULL;

	if (ops->database(&admin, e) < 0)
		return -(int)e->kind;
	here.admin = admin;
	if (ops->owner(&here, path, &name, e) < 0 || ops->installed(&here, name, &is, e) < 0)
		return -(int)e->kind;
	*ret = json_pack("{ss ss ss sO sO}", "manager", ops->name, "database", admin, "name", name, "version",
			 json_object_get(is, "version"), "held", json_object_get(is, "held"));
	return 0;
}

json_t *packager_owner(const char *path)
{
	json_t *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(managers) && !found; i++) {
		struct err absent = ERR_INIT;

		(void)owner_by(managers[i], path, &found, &absent);
	}
	return found;
}

int packager_conffiles(const struct packager_ops *ops, const char *path, const struct dir *files, json_t **ret, struct err *e)
{
	autojson json_t *names = NULL, *digests = json_object();
	const json_t *one;
	size_t i;

	if (ops->conffiles(path, &names, e) < 0)
		return -(int)e->kind;
	json_array_foreach(names, i, one)
	{
		const char *name = json_string_value(one);
		int has = dir_has(files, name + 1, e); /* one that the package says to remove is not there */
		autoclose int fd = has > 0 ? dir_openat(files, name + 1, O_RDONLY, 0, e) : -1;
		char sha256[DIGEST_TEXT];

		if (has < 0 || (has && (fd < 0 || file_digest(fd, name, sha256, e) < 0)))
			return -(int)e->kind;
		if (has)
			json_object_set_new(digests, name, json_string(sha256));
	}
	*ret = take_ptr(digests);
	return 0;
}

int packager_ask(const char *const *argv, const char *const *env, struct buf *ret, enum err_kind no, int64_t within_ns,
		 struct err *e)
{
	struct cmd c = { .argv = argv, .env = env, .within_ns = within_ns, .out_max = PACKAGER_SAID_MAX, .die_with_us = true };
	struct cmd_result r = { 0 };
	int ok = 0;

	if (cmd_run(&c, &r, e) < 0)
		return -(int)e->kind;
	if (r.status) {
		(void)cmd_said_no(&r, e);
		/* Who was killed did not answer. */
		e->kind = r.status < 128 ? no : ERR_IO;
		ok = -(int)e->kind;
	} else if (r.cut) {
		ok = err_set(e, ERR_SPACE, "%s says more than %zu bytes", argv[0], PACKAGER_SAID_MAX);
	} else if (ret) {
		buf_add_sv(ret, buf_sv(&r.out));
		ok = buf_check(ret, argv[0], e);
	}
	cmd_result_done(&r);
	return ok;
}

int packager_run(const char *const *argv, const char *const *env, struct sv in, int64_t within_ns, struct err *e)
{
	struct cmd c = { .argv = argv, .env = env, .within_ns = within_ns, .out_max = PACKAGER_SAID_MAX, .in = in, .outlives_us = true };
	struct cmd_result r = { 0 };
	int sys = fault_errno("svc.packager"), ok;

	if (sys)
		return err_sys(e, sys, "run %s", argv[0]);
	if (cmd_run(&c, &r, e) < 0)
		return err_wrap(e, "run %s", argv[0]);
	ok = r.status ? cmd_said_no(&r, e) : 0;
	cmd_result_done(&r);
	return ok;
}

int packager_fetch(const char *const *argv, const char *into, struct err *e)
{
	struct cmd c = { .argv = argv, .cwd = into, .within_ns = PACKAGER_FETCH_WITHIN, .die_with_us = true };
	struct cmd_result r = { 0 };
	int ok;

	if (cmd_run(&c, &r, e) < 0)
		return -(int)e->kind;
	ok = r.status ? cmd_said_no(&r, e) : 0;
	cmd_result_done(&r);
	return ok;
}

/* "??5??????   /usr/bin/x", "??5?????? c /etc/x", "missing     /usr/share/x" */
static bool is_conffile(struct sv line)
{
	(void)sv_word(&line);
	return sv_eq(sv_word(&line), "c");
}

/* What differs is said on standard output, whatever the status. One that failed says nothing there. */
static bool looked(const struct cmd_result *r)
{
	return !r->status || (r->out.len && r->status < 128);
}

static int add_differing(const struct cmd_result *r, struct buf *ret, struct err *e)
{
	struct sv rest = buf_sv(&r->out);

	while (rest.n) {
		struct sv line = sv_line(&rest);

		if (!is_conffile(line)) {
			buf_add_sv(ret, line);
			buf_addc(ret, '\n');
		}
	}
	return buf_check(ret, "what is not as packed", e);
}

int packager_verify(const char *const *argv, const char *const *env, struct buf *ret, struct err *e)
{
	struct cmd c = { .argv = argv,
			 .env = env,
			 .within_ns = PACKAGER_FILES_WITHIN,
			 .out_max = PACKAGER_SAID_MAX,
			 .die_with_us = true };
	struct cmd_result r = { 0 };
	int ok;

	if (cmd_run(&c, &r, e) < 0)
		return -(int)e->kind;
	ok = looked(&r) ? add_differing(&r, ret, e) : cmd_said_no(&r, e);
	cmd_result_done(&r);
	return ok < 0 ? err_wrap(e, "compare files with what %s packed", argv[0]) : 0;
}

int packager_name_files(const char **argv, const char *const *files, struct err *e)
{
	size_t n = 0;

	for (; n < PACKAGER_FILES_MAX && files[n]; n++)
		argv[n] = files[n];
	argv[n] = NULL;
	return files[n] ? err_set(e, ERR_USAGE, "more than %d packages at once", PACKAGER_FILES_MAX) : 0;
}

bool packager_lock_is_free(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_GETLK, &l) < 0 || l.l_type == F_UNLCK;
}

bool packager_is_file(const struct packager_ops *ops, const char *path, const json_t *package)
{
	static const char *const keys[] = { "name", "version", "arch" };
	autojson json_t *is = NULL;
	struct err no = ERR_INIT;

	if (access(path, R_OK) < 0 || ops->about(path, &is, &no) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(json_str(is, keys[i], ""), json_str(package, keys[i], "?")) != 0)
			return false;
	return true;
}
