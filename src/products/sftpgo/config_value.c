/* Conversions: viper hands values of any type to mapstructure, which converts weakly; the variables
 * of list elements SFTPGo converts itself, and passes over what it cannot. */
#include "products/sftpgo/config_in.h"

#include <errno.h>
#include <math.h>

static bool parse_bool(const char *s, bool *ret)
{
	static const char *const words[] = { "0", "f", "F", "false", "FALSE", "False",
					     "1", "t", "T", "true",  "TRUE",  "True" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(s, words[i]) != 0)
			continue;
		*ret = i >= ARRAY_LEN(words) / 2;
		return true;
	}
	return false;
}

static bool is_digit(char c, bool hex)
{
	return c && strchr(hex ? "0123456789abcdefABCDEF" : "0123456789", c);
}

/* Of a number in base 0: each of Go's underscores stands between two digits, or behind the prefix. False: one does not. */
static bool drop_underscores(char *digits)
{
	bool prefix = digits[0] == '0' && digits[1] && strchr("xXoObB", digits[1]);
	bool hex = prefix && strchr("xX", digits[1]);
	char *to = digits;

	for (const char *p = digits; *p; p++) {
		bool behind = p > digits && (is_digit(p[-1], hex) || (prefix && p == digits + 2));

		if (*p != '_')
			*to++ = *p;
		else if (!behind || !is_digit(p[1], hex))
			return false;
	}
	*to = '\0';
	return true;
}

/* Go's ParseInt: base 0 knows 0x, 0o, 0b, a leading 0 and underscores. */
static bool parse_int(const char *s, int base, json_int_t *ret)
{
	autofree char *text = xstrdup(s + (*s == '-' || *s == '+'));
	const char *digits = text;
	char *end;

	if (base == 0 && !drop_underscores(text))
		return false;
	if (base == 0 && digits[0] == '0' && digits[1] && strchr("oObB", digits[1])) {
		base = strchr("oO", digits[1]) ? 8 : 2;
		digits += 2;
	}
	if (!*digits || !is_digit(*digits, true))
		return false;
	errno = 0;
	*ret = strtoll(digits, &end, base);
	if (*end || errno)
		return false;
	if (*s == '-')
		*ret = -*ret;
	return true;
}

static json_t *int_of_real(double d)
{
	return fabs(d) < 9e18 ? json_integer((json_int_t)d) : NULL;
}

static json_t *to_int(const json_t *v)
{
	json_int_t n = 0;
	const char *s = json_string_value(v);

	if (json_is_integer(v))
		return json_integer(json_integer_value(v));
	if (json_is_real(v))
		return int_of_real(json_real_value(v));
	if (json_is_boolean(v))
		return json_integer(json_is_true(v));
	return s && (!*s || parse_int(s, 0, &n)) ? json_integer(n) : NULL;
}

/* Decimal digits, as no limit is written otherwise. */
static bool parse_real(const char *s, double *ret)
{
	char *end;

	if (!*s || strspn(s, "+-.0123456789eE") != strlen(s))
		return false;
	*ret = strtod(s, &end);
	return !*end && isfinite(*ret);
}

static json_t *to_real(const json_t *v)
{
	const char *s = json_string_value(v);
	double d = 0;

	if (json_is_number(v))
		return json_real(json_number_value(v));
	if (json_is_boolean(v))
		return json_real(json_is_true(v));
	return s && (!*s || parse_real(s, &d)) ? json_real(d) : NULL;
}

static json_t *to_bool(const json_t *v)
{
	const char *s = json_string_value(v);
	bool b = false;

	if (json_is_boolean(v))
		return json_boolean(json_is_true(v));
	if (json_is_number(v))
		return json_boolean(json_number_value(v) != 0);
	return s && (!*s || parse_bool(s, &b)) ? json_boolean(b) : NULL;
}

static json_t *to_str(const json_t *v)
{
	char text[64];

	if (json_is_string(v))
		return json_string(json_string_value(v));
	if (json_is_boolean(v))
		return json_string(json_is_true(v) ? "1" : "0");
	if (json_is_integer(v))
		(void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v) && fabs(json_real_value(v)) < 1e15)
		(void)snprintf(text, sizeof text, "%.15g", json_real_value(v));
	else
		return NULL;
	return json_string(text);
}

/* What a null in a list comes to. */
static json_t *zero(json_t *(*one)(const json_t *))
{
	return one == to_int ? json_integer(0) : json_string("");
}

static json_t *convert_each(const json_t *list, json_t *(*one)(const json_t *))
{
	json_t *ret = json_array(), *item;
	size_t i;

	json_array_foreach(list, i, item) {
		json_t *made = json_is_null(item) ? zero(one) : one(item);

		if (!made || json_array_append_new(ret, made) < 0) {
			json_decref(ret);
			return NULL;
		}
	}
	return ret;
}

/* `trim`: without blanks around the parts, and without empty parts. */
static json_t *split(const char *s, bool trim)
{
	json_t *ret = json_array();
	struct sv rest = sv_of(s);
	size_t parts = 1;

	for (const char *p = s; *p; p++)
		parts += *p == ',';
	for (; *s && parts; parts--) {
		struct sv part = sv_cut(&rest, ',');

		if (trim)
			part = sv_trim(part);
		if (part.n || !trim)
			json_array_append_new(ret, json_stringn(part.n ? part.p : "", part.n));
	}
	return ret;
}

static json_t *to_list(const json_t *v, json_t *(*one)(const json_t *))
{
	autojson json_t *parts = NULL;

	if (json_is_string(v))
		parts = split(json_string_value(v), false);
	else if (json_is_array(v))
		parts = json_incref((json_t *)v);
	else if (json_is_object(v))
		parts = json_object_size(v) ? NULL : json_array();
	else
		parts = json_pack("[O]", v);
	return parts ? convert_each(parts, one) : NULL;
}

json_t *sftpgo_convert(enum key_type type, const json_t *value)
{
	switch (type) {
	case KEY_INT:
		return to_int(value);
	case KEY_REAL:
		return to_real(value);
	case KEY_BOOL:
		return to_bool(value);
	case KEY_STR:
		return to_str(value);
	case KEY_LIST:
		return to_list(value, to_str);
	case KEY_INTS:
		return to_list(value, to_int);
	}
	return NULL;
}

/* The parts that are numbers, NULL when none is. */
static json_t *ints_of(const char *text)
{
	autojson json_t *parts = split(text, true);
	json_t *ret = json_array(), *part;
	json_int_t n;
	size_t i;

	json_array_foreach(parts, i, part) if (parse_int(json_string_value(part), 10, &n))
	    json_array_append_new(ret, json_integer(n));
	if (json_array_size(ret))
		return ret;
	json_decref(ret);
	return NULL;
}

json_t *sftpgo_convert_variable(enum key_type type, const char *text)
{
	autofree char *trimmed = sv_dup(sv_trim(sv_of(text)));
	json_int_t n;
	bool b;

	switch (type) {
	case KEY_INT:
		return parse_int(trimmed, 10, &n) ? json_integer(n) : NULL;
	case KEY_BOOL:
		return parse_bool(trimmed, &b) ? json_boolean(b) : NULL;
	case KEY_LIST:
		return split(text, true);
	case KEY_INTS:
		return ints_of(text);
	case KEY_STR:
	case KEY_REAL:
		break;
	}
	return json_string(text);
}
