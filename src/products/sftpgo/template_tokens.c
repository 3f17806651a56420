/* Which texts are tokens, by release. Source: facts sftpgo 5.1, 5.2, 5.4, 5.8; sftpgo-real 8.9. */
#include "products/sftpgo/template_in.h"

#include <ctype.h>

#define E true
#define R false

/* In enum token's order, which is that of the facts. */
static const struct template_row rows[TOKEN__MAX] = {
	{ "Name", ".Name", E, false, 0, 0 },
	{ "Event", ".Event", R, false, 0, 0 },
	{ "Status", ".Status", R, false, 0, 0 },
	{ "StatusString", "if eq .Status 1", R, false, 0, 0 },
	{ "ErrorString", "stringJoin .Errors \", \"", E, false, 0, 0 },
	{ "VirtualPath", ".VirtualPath", E, false, 0, 0 },
	{ "EscapedVirtualPath", "urlEscape .VirtualPath", E, false, 3, 0 },
	{ "VirtualDirPath", "pathDir .VirtualPath", E, true, 0, 0 },
	{ "FsPath", ".FsPath", E, false, 0, 0 },
	{ "VirtualTargetPath", ".VirtualTargetPath", E, false, 0, 0 },
	{ "VirtualTargetDirPath", "pathDir .VirtualTargetPath", E, true, 0, 0 },
	{ "TargetName", "pathBase .VirtualTargetPath", E, true, 0, 0 },
	{ "FsTargetPath", ".FsTargetPath", E, false, 0, 0 },
	{ "ObjectName", ".ObjectName", E, false, 0, 0 },
	{ "ObjectBaseName", "stringTrimSuffix .ObjectName (pathExt .VirtualPath)", E, false, -1,
	  0 },
	{ "Ext", "pathExt .VirtualPath", E, false, 0, 0 },
	{ "ObjectType", ".ObjectType", R, false, 0, 0 },
	{ "FileSize", ".FileSize", R, false, 0, 0 },
	{ "Elapsed", ".Elapsed", R, false, 0, 0 },
	{ "Protocol", ".Protocol", R, false, 0, 0 },
	{ "IP", ".IP", R, false, 0, 0 },
	{ "Role", ".Role", E, false, 0, 0 },
	{ "Email", ".Email", E, false, 0, 0 },
	{ "Timestamp", ".Timestamp.UnixNano", R, false, 0, 0 },
	{ "DateTime", ".Timestamp.UTC.Format \"2006-01-02T15:04:05.000\"", R, false, 3, 0 },
	{ "Year", ".Timestamp.UTC.Format \"2006\"", R, false, 5, 0 },
	{ "Month", ".Timestamp.UTC.Format \"01\"", R, false, 5, 0 },
	{ "Day", ".Timestamp.UTC.Format \"02\"", R, false, 5, 0 },
	{ "Hour", ".Timestamp.UTC.Format \"15\"", R, false, 5, 0 },
	{ "Minute", ".Timestamp.UTC.Format \"04\"", R, false, 5, 0 },
	{ "UID", ".UID", E, false, 0, 0 },
	{ "ObjectData", ".Object.JSON", R, false, 0, 0 },
	{ "ObjectDataString", "toJsonUnquoted .Object.JSON", R, false, 0, 0 },
	{ "Metadata", "toJson .Metadata", R, false, 0, 0 },
	{ "MetadataString", "toJsonUnquoted (toJson .Metadata)", R, false, 0, 0 },
	{ "IDPField", "index .IDPFields", E, true, 0, 0 },
	{ "RetentionReports", ".RetentionReports", R, false, 0, 0 },
};

#undef E
#undef R

const struct template_row *template_rows(size_t *ret_n)
{
	*ret_n = TOKEN__MAX;
	return rows;
}

/* ---- one that a release knows ---- */

static bool known(const struct template_release *r, const struct template_row *row, bool *maybe)
{
	int since = r->minor == 6 ? row->since_6 : row->since_7;

	*maybe = since > 0 && r->patch < 0;
	return since >= 0 && (r->patch < 0 || r->patch >= since);
}

