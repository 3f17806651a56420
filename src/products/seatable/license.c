#include "products/seatable/license.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "io/json.h"

#define LIFE_TIME "life-time"
#define LINES_MAX 2000

/* ---- what is in it ---- */

static bool is_edge(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '"' || c == '\'';
}

static struct sv unquoted(struct sv s)
{
	while (s.n && is_edge(s.p[0]))
		s = (struct sv){ s.p + 1, s.n - 1 };
	while (s.n && is_edge(s.p[s.n - 1]))
		s.n--;
	return s;
}

static void set_value(json_t *o, const char *key, struct sv value)
{
	char text[129];

	snprintf(text, sizeof text, SV_FMT, (int)MIN_OF(value.n, sizeof text - 1), value.p);
	json_object_set_new(o, key, json_text(text));
}

/* Key="value": exactly one '=', blanks and quotes beside it do not count. */
static void take_line(struct sv line, json_t *o)
{
	static const struct {
		const char *key, *fact;
	} wanted[] = { { "Mode", "mode" }, { "Expiration", "expiration" }, { "ProductID", "product" } };
	struct sv value = line, key = unquoted(sv_cut(&value, '='));
	uint64_t users;

	if (!value.n || memchr(value.p, '=', value.n))
		return;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (sv_eq(key, wanted[i].key))
			set_value(o, wanted[i].fact, unquoted(value));
	if (sv_eq(key, "MaxUsers") && sv_u64(unquoted(value), &users) && users <= INT64_MAX)
		json_object_set_new(o, "max_users", json_integer((json_int_t)users));
	if (sv_eq(key, "Hash") && unquoted(value).n)
		json_object_set_new(o, "hash", json_true());
	if (sv_starts(sv_trim(value), "'"))
		json_object_set_new(o, "single", json_true());
}

static void count_words(struct sv line, json_t *lines)
{
	static const char *const words[] = { "Mode", "Expiration" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (line.n && memmem(line.p, line.n, words[i], strlen(words[i])))
			json_object_set_new(lines, words[i], json_integer(json_int(lines, words[i], 0) + 1));
}

static bool looks_like_html(struct sv bytes)
{
	struct sv s = sv_trim(bytes);

	return s.n && s.p[0] == '<';
}

json_t *sea_license_of(struct sv bytes)
{
	json_t *lines = json_pack("{si si}", "Mode", 0, "Expiration", 0);
	json_t *o = json_pack("{sI so sb sb sb sb sb sb}", "size", (json_int_t)bytes.n, "lines", lines, "crlf",
			      bytes.n && memchr(bytes.p, '\r', bytes.n), "bom", sv_starts(bytes, "\xef\xbb\xbf"), "nul",
			      bytes.n && memchr(bytes.p, '\0', bytes.n), "html", looks_like_html(bytes), "single", 0, "hash", 0);
	struct sv rest = bytes;

	for (int i = 0; rest.n && i < LINES_MAX; i++) {
		struct sv line = sv_line(&rest);

		count_words(line, lines);
		take_line(line, o);
	}
	return o;
}

/* ---- would the server start ---- */

/* Days from 1970-01-01, in the proleptic Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int number(const char *p, int digits)
{
	int n = 0;

	for (int i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)p[i]))
			return -1;
		n = n * 10 + (p[i] - '0');
	}
	return n;
}

int64_t sea_day_number(const char *date)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day, leap;

	if (!date || strlen(date) != 10 || date[4] != '-' || date[7] != '-')
		return -1;
	year = number(date, 4);
	month = number(date + 5, 2);
	day = number(date + 8, 2);
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days[month - 1] + (month == 2 && leap))
		return -1;
	return days_of(year, month, day);
}

/* The word alone, on one line alone, with no carriage return behind it. */
static bool is_for_life(const json_t *l)
{
	return !strcmp(json_str(l, "mode", ""), LIFE_TIME) && json_int(json_object_get(l, "lines"), "Mode", 0) == 1 &&
	       !json_bool(l, "crlf", false);
}

int64_t sea_license_days_left(const json_t *license, const char *today)
{
	int64_t last = sea_day_number(json_str(license, "expiration", NULL)), now = sea_day_number(today);

	if (is_for_life(license))
		return INT64_MAX;
	return last < 0 || now < 0 ? -1 : last - now;
}

static const char *state_says(const char *state)
{
	static const char *const words[][2] = {
		{ "absent", "there is no licence file" },
		{ "empty", "the licence file is empty" },
		{ "directory", "in the licence's place is a directory" },
		{ "full directory", "in the licence's place is a directory, and it is not empty" },
		{ "dangling", "the licence is a link to nothing" },
		{ "refused", "the licence file cannot be read" },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(state, words[i][0]))
			return words[i][1];
	return NULL;
}

/* Why a mode that reads "life-time" is taken for a subscription. */
static const char *spoilt_mode(const json_t *l)
{
	if (strcmp(json_str(l, "mode", ""), LIFE_TIME) != 0 || is_for_life(l))
		return "";
	return json_bool(l, "crlf", false) ? " (its lines end in CRLF, so the server does not see that it is for life)"
					   : " (another line holds the word Mode, so the server does not see that it is for life)";
}

static enum sea_starts judge_date(const json_t *l, const char *today, struct buf *ret)
{
	const char *said = json_str(l, "expiration", "");
	int64_t lines = json_int(json_object_get(l, "lines"), "Expiration", 0), last = sea_day_number(said), now = sea_day_number(today);

	if (lines != 1)
		buf_addf(ret, "%s lines hold the word Expiration%s", lines ? "several" : "no", spoilt_mode(l));
	else if (json_bool(l, "single", false))
		buf_adds(ret, "values stand in single quotes, which the server does not take away");
	else if (last < 0 && !strpbrk(said, "0123456789"))
		buf_addf(ret, "'%s' is no date", said);
	else if (last < 0 || now < 0) {
		buf_addf(ret, "whether the server can read the date '%s' is not known", last < 0 ? said : today);
		return SEA_STARTS_UNSURE;
	} else if (last <= now)
		buf_addf(ret, "%s %s%s", last == now ? "it expires today, which the server takes for expired:" : "it expired on", said,
			 spoilt_mode(l));
	else {
		buf_addf(ret, "it holds until %s%s", said, spoilt_mode(l));
		return SEA_STARTS;
	}
	return SEA_STARTS_NOT;
}

enum sea_starts sea_license_starts(const json_t *license, const char *today, struct buf *ret)
{
	const char *wrong = state_says(json_str(license, "state", "file"));

	if (wrong) {
		buf_adds(ret, wrong);
		return SEA_STARTS_NOT;
	}
	if (is_for_life(license)) {
		buf_adds(ret, "it is for life");
		return SEA_STARTS;
	}
	return judge_date(license, today, ret);
}
