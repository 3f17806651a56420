/* A restore point's life: filled, read back, proved, damaged, live, back again; and who may remove it. */
#include "engine/restore_point.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/event.h"
#include "engine/point_of.h"
#include "toy.h"
#include "unit/btrfs.h"
#include "unit/unit.h"

#define ID  "20261121-120000-0001"
#define RUN "20261121-130000-0002"
#define OTHER_RUN "20261121-140000-0003"

extern const struct step_kind step_tree_restore;

static char home[600];
static struct scope scope;

static int setup(void **state)
{
	toy_setup();
	snprintf(home, sizeof home, "%.*s.crossgrade-root", (int)(strlen(toy_root) - strlen("root")), toy_root);
	*vec_push(&scope) = (struct scope_root){ .name = xstrdup("root"), .path = xstrdup(toy_root) };
	return 0;
}

static int teardown(void **state)
{
	scope_done(&scope);
	toy_done();
	return 0;
}

static void make(struct point *p)
{
	autojson json_t *about = json_pack("{ss}", "product", "toy");
	struct err e = ERR_INIT;

	assert_ok(point_make(home, ID, &scope, about, p, &e), &e);
}

static void fill(struct point *p, enum pass_mode mode, struct point_pass *ret)
{
	struct pass_opts o = { 0 };
	struct err e = ERR_INIT;

	assert_ok(point_fill(p, mode, &o, ret, &e), &e);
}

static void complete(struct point *p)
{
	struct point_pass done;

	make(p);
	fill(p, PASS_FINAL, &done);
}

static void sealed(struct point *p)
{
	struct pass_opts o = { 0 };
	struct err e = ERR_INIT;

	complete(p);
	assert_ok(point_seal(p, &o, &e), &e);
}

static int prove(struct point *p, bool all, struct err *e)
{
	struct pass_opts o = { 0 };
	manifest_diffs diffs = { 0 };
	int r = point_prove(p, all, &o, &diffs, e);

	if (r > 0)
		assert_true(diffs.n > 0);
	manifest_diffs_done(&diffs);
	return r;
}

static void passes_fill_it(void **state)
{
	struct point p = { .dir = DIR_NONE }, again = { .dir = DIR_NONE };
	struct pass_opts o = { 0 };
	struct point_pass done;
	struct err e = ERR_INIT;

	make(&p);
	assert_int_equal(p.state, POINT_OPEN);
	fill(&p, PASS_LIVE, &done);
	assert_true(done.total.copied_files >= 6);
	assert_ok(point_read_back(&p, &o, &done, &e), &e);
	assert_int_equal(p.state, POINT_OPEN);
	toy_put("start", "written meanwhile");
	fill(&p, PASS_FINAL, &done);
	assert_int_equal(p.state, POINT_COMPLETE);
	assert_ok(point_open(home, ID, &again, &e), &e);
	assert_int_equal(again.state, POINT_COMPLETE);
	point_done(&again);
	point_done(&p);
}

struct heard {
	uint64_t done, calls;
	bool     fell;
};

static void hear(void *data, const struct pass_stats *so_far)
{
	struct heard *h = data;
	uint64_t done = so_far->copied_bytes + so_far->compared_bytes;

	h->fell |= done < h->done;
	h->done = done;
	h->calls++;
}

/* Passes, and reading back, are one work to who waits for it. */
static void what_passes_tell_adds_up(void **state)
{
	struct heard heard = { 0 };
	struct pass_opts o = { .progress = hear, .progress_data = &heard };
	struct point p = { .dir = DIR_NONE };
	struct point_pass done;
	struct err e = ERR_INIT;
	uint64_t all;

	make(&p);
	assert_false(point_is_begun(&p));
	assert_ok(point_measure(&p, NULL, &all, &e), &e);
	assert_true(all > 0);
	assert_ok(point_fill_live(&p, 2, &o, &done, &e), &e);
	assert_true(point_is_begun(&p));
	assert_true(heard.calls > 2);
	assert_false(heard.fell);
	assert_true(heard.done >= 2 * done.total.copied_bytes);
	point_done(&p);
}

static void move_copy(void *keep, const struct pass_stats *so_far unused_arg)
{
	autofree char *elsewhere = xasprintf("%s-elsewhere", (const char *)keep);

	/* It is told more than once on a slow machine. */
	assert_true(rename(keep, elsewhere) == 0 || access(elsewhere, F_OK) == 0);
}

/* What makes the copy durable was opened before it was written, and not by its name behind it: what failed between would be told to
 * nobody. */
static void what_is_made_durable_was_opened_before(void **state)
{
	struct point p = { .dir = DIR_NONE };
	autofree char *keep = NULL;
	struct pass_opts o = { .progress = move_copy };
	struct point_pass done;
	struct err e = ERR_INIT;

	make(&p);
	keep = xasprintf("%s/data/root", p.dir.path);
	o.progress_data = keep;
	assert_ok(point_fill(&p, PASS_FINAL, &o, &done, &e), &e);
	assert_int_equal(p.state, POINT_COMPLETE);
	point_done(&p);
}

static void the_whole_copy_is_proved(void **state)
{
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	make(&p);
	assert_fails(prove(&p, true, &e), &e, ERR_REFUSED);     /* open */
	point_done(&p);
	err_clear(&e);
	complete(&p);
	assert_int_equal(prove(&p, false, &e), 0);
	assert_int_equal(p.state, POINT_COMPLETE);              /* only a whole reading is a proof */
	assert_int_equal(prove(&p, true, &e), 0);
	assert_int_equal(p.state, POINT_PROVED);
	point_done(&p);
}

/* Another byte in the copy, its size and times as they were. */
static void damage(const char *rel)
{
	autofree char *path = xasprintf("%s/" ID "/data/root/%s", home, rel);
	struct stat st;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pwrite(fd, "X", 1, 0), 1);
	assert_int_equal(futimens(fd, (struct timespec[]){ st.st_atim, st.st_mtim }), 0);
	close(fd);
}

static void damage_is_found(void **state)
{
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	sealed(&p);
	damage("switch");
	assert_int_equal(prove(&p, true, &e), 1);
	assert_int_equal(p.state, POINT_COMPLETE);
	point_done(&p);
}

static bool names_manifest(const struct point *p)
{
	return json_object_get(json_array_get(json_object_get(p->doc, "roots"), 0), "manifest");
}