static struct sv after(struct sv s, size_t n) { return (struct sv){ s.p + n, s.n - n }; }

/* IDPField<claim>: up to the first "}}". A claim with "{{" in its name is taken for text; so a text
 * full of unclosed tokens is looked at once. */
static bool claim_at(struct sv rest, struct sv *ret)
{
	for (size_t i = 0; i + 1 < rest.n; i++) {
		if (rest.p[i] == '}' && rest.p[i + 1] == '}') {
			*ret = (struct sv){ rest.p, i };
			return true;
		}
		if (rest.p[i] == '{' && rest.p[i + 1] == '{')
			return false;
	}
	return false;
}

static bool row_at(enum token token, struct sv name, struct token_found *ret)
{
	struct sv claim = { NULL, 0 }, rest;
	size_t n = strlen(rows[token].name);

	if (!sv_starts(name, rows[token].name))
		return false;
	rest = after(name, n);
	if (token == TOKEN_IDP_FIELD ? !claim_at(rest, &claim) : !sv_starts(rest, "}}"))
		return false;
	*ret = (struct token_found){ .token = token, .claim = claim };
	ret->text.n = n + claim.n + 2;
	return true;
}

/* RetentionReports is no token of a text: it is a whole value, or nothing (template_is_reports). */
bool token_at(const struct template_release *r, struct sv text, struct token_found *ret)
{
	const char *open = r->minor == 6 ? "{{" : "{{.";
	struct token_found found;
	bool maybe;

	if (!sv_starts(text, open))
		return false;
	for (int i = 0; i < TOKEN_REPORTS; i++) {
		if (!row_at((enum token)i, after(text, strlen(open)), &found) ||
		    !known(r, &rows[i], &maybe))
			continue;
		*ret = found;
		ret->text = (struct sv){ text.p, strlen(open) + found.text.n };
		ret->maybe = maybe;
		return true;
	}
	return false;
}

/* ---- one that none knows ---- */

static bool same_name(struct sv s, const char *name)
{
	size_t n = strlen(name);

	if (!strcmp(name, rows[TOKEN_IDP_FIELD].name))
		return s.n > n && !strncasecmp(s.p, name, n);
	return s.n == n && !strncasecmp(s.p, name, n);
}

bool token_lookalike(struct sv text, size_t *ret_len)
{
	size_t most = MIN_OF(text.n, (size_t)64);
	const char *end = memmem(text.p, most, "}}", 2);
	struct sv name;

	if (!end)
		return false;
	name = sv_trim((struct sv){ text.p + 2, (size_t)(end - text.p) - 2 });
	if (sv_starts(name, "."))
		name = after(name, 1);
	name = sv_trim(name);
	for (int i = 0; i < TOKEN__MAX; i++) {
		if (same_name(name, rows[i].name)) {
			*ret_len = (size_t)(end - text.p) + 2;
			return true;
		}
	}
	return false;
}

bool token_mentions(struct sv text, const char *name, bool dotted)
{
	char words[64];

	snprintf(words, sizeof words, "{{%s%s}}", dotted ? "." : "", name);
	return memmem(text.p, text.n, words, strlen(words));
}

bool template_is_reports(const struct template_asked *a, struct sv text)
{
	(void)a; /* without a dot in every release up to 2.7.5 */
	return sv_eq(text, "{{RetentionReports}}");
}

/* ---- releases ---- */

int template_release_parse(const char *text, struct template_release *ret, struct err *e)
{
	const char *p = *text == 'v' ? text + 1 : text;
	uint64_t patch = 0;
	bool whole;

	if (strncmp(p, "2.6", 3) && strncmp(p, "2.7", 3))
		goto none;
	whole = p[3] == '\0';
	if (!whole && (p[3] != '.' || !sv_u64(sv_of(p + 4), &patch) || patch > 999))
		goto none;
	*ret = (struct template_release){ .minor = p[2] - '0', .patch = whole ? -1 : (int)patch };
	return 0;
none:
	err_set(e, ERR_USAGE, "'%s' is no open source release of SFTPGo 2.6 or 2.7", text);
	return err_hint(e, "give the release that ran the actions, as 2.6.4");
}
