/* Looking: where the installation is, and what it is. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "data/unpack.h"
#include "io/file.h"
#include "io/proc.h"
#include "products/notes/notes.h"

#define SMALL (64u << 10)

static int first_line(const struct dir *d, const char *rel, char **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(SMALL);

	if (file_read(d, rel, &text, e) < 0)
		return -e->kind;
	*ret = sv_dup(sv_trim(buf_sv(&text)));
	return 0;
}

/* port=8080 in ROOT/notes.conf */
static int read_port(const struct dir *root, int64_t *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(SMALL);
	struct sv rest;

	if (file_read(root, "notes.conf", &text, e) < 0)
		return -e->kind;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv value = sv_trim(sv_line(&rest)), key = sv_cut(&value, '=');

		if (sv_eq(key, "port") && sv_i64(value, ret))
			return 0;
	}
	return err_set(e, ERR_FORMAT, "no 'port' in '%s/notes.conf'", root->path);
}

/* The server holds the flock of ROOT/lock; its program is the first word of its command line that ends in server.py. */
static int find_install(const char *root, char **ret, struct err *e)
{
	autofree char *lock = xasprintf("%s/lock", root);
	struct proc p = { 0 };
	pid_t pid = 0;

	*ret = NULL;
	if (proc_lock_holder_of(lock, &pid, e) < 0)
		return -e->kind;
	if (!pid || proc_read(pid, &p, e) < 0)
		return -e->kind;
	for (char **word = p.argv; *word && !*ret; word++)
		if (sv_ends(sv_of(*word), "/server.py"))
			*ret = xstrndup(*word, strlen(*word) - strlen("/server.py"));
	proc_done(&p);
	return 0;
}

int notes_site(const struct goal *g, struct site *ret, struct err *e)
{
	const char *root = json_str(g->source, "root", NULL), *said = json_str(g->source, "install", NULL);
	const json_t *service = json_object_get(g->source, "service");
	autojson json_t *doc = NULL;
	autofree char *install = NULL;
	autodir struct dir d = DIR_NONE;
	int64_t port;

	if (!root)
		return err_set(e, ERR_USAGE, "give 'source.root', the directory with notes.conf");
	if (dir_open(root, &d, e) < 0 || read_port(&d, &port, e) < 0)
		return -e->kind;
	if (!said && find_install(root, &install, e) < 0)
		return -e->kind;
	doc = json_pack("{s{ss} s{ss sI}}", "roots", "root", root, "probe", "host", "127.0.0.1", "http", (json_int_t)port);
	if (!json_object_get(service, "ports"))
		json_object_set_new(doc, "lock", place_of("root", "lock"));
	if (said || install)
		json_object_set_new(json_object_get(doc, "roots"), "install", json_string(said ? said : install));
	json_object_set_new(doc, "service", service ? json_deep_copy(service) : json_pack("{ss}", "kind", "process"));
	return site_bind("main", doc, ret, e);
}

/* Only where it is told to look: a real product looks for processes, units and usual places. */
int notes_find(struct host *h, struct instances *ret, struct err *e)
{
	autojson json_t *doc = h->only_root ? json_pack("{ss ss}", "product", "notes", "root", h->only_root) : NULL;

	if (doc)
		*vec_push(ret) = (struct instance){ xstrdup(h->only_root), json_incref(doc) };
	return 0;
}

static void look_at_server(const struct site *s, struct facts *f)
{
	const char *install = site_root_path(s, "install");
	autodir struct dir d = DIR_NONE;
	autofree char *version = NULL;
	struct err e = ERR_INIT;
	char answered[48];

	facts_put_bool(f, FACT_OBSERVED, NF_RUNNING, false, "lock");
	if (notes_ask_version(s, false, 2 * NS_PER_S, answered, &e) >= 0) {
		facts_put_bool(f, FACT_OBSERVED, NF_RUNNING, true, "/version");
		facts_put_str(f, FACT_PINNED, NF_VERSION, answered, "/version");
		return;
	}
	err_clear(&e);
	if (install && dir_open(install, &d, &e) >= 0 && first_line(&d, "VERSION", &version, &e) >= 0)
		facts_put_str(f, FACT_PINNED, NF_VERSION, version, "VERSION");
	else
		facts_miss(f, NF_VERSION, install ? e.msg : "the server does not run, and its program is not named");
}

static int top_of(void *data, const struct unpack_entry *a, struct err *e)
{
	char *top = data;

	if (!*top)
		snprintf(top, NAME_MAX + 1, "%.*s", (int)strcspn(a->path, "/"), a->path);
	return 0;
}

static int target_version(const char *artifact, struct buf *ret, struct err *e)
{
	struct unpack_opts o = { .names_only = true };
	autoclose int fd = open(artifact, O_RDONLY | O_CLOEXEC);
	autofree char *member = NULL;
	char top[NAME_MAX + 1] = "";

	if (fd < 0)
		return err_sys(e, errno, "open '%s'", artifact);
	if (unpack_list(fd, artifact, &o, top_of, top, e) < 0)
		return -e->kind;
	member = xasprintf("%s/VERSION", top);
	return unpack_member(fd, artifact, member, ret, e);
}

static void look_at_target(const struct goal *to, struct facts *f)
{
	autobuf struct buf text = BUF_MAX(SMALL);
	const char *artifact = goal_artifact(to, 0);
	autofree char *version = NULL;
	struct err e = ERR_INIT;

	if (!artifact || target_version(artifact, &text, &e) < 0) {
		facts_miss(f, NF_TARGET_VERSION, artifact ? e.msg : "no artifact is named");
		return;
	}
	version = sv_dup(sv_trim(buf_sv(&text)));
	facts_put_str(f, FACT_PINNED, NF_TARGET_VERSION, version, artifact);
}

static int look(struct ctx *c, const struct goal *to, struct facts *f, struct err *e)
{
	struct site *s = ctx_site(c, NULL);
	const json_t *service = json_object_get(s->doc, "service");
	json_t *notes;

	facts_put_str(f, FACT_PINNED, NF_ROOT, site_root_path(s, "root"), "source.root");
	facts_put_int(f, FACT_PINNED, NF_PORT, json_int(json_object_get(s->doc, "probe"), "http", 0), "notes.conf");
	facts_put(f, FACT_PINNED, NF_SERVICE, json_deep_copy(service), "source.service");
	facts_put_str(f, FACT_PINNED, NF_SERVICE_KIND, json_str(service, "kind", "?"), "source.service");
	if (site_root_path(s, "install"))
		facts_put_str(f, FACT_PINNED, NF_INSTALL, site_root_path(s, "install"), "cmdline");
	else
		facts_miss(f, NF_INSTALL, "the server does not run, and 'source.install' is not given");
	look_at_server(s, f);
	if (notes_read(s, &notes, e) < 0)
		return -e->kind;
	facts_put(f, FACT_OBSERVED, NF_NOTES, notes, "data");
	if (to)
		look_at_target(to, f);
	return 0;
}

int notes_inspect(struct ctx *c, const struct goal *to, enum depth d, struct facts *ret, struct err *e)
{
	autofacts struct facts f = { 0 };

	facts_init(&f, "notes", c->goal ? c->goal->name : "notes");
	if (look(c, to, &f, e) < 0)
		return -e->kind;
	*ret = f;
	f = (struct facts){ 0 };
	return 0;
}