/* Larger than one block: the last pass takes block sums of it, not its SHA-256. */
static void put_large(char byte)
{
	autofree char *text = xmalloc(1000001);

	memset(text, byte, 1000000);
	text[1000000] = '\0';
	toy_put("large", text);
}

/* The pass in the window takes the index of the last live one at its word, and does not look at the copy again: what a
 * stranger put there is for the proof to find. */
static void the_window_looks_at_the_source_alone(void **state)
{
	autofree char *path = xasprintf("%s/" ID "/data/root/strange", home);
	struct point p = { .dir = DIR_NONE };
	struct pass_opts o = { 0 };
	struct point_pass done;
	struct err e = ERR_INIT;
	int fd;

	make(&p);
	assert_ok(point_fill_live(&p, 2, &o, &done, &e), &e);
	assert_int_equal(p.state, POINT_OPEN);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	fill(&p, PASS_FINAL, &done);
	assert_int_equal(done.total.copied_files + done.total.removed, 0);
	assert_int_equal(prove(&p, true, &e), 1);
	point_done(&p);
}

/* In place, as a database does. Two files of them are copied by the pass that is killed. */
static void store(const char *name, const char *text)
{
	autofree char *path = xasprintf("%s/%s", toy_root, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	close(fd);
}

static void end_here(void *data, const struct pass_stats *s)
{
	if (s->copied_files >= 2)
		_exit(0);
}

/* The last pass is killed when it has copied, before its index is kept: the run goes on with live passes, whose copy is no
 * longer what the index says. */
static void a_killed_last_pass_is_made_again(void **state)
{
	struct point p = { .dir = DIR_NONE };
	struct pass_opts o = { 0 }, killed = { .progress = end_here };
	struct point_pass done;
	struct err e = ERR_INIT;
	int status;
	pid_t pid;

	make(&p);
	put_large('a');
	assert_ok(point_fill_live(&p, 1, &o, &done, &e), &e);
	store("large", "other bytes");
	store("switch", "OLD");
	pid = fork();
	if (!pid) {
		(void)!point_fill(&p, PASS_FINAL, &killed, &done, &e);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(point_fill_live(&p, 1, &o, &done, &e), &e);
	fill(&p, PASS_FINAL, &done);
	assert_int_equal(prove(&p, true, &e), 0);
	point_done(&p);
}

/* Between the window and the seal there is no manifest; what happens to the copy in that time is not sealed as if it were
 * the old world. */
static void damage_before_the_seal_is_found(void **state)
{
	static const char *const files[] = { "switch", "large" };
	struct pass_opts o = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct point p = { .dir = DIR_NONE };
		struct err e = ERR_INIT;

		put_large('a');
		complete(&p);
		assert_false(names_manifest(&p));
		damage(files[i]);
		assert_fails(point_seal(&p, &o, &e), &e, ERR_IO);
		assert_non_null(strstr(e.msg, files[i]));
		assert_false(names_manifest(&p));
		err_clear(&e);
		assert_fails(prove(&p, true, &e), &e, ERR_IO);
		err_clear(&e);
		assert_ok(point_remove(home, ID, &e), &e);
		point_done(&p);
	}
}

/* A copy that was sealed and is filled again has no manifest until it is sealed again. */
static void a_seal_is_of_one_filling(void **state)
{
	struct point p = { .dir = DIR_NONE };
	struct pass_opts o = { 0 };
	struct point_pass done;
	struct err e = ERR_INIT;

	put_large('a');
	sealed(&p);
	assert_true(names_manifest(&p));
	put_large('b');
	fill(&p, PASS_FINAL, &done);
	assert_true(done.total.copied_bytes >= 1000000);
	assert_false(names_manifest(&p));
	assert_ok(point_seal(&p, &o, &e), &e);
	assert_int_equal(prove(&p, true, &e), 0);
	point_done(&p);
}

static void a_lost_file_is_found(void **state)
{
	autofree char *path = xasprintf("%s/" ID "/data/root/stop", home);
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	sealed(&p);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(prove(&p, false, &e), 1);
	point_done(&p);
}

static void a_touched_live_tree_is_seen(void **state)
{
	struct point p = { .dir = DIR_NONE };
	manifest_diffs diffs = { 0 };
	struct err e = ERR_INIT;

	complete(&p);
	assert_int_equal(point_compare_live(&p, &diffs, &e), 0);
	toy_put("open", "longer than it was");
	assert_int_equal(point_compare_live(&p, &diffs, &e), 1);
	assert_non_null(strstr(diffs.v[0].rel, toy_root));
	manifest_diffs_done(&diffs);
	point_done(&p);
}

static bool says(const char *file, const char *want)
{
	autofree char *text = toy_get(file);

	return !strcmp(text, want);
}

/* Read while the live world moves on, and gone with the way back. */
static void the_copy_of_a_path_is_found(void **state)
{
	autofree char *path = xasprintf("%s/stop", toy_root), *outside = xasprintf("%s-not/stop", toy_root), *copy = NULL;
	autobuf struct buf text = BUF_MAX(100);
	struct point p = { .dir = DIR_NONE };
	autojson json_t *look = NULL;
	struct err e = ERR_INIT;

	make(&p);
	assert_fails(point_copy_of(&p, path, &copy, &e), &e, ERR_ABSENT);
	point_done(&p);
	p = (struct point){ .dir = DIR_NONE };
	assert_ok(point_remove(home, ID, &e), &e);
	complete(&p);
	toy_put("stop", "new");
	assert_ok(point_copy_of(&p, path, &copy, &e), &e);
	assert_ok(file_read_path(copy, &text, &e), &e);
	assert_string_equal(buf_str(&text), "old");
	assert_fails(point_copy_of(&p, outside, &copy, &e), &e, ERR_ABSENT);
	err_clear(&e);
	assert_ok(point_look(&p, &look, &e), &e);
	assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
	assert_fails(point_copy_of(&p, path, &copy, &e), &e, ERR_ABSENT);
	point_done(&p);
}

/* One file system, but nothing can be renamed from one mount of it to another. */
static void on_another_mount(void)
{
	autofree char *behind = xasprintf("%s-behind", toy_root);

	snprintf(home, sizeof home, "%s-store", toy_root);
	assert_int_equal(mkdir(behind, 0755), 0);
	assert_int_equal(mkdir(home, 0755), 0);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(behind, home, NULL, MS_BIND, NULL) < 0) {
		print_message("# skip: no mount to be had: %s\n", strerror(errno));
		skip();
	}
}

