/* The env dialect against Docker Compose itself: what it reads from 2000 generated files, and which it refuses. SEED=n repeats
 * a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "draw.h"
#include "oracle.h"

#define FILES   2000
#define REFUSED 60                      /* each wants a call of its own */
#define BATCH   (64u << 20)

/* Statements are drawn whole or from these, whose sequence is what the parser's states are about. */
static const char *const PIECES[] = {
	"A", "B", "x.y", "=", "=", ":", " ", "\t", "\n", "\n", "\r\n", "#", " # ", "'", "\"", "\\", "\\n", "\\'", "\\\"", "\\0101",
	"$", "$$", "$A", "${B}", "${A:-d}", "${Q-$B}", "${A:+x}", "${", "}", "export ", "v", "two words", "\xc3\xa9", "\xc2\xa0", ",", "%",
};
static const char *const STATEMENTS[] = {
	"A=1", "export B = x # c", "A='q $A'", "B=\"d\\n${A}\"#c", "#A=off", "x.y : y", "B=", "A= # c", "B", "A='multi\nline'", "", "  ",
	"A=it's", "B='it\\'s'", "A=\"\\$x \\0101\"", "B=p$$q", "A=${B:-d}${Q}", "A=pa$1", "x.y=${A:+set}", "A='x'junk", "B=x\xc2\xa0 ",
	"SEATABLE_IMAGE='seatableltd/seatable-enterprise:6.1.8'", "COMPOSE_FILE='a.yml,b.yml'", "A=${B:?no}", "B=a\\b",
};

static void add_piece(struct buf *ret)
{
	buf_adds(ret, ONE_OF(PIECES));
}

static void make_text(struct buf *ret)
{
	const char *end = pick(4) ? "\n" : "\r\n";

	if (!pick(16))
		buf_adds(ret, "\xef\xbb\xbf");
	for (size_t n = pick(7); n; n--) {
		if (pick(4)) {
			buf_adds(ret, ONE_OF(STATEMENTS));
		} else {
			buf_adds(ret, pick(6) ? "A=" : "");
			for (size_t pieces = pick(7); pieces; pieces--)
				add_piece(ret);
		}
		buf_adds(ret, n > 1 || pick(4) ? end : "");
	}
}

/* Half of them as an edit leaves them. */
static void make_file(struct buf *ret)
{
	static const char *const values[] = { "", "repo/x:1", "it's", "$x ${y} $$", "a b#c", "two\nlines", "back\\slash", "\xc3\xa9 " };
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	make_text(&text);
	if (pick(2) || editor_set(&dialect_env, buf_sv(&text), pick(2) ? "A" : "NEW", ONE_OF(values), ret, &e) < 0)
		buf_add(ret, buf_str(&text), text.len);
}

struct batch {
	struct buf questions, answers;
	size_t n;
};

/* One of the two takes the file, unless it is full or we refuse to judge. */
static void sort_file(struct batch *read, struct batch *refused)
{
	autobuf struct buf text = BUF_MAX(1 << 20), answer = BUF_MAX(1 << 20);
	struct batch *to;

	make_file(&text);
	if (!oracle_answer(&dialect_env, buf_sv(&text), oracle_hex, &answer))
		return;
	to = strcmp(buf_str(&answer), "error\n") == 0 ? refused : read;
	if (to->n == (to == read ? FILES : REFUSED))
		return;
	oracle_question(buf_sv(&text), &to->questions);
	buf_add(&to->answers, buf_str(&answer), answer.len);
	to->n++;
}

static void compare(const struct batch *b, const char *program, const char *how, size_t errors)
{
	struct buf theirs = BUF_MAX(BATCH);
	char *argv[] = { (char *)"python3", getenv("CONF_ORACLE_COMPOSE"), (char *)program, (char *)how, NULL };

	oracle_ask(argv, buf_sv(&b->questions), &theirs);
	assert_int_equal(oracle_compare(draw_seed, buf_sv(&b->questions), buf_sv(&b->answers), buf_sv(&theirs), "error"), errors);
	buf_done(&theirs);
}

static void test_compose_reads_the_same(void **state)
{
	struct batch read = { BUF_MAX(BATCH), BUF_MAX(BATCH), 0 }, refused = read;
	const char *program = getenv("COMPOSE");

	if (!program || !*program) {
		print_message("# no Docker Compose: COMPOSE does not name one (tests/real/compose.sh fetch)\n");
		skip();
	}
	while (read.n < FILES || refused.n < REFUSED)
		sort_file(&read, &refused);
	compare(&read, program, "together", 0);
	compare(&refused, program, "each", REFUSED);
	print_message("# Docker Compose reads %zu files as we do and refuses %zu that we refuse\n", read.n, refused.n);
	buf_done(&read.questions);
	buf_done(&read.answers);
	buf_done(&refused.questions);
	buf_done(&refused.answers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compose_reads_the_same),
	};

	draw_begin();
	return cmocka_run_group_tests_name("compose", tests, NULL, NULL);
}
