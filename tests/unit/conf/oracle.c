#include "oracle.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/vec.h"
#include "io/file.h"

#define WAIT_MAX 100                    /* seconds for the whole batch */

extern char **environ;

bool in_path(const char *program)
{
	struct sv rest = sv_of(getenv("PATH"));

	while (rest.n) {
		struct sv dir = sv_cut(&rest, ':');
		autofree char *path = xasprintf("%.*s/%s", SV_ARG(dir), program);

		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static int temp_file(struct sv content)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content.p, content.n), content.n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

void oracle_ask(char *const argv[], struct sv questions, struct buf *ret)
{
	autoclose int in = temp_file(questions), out = temp_file(SV(""));
	posix_spawn_file_actions_t files;
	int status = -1;
	pid_t pid;
	struct err e = ERR_INIT;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	assert_int_equal(posix_spawnp(&pid, argv[0], &files, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&files);
	for (int i = 0; i < WAIT_MAX * 10 && waitpid(pid, &status, WNOHANG) == 0; i++)
		usleep(100000);
	if (status == -1)
		kill(pid, SIGKILL);
	assert_int_equal(status, 0);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(out, "the oracle's answer", ret, &e), 0);
}

void oracle_question(struct sv text, struct buf *questions)
{
	for (size_t i = 0; i < text.n; i++)
		buf_addf(questions, "%02x", (unsigned char)text.p[i]);
	buf_addc(questions, '\n');
}

void oracle_hex(const char *s, struct buf *ret)
{
	for (; *s; s++)
		buf_addf(ret, "%02x", (unsigned char)*s);
}

struct pairs {
	char **v;
	size_t n, room;
	void (*spell)(const char *s, struct buf *ret);
};

static int keep(void *data, const char *key, const char *value, size_t line, struct err *e)
{
	struct pairs *all = data;
	struct buf pair = BUF_MAX(1 << 20);

	all->spell(key, &pair);
	buf_addc(&pair, '=');
	all->spell(value, &pair);
	*vec_push(all) = buf_take(&pair);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool oracle_answer(const struct dialect *lang, struct sv text, void (*spell)(const char *s, struct buf *ret),
		   struct buf *ret)
{
	struct pairs all = { .spell = spell };
	struct err e = ERR_INIT;
	int r = lang->each(text, keep, &all, &e);
	const char *blank = "";

	assert_true(r == 0 || r == -ERR_FORMAT || r == -ERR_REFUSED);
	assert_true(r == 0 || all.n == 0);
	vec_sort(&all, by_text);
	vec_each(&all, pair) {
		buf_addf(ret, "%s%s", blank, *pair);
		free(*pair);
		blank = " ";
	}
	vec_done(&all);
	if (r != -ERR_REFUSED)
		buf_addf(ret, "%s\n", r == -ERR_FORMAT ? "error" : "");
	return r != -ERR_REFUSED;
}

size_t oracle_compare(uint64_t seed, struct sv questions, struct sv ours, struct sv theirs,
		      const char *counted)
{
	size_t n = 0;

	while (questions.n) {
		struct sv text = sv_line(&questions), mine = sv_line(&ours),
			  other = sv_line(&theirs);

		n += sv_eq(mine, counted);
		if (mine.n != other.n || memcmp(mine.p, other.p, mine.n) != 0)
			fail_msg("SEED=%llu file (hex) %.*s: the oracle '%.*s', we '%.*s'",
				 (unsigned long long)seed, SV_ARG(text), SV_ARG(other),
				 SV_ARG(mine));
	}
	assert_int_equal(theirs.n, 0);
	return n;
}