static void a_store_on_another_mount_is_copied_beside(void **state)
{
	struct point p = { .dir = DIR_NONE };
	autojson json_t *look = NULL;
	struct err e = ERR_INIT;

	on_another_mount();
	complete(&p);
	toy_put("stop", "new");
	assert_ok(point_look(&p, &look, &e), &e);
	assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
	assert_string_equal(toy_world(), "old");
	point_done(&p);
	assert_int_equal(umount(home), 0);
}

static bool is_staged_beside(const struct point *p, const char *what)
{
	autofree char *path = xasprintf("%s/staged/" RUN "/root/%s", json_str(json_array_get(json_object_get(p->doc, "roots"), 0), "beside", ""), what);

	return access(path, F_OK) == 0;
}

/* While the new server serves, so that nothing is left to be copied when it is stopped. */
static void a_store_elsewhere_is_copied_beside_the_server(void **state)
{
	struct pass_opts o = { .beside_server = true };
	autojson json_t *look = NULL, *bytes = NULL;
	struct point p = { .dir = DIR_NONE };
	autofree char *copy = NULL;
	struct err e = ERR_INIT;
	json_t *root;

	on_another_mount();
	sealed(&p);
	root = json_array_get(json_object_get(p.doc, "roots"), 0);
	toy_put("stop", "new");
	assert_ok(point_look(&p, &look, &e), &e);
	assert_ok(point_stage(&p, RUN, &(struct pass_opts){ 0 }, &e), &e);      /* nobody serves */
	assert_false(is_staged_beside(&p, ""));
	o.cancel = &(struct cancel){ .asked = true };
	assert_fails(point_stage(&p, RUN, &o, &e), &e, ERR_CANCELED);
	err_clear(&e);
	assert_false(is_staged_beside(&p, ""));
	o.cancel = NULL;
	bytes = json_incref(json_object_get(root, "bytes"));
	json_object_set_new(root, "bytes", json_integer((json_int_t)1 << 42));
	assert_int_equal(point_stage(&p, RUN, &o, &e), 1);
	assert_false(is_staged_beside(&p, ""));
	json_object_set(root, "bytes", bytes);
	assert_ok(point_stage(&p, RUN, &o, &e), &e);
	assert_true(is_staged_beside(&p, "stop"));
	assert_ok(point_unstage(&p, RUN, &e), &e);
	assert_false(is_staged_beside(&p, ""));
	assert_ok(point_stage(&p, RUN, &o, &e), &e);
	copy = xasprintf("%s/stop", json_str(root, "keep", ""));
	assert_int_equal(unlink(copy), 0);
	json_object_set_new(root, "bytes", json_integer((json_int_t)1 << 42));
	assert_ok(point_stage(&p, RUN, &o, &e), &e);    /* is there */
	assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
	assert_string_equal(toy_world(), "old");
	assert_ok(point_unstage(&p, RUN, &e), &e);      /* what went live is left alone, and goes back */
	assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
	assert_ok(point_go_back(&p, look, RUN, true, &e), &e);
	assert_true(says("stop", "new"));
	point_done(&p);
	assert_int_equal(umount(home), 0);
}

/* As many as QuestDB has of tables, or SFTPGo of homes. What is staged of them is known by a file of more than 4 MiB. */
static void so_many_entries_go_live_from_elsewhere(void **state)
{
	enum { MANY = 12000, LONG = 250 };
	autofree char *name = xasprintf("%0*d", LONG, 0);
	struct point p = { .dir = DIR_NONE };
	autojson json_t *look = NULL;
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;

	on_another_mount();
	assert_ok(dir_open(toy_root, &d, &e), &e);
	for (int i = 0; i < MANY; i++) {
		snprintf(name + LONG - 8, 9, "%08d", i);
		assert_int_equal(mkdirat(d.fd, name, 0755), 0);
	}
	complete(&p);
	toy_put("stop", "new");
	assert_ok(point_look(&p, &look, &e), &e);
	for (int i = 0; i < 2; i++) {
		assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
		assert_true(says("stop", "old"));
	}
	assert_ok(point_go_back(&p, look, RUN, true, &e), &e);
	assert_true(says("stop", "new"));
	point_done(&p);
	assert_int_equal(umount(home), 0);
}

static void a_copy_leads_to_no_other_place(void **state)
{
	autofree char *path = xasprintf("%s/link/stop", toy_root), *last = xasprintf("%s/last", toy_root), *copy = NULL,
		      *link = xasprintf("%s/link", toy_root);
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	assert_int_equal(symlink(toy_root, link), 0);
	assert_int_equal(symlink("stop", last), 0);
	complete(&p);
	assert_true(point_copy_of(&p, path, &copy, &e) < 0);
	err_clear(&e);
	assert_fails(point_copy_of(&p, last, &copy, &e), &e, ERR_REFUSED);
	point_done(&p);
}

static void it_goes_live_and_back(void **state)
{
	struct point p = { .dir = DIR_NONE };
	struct pass_opts o = { 0 };
	autojson json_t *look = NULL;
	struct point_pass done;
	struct err e = ERR_INIT;

	complete(&p);
	toy_put("stop", "new");
	toy_put("appeared", "new");
	assert_ok(point_look(&p, &look, &e), &e);
	assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
	assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
	assert_string_equal(toy_world(), "old");
	assert_true(says("appeared", ""));
	assert_int_equal(p.state, POINT_SPENT);
	assert_fails(prove(&p, true, &e), &e, ERR_REFUSED);
	err_clear(&e);
	assert_fails(point_fill(&p, PASS_FINAL, &o, &done, &e), &e, ERR_REFUSED);
	err_clear(&e);
	assert_ok(point_go_back(&p, look, RUN, false, &e), &e);
	assert_ok(point_go_back(&p, look, RUN, false, &e), &e);
	assert_true(says("stop", "new") && says("appeared", "new"));
	assert_int_equal(p.state, POINT_COMPLETE);
	assert_int_equal(prove(&p, true, &e), 0);
	point_done(&p);
}

/* As the next call finds it: by its own record, whoever's plan it is. */
static void open_again(struct point *p, const char *where)
{
	struct err e = ERR_INIT;

	point_done(p);
	assert_ok(point_open(where, ID, p, &e), &e);
}

static void live(struct point *p, json_t **ret_look, const char *run)
{
	struct err e = ERR_INIT;

	complete(p);
	toy_put("stop", "new");
	assert_ok(point_look(p, ret_look, &e), &e);
	assert_ok(point_go_live(p, *ret_look, run, false, &e), &e);
}

