/* Shell assignments: whatever this dialect accepts, real shells must read alike. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "conf/editor.h"
#include "draw.h"

#define FILES     400
#define TEXT_MAX  (8u << 20)
#define SHELL_MAX 60                    /* seconds */

static struct err e;

/* Mostly harmless, so that many files are accepted; the rest is what a shell would act on. */
static const char *const PIECES[] = {
	"A=", "B=",      "export A=", "export B=",     "\nA=",         "\nB=",     "x",  "1",
	"'",  "'a b'",   "\"",        "\"q\\\"\\\\\"", "\"\\x\\$\"",   "\n",       "\n", " # c",
	"#",  "\n# c\n", "=",         "%+:,./-@",      "\"l1\\\nl2\"", "'l1\nl2'", "''",
};
static const char *const ACTIVE[] = { "$B",  "\"$B\"", "`id`", ";",     "&",  "|", "(", "~",
				      "A=~", "*",      "\\",   "{a,b}", " x", "!", "<" };

static void make_text(struct buf *ret)
{
	for (size_t n = pick(10); n; n--)
		buf_adds(ret, pick(6) ? PIECES[pick(ARRAY_LEN(PIECES))]
				      : ACTIVE[pick(ARRAY_LEN(ACTIVE))]);
	buf_addc(ret, '\n');
}

/* Each text sourced in a subshell of its own that then prints A and B. */
static void add_question(struct sv text, struct buf *script)
{
	buf_adds(script, "(\n");
	buf_add_sv(script, text);
	buf_adds(script, "printf '<%s><%s>\\n' \"${A-unset}\" \"${B-unset}\")\n");
}

static void add_answer(struct sv text, struct buf *answers)
{
	static const char *const keys[] = { "A", "B" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct buf value = BUF_MAX(TEXT_MAX);
		int have = editor_get(&dialect_shvar, text, keys[i], &value, &e);

		assert_true(have >= 0);
		buf_addf(answers, "<%s>", have ? buf_str(&value) : "unset");
		buf_done(&value);
	}
	buf_addc(answers, '\n');
}

static void make_batch(struct buf *script, struct buf *answers)
{
	static const char *const values[] = { "it's", "\"$x` \\", "", "two\nlines", "~", "plain" };

	for (size_t n = 0; n < FILES;) {
		struct buf text = BUF_MAX(TEXT_MAX), made = BUF_MAX(TEXT_MAX);

		make_text(&text);
		if (editor_set(&dialect_shvar, buf_sv(&text), "A", values[pick(ARRAY_LEN(values))],
			       &made, &e) >= 0) {
			add_question(buf_sv(&text), script);
			add_answer(buf_sv(&text), answers);
			add_question(buf_sv(&made), script);
			add_answer(buf_sv(&made), answers);
			n++;
		}
		buf_done(&text);
		buf_done(&made);
	}
}

/* False when there is no such shell. */
static bool run_shell(const char *shell, struct sv script, struct buf *ret)
{
	char path[] = "/tmp/crossgrade-shvar-XXXXXX", *argv[] = { (char *)shell, path, NULL },
	     *env[] = { NULL };
	autoclose int in = mkstemp(path), out = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	posix_spawn_file_actions_t files;
	int status = -1, r;
	pid_t pid;

	assert_true(in >= 0 && out >= 0);
	assert_int_equal(file_write_all(in, script.p, script.n, path, &e), 0);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	r = posix_spawnp(&pid, shell, &files, NULL, argv, env);
	posix_spawn_file_actions_destroy(&files);
	for (int i = 0; r == 0 && i < SHELL_MAX * 100 && waitpid(pid, &status, WNOHANG) == 0; i++)
		usleep(10000);
	if (r == 0 && status == -1)
		kill(pid, SIGKILL);
	assert_int_equal(unlink(path), 0);
	if (r != 0)
		return false;
	assert_int_equal(status, 0);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(out, "the shell's answer", ret, &e), 0);
	return true;
}

static void test_shells_read_the_same(void **state)
{
	struct buf script = BUF_MAX(TEXT_MAX), answers = BUF_MAX(TEXT_MAX),
		   shell = BUF_MAX(TEXT_MAX);

	make_batch(&script, &answers);
	if (!run_shell(*state, buf_sv(&script), &shell)) {
		print_message("# no %s in PATH\n", (const char *)*state);
		skip();
	}
	if (strcmp(buf_str(&shell), buf_str(&answers)) != 0)
		fail_msg("SEED=%llu: %s differs", (unsigned long long)draw_seed,
			 (const char *)*state);
	buf_done(&script);
	buf_done(&answers);
	buf_done(&shell);
}

static void refuses(const char *text, const char *message)
{
	struct span at;

	assert_int_equal(dialect_shvar.span(sv_of(text), "A", &at, &e), -ERR_REFUSED);
	assert_string_equal(e.msg, message);
}

static void test_refuses_code(void **state)
{
	refuses("A=1\nA=$B\n", "line 2: shell code that is not an assignment");
	refuses("A=1\n\nB=\"$A\"\n", "line 3: an expansion in double quotes");
	refuses("A=1 B=2\n", "line 1: shell code that is not an assignment");
	refuses("A=1;\n", "line 1: shell code that is not an assignment");
	refuses("A='x'#c\n", "line 1: shell code that is not an assignment");
	refuses("export A\n", "line 1: shell code that is not an assignment");
	refuses("A=1\r\n", "line 1: a carriage return");
	refuses("A=~/x\n", "line 1: shell code that is not an assignment");
	refuses("A=x:~\n", "line 1: shell code that is not an assignment");
	refuses("A+=1\n", "line 1: shell code that is not an assignment");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refuses_code),
		{ "sh", test_shells_read_the_same, NULL, NULL, (void *)"sh" },
		{ "bash", test_shells_read_the_same, NULL, NULL, (void *)"bash" },
	};

	draw_begin();
	return cmocka_run_group_tests_name("shvar", tests, NULL, NULL);
}
