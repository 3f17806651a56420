/* package_install: the new packages take the old ones' place. The server is down and its hold stands: their scripts restart the
 * service, and must not get it started.
 * params {"manager":"dpkg"|"rpm","packages":[{"name","was":version|null,"to":version}],"new":[large blob],"old":[..],
 *         "marks":{..},"old_conffiles":{path: SHA-256},"strays":[path],"odd":{..},"edits":{..},"looks": digest,"program":place,"within":"10m",
 *         "conffiles":[{"file":place,"theirs":SHA-256 of what the new package brings, or "","in_point":bool}]};
 * undo record {"want":[..],"conffiles":[..],"beside":[..],"attrs":{..},"strays":[path],"xattrs":{..}}. From "marks" to "looks" they are what
 * package_stage found. Who changed a file of the package since, but a configuration file, which is kept as it is, is not overruled:
 * capture refuses.
 *
 * Old configuration files are kept, every one: dpkg and rpm keep one that was edited, and replace one that was not without a word
 * (seen, --force-confold and %config(noreplace) too); that one is put back, and what the package brings lies beside it as the
 * manager leaves it for an edited one, in FILE.dpkg-dist or FILE.rpmnew. Owners and modes of the package's directories and
 * attributes of the program, capabilities among them, are as before, too; so are, after a way back, other files of the package that
 * were changed by hand.
 *
 * A manager that was killed is finished by the next: installing again what is half installed is its own way out, both ways. With
 * the lock of those who install held until this call of ours ends, no apt and no dnf comes in between. in_point: the file lies in
 * the restore point and comes back with it, so after the first start of the new build nobody's edit of it is asked for. */
#include "engine/package_of.h"

#include <fcntl.h>
#include <string.h>

#include "engine/package_attrs.h"
#include "engine/package_conffiles.h"
#include "engine/package_edits.h"
#include "engine/package_looks.h"
#include "engine/package_strays.h"
#include "engine/serve.h"
#include "io/image.h"
#include "svc/unitfile.h"
#include "io/xattr.h"

#define LOCK_WITHIN (600 * NS_PER_S)
#define WORK_WITHIN (600 * NS_PER_S)
#define VERIFY_MAX  ((size_t)1 << 20)
#define LOOKS_MAX   ((size_t)16 << 20)

/* What a verb works with. */
struct work {
	struct ctx *c;
	const json_t *params, *undo;
	struct site *site;
	struct packager p;
	struct package_conffiles conf;
};

static int work_of(struct ctx *c, const json_t *params, const json_t *undo, struct work *ret, struct err *e)
{
	*ret = (struct work){ .c = c, .params = params, .undo = undo };
	if (ctx_site_of(c, params, &ret->site, e) < 0)
		return -(int)e->kind;
	ret->conf = (struct package_conffiles){ c, ret->site, &ret->p, params, undo };
	return packages_of_site(ret->site, params, &ret->p, e);
}

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const json_t *one;
	size_t i;

	buf_adds(ret, "install");
	json_array_foreach(json_object_get(params, "packages"), i, one)
		buf_addf(ret, "%s %s %s", i ? "," : "", json_str(one, "name", "?"), json_str(one, "to", "?"));
	return buf_check(ret, "the description", e);
}

static const json_t *packages(const struct work *w)
{
	return json_object_get(w->params, "packages");
}

/* Are all of them of that world, whole? 1, 0, -kind. */
static int all_are(const struct work *w, const char *world, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)packages(w), i, one)
	{
		int is = package_is(&w->p, json_str(one, "name", ""), json_str(one, world, NULL), e);

		if (is <= 0)
			return is;
	}
	return 1;
}

/* ---- attributes ---- */

static int open_program(const struct work *w, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;

	if (site_place(w->site, json_object_get(w->params, "program"), &d, &rel, e) < 0)
		return -(int)e->kind;
	return dir_openat(&d, rel, O_RDONLY, 0, e);
}

static int read_xattrs(const struct work *w, json_t **ret, struct err *e)
{
	autoclose int fd = open_program(w, e);

	return fd < 0 ? fd : xattr_read(fd, "the program", ret, e);
}