/* What a server wrote to is no copy of anything, whoever asks for it. */
static void what_another_run_put_live_is_refused(void **state)
{
	struct point p = { .dir = DIR_NONE };
	autojson json_t *look = NULL;
	struct err e = ERR_INIT;

	live(&p, &look, RUN);
	toy_put("stop", "used");
	open_again(&p, home);
	assert_fails(point_go_live(&p, look, ID, false, &e), &e, ERR_CHANGED);
	assert_non_null(strstr(e.msg, RUN));
	err_clear(&e);
	assert_fails(point_go_back(&p, look, ID, true, &e), &e, ERR_CHANGED);
	err_clear(&e);
	assert_true(says("stop", "used"));
	assert_ok(point_go_back(&p, look, RUN, true, &e), &e);
	assert_true(says("stop", "new"));
	open_again(&p, home);
	assert_int_equal(p.state, POINT_SPENT);
	assert_fails(point_is_unused(&p, ID, &e), &e, ERR_CHANGED);
	point_done(&p);
}

/* As one version before wrote it. */
static void one_that_went_live_by_nobody_knows_whom_is_taken(void **state)
{
	struct point p = { .dir = DIR_NONE };
	autojson json_t *look = NULL;
	struct err e = ERR_INIT;

	live(&p, &look, RUN);
	json_object_del(p.doc, "live_by");
	assert_ok(point_go_live(&p, look, ID, false, &e), &e);
	point_done(&p);
}

static bool stands(void);

static void give_up(const char *run, bool finds)
{
	struct err e = ERR_INIT;
	bool found = false;

	assert_ok(point_give_up(home, ID, run, &found, &e), &e);
	assert_int_equal(found, finds);
}

static void what_went_live_is_given_up_by_its_run(void **state)
{
	struct point p = { .dir = DIR_NONE };
	autojson json_t *look = NULL, *again = NULL;
	struct err e = ERR_INIT;

	complete(&p);
	give_up(RUN, false);
	assert_true(stands());
	assert_ok(point_remove(home, ID, &e), &e);
	point_done(&p);
	live(&p, &look, RUN);
	give_up(ID, false);
	assert_true(stands());
	give_up(RUN, true);
	assert_false(stands());
	give_up(RUN, false);
	point_done(&p);
	live(&p, &again, OTHER_RUN);
	assert_ok(point_keep(&p, "what went", &e), &e);
	assert_fails(point_prune(home, ID, &e), &e, ERR_REFUSED);
	err_clear(&e);
	give_up(OTHER_RUN, true);
	assert_true(stands());
	assert_ok(point_prune(home, ID, &e), &e);
	point_done(&p);
}

/* One byte of a file of the point's directory becomes another; where it stood is told by what stands before it. */
static void spoil(const char *file, const char *behind)
{
	autofree char *path = xasprintf("%s/" ID "/%s", home, file);
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;
	const char *at;
	int fd;

	assert_ok(file_read_path(path, &text, &e), &e);
	at = strstr(buf_str(&text), behind);
	assert_non_null(at);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "7", 1, at - buf_str(&text) + (off_t)strlen(behind)), 1);
	close(fd);
}

static int prove_beside(struct point *p)
{
	manifest_diffs diffs = { 0 };
	struct err e = ERR_INIT;
	int r = point_prove_beside(p, &diffs, &e);

	assert_ok(r, &e);
	assert_int_equal(diffs.n, r);
	manifest_diffs_done(&diffs);
	return r;
}

static void sealed_with_facts(struct point *p)
{
	autojson json_t *seen = json_pack("{ss}", "version", "9.0.3");
	struct pass_opts o = { 0 };
	struct point_pass done;
	struct err e = ERR_INIT;

	make(p);
	assert_ok(point_put(p, "facts.json", seen, &e), &e);
	assert_ok(point_save(p, &e), &e);
	fill(p, PASS_FINAL, &done);
	assert_ok(point_seal(p, &o, &e), &e);
	open_again(p, home);
}

/* What lies beside the copies is proved, too. */
static void a_changed_byte_anywhere_is_found(void **state)
{
	static const char *const files[][2] = { { "facts.json", "9.0." }, { "manifest", "crossgrade-manifest " }, { "SHA256SUMS", "" } };
	struct point_pass done;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct point p = { .dir = DIR_NONE };

		sealed_with_facts(&p);
		assert_int_equal(prove_beside(&p), 0);
		spoil(files[i][0], files[i][1]);
		assert_int_equal(prove_beside(&p), 1);
		assert_ok(dir_unlink(&p.dir, files[i][0], &e), &e);
		assert_int_equal(prove_beside(&p), 1);
		fill(&p, PASS_FINAL, &done);
		assert_int_equal(prove_beside(&p), i == 0);     /* of one that is filled again nothing was sealed yet */
		point_done(&p);
		assert_ok(point_remove(home, ID, &e), &e);
	}
}

/* Also after what is written of it later. */
static void a_changed_description_is_found(void **state)
{
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	sealed_with_facts(&p);
	assert_int_equal(prove(&p, false, &e), 0);
	spoil("point.json", "\"created\": \"2");
	for (int i = 0; i < 2; i++) {
		open_again(&p, home);
		assert_int_equal(prove(&p, false, &e), 1);
		assert_ok(point_keep(&p, "what went", &e), &e);
	}
	json_object_del(p.doc, "digest");
	assert_ok(point_save(&p, &e), &e);
	open_again(&p, home);
	assert_int_equal(prove(&p, true, &e), 0);       /* as one of before there was a digest */
	point_done(&p);
}

/* Two of one second, or of a clock that was set back. */
static void no_id_is_given_twice(void **state)
{
	autojson json_t *about = json_object();
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	complete(&p);
	point_done(&p);
	for (int i = 2; i < 4; i++) {
		autofree char *id = xasprintf(ID "-%d", i);

		assert_ok(point_make_new(home, ID, &scope, about, &p, &e), &e);
		assert_string_equal(p.id, id);
		assert_string_equal(strrchr(p.dir.path, '/') + 1, id);
		point_done(&p);
	}
	assert_ok(point_open(home, ID, &p, &e), &e);
	assert_int_equal(p.state, POINT_COMPLETE);
	point_done(&p);
}

