/* The restore point's part of a run, by command, so that its pieces can be timed beside their peers: bench-point HOME ROOT
 * reads a word a line and answers each with what it took in milliseconds. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "data/each.h"
#include "data/tree.h"
#include "engine/restore_point.h"

const struct step_kind *const step_kinds[] = { NULL };
const struct product *const products[] = { NULL };

#define READ_BYTES (256u << 10)

static const struct pass_opts opts = { 0 };

/* Files that changed since this, for the floor of a pass that must look into them. */
struct moved {
	int64_t since_ns;
	pthread_mutex_t lock;
	VEC(char *) paths;
	const struct dir *root;
};

static int note_moved(void *data, const struct tree_entry *seen, struct err *e)
{
	struct moved *m = data;
	int64_t mtime = seen->st.st_mtim.tv_sec * NS_PER_S + seen->st.st_mtim.tv_nsec;

	if (S_ISREG(seen->st.st_mode) && mtime > m->since_ns) {
		pthread_mutex_lock(&m->lock);
		*vec_push(&m->paths) = xstrdup(seen->rel);
		pthread_mutex_unlock(&m->lock);
	}
	return TREE_GO;
}

static int read_moved(void *data, size_t i, struct err *e)
{
	struct moved *m = data;
	autoclose int fd = dir_openat(m->root, m->paths.v[i], O_RDONLY, 0, e);
	autofree char *buf = xmalloc(READ_BYTES);

	if (fd < 0)
		return fd;
	while (read(fd, buf, READ_BYTES) > 0)
		;
	return 0;
}

/* What no pass can do without: a look at every entry, and one reading of what moved since, by threads. */
static int floor_of_pass(const char *root_path, int64_t since_ns, struct err *e)
{
	struct moved m = { .since_ns = since_ns, .lock = PTHREAD_MUTEX_INITIALIZER };
	autodir struct dir root = DIR_NONE;
	int r = dir_open(root_path, &root, e);

	m.root = &root;
	if (r >= 0)
		r = tree_walk(&root, NULL, note_moved, &m, e);
	if (r >= 0)
		r = each_item(0, NULL, m.paths.n, read_moved, &m, e);
	vec_each(&m.paths, it)
		free(*it);
	vec_done(&m.paths);
	return r;
}

static int carry_out(struct point *p, const char *root, const char *word, struct err *e)
{
	static int64_t live_ns;
	struct point_pass done = { 0 };

	if (!strcmp(word, "live")) {
		live_ns = clock_wall_ns();
		return point_fill_live(p, 1, &opts, &done, e);
	}
	if (!strcmp(word, "final"))
		return point_fill(p, PASS_FINAL, &opts, &done, e);
	if (!strcmp(word, "seal"))
		return point_seal(p, &opts, e);
	if (!strcmp(word, "floor"))
		return floor_of_pass(root, live_ns, e);
	return err_set(e, ERR_BUG, "no command '%s'", word);
}

int main(int argc, char **argv)
{
	autojson json_t *about = json_object();
	struct scope scope = { 0 };
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;
	char word[16];
	int r;

	if (argc != 3)
		return 2;
	*vec_push(&scope) = (struct scope_root){ .name = xstrdup("root"), .path = xstrdup(argv[2]) };
	r = point_make(argv[1], "bench", &scope, about, &p, &e);
	while (r >= 0 && scanf("%15s", word) == 1) {
		int64_t began = clock_mono_ns();

		r = carry_out(&p, argv[2], word, &e);
		if (r >= 0)
			printf("%.3f\n", (double)(clock_mono_ns() - began) / (double)NS_PER_MS);
		(void)fflush(stdout);
	}
	if (r < 0)
		fprintf(stderr, "bench-point: %s\n", e.msg);
	point_done(&p);
	scope_done(&scope);
	return r < 0;
}