static int write_attrs(const struct work *w, struct err *e)
{
	autoclose int fd = -1;

	if (package_attrs_write(&w->p, json_object_get(w->undo, "attrs"), e) < 0)
		return -(int)e->kind;
	fd = open_program(w, e);
	if (fd < 0)
		return fd;
	return xattr_write(fd, json_object_get(w->undo, "xattrs"), "the program", e) < 0 ? -(int)e->kind :
											     file_sync(fd, "the program", e);
}

/* ---- capture ---- */

/* Its files that were not as packed when it was staged: "" of one that was not there. */
static const char *odd_of(const struct work *w, const char *name)
{
	return json_str(json_object_get(w->params, "odd"), name, "");
}

static int note_package(const struct work *w, const json_t *one, json_t *undo, struct err *e)
{
	const char *name = json_str(one, "name", ""), *was = json_str(one, "was", NULL);
	autojson json_t *now = NULL;
	int r = w->p.ops->installed(&w->p, name, &now, e);

	if (r < 0 && e->kind != ERR_ABSENT)
		return r;
	if (r < 0)
		err_clear(e);
	if (!package_is_of(now, was))
		return err_set(e, ERR_CHANGED, "package '%s' is not '%s', installed and configured, any more", name, was ? was : "absent");
	if (was && package_attrs_read(&w->p, name, odd_of(w, name), json_object_get(undo, "attrs"), e) < 0)
		return -(int)e->kind;
	json_array_append_new(json_object_get(undo, "want"), json_string(json_str(now, "want", "")));
	return 0;
}

/* What was edited by hand since it was staged is in nobody's hands but the operator's. */
static int look_alike(const struct work *w, struct err *e)
{
	const char *digest = json_str(w->params, "looks", NULL);
	autobuf struct buf text = BUF_MAX(LOOKS_MAX);
	autojson json_t *looks = NULL;

	if (!digest)
		return 0;
	if (blob_get(&w->c->blobs, digest, &text, e) < 0 || json_parse(buf_sv(&text), "how the files looked", &looks, e) < 0)
		return -(int)e->kind;
	return package_looks_same(&w->p, looks, e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autojson json_t *undo = json_pack("{s[] s[] s[] s{} s[]}", "want", "conffiles", "beside", "attrs", "strays");
	const json_t *one;
	json_t *xattrs;
	struct work w;
	size_t i;

	if (work_of(c, params, undo, &w, e) < 0 || look_alike(&w, e) < 0)
		return -(int)e->kind;
	json_array_foreach((json_t *)packages(&w), i, one)
	{
		if (note_package(&w, one, undo, e) < 0)
			return -(int)e->kind;
	}
	if (package_conffiles_take(&w.conf, undo, e) < 0 ||
	    package_strays_absent(&w.p, json_object_get(params, "strays"), json_object_get(undo, "strays"), e) < 0 ||
	    read_xattrs(&w, &xattrs, e) < 0)
		return -(int)e->kind;
	json_object_set_new(undo, "xattrs", xattrs);
	*ret_undo = take_ptr(undo);
	return 0;
}

/* ---- the manager ---- */

static int lock(const struct work *w, struct err *e)
{
	return packages_lock(w->c, &w->p, LOCK_WITHIN, e);
}

/* Read whole when it was staged, and nobody wrote to it since? */
static int is_marked(const struct work *w, const char *name, struct err *e)
{
	const char *mark = json_str(json_object_get(w->params, "marks"), name, NULL);
	autofree char *now = NULL;

	if (!mark)
		return 0;
	return package_mark(w->c, name, &now, e) < 0 ? -(int)e->kind : !strcmp(now, mark);
}

/* What is installed is what was staged, whoever was at the copies since. */
static int still_whole(const struct work *w, const json_t *names, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)names, i, one)
	{
		const char *name = json_string_value(one);
		int marked = is_marked(w, name, e);
		autoclose int fd = marked ? -1 : dir_openat(&w->c->blobs, name, O_RDONLY, 0, e);
		char digest[DIGEST_TEXT];

		if (marked < 0)
			return marked;
		if (marked)
			continue;
		if (fd < 0 || file_digest(fd, name, digest, e) < 0)
			return -(int)e->kind;
		if (strncmp(name, digest, DIGEST_TEXT - 1) != 0)
			return err_set(e, ERR_CHANGED, "the package '%s/%s' is not what was kept", w->c->blobs.path, name);
	}
	return 0;
}