static void one_that_cannot_be_made_leaves_its_name(void **state)
{
	autojson json_t *about = json_object(), *deep = json_pack("[s]", "a/b");
	struct scope_root root = { .name = (char *)"root", .path = toy_root, .leave_out = deep };
	struct scope wrong = { &root, 1, 1 };
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	assert_true(point_make_new(home, ID, &wrong, about, &p, &e) < 0);
	assert_false(stands());
}

/* ---- where files can be cloned ---- */

static char above[600], image[640], volume[640];

/* The toy's own, over the directory that it and its points lie in. */
static void on_btrfs(void)
{
	snprintf(above, sizeof above, "%.*s", (int)(strrchr(toy_root, '/') - toy_root), toy_root);
	snprintf(image, sizeof image, "%s.img", above);
	snprintf(volume, sizeof volume, "%s.btrfs", above);
	btrfs_mount(image, volume);
	assert_int_equal(mount(volume, above, NULL, MS_BIND, NULL), 0);
	assert_int_equal(mkdir(toy_root, 0755), 0);
	toy_put("stop", "old");
	toy_put("open", "old");
}

static int off_btrfs(void **state)
{
	(void)umount(above);
	(void)umount(volume);
	(void)rmdir(volume);
	(void)unlink(image);
	return teardown(state);
}

static bool is_there(const char *in, const char *file)
{
	autofree char *path = xasprintf("%s/%s", in, file);

	return access(path, F_OK) == 0;
}

static bool is_staged(const char *what)
{
	autofree char *rel = xasprintf("staged/" RUN "/root/%s", what);

	return is_there(home, rel);
}

static void stage(struct point *p)
{
	struct err e = ERR_INIT;

	assert_ok(point_stage(p, RUN, &(struct pass_opts){ 0 }, &e), &e);
}

static bool leaves(struct point *p)
{
	struct err e = ERR_INIT;
	bool is;

	assert_ok(point_is_leaving(p, RUN, &is, &e), &e);
	return is;
}

/* Provable, for another run too, and nothing of it is new to who has taken it for his old world. */
static void a_clone_goes_live_and_the_point_stays(void **state)
{
	struct point p = { .dir = DIR_NONE };
	autojson json_t *look = NULL, *later = NULL;
	struct err e = ERR_INIT;

	on_btrfs();
	put_large('a');
	sealed(&p);
	toy_put("stop", "new");
	assert_ok(point_look(&p, &look, &e), &e);
	stage(&p);
	assert_true(leaves(&p));
	toy_put("appeared", "after it was staged");
	for (int i = 0; i < 2; i++) {
		open_again(&p, home);
		stage(&p);
		assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
		assert_int_equal(p.state, POINT_COMPLETE);
		assert_true(says("stop", "old"));
		assert_true(says("appeared", ""));
		assert_true(is_there(home, "trash/" RUN "/root/appeared"));
		assert_false(is_staged("stop"));
	}
	toy_put("stop", "used");
	open_again(&p, home);
	assert_ok(prove(&p, true, &e), &e);
	assert_int_equal(p.state, POINT_PROVED);
	assert_ok(point_look(&p, &later, &e), &e);
	assert_ok(point_go_live(&p, later, ID, false, &e), &e);
	assert_true(says("stop", "old"));
	point_done(&p);
}

static void see_idle(void *seen, const struct pass_stats *so_far unused_arg)
{
	*(bool *)seen |= IOPRIO_PRIO_CLASS(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0)) == IOPRIO_CLASS_IDLE;
}

/* They are made while the new server still serves, and no rate tells how fast. */
static void clones_are_made_in_idle_time(void **state)
{
	bool seen = false;
	struct pass_opts o = { .idle_io = true, .beside_server = true, .limit_bytes_per_s = 1, .progress = see_idle, .progress_data = &seen };
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	on_btrfs();
	put_large('a');
	sealed(&p);
	assert_ok(point_stage(&p, RUN, &o, &e), &e);
	assert_true(leaves(&p) && seen);
	point_done(&p);
}

static void a_clone_goes_back(void **state)
{
	struct point p = { .dir = DIR_NONE };
	autojson json_t *look = NULL;
	struct err e = ERR_INIT;

	on_btrfs();
	sealed(&p);
	toy_put("stop", "new");
	assert_ok(point_look(&p, &look, &e), &e);
	assert_ok(point_go_back(&p, look, RUN, true, &e), &e);  /* nothing was live yet */
	stage(&p);
	assert_ok(point_go_back(&p, look, RUN, true, &e), &e);
	assert_true(says("stop", "new"));
	assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
	assert_true(says("stop", "old"));
	toy_put("stop", "used");
	for (int i = 0; i < 2; i++) {
		assert_ok(point_go_back(&p, look, RUN, true, &e), &e);
		assert_true(says("stop", "new"));
	}
	assert_int_equal(prove(&p, true, &e), 0);
	assert_ok(point_prune(home, ID, &e), &e);
	point_done(&p);
}

/* Nobody needs the point for it any more, so it may be gone before. */
static void a_restore_of_clones_is_undone_without_the_point(void **state)
{
	struct ctx c = { .run = RUN, .let_in = true };
	autojson json_t *params = json_pack("{ss ss}", "home", home, "id", ID), *undo = NULL, *result = NULL;
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	on_btrfs();
	sealed(&p);
	point_done(&p);
	toy_put("stop", "new");
	assert_ok(step_tree_restore.capture(&c, params, &undo, &e), &e);
	assert_ok(step_tree_restore.apply(&c, params, undo, &result, &e), &e);
	assert_true(says("stop", "old"));
	assert_ok(point_prune(home, ID, &e), &e);
	for (int i = 0; i < 2; i++) {
		assert_ok(step_tree_restore.undo(&c, params, undo, &e), &e);
		assert_true(says("stop", "new"));
	}
	json_object_del(undo, "roots");         /* of a run that an older build began */
	assert_fails(step_tree_restore.undo(&c, params, undo, &e), &e, ERR_ABSENT);
}

