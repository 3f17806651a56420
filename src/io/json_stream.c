#include "io/json_stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 512
#define END       256 /* beyond every byte */

void json_stream_init(struct json_stream *s, int fd, const char *what, json_sink sink, void *arg)
{
	s->fd = fd;
	s->what = what;
	s->sink = sink;
	s->arg = arg;
	s->taken = NULL;
	s->before = 0;
	s->at = s->n = s->from = 0;
	s->first = false;
}

/* ---- bytes ---- */

/* What was read since the last time goes where it belongs. */
static int hand_on(struct json_stream *s, struct err *e)
{
	struct sv bytes = { s->chunk + s->from, s->at - s->from };

	s->from = s->at;
	if (s->taken)
		buf_add_sv(s->taken, bytes);
	else if (s->sink && bytes.n)
		return s->sink(s->arg, bytes, e);
	return s->taken ? buf_check(s->taken, s->what, e) : 0;
}

static int refill(struct json_stream *s, struct err *e)
{
	ssize_t n;

	if (hand_on(s, e) < 0)
		return -(int)e->kind;
	do
		n = read(s->fd, s->chunk, sizeof s->chunk);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, errno, "read '%s'", s->what);
	s->before += s->n;
	s->at = s->from = 0;
	s->n = (size_t)n;
	return 0;
}

/* The next byte without taking it; END. */
static int peek(struct json_stream *s, struct err *e)
{
	if (s->at == s->n && refill(s, e) < 0)
		return -(int)e->kind;
	return s->at < s->n ? (unsigned char)s->chunk[s->at] : END;
}

