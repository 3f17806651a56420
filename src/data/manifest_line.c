#include "data/manifest_line.h"

#include "base/sv.h"

static void put_quoted(const char *s, struct buf *ret)
{
	buf_addc(ret, '"');
	for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			buf_addf(ret, "\\x%02x", *p);
		else if (*p == '"' || *p == '\\')
			buf_addf(ret, "\\%c", *p);
		else
			buf_addc(ret, (char)*p);
	}
	buf_addc(ret, '"');
}

/* A quoted word at the start of *rest, with a NUL after it in `text`. */
static bool take_quoted(struct sv *rest, struct buf *text)
{
	size_t i = 1;

	if (!rest->n || rest->p[0] != '"')
		return false;
	for (; i < rest->n && rest->p[i] != '"'; i++) {
		char c = rest->p[i];

		if (c == '\\' && i + 3 < rest->n && rest->p[i + 1] == 'x') {
			int high = hash_digit(rest->p[i + 2]), low = hash_digit(rest->p[i + 3]);

			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 3;
		} else if (c == '\\' && i + 1 < rest->n) {
			c = rest->p[++i];
		}
		if (!c)
			return false;
		buf_addc(text, c);
	}
	if (i >= rest->n)
		return false;
	buf_addc(text, '\0');
	*rest = (struct sv){ rest->p + i + 1, rest->n - i - 1 };
	return true;
}

static void put_sha(bool there, const unsigned char sha[SHA_BYTES], struct buf *ret)
{
	char hex[2 * SHA_BYTES + 1];

	hash_hex(sha, hex);
	buf_addf(ret, "%s ", there ? hex : "-");
}

void manifest_line_put(const struct manifest_line *line, struct buf *ret)
{
	buf_addf(ret, "%c %o %u %u %llu %lld ", line->type, line->mode, line->uid, line->gid,
		 (unsigned long long)line->size, (long long)line->mtime_ns);
	put_sha(line->type == 'f', line->sha, ret);
	if (line->group)
		buf_addf(ret, "%u ", line->group);
	else
		buf_adds(ret, "- ");
	put_sha(line->has_xattrs, line->xattrs, ret);
	put_quoted(line->path, ret);
	if (line->target) {
		buf_addc(ret, ' ');
		put_quoted(line->target, ret);
	}
	buf_addc(ret, '\n');
}

static bool take_u32(struct sv *rest, uint32_t *ret)
{
	uint64_t n;

	if (!sv_u64(sv_cut(rest, ' '), &n) || n > UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool take_mode(struct sv *rest, uint32_t *ret)
{
	struct sv s = sv_cut(rest, ' ');

	*ret = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '7')
			return false;
		*ret = *ret << 3 | (uint32_t)(s.p[i] - '0');
	}
	return s.n > 0 && s.n <= 4;
}

static bool take_sha(struct sv *rest, unsigned char ret[SHA_BYTES], bool *ret_there)
{
	char hex[2 * SHA_BYTES + 1];
	struct sv s = sv_cut(rest, ' ');

	*ret_there = !sv_eq(s, "-");
	if (!*ret_there)
		return true;
	if (s.n != 2 * (size_t)SHA_BYTES)
		return false;
	memcpy(hex, s.p, s.n);
	hex[s.n] = '\0';
	return hash_unhex(hex, ret);
}

static bool take_group(struct sv *rest, uint32_t *ret)
{
	struct sv dash = *rest;

	*ret = 0;
	if (sv_eq(sv_cut(&dash, ' '), "-")) {
		*rest = dash;
		return true;
	}
	return take_u32(rest, ret) && *ret;
}

static bool take_line(struct sv s, struct manifest_line *ret, struct buf *text)
{
	struct sv type = sv_cut(&s, ' ');
	bool hashed;

	if (type.n != 1 || !strchr("fdl", type.p[0]) || !type.p[0])
		return false;
	ret->type = type.p[0];
	if (!take_mode(&s, &ret->mode) || !take_u32(&s, &ret->uid) || !take_u32(&s, &ret->gid) ||
	    !sv_u64(sv_cut(&s, ' '), &ret->size) || !sv_i64(sv_cut(&s, ' '), &ret->mtime_ns) ||
	    !take_sha(&s, ret->sha, &hashed) || !take_group(&s, &ret->group) ||
	    !take_sha(&s, ret->xattrs, &ret->has_xattrs) || !take_quoted(&s, text))
		return false;
	if (hashed != (ret->type == 'f') || (ret->group && ret->type != 'f'))
		return false;

	size_t path_len = text->len;

	if (ret->type == 'l') {
		if (!s.n || s.p[0] != ' ')
			return false;
		s = (struct sv){ s.p + 1, s.n - 1 };
		if (!take_quoted(&s, text))
			return false;
	}
	ret->path = buf_str(text);
	ret->target = ret->type == 'l' ? buf_str(text) + path_len : NULL;
	return !s.n && !text->full;
}

int manifest_line_parse(struct sv s, struct manifest_line *ret, struct buf *text, struct err *e)
{
	autobuf struct buf again = BUF_MAX(MANIFEST_LINE_MAX);
	struct manifest_line line = { 0 };

	buf_reset(text);
	if (s.n >= MANIFEST_LINE_MAX || !take_line(s, &line, text))
		return err_set(e, ERR_FORMAT, "a line of the manifest is none: '%.*s'",
			       (int)MIN_OF(s.n, (size_t)80), s.p);
	/* One text for one entry: what could also be written otherwise is not ours. */
	manifest_line_put(&line, &again);
	if (again.len != s.n + 1 || memcmp(again.data, s.p, s.n) != 0)
		return err_set(e, ERR_FORMAT, "a line of the manifest is not canonical: '%.*s'",
			       (int)MIN_OF(s.n, (size_t)80), s.p);
	*ret = line;
	return 0;
}

void manifest_root_put(const char *prefix, struct buf *ret)
{
	buf_adds(ret, "root ");
	put_quoted(prefix, ret);
	buf_addc(ret, '\n');
}

bool manifest_root_parse(struct sv s, struct buf *ret_prefix)
{
	buf_reset(ret_prefix);
	if (!sv_starts(s, "root "))
		return false;
	s = (struct sv){ s.p + 5, s.n - 5 };
	return take_quoted(&s, ret_prefix) && !s.n && !ret_prefix->full;
}

static void put_escaped(const char *path, struct buf *ret)
{
	for (const char *p = path; *p; p++) {
		const char *as = *p == '\n'   ? "\\n"
				 : *p == '\r' ? "\\r"
				 : *p == '\\' ? "\\\\"
					      : NULL;

		if (as)
			buf_adds(ret, as);
		else
			buf_addc(ret, *p);
	}
}

void sums_line_put(const unsigned char sha[SHA_BYTES], const char *path, struct buf *ret)
{
	char hex[2 * SHA_BYTES + 1];

	hash_hex(sha, hex);
	if (strpbrk(path, "\n\r\\"))
		buf_addc(ret, '\\');
	buf_addf(ret, "%s  ", hex);
	put_escaped(path, ret);
	buf_addc(ret, '\n');
}

bool sums_line_below(struct sv s, const char *prefix)
{
	autobuf struct buf want = BUF_MAX(MANIFEST_LINE_MAX);
	size_t skip = (size_t)(s.n && s.p[0] == '\\') + 2 * (size_t)SHA_BYTES + 2;

	if (!*prefix)
		return true;
	put_escaped(prefix, &want);
	buf_addc(&want, '/');
	return s.n > skip + want.len && memcmp(s.p + skip, want.data, want.len) == 0;
}