/* What a killed call left is gone on with; who begins anew makes all of it anew, and what lies there is not taken for it. */
static void what_a_kill_left_staged_is_made_whole(void **state)
{
	autofree char *staged = NULL;
	struct point p = { .dir = DIR_NONE };
	autojson json_t *look = NULL;
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;

	on_btrfs();
	put_large('a');
	sealed(&p);
	toy_put("large", "new");
	staged = xasprintf("%s/staged/" RUN "/root", home);
	assert_ok(dir_make_path(staged, 0700, &d, &e), &e);
	assert_ok(file_replace(&d, "large", sv_of("half"), FILE_PRIVATE, &e), &e);
	assert_ok(file_replace(&d, "strange", sv_of("no part of it"), FILE_PRIVATE, &e), &e);
	assert_false(leaves(&p));
	stage(&p);
	assert_true(leaves(&p) && is_staged("large") && !is_staged("strange"));
	assert_ok(file_replace(&d, "large", sv_of("damaged"), FILE_PRIVATE, &e), &e);
	assert_ok(point_unstage(&p, RUN, &e), &e);
	assert_false(leaves(&p) || is_staged("large"));
	stage(&p);
	assert_ok(point_look(&p, &look, &e), &e);
	assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
	assert_false(says("large", "damaged") || says("large", "half") || says("large", "new"));
	point_done(&p);
}

/* Nothing of it is left, and the copy itself goes. */
static void without_room_for_clones_the_copy_goes(void **state)
{
	struct point p = { .dir = DIR_NONE };
	autojson json_t *look = NULL;
	struct err e = ERR_INIT;
	json_t *root;

	on_btrfs();
	sealed(&p);
	root = json_array_get(json_object_get(p.doc, "roots"), 0);
	json_object_set_new(root, "files", json_integer((json_int_t)1 << 32));
	toy_put("stop", "new");
	assert_ok(point_look(&p, &look, &e), &e);
	stage(&p);
	assert_false(leaves(&p) || is_staged(""));
	assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
	assert_int_equal(p.state, POINT_SPENT);
	assert_string_equal(json_str(p.doc, "live_by", ""), RUN);
	stage(&p);
	assert_true(says("stop", "old") && leaves(&p) && !is_staged(""));
	point_done(&p);
}

/* Where one of its files cannot be cloned, here a loop's that none may share, it is found out half way. */
static void one_file_that_cannot_be_cloned_leaves_none(void **state)
{
	autofree char *path = NULL;
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;
	unsigned long flags = FS_NOCOW_FL;
	int fd;

	on_btrfs();
	complete(&p);
	path = xasprintf("%s/" ID "/data/root/nocow", home);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0 && write(fd, "text", 4) == 4);
	close(fd);
	stage(&p);
	assert_false(leaves(&p) || is_staged(""));
	assert_int_equal(point_stage(&p, RUN, &(struct pass_opts){ .cancel = &(struct cancel){ .asked = true } }, &e), -ERR_CANCELED);
	assert_false(is_staged(""));
	point_done(&p);
}

/* ---- what is left out ---- */

static struct point leaving_users(const char *where)
{
	autojson json_t *about = json_pack("{ss}", "product", "toy");
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	scope.v[0].leave_out = json_pack("[ss]", "users", "absent");
	assert_ok(point_make(where, ID, &scope, about, &p, &e), &e);
	return p;
}

static void put_user(const char *text)
{
	autofree char *path = xasprintf("%s/users", toy_root);

	(void)mkdir(path, 0750);
	toy_put("users/alice", text);
}

static ino_t inode_of(const char *rel)
{
	autofree char *path = xasprintf("%s/%s", toy_root, rel);
	struct stat st = { 0 };

	assert_int_equal(lstat(path, &st), 0);
	return st.st_ino;
}

/* Written to while it is there and while it is not, live and not; what the directory is stays the same. */
static void what_is_left_out_stays_where_it_is(const char *where)
{
	autofree char *copy = xasprintf("%s/" ID "/data/root/users", where);
	struct point p = leaving_users(where);
	manifest_diffs diffs = { 0 };
	autojson json_t *look = NULL;
	struct point_pass done;
	struct err e = ERR_INIT;
	ino_t was;

	put_user("first");
	was = inode_of("users");
	fill(&p, PASS_LIVE, &done);
	fill(&p, PASS_FINAL, &done);
	assert_int_equal(access(copy, F_OK), -1);
	open_again(&p, where);
	put_user("second");
	toy_put("absent", "came meanwhile");
	assert_int_equal(point_compare_live(&p, &diffs, &e), 0);
	toy_drop("absent");
	assert_int_equal(point_compare_live(&p, &diffs, &e), 0);
	toy_put("stop", "new");
	assert_ok(point_look(&p, &look, &e), &e);
	toy_put("absent", "came after the look");
	assert_int_equal(prove(&p, true, &e), 0);
	for (int i = 0; i < 2; i++) {
		open_again(&p, where);
		assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
		assert_string_equal(toy_world(), "old");
		assert_true(says("users/alice", "second") && says("absent", "came after the look"));
		assert_int_equal(inode_of("users"), was);
	}
	put_user("third");
	open_again(&p, where);
	assert_ok(point_go_back(&p, look, RUN, false, &e), &e);
	assert_true(says("stop", "new") && says("users/alice", "third") && says("absent", "came after the look"));
	assert_int_equal(inode_of("users"), was);
	point_done(&p);
	assert_ok(point_remove(where, ID, &e), &e);
	assert_true(says("users/alice", "third"));
}

static void what_is_left_out_stays(void **state)
{
	what_is_left_out_stays_where_it_is(home);
}

/* Staged beside the data before it goes live. */
static void what_is_left_out_stays_also_from_afar(void **state)
{
	char where[] = "/dev/shm/crossgrade-XXXXXX";
	struct stat a, b;

	if (!mkdtemp(where) || stat(where, &a) < 0 || stat(toy_root, &b) < 0 || a.st_dev == b.st_dev) {
		print_message("# skip: no second file system\n");
		skip();
	}
	what_is_left_out_stays_where_it_is(where);
	assert_int_equal(rmdir(where), 0);
}

/* A file whose size says more than any disk holds. */
static void seems_large(const char *path, const char *file)
{
	autofree char *whole = xasprintf("%s/%s", path, file);
	int fd = open(whole, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && ftruncate(fd, 1ll << 42) == 0 && close(fd) == 0);
}