static int peek_after_blanks(struct json_stream *s, struct err *e)
{
	int c;

	while ((c = peek(s, e)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		s->at++;
	return c;
}

/* c is the byte that cannot stand here, or -kind of one that could not be read. */
static int wrong(struct json_stream *s, int c, const char *wanted, struct err *e)
{
	unsigned long long at = s->before + s->at + 1;

	if (c < 0)
		return c;
	if (c == END)
		return err_set(e, ERR_FORMAT, "'%s' ends at byte %llu, where %s should follow", s->what, at, wanted);
	return err_set(e, ERR_FORMAT, "'%s' is no JSON: at byte %llu %s should stand", s->what, at, wanted);
}

/* ---- grammar ---- */

static int one(struct json_stream *s, char want, const char *wanted, struct err *e)
{
	int c = peek_after_blanks(s, e);

	if (c != want)
		return wrong(s, c, wanted, e);
	s->at++;
	return 0;
}

static bool is_hex(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static int escape(struct json_stream *s, struct err *e)
{
	int c = peek(s, e);

	if (c <= 0 || c == END || !strchr("\"\\/bfnrtu", c))
		return wrong(s, c, "an escape", e);
	s->at++;
	for (int i = 0; c == 'u' && i < 4; i++) {
		int digit = peek(s, e);

		if (digit < 0 || !is_hex(digit))
			return wrong(s, digit, "a hexadecimal digit", e);
		s->at++;
	}
	return 0;
}

/* Up to a byte of a string that means something: the loop that a large dump is walked by. */
static void plain_bytes(struct json_stream *s)
{
	while (s->at < s->n && s->chunk[s->at] != '"' && s->chunk[s->at] != '\\' && (unsigned char)s->chunk[s->at] >= ' ')
		s->at++;
}

/* The opening quote is behind us. */
static int string(struct json_stream *s, struct err *e)
{
	for (;;) {
		int c;

		plain_bytes(s);
		c = peek(s, e);
		if (c == '"') {
			s->at++;
			return 0;
		}
		if (c < ' ' || c == END)
			return wrong(s, c, "the end of a string", e);
		s->at++;
		if (c == '\\' && escape(s, e) < 0)
			return -(int)e->kind;
	}
}

static int digits(struct json_stream *s, struct err *e)
{
	int c = peek(s, e);

	if (c < '0' || c > '9')
		return wrong(s, c, "a digit", e);
	while (c >= '0' && c <= '9') {
		s->at++;
		c = peek(s, e);
	}
	return c < 0 ? c : 0;
}

static int number(struct json_stream *s, struct err *e)
{
	int c = peek(s, e);

	s->at += c == '-';
	c = peek(s, e);
	s->at += c == '0';
	if (c != '0' && digits(s, e) < 0)
		return -(int)e->kind;
	c = peek(s, e);
	s->at += c == '.';
	if (c == '.' && digits(s, e) < 0)
		return -(int)e->kind;
	c = peek(s, e);
	if (c != 'e' && c != 'E')
		return c < 0 ? c : 0;
	s->at++;
	c = peek(s, e);
	s->at += c == '+' || c == '-';
	return digits(s, e);
}

static int word(struct json_stream *s, const char *text, struct err *e)
{
	for (; *text; text++) {
		int c = peek(s, e);

		if (c != *text)
			return wrong(s, c, "a value", e);
		s->at++;
	}
	return 0;
}

static int value(struct json_stream *s, unsigned depth, struct err *e);

static int member(struct json_stream *s, unsigned depth, struct err *e)
{
	if (one(s, '"', "a name", e) < 0 || string(s, e) < 0 || one(s, ':', "':'", e) < 0)
		return -(int)e->kind;
	return value(s, depth, e);
}

/* An object or an array, whose opening is behind us. */
static int several(struct json_stream *s, char close, unsigned depth, struct err *e)
{
	int c = peek_after_blanks(s, e);

	if (c == close) {
		s->at++;
		return 0;
	}
	if (depth == DEPTH_MAX)
		return err_set(e, ERR_FORMAT, "'%s' is more than %u levels deep", s->what, DEPTH_MAX);
	for (;;) {
		if ((close == '}' ? member(s, depth + 1, e) : value(s, depth + 1, e)) < 0)
			return -(int)e->kind;
		c = peek_after_blanks(s, e);
		if (c != ',' && c != close)
			return wrong(s, c, close == '}' ? "',' or '}'" : "',' or ']'", e);
		s->at++;
		if (c == close)
			return 0;
	}
}

static int value(struct json_stream *s, unsigned depth, struct err *e)
{
	int c = peek_after_blanks(s, e);

	if (c == '{' || c == '[' || c == '"')
		s->at++;
	switch (c) {
	case '{':
		return several(s, '}', depth, e);
	case '[':
		return several(s, ']', depth, e);
	case '"':
		return string(s, e);
	case 't':
		return word(s, "true", e);
	case 'f':
		return word(s, "false", e);
	case 'n':
		return word(s, "null", e);
	default:
		return c == '-' || (c >= '0' && c <= '9') ? number(s, e) : wrong(s, c, "a value", e);
	}
}

/* ---- walking ---- */

int json_stream_kind(struct json_stream *s, char *ret, struct err *e)
{
	int c = peek_after_blanks(s, e);

	if (c < 0 || c == END)
		return wrong(s, c, "a value", e);
	*ret = (char)c;
	return 0;
}

int json_stream_enter(struct json_stream *s, char open, struct err *e)
{
	if (one(s, open, open == '{' ? "an object" : "a list", e) < 0)
		return -(int)e->kind;
	s->first = true;
	return 0;
}

/* 1 and the comma passed: one more is to come. */
static int go_on(struct json_stream *s, char close, struct err *e)
{
	int c = peek_after_blanks(s, e);
	bool first = s->first;

	s->first = false;
	if (c == close) {
		s->at++;
		return 0;
	}
	if (first)
		return c < 0 ? c : 1;
	if (c != ',')
		return wrong(s, c, close == '}' ? "',' or '}'" : "',' or ']'", e);
	s->at++;
	return 1;
}

/* Seen by ret, and passed all the same. */
static int watched_name(struct json_stream *s, struct buf *ret, struct err *e)
{
	if (hand_on(s, e) < 0)
		return -(int)e->kind;
	s->taken = ret;
	if (string(s, e) < 0 || hand_on(s, e) < 0) {
		s->taken = NULL;
		return -(int)e->kind;
	}
	s->taken = NULL;
	return json_stream_put(s, buf_sv(ret), e);
}

int json_stream_member(struct json_stream *s, struct buf *ret, struct err *e)
{
	int more = go_on(s, '}', e);

	if (more <= 0)
		return more;
	buf_reset(ret);
	if (one(s, '"', "a name", e) < 0 || watched_name(s, ret, e) < 0)
		return -(int)e->kind;
	ret->data[--ret->len] = '\0';
	return one(s, ':', "':'", e) < 0 ? -(int)e->kind : 1;
}

int json_stream_element(struct json_stream *s, struct err *e)
{
	return go_on(s, ']', e);
}

int json_stream_skip(struct json_stream *s, struct err *e)
{
	return value(s, 0, e);
}

int json_stream_take(struct json_stream *s, struct buf *ret, struct err *e)
{
	int r = peek_after_blanks(s, e);

	if (r < 0 || hand_on(s, e) < 0)
		return -(int)e->kind;
	s->taken = ret;
	r = value(s, 0, e);
	if (r >= 0)
		r = hand_on(s, e);
	s->taken = NULL;
	return r;
}

int json_stream_put(struct json_stream *s, struct sv text, struct err *e)
{
	if (hand_on(s, e) < 0)
		return -(int)e->kind;
	return s->sink && text.n ? s->sink(s->arg, text, e) : 0;
}

int json_stream_end(struct json_stream *s, struct err *e)
{
	int c = peek_after_blanks(s, e);

	return c == END ? hand_on(s, e) : wrong(s, c, "the end", e);
}
