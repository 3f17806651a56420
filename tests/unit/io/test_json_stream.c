#include "io/json_stream.h"

#include <fcntl.h>

#include "io/json.h"
#include "place.h"

#define OUT_MAX (8u << 20)

static int to_buf(void *arg, struct sv bytes, struct err *e)
{
	buf_add_sv(arg, bytes);
	return buf_check(arg, "what is passed", e);
}

static int open_text(const struct place *p, struct sv text)
{
	struct err e = ERR_INIT;
	int fd;

	assert_ok(file_replace(&p->dir, "in.json", text, FILE_PRIVATE, &e), &e);
	fd = open(below(p, "in.json"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int pass_all(const struct place *p, struct sv text, struct buf *ret, struct err *e)
{
	autoclose int fd = open_text(p, text);
	struct json_stream s;

	json_stream_init(&s, fd, "the text", to_buf, ret);
	return json_stream_skip(&s, e) < 0 || json_stream_end(&s, e) < 0 ? -(int)e->kind : 0;
}

static void passes(const struct place *p, const char *text)
{
	autobuf struct buf out = BUF_MAX(OUT_MAX);
	struct err e = ERR_INIT;

	assert_ok(pass_all(p, sv_of(text), &out, &e), &e);
	assert_string_equal(buf_str(&out), text);
}

static void refuses(const struct place *p, const char *text, const char *words)
{
	autobuf struct buf out = BUF_MAX(OUT_MAX);
	struct err e = ERR_INIT;

	assert_fails(pass_all(p, sv_of(text), &out, &e), &e, ERR_FORMAT);
	if (!strstr(e.msg, words))
		fail_msg("'%s' is not in '%s'", words, e.msg);
}

static void every_byte_is_passed(void **state)
{
	const struct place *p = *state;

	passes(p, " {\"a\" : [ 1 ,-0.5e+7 , 10 ,true,false , null ],\r\n\t\"\\u00e4\\\\\\\"\":{}, \"\":[] } \n");
	passes(p, "0");
	passes(p, "\"x\"");
	passes(p, "[\"\xff\xfe\"]");
}

static void what_is_no_json_is_told_with_its_byte(void **state)
{
	const struct place *p = *state;

	refuses(p, "", "ends at byte 1");
	refuses(p, "{\"a\":1", "ends at byte 7");
	refuses(p, "{\"a\":\"xyz", "ends at byte 10");
	refuses(p, "[1,]", "byte 4");
	refuses(p, "{\"a\":1,}", "a name");
	refuses(p, "{a:1}", "a name");
	refuses(p, "[1 2]", "','");
	refuses(p, "[01]", "','");
	refuses(p, "[+1]", "a value");
	refuses(p, "[1.]", "a digit");
	refuses(p, "[-]", "a digit");
	refuses(p, "[tru]", "a value");
	refuses(p, "[\"\\x\"]", "an escape");
	refuses(p, "[\"\\u12g4\"]", "a hexadecimal digit");
	refuses(p, "[\"a\nb\"]", "the end of a string");
	refuses(p, "{} {}", "the end");
	refuses(p, "{]", "a name");
	refuses(p, "<html>", "a value");
}

static void depth_has_a_budget(void **state)
{
	const struct place *p = *state;
	char text[2 * 600 + 1];

	memset(text, '[', 600);
	memset(text + 600, ']', 600);
	text[1200] = '\0';
	refuses(p, text, "levels deep");
	memmove(text + 100, text + 200, 1001);
	memmove(text + 1000, text + 1100, 1);
	passes(p, text);
}

/* Values that lie across the borders of chunks, at each place. */
static void chunks_have_no_seam(void **state)
{
	static const char value[] = "{\"key\\u0041\":[-12.5e3,\"v\\\"\",null]}";
	const struct place *p = *state;

	for (size_t shift = 0; shift < sizeof value; shift++) {
		autobuf struct buf text = BUF_MAX(OUT_MAX), out = BUF_MAX(OUT_MAX);
		struct err e = ERR_INIT;

		buf_addc(&text, '[');
		while (text.len < JSON_STREAM_CHUNK - shift)
			buf_addc(&text, ' ');
		buf_adds(&text, value);
		buf_addc(&text, ']');
		assert_ok(pass_all(p, buf_sv(&text), &out, &e), &e);
		assert_int_equal(out.len, text.len);
		assert_memory_equal(out.data, text.data, text.len);
	}
}

static void a_value_is_taken_and_another_put(void **state)
{
	static const char text[] = "{ \"a\" : 1 , \"list\":[ {\"x\":1} , 22 ],\"b\": \"t\" , \"e\":[ ] } ";
	autoclose int fd = open_text(*state, sv_of(text));
	autobuf struct buf out = BUF_MAX(OUT_MAX), name = BUF_MAX(64), one = BUF_MAX(64);
	struct err e = ERR_INIT;
	struct json_stream s;
	char kind;

	json_stream_init(&s, fd, "the text", to_buf, &out);
	assert_ok(json_stream_enter(&s, '{', &e), &e);
	assert_int_equal(json_stream_member(&s, &name, &e), 1);
	assert_string_equal(buf_str(&name), "a");
	assert_ok(json_stream_skip(&s, &e), &e);
	assert_int_equal(json_stream_member(&s, &name, &e), 1);
	assert_string_equal(buf_str(&name), "list");
	assert_ok(json_stream_kind(&s, &kind, &e), &e);
	assert_int_equal(kind, '[');
	assert_ok(json_stream_enter(&s, '[', &e), &e);
	assert_int_equal(json_stream_element(&s, &e), 1);
	assert_ok(json_stream_take(&s, &one, &e), &e);
	assert_string_equal(buf_str(&one), "{\"x\":1}");
	assert_ok(json_stream_put(&s, SV("<>"), &e), &e);
	assert_int_equal(json_stream_element(&s, &e), 1);
	buf_reset(&one);
	assert_ok(json_stream_take(&s, &one, &e), &e);
	assert_string_equal(buf_str(&one), "22");
	assert_ok(json_stream_put(&s, SV("33"), &e), &e);
	assert_int_equal(json_stream_element(&s, &e), 0);
	assert_int_equal(json_stream_member(&s, &name, &e), 1);
	assert_ok(json_stream_skip(&s, &e), &e);
	assert_int_equal(json_stream_member(&s, &name, &e), 1);
	assert_ok(json_stream_enter(&s, '[', &e), &e);
	assert_int_equal(json_stream_element(&s, &e), 0);
	assert_int_equal(json_stream_member(&s, &name, &e), 0);
	assert_ok(json_stream_end(&s, &e), &e);
	assert_string_equal(buf_str(&out), "{ \"a\" : 1 , \"list\":[ <> , 33 ],\"b\": \"t\" , \"e\":[ ] } ");
}

static void what_is_taken_has_a_ceiling(void **state)
{
	autoclose int fd = open_text(*state, SV("[\"0123456789\"]"));
	autobuf struct buf one = BUF_MAX(8);
	struct err e = ERR_INIT;
	struct json_stream s;

	json_stream_init(&s, fd, "the text", NULL, NULL);
	assert_ok(json_stream_enter(&s, '[', &e), &e);
	assert_int_equal(json_stream_element(&s, &e), 1);
	assert_fails(json_stream_take(&s, &one, &e), &e, ERR_SPACE);
}

static int full(void *arg unused_arg, struct sv bytes unused_arg, struct err *e)
{
	return err_set(e, ERR_SPACE, "no room");
}

static void a_sink_may_fail(void **state)
{
	autoclose int fd = open_text(*state, SV("[1]"));
	struct err e = ERR_INIT;
	struct json_stream s;

	json_stream_init(&s, fd, "the text", full, NULL);
	assert_ok(json_stream_skip(&s, &e), &e);
	assert_fails(json_stream_end(&s, &e), &e, ERR_SPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(every_byte_is_passed), in_place(what_is_no_json_is_told_with_its_byte),
		in_place(depth_has_a_budget), in_place(chunks_have_no_seam),
		in_place(a_value_is_taken_and_another_put), in_place(what_is_taken_has_a_ceiling),
		in_place(a_sink_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