/* Of a point from afar room is wanted for what is not staged yet: half of it may be, and all. */
static void room_for_the_way_back_is_looked_at(void **state)
{
	autojson json_t *none = json_object(), *near = json_pack("{s{}}", "root");
	autofree char *beside = NULL, *staged = NULL, *look = NULL;
	struct point p = { .dir = DIR_NONE };
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;
	json_t *root;

	complete(&p);
	root = json_array_get(json_object_get(p.doc, "roots"), 0);
	assert_ok(point_room_back(&p, none, RUN, &e), &e);
	json_object_set_new(root, "bytes", json_integer((json_int_t)1 << 42));
	assert_fails(point_room_back(&p, none, RUN, &e), &e, ERR_SPACE);
	assert_non_null(strstr(e.hint, "--accept-in-place-restore"));
	err_clear(&e);
	json_object_set_new(near, json_str(root, "name", ""), json_object());
	assert_ok(point_room_back(&p, near, RUN, &e), &e);
	beside = xstrdup(json_str(root, "beside", ""));
	staged = xasprintf("%s/staged/%s/%s", beside, RUN, json_str(root, "name", ""));
	assert_ok(dir_make_path(staged, 0700, &d, &e), &e);
	seems_large(staged, "all");
	assert_ok(point_room_back(&p, none, RUN, &e), &e);
	json_object_set_new(root, "bytes", json_integer((json_int_t)1 << 43));
	assert_fails(point_room_back(&p, none, RUN, &e), &e, ERR_SPACE);
	err_clear(&e);
	look = xasprintf("staged-%s-%s.json", RUN, json_str(root, "name", ""));
	seems_large(beside, look);
	assert_ok(point_room_back(&p, none, RUN, &e), &e);
	point_done(&p);
}

/* Without room it is written over, and no trash is there to be named. */
static void what_is_written_over_has_no_trash(void **state)
{
	autojson json_t *none = json_object();
	autofree char *trash = NULL;
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;
	json_t *root;

	complete(&p);
	root = json_array_get(json_object_get(p.doc, "roots"), 0);
	trash = xasprintf("%s/trash", json_str(root, "beside", ""));
	json_object_set_new(root, "bytes", json_integer((json_int_t)1 << 42));
	toy_put("stop", "new");
	assert_ok(point_go_live(&p, none, RUN, true, &e), &e);
	assert_string_equal(toy_world(), "old");
	assert_int_equal(access(trash, F_OK), -1);
	point_done(&p);
}

/* An exchange renames top-level entries: what lies deeper would go with them. */
/* By whatever way it leads there; what the scope leaves out is no part of it. */
static void a_home_in_what_is_held_is_refused(void **state)
{
	autofree char *link = xasprintf("%s.link", toy_root), *inside = xasprintf("%s/deep/backup", link);
	autojson json_t *about = json_object();
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	assert_int_equal(symlink(toy_root, link), 0);
	assert_int_equal(point_make(inside, ID, &scope, about, &p, &e), -ERR_REFUSED);
	assert_non_null(strstr(e.msg, "which the restore point holds"));
	assert_non_null(strstr(e.hint, "restore_point.store"));
	assert_int_equal(access(inside, F_OK), -1);
	scope.v[0].leave_out = json_pack("[s]", "deep");
	err_clear(&e);
	assert_ok(point_make(inside, ID, &scope, about, &p, &e), &e);
	point_done(&p);
	assert_int_equal(unlink(link), 0);
}

static void deeper_entries_are_refused(void **state)
{
	static const char *const names[] = { "", ".", "..", "a/b", "/a", "a/" };
	autojson json_t *about = json_object();
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_false(scope_may_leave_out(names[i]));
		scope.v[0].leave_out = json_pack("[s]", names[i]);
		assert_fails(scope_check(&scope, &e), &e, ERR_REFUSED);
		err_clear(&e);
		assert_fails(point_make(home, ID, &scope, about, &p, &e), &e, ERR_REFUSED);
		err_clear(&e);
		json_decref(take_ptr(scope.v[0].leave_out));
	}
	assert_false(scope_may_leave_out(NULL));
	assert_true(scope_may_leave_out("..a"));
}

/* A directory of which few entries belong to the scope: what appears beside them, before the point or after, is nobody's to move. */
static void what_does_not_belong_stays(void **state)
{
	struct point p = { .dir = DIR_NONE };
	struct point_pass done;
	autojson json_t *look = NULL, *about = json_object();
	struct err e = ERR_INIT;

	toy_put("other", "before");
	scope.v[0].only = json_pack("[ss]", "stop", "stop-wal");
	assert_ok(point_make(home, ID, &scope, about, &p, &e), &e);
	fill(&p, PASS_FINAL, &done);
	json_decref(take_ptr(scope.v[0].only));
	toy_put("stop", "new");
	toy_put("stop-wal", "new");
	toy_put("other", "after");
	toy_put("later", "after");
	assert_ok(point_look(&p, &look, &e), &e);
	assert_ok(point_go_live(&p, look, RUN, false, &e), &e);
	assert_true(says("stop", "old") && says("stop-wal", ""));
	assert_true(says("other", "after") && says("later", "after"));
	point_done(&p);
}

static void a_list_that_cannot_be_read_is_not_none(void **state)
{
	struct point p = leaving_users(home);
	json_t *root = json_array_get(json_object_get(p.doc, "roots"), 0);
	struct err e = ERR_INIT;

	json_object_set_new(root, "leave_out", json_pack("{ss}", "users", "yes"));
	assert_ok(point_save(&p, &e), &e);
	point_done(&p);
	assert_fails(point_open(home, ID, &p, &e), &e, ERR_FORMAT);
}

/* As a run finds it in its plan; one of before there was a list has none. */
static void a_plan_carries_the_list(void **state)
{
	struct scope again = { 0 };
	autojson json_t *list = NULL;
	struct err e = ERR_INIT;

	scope.v[0].leave_out = json_pack("[s]", "users");
	list = scope_json(&scope);
	assert_ok(scope_of_json(list, &again, &e), &e);
	assert_true(json_equal(again.v[0].leave_out, scope.v[0].leave_out));
	scope_done(&again);
	json_object_del(json_array_get(list, 0), "leave_out");
	assert_ok(scope_of_json(list, &again, &e), &e);
	assert_null(again.v[0].leave_out);
	scope_done(&again);
}

static bool is_listed(void)
{
	autojson json_t *list = NULL;
	struct err e = ERR_INIT;

	assert_ok(point_list(home, &list, &e), &e);
	return json_array_size(list) == 1 && !strcmp(json_str(json_array_get(list, 0), "id", ""), ID);
}

static void what_nobody_needs_is_pruned(void **state)
{
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	complete(&p);
	point_done(&p);
	assert_true(is_listed());
	assert_ok(point_prune(home, ID, &e), &e);
	assert_false(is_listed());
	assert_fails(point_prune(home, ID, &e), &e, ERR_ABSENT);
}