/* Of both worlds: who was killed may have been on the way to either. */
static int sweep(const struct work *w, struct err *e)
{
	static const char *const worlds[] = { "new", "old" };
	const json_t *one;
	size_t k;

	for (size_t i = 0; i < ARRAY_LEN(worlds) && w->p.ops->sweep; i++)
		json_array_foreach(json_object_get(w->params, worlds[i]), k, one)
		{
			autofree char *file = xasprintf("%s/%s", w->c->blobs.path, json_string_value(one));

			if (w->p.ops->sweep(&w->p, file, e) < 0)
				return -(int)e->kind;
		}
	return 0;
}

static int install(const struct work *w, const char *world, struct err *e)
{
	const json_t *names = json_object_get(w->params, world);
	char **files;
	int r;

	if (!json_array_size(names))
		return 0;
	if (still_whole(w, names, e) < 0)
		return -(int)e->kind;
	files = package_files(w->c, names);
	r = w->p.ops->install(&w->p, (const char *const *)files, false, params_span(w->params, "within", WORK_WITHIN), e);
	words_free(files);
	return r;
}

/* A manager sets aside what the operator wants of a package when he installs it by hand, which this is not. What such an
 * installation leaves wanted needs no look: each costs a process in the window. */
static int want_again(const struct work *w, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)packages(w), i, one)
	{
		const char *name = json_str(one, "name", "");
		const char *want = json_string_value(json_array_get(json_object_get(w->undo, "want"), i));
		autojson json_t *now = NULL;

		if (!want || !*want || !strcmp(want, w->p.ops->wanted))
			continue;
		if (w->p.ops->installed(&w->p, name, &now, e) < 0 ||
		    (strcmp(json_str(now, "want", ""), want) != 0 && w->p.ops->want(&w->p, name, want, e) < 0))
			return -(int)e->kind;
	}
	return 0;
}

static int refuse_other(const struct work *w, const char *want, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)packages(w), i, one)
	{
		autojson json_t *now = NULL;
		struct err none = ERR_INIT;
		const char *is = w->p.ops->installed(&w->p, json_str(one, "name", ""), &now, &none) < 0 ? NULL : json_str(now, "version", NULL);

		if (is && strcmp(is, json_str(one, "was", "")) != 0 && strcmp(is, json_str(one, "to", "")) != 0) {
			err_set(e, ERR_CHANGED, "package '%s' is %s: somebody else installed it since", json_str(one, "name", ""), is);
			return err_hint(e, "'crossgrade rollback --force' installs %s over it", want);
		}
	}
	return 0;
}

/* ---- forward ---- */

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct work w;

	/* What a killed call had installed already is installed again: a look beforehand would cost a process in the window. */
	if (work_of(c, params, undo, &w, e) < 0 || lock(&w, e) < 0 || sweep(&w, e) < 0 || install(&w, "new", e) < 0)
		return -(int)e->kind;
	if (package_conffiles_keep(&w.conf, e) < 0 || want_again(&w, e) < 0 || write_attrs(&w, e) < 0)
		return -(int)e->kind;
	*ret_result = json_object();
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	struct work w;
	int is;

	if (work_of(c, params, NULL, &w, e) < 0)
		return -(int)e->kind;
	is = all_are(&w, "to", e);
	*ret = result && is > 0 ? STEP_IS_DONE : STEP_NOT_DONE;
	return is < 0 ? is : 0;
}

/* ---- back ---- */

static int purge_added(const struct work *w, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)packages(w), i, one)
	{
		const char *name = json_str(one, "name", "");
		int absent = json_str(one, "was", NULL) ? 1 : package_is(&w->p, name, NULL, e);

		if (absent < 0 || (!absent && w->p.ops->purge(&w->p, name, params_span(w->params, "within", WORK_WITHIN), e) < 0))
			return -(int)e->kind;
	}
	return 0;
}

/* A line as a whole: "missing     /usr/x" begins that of "/usr/xy". */
static bool has_line(const char *lines, struct sv wanted)
{
	struct sv rest = sv_of(lines);

	while (rest.n) {
		struct sv line = sv_line(&rest);

		if (line.n == wanted.n && !memcmp(line.p, wanted.p, line.n))
			return true;
	}
	return false;
}

