/* Reading on in what a server writes: from its last start, across what happens to a file. */
#include "svc/server_log.h"

#include "locking.h"

#include "base/buf.h"
#include "base/mem.h"

#define FIRST "starting it"

static char path[160];

static int start(void **state)
{
	make_folder();
	snprintf(path, sizeof path, "%s/server.log", folder);
	return 0;
}

static int stop(void **state)
{
	remove_folder();
	snprintf(folder, sizeof folder, "/tmp/crossgrade-svc-XXXXXX");
	return 0;
}

static void add(const char *text)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Whatever a client's line says. */
static bool begins(struct sv line) { return !sv_starts(line, "client "); }

static struct server_log *opened(void)
{
	struct server_log_of of = { .file = path, .first = FIRST, .begins = begins };
	struct server_log *l = NULL;
	struct err e = ERR_INIT;

	if (server_log_open(&of, &l, &e) < 0)
		fail_msg("%s", e.msg);
	return l;
}

/* The next lines are these, and there is no more yet. */
static void says(struct server_log *l, const char *const *lines)
{
	struct err e = ERR_INIT;
	struct sv line;

	for (; *lines; lines++) {
		assert_int_equal(server_log_line(l, &line, &e), 1);
		if (!sv_eq(line, *lines))
			fail_msg("'" SV_FMT "' instead of '%s'", SV_ARG(line), *lines);
	}
	assert_int_equal(server_log_line(l, &line, &e), 0);
}
#define SAYS(l, ...) says(l, (const char *const[]){ __VA_ARGS__, NULL })

static void from_the_last_start_on(void **state)
{
	autoserverlog struct server_log *l = NULL;

	add("level=x " FIRST " 1\nold\nlevel=x " FIRST " 2\nnew\nhalf a ");
	l = opened();
	assert_true(server_log_is_whole(l));
	SAYS(l, "level=x " FIRST " 2", "new");
	add("line\n\n");
	SAYS(l, "half a line", "");
}

/* The word is cut by the pieces that are searched, wherever it stands. */
static void a_start_far_back_is_found(void **state)
{
	for (size_t more = 0; more < 2 * strlen(FIRST); more++) {
		autoserverlog struct server_log *l = NULL;
		autofree char *rest = xmalloc((256u << 10) + 64);
		struct err e = ERR_INIT;
		struct sv line;

		memset(rest, '\n', (256u << 10) + 64);
		rest[(256u << 10) - strlen(FIRST) + more] = '\0';
		unlink(path);
		add("before\nx " FIRST " 1");
		add(rest);
		l = opened();
		assert_true(server_log_is_whole(l));
		assert_int_equal(server_log_line(l, &line, &e), 1);
		assert_true(sv_eq(line, "x " FIRST " 1"));
	}
}

/* In its own piece, in one before it, and twice in a line. */
static void words_of_clients_are_no_start(void **state)
{
	for (size_t more = 0; more < 600000; more += 150000) {
		autoserverlog struct server_log *l = NULL;
		autofree char *rest = xmalloc(more + 2);
		struct err e = ERR_INIT;
		struct sv line;

		memset(rest, '\n', more + 1);
		rest[more + 1] = '\0';
		unlink(path);
		add("x " FIRST " 1\nits own");
		add(rest);
		add("client " FIRST " and " FIRST "\nclient " FIRST "\n");
		l = opened();
		assert_true(server_log_is_whole(l));
		assert_int_equal(server_log_line(l, &line, &e), 1);
		assert_true(sv_eq(line, "x " FIRST " 1"));
	}
}

static void without_a_start_it_is_read_from_its_end(void **state)
{
	autoserverlog struct server_log *l = NULL;

	add("something\n");
	l = opened();
	assert_false(server_log_is_whole(l));
	says(l, (const char *const[]){ NULL });
	add("more\n");
	SAYS(l, "more");
}

static void a_log_that_is_moved_away_or_cut_is_read_on(void **state)
{
	autofree char *aside = xasprintf("%s.1", path);
	autoserverlog struct server_log *l = NULL;

	add(FIRST "\n");
	l = opened();
	SAYS(l, FIRST);
	assert_int_equal(rename(path, aside), 0);
	says(l, (const char *const[]){ NULL });
	add("in the next file\n");
	SAYS(l, "in the next file");
	assert_int_equal(truncate(path, 0), 0);
	add("after the cut\n");
	SAYS(l, "after the cut");
}

static void a_line_without_end_is_passed_over(void **state)
{
	autofree char *much = xmalloc(200001);
	autoserverlog struct server_log *l = NULL;

	memset(much, 'x', 200000);
	much[200000] = '\0';
	add(FIRST "\n");
	add(much);
	l = opened();
	SAYS(l, FIRST);
	add("\nshort\n");
	SAYS(l, "short");
}

static void what_is_no_file_is_refused(void **state)
{
	struct server_log_of of = { .file = path, .first = FIRST, .begins = begins };
	struct server_log *l = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(server_log_open(&of, &l, &e), -ERR_ABSENT);
	err_clear(&e);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(server_log_open(&of, &l, &e), -ERR_REFUSED);
}

/* A child whose standard output goes there. */
static pid_t child_to(int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, 1);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

static void the_output_of_a_process(void **state)
{
	struct server_log_of of = { .first = FIRST, .begins = begins };
	autoserverlog struct server_log *l = NULL;
	struct server_log *none = NULL;
	struct err e = ERR_INIT;
	int ends[2], fd;
	char to[64];

	add(FIRST "\n");
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	of.id.pid = child_to(fd);
	close(fd);
	/* It is there once the child has it. */
	for (int i = 0; i < 12000 && !l; i++) {
		snprintf(to, sizeof to, "/proc/%d/fd/1", (int)of.id.pid);
		usleep(5000);
		err_clear(&e);
		if (server_log_open(&of, &l, &e) >= 0 && !strstr(server_log_name(l), "server.log"))
			server_log_close(take_ptr(l));
	}
	assert_non_null(l);
	SAYS(l, FIRST);
	end_child(of.id.pid);
	assert_int_equal(pipe(ends), 0);
	of.id.pid = child_to(ends[1]);
	for (int i = 0; i < 12000; i++) {
		usleep(5000);
		err_clear(&e);
		none = NULL;
		if (server_log_open(&of, &none, &e) < 0 && strstr(e.msg, "pipe:"))
			break;
		server_log_close(none);
	}
	assert_int_equal(e.kind, ERR_ABSENT);
	end_child(of.id.pid);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(from_the_last_start_on, start, stop),
		cmocka_unit_test_setup_teardown(a_start_far_back_is_found, start, stop),
		cmocka_unit_test_setup_teardown(words_of_clients_are_no_start, start, stop),
		cmocka_unit_test_setup_teardown(without_a_start_it_is_read_from_its_end, start, stop),
		cmocka_unit_test_setup_teardown(a_log_that_is_moved_away_or_cut_is_read_on, start, stop),
		cmocka_unit_test_setup_teardown(a_line_without_end_is_passed_over, start, stop),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, start, stop),
		cmocka_unit_test_setup_teardown(the_output_of_a_process, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