static void a_way_back_is_not_pruned(void **state)
{
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	complete(&p);
	assert_ok(point_marker_put(home, "/state", ID, "digest", NULL, NULL, &e), &e);
	assert_fails(point_prune(home, ID, &e), &e, ERR_REFUSED);
	assert_ok(point_marker_drop(home, &e), &e);
	p.state = POINT_SPENT;
	err_clear(&e);
	assert_ok(point_save(&p, &e), &e);
	assert_fails(point_prune(home, ID, &e), &e, ERR_REFUSED);
	assert_true(is_listed());
	err_clear(&e);
	assert_ok(point_remove(home, ID, &e), &e);
	assert_false(is_listed());
	point_done(&p);
}

static bool stands(void)
{
	autofree char *path = xasprintf("%s/" ID "/point.json", home);

	return access(path, F_OK) == 0;
}

static void what_is_nowhere_else_stays_until_somebody_prunes_it(void **state)
{
	struct plan plan = { .doc = json_pack("{s{ss}}", "restore_point", "home", home) };
	struct ctx c = { .plan = &plan, .run = ID, .events = events_new() };
	autojson json_t *list = NULL;
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	complete(&p);
	assert_null(point_kept(&p));
	assert_ok(point_keep(&p, "what went", &e), &e);
	point_done(&p);
	assert_ok(point_forget(&c, &e), &e);
	assert_true(stands());
	assert_ok(point_list(home, &list, &e), &e);
	assert_string_equal(json_str(json_array_get(list, 0), "keep", ""), "what went");
	assert_ok(point_prune(home, ID, &e), &e);
	assert_false(stands());
	complete(&p);
	assert_ok(point_keep(&p, "what went", &e), &e);
	assert_ok(point_keep(&p, NULL, &e), &e);
	point_done(&p);
	assert_ok(point_forget(&c, &e), &e);
	assert_false(stands());
	events_free(c.events);
	json_decref(plan.doc);
}

static void a_broken_point_is_listed_as_such(void **state)
{
	autofree char *path = xasprintf("%s/" ID "/point.json", home);
	autojson json_t *list = NULL;
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	complete(&p);
	point_done(&p);
	assert_int_equal(truncate(path, 20), 0);
	assert_ok(point_list(home, &list, &e), &e);
	assert_string_equal(json_str(json_array_get(list, 0), "state", ""), "broken");
	assert_fails(point_open(home, ID, &p, &e), &e, ERR_FORMAT);
}

static void a_marker_names_its_run(void **state)
{
	autojson json_t *marker = NULL;
	struct err e = ERR_INIT;

	assert_fails(point_marker_read(home, &marker, &e), &e, ERR_ABSENT);
	err_clear(&e);
	assert_ok(point_marker_drop(home, &e), &e);
	assert_ok(point_marker_put(home, "/state", RUN, "digest", "/home/" RUN, NULL, &e), &e);
	assert_ok(point_marker_read(home, &marker, &e), &e);
	assert_string_equal(json_str(marker, "run", ""), RUN);
	assert_string_equal(json_str(marker, "state_dir", ""), "/state");
	assert_string_equal(json_str(marker, "point", ""), "/home/" RUN);
	assert_ok(point_marker_drop(home, &e), &e);
	assert_fails(point_marker_read(home, &marker, &e), &e, ERR_ABSENT);
}

static void homes_are_beside_or_named(void **state)
{
	struct scope_root next = { .name = (char *)"root", .path = (char *)"/var/lib/questdb" };
	struct scope_root mounted = { .name = (char *)"root", .path = (char *)"/data", .mount_point = true };
	autofree char *a = point_beside(&next), *b = point_beside(&mounted), *named = NULL;
	autogoal struct goal g = { 0 };
	struct err e = ERR_INIT;

	assert_string_equal(a, "/var/lib/.crossgrade-questdb");
	assert_string_equal(b, "/data/.crossgrade");
	assert_ok(goal_of_doc(json_pack("{ss ss s{ss}}", "product", "toy", "name", "n", "restore_point", "store",
	                                "file:///backup"),
	                      &g, &e),
	          &e);
	assert_ok(point_home(&g, &scope, &named, &e), &e);
	assert_string_equal(named, "/backup/crossgrade-n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define B(name) cmocka_unit_test_setup_teardown(name, setup, off_btrfs)
	const struct CMUnitTest tests[] = {
		T(passes_fill_it),
		T(what_passes_tell_adds_up),
		T(what_is_made_durable_was_opened_before),
		T(the_window_looks_at_the_source_alone),
		T(a_killed_last_pass_is_made_again),
		T(the_whole_copy_is_proved),
		T(damage_is_found),
		T(damage_before_the_seal_is_found),
		T(a_seal_is_of_one_filling),
		T(a_lost_file_is_found),
		T(a_touched_live_tree_is_seen),
		T(the_copy_of_a_path_is_found),
		T(a_store_on_another_mount_is_copied_beside),
		T(a_store_elsewhere_is_copied_beside_the_server),
		T(so_many_entries_go_live_from_elsewhere),
		T(a_copy_leads_to_no_other_place),
		T(it_goes_live_and_back),
		T(what_another_run_put_live_is_refused),
		T(one_that_went_live_by_nobody_knows_whom_is_taken),
		T(what_went_live_is_given_up_by_its_run),
		T(a_changed_byte_anywhere_is_found),
		T(a_changed_description_is_found),
		T(no_id_is_given_twice),
		T(one_that_cannot_be_made_leaves_its_name),
		B(a_clone_goes_live_and_the_point_stays),
		B(a_clone_goes_back),
		B(clones_are_made_in_idle_time),
		B(a_restore_of_clones_is_undone_without_the_point),
		B(what_a_kill_left_staged_is_made_whole),
		B(without_room_for_clones_the_copy_goes),
		B(one_file_that_cannot_be_cloned_leaves_none),
		T(what_is_left_out_stays),
		T(what_is_left_out_stays_also_from_afar),
		T(room_for_the_way_back_is_looked_at),
		T(what_is_written_over_has_no_trash),
		T(a_home_in_what_is_held_is_refused),
		T(deeper_entries_are_refused),
		T(what_does_not_belong_stays),
		T(a_list_that_cannot_be_read_is_not_none),
		T(a_plan_carries_the_list),
		T(what_nobody_needs_is_pruned),
		T(a_way_back_is_not_pruned),
		T(what_is_nowhere_else_stays_until_somebody_prunes_it),
		T(a_broken_point_is_listed_as_such),
		T(a_marker_names_its_run),
		T(homes_are_beside_or_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