/* What is not as packed of each package; "same": is it what was so before? `odd`: the first line that was not, heap, or NULL;
 * `missing`: one of a file that is not there counts, too. */
static int compare_files(const struct work *w, bool missing, bool *ret_same, char **ret_odd, struct err *e)
{
	const json_t *one;
	size_t i;

	*ret_same = true;
	json_array_foreach((json_t *)packages(w), i, one)
	{
		const char *name = json_str(one, "name", ""), *was = odd_of(w, name);
		autobuf struct buf now = BUF_MAX(VERIFY_MAX);
		struct sv rest;

		if (!json_str(one, "was", NULL))
			continue;
		if (w->p.ops->verify(&w->p, name, &now, e) < 0)
			return -(int)e->kind;
		*ret_same &= sv_eq(buf_sv(&now), was);
		rest = buf_sv(&now);
		while (rest.n && !*ret_odd) {
			struct sv line = sv_line(&rest);

			if ((missing || !sv_starts(line, "missing ")) && !has_line(was, line))
				*ret_odd = sv_dup(line);
		}
	}
	return 0;
}

/* Files that were not as packed before may be so now: they came with the package again. More of them than before may not. Not counted
 * is what is missing: an installation puts in place what it was told to, and what was left out by the operator's own order,
 * path-exclude of dpkg.cfg(5), dpkg finds missing ever after. */
static int files_are_whole(const struct work *w, struct err *e)
{
	autofree char *odd = NULL;
	bool same;

	if (compare_files(w, false, &same, &odd, e) < 0)
		return -(int)e->kind;
	return odd ? err_set(e, ERR_CHANGED, "the old package is back, and %s finds: %s", w->p.ops->name, odd) : 0;
}

/* dpkg's database tells what is half unpacked; rpm's names the old version then, and files are of the new one. What is missing may
 * come with one more installation; what somebody made by hand is not to go with it. */
static int is_back(const struct work *w, struct err *e)
{
	autofree char *odd = NULL;
	int are = all_are(w, "was", e);
	bool same;

	if (are > 0 && w->p.ops->interrupted) {
		int left = w->p.ops->interrupted(&w->p, e);

		are = left < 0 ? left : !left;
	}
	if (are <= 0)
		return are;
	/* rpm finds attributes, too. */
	if ((w->p.ops->sweep && write_attrs(w, e) < 0) || compare_files(w, true, &same, &odd, e) < 0)
		return -(int)e->kind;
	if (w->p.ops->sweep)
		return same;
	return odd && files_are_whole(w, e) < 0 ? -(int)e->kind : !odd;
}

static int put_edits(const struct work *w, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)packages(w), i, one)
	{
		if (json_str(one, "was", NULL) &&
		    package_edits_put(&w->p, json_str(one, "name", ""), &w->c->blobs, json_object_get(w->params, "edits"), e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static int bring_back(const struct work *w, struct err *e)
{
	int back = sweep(w, e) < 0 ? -(int)e->kind : is_back(w, e);

	if (back < 0)
		return back;
	if (!back && (install(w, "old", e) < 0 || purge_added(w, e) < 0))
		return err_wrap(e, "install the old package");
	if (want_again(w, e) < 0 || write_attrs(w, e) < 0 || put_edits(w, e) < 0 || (!back && files_are_whole(w, e) < 0))
		return -(int)e->kind;
	return package_strays_remove(&w->p, json_object_get(w->undo, "strays"), e);
}

static int undo_install(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct work w;

	if (work_of(c, params, undo, &w, e) < 0 || lock(&w, e) < 0 || (!c->force && refuse_other(&w, "the old one", e) < 0) ||
	    package_conffiles_look(&w.conf, e) < 0 || package_conffiles_put_back(&w.conf, e) < 0 || bring_back(&w, e) < 0)
		return -(int)e->kind;
	/* The manager may have laid the old package's own beside them. */
	return package_conffiles_put_back(&w.conf, e);
}

static int look_install(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct work w;

	if (work_of(c, params, undo, &w, e) < 0 || (!c->force && refuse_other(&w, "the old one", e) < 0))
		return -(int)e->kind;
	return package_conffiles_look(&w.conf, e);
}

const struct step_kind step_package_install = { "package_install", 3,	   LIFE_DURABLE, describe, capture,
						apply,		   verify, undo_install, look_install };
