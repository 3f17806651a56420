/* What a token prints, event by event, said in the target's language. Source: facts
 * sftpgo 5.4, 5.6, 5.8; sftpgo-real 6.2, 8. */
#include "products/sftpgo/template_in.h"

#define ON_NO_FILE                                                                 \
	(TEMPLATE_ON_SCHEDULE | TEMPLATE_ON_IP_BLOCKED | TEMPLATE_ON_CERTIFICATE | \
	 TEMPLATE_ON_DEMAND | TEMPLATE_ON_IDP_LOGIN)
#define ON_OBJECT (TEMPLATE_ON_PROVIDER | ON_SHARE)
#define ON_FILE_OR_OBJECT (TEMPLATE_ON_FS | TEMPLATE_ON_PROVIDER)
#define BIT(c) (1u << TEMPLATE_IF_##c)

#define VALUE(x_)                           \
	{                                   \
		.yes = { LEAF_ESCAPED, x_ } \
	}
#define PLAIN(x_)                       \
	{                               \
		.yes = { LEAF_RAW, x_ } \
	}
#define NUMBER(x_)                         \
	{                                  \
		.yes = { LEAF_NUMBER, x_ } \
	}
#define TIME(f_)                                                        \
	{                                                               \
		.yes = { LEAF_RAW, ".Timestamp.UTC.Format \"" f_ "\"" } \
	}
#define DATE_TIME "2006-01-02T15:04:05.000"

static const struct form bases[TOKEN__MAX] = {
	[TOKEN_NAME] = VALUE(".Name"),
	[TOKEN_EVENT] = PLAIN(".Event"),
	[TOKEN_STATUS] = NUMBER(".Status"),
	[TOKEN_STATUS_STRING] = { .test = "eq .Status 1",
				  .yes = { LEAF_TEXT, "OK" },
				  .no = { LEAF_TEXT, "KO" } },
	[TOKEN_ERROR_STRING] = VALUE("stringJoin .Errors \", \""),
	[TOKEN_VIRTUAL_PATH] = VALUE(".VirtualPath"),
	[TOKEN_ESCAPED_VIRTUAL_PATH] = PLAIN("urlEscape .VirtualPath"),
	[TOKEN_VIRTUAL_DIR_PATH] = { .test = ".VirtualPath",
				     .yes = { LEAF_ESCAPED, "pathDir .VirtualPath" },
				     .no = { LEAF_TOKEN, NULL } },
	[TOKEN_FS_PATH] = VALUE(".FsPath"),
	[TOKEN_VIRTUAL_TARGET_PATH] = VALUE(".VirtualTargetPath"),
	[TOKEN_VIRTUAL_TARGET_DIR_PATH] = { .test = ".VirtualTargetPath",
					    .yes = { LEAF_ESCAPED, "pathDir .VirtualTargetPath" },
					    .no = { LEAF_TOKEN, NULL } },
	[TOKEN_TARGET_NAME] = { .test = ".VirtualTargetPath",
				.yes = { LEAF_ESCAPED, "pathBase .VirtualTargetPath" },
				.no = { LEAF_TOKEN, NULL } },
	[TOKEN_FS_TARGET_PATH] = VALUE(".FsTargetPath"),
	[TOKEN_OBJECT_NAME] = VALUE(".ObjectName"),
	[TOKEN_OBJECT_BASE_NAME] = VALUE("stringTrimSuffix .ObjectName (pathExt .VirtualPath)"),
	[TOKEN_EXT] = VALUE("pathExt .VirtualPath"),
	[TOKEN_OBJECT_TYPE] = PLAIN(".ObjectType"),
	[TOKEN_FILE_SIZE] = NUMBER(".FileSize"),
	[TOKEN_ELAPSED] = NUMBER(".Elapsed"),
	[TOKEN_PROTOCOL] = PLAIN(".Protocol"),
	[TOKEN_IP] = PLAIN(".IP"),
	[TOKEN_ROLE] = VALUE(".Role"),
	[TOKEN_EMAIL] = VALUE(".Email"),
	[TOKEN_TIMESTAMP] = NUMBER(".Timestamp.UnixNano"),
	[TOKEN_DATE_TIME] = TIME(DATE_TIME),
	[TOKEN_YEAR] = TIME("2006"),
	[TOKEN_MONTH] = TIME("01"),
	[TOKEN_DAY] = TIME("02"),
	[TOKEN_HOUR] = TIME("15"),
	[TOKEN_MINUTE] = TIME("04"),
	[TOKEN_UID] = VALUE(".UID"),
	[TOKEN_OBJECT_DATA] = { .test = ".Object.JSON",
				.yes = { LEAF_RAW, ".Object.JSON" },
				.no = { LEAF_TEXT, "{}" } },
	[TOKEN_OBJECT_DATA_STRING] = { .test = "ne .Object.JSON \"{}\"",
				       .yes = { LEAF_INNER, ".Object.JSON" } },
	[TOKEN_METADATA] = { .test = ".Metadata",
			     .yes = { LEAF_JSON, "toJson .Metadata" },
			     .no = { LEAF_TEXT, "{}" } },
	[TOKEN_METADATA_STRING] = { .test = ".Metadata",
				    .yes = { LEAF_INNER_JSON, "toJson .Metadata" } },
};

/* In local time, as common.tz of 2.7 may ask. */
static const char *const local_formats[TOKEN__MAX] = {
	[TOKEN_DATE_TIME] = DATE_TIME, [TOKEN_YEAR] = "2006",
	[TOKEN_MONTH] = "01",          [TOKEN_DAY] = "02",
	[TOKEN_HOUR] = "15",           [TOKEN_MINUTE] = "04",
};
/* Of the zero time, in UTC. */
static const char *const zero_times[TOKEN__MAX] = {
	[TOKEN_TIMESTAMP] = "-6795364578871345152",
	[TOKEN_DATE_TIME] = "0001-01-01T00:00:00.000",
	[TOKEN_YEAR] = "0001",
	[TOKEN_MONTH] = "01",
	[TOKEN_DAY] = "01",
	[TOKEN_HOUR] = "00",
	[TOKEN_MINUTE] = "00",
};

/* The events that have a value for it in the old release, where not all do. A backup gives those of files one. */
static const struct {
	unsigned on;
	bool of_backup;
	struct leaf none; /* what the others print */
} given[TOKEN__MAX] = {
	[TOKEN_NAME] = { ~(unsigned)TEMPLATE_ON_IP_BLOCKED },
	[TOKEN_VIRTUAL_PATH] = { TEMPLATE_ON_FS, true },
	[TOKEN_ESCAPED_VIRTUAL_PATH] = { TEMPLATE_ON_FS, true },
	[TOKEN_VIRTUAL_DIR_PATH] = { TEMPLATE_ON_FS, true, { LEAF_TOKEN, NULL } },
	[TOKEN_FS_PATH] = { TEMPLATE_ON_FS, true },
	[TOKEN_VIRTUAL_TARGET_PATH] = { TEMPLATE_ON_FS },
	[TOKEN_FS_TARGET_PATH] = { TEMPLATE_ON_FS },
	[TOKEN_OBJECT_NAME] = { ON_FILE_OR_OBJECT, true },
	[TOKEN_OBJECT_BASE_NAME] = { ON_FILE_OR_OBJECT, true },
	[TOKEN_EXT] = { TEMPLATE_ON_FS },
	[TOKEN_OBJECT_TYPE] = { TEMPLATE_ON_PROVIDER },
	[TOKEN_FILE_SIZE] = { TEMPLATE_ON_FS, true, { LEAF_TEXT, "0" } },
	[TOKEN_ELAPSED] = { TEMPLATE_ON_FS, false, { LEAF_TEXT, "0" } },
	[TOKEN_PROTOCOL] = { TEMPLATE_ON_FS | TEMPLATE_ON_IDP_LOGIN },
	[TOKEN_IP] = { ON_FILE_OR_OBJECT | TEMPLATE_ON_IP_BLOCKED | TEMPLATE_ON_IDP_LOGIN },
	[TOKEN_ROLE] = { ON_FILE_OR_OBJECT },
	[TOKEN_EMAIL] = { ON_FILE_OR_OBJECT },
	[TOKEN_METADATA] = { TEMPLATE_ON_FS, false, { LEAF_TEXT, "{}" } },
	[TOKEN_METADATA_STRING] = { TEMPLATE_ON_FS },
};

unsigned value_triggers(const struct template_asked *a)
{
	unsigned on = a->triggers & TEMPLATE_ON_ANY;

	if (!on)
		on = TEMPLATE_ON_ANY;
	return on & TEMPLATE_ON_PROVIDER ? on | ON_SHARE : on;
}

/* ---- events where it is another ---- */

static const struct form own_text = { .yes = { LEAF_TOKEN, NULL } };

static void otherwise(struct value *v, const struct template_asked *a, unsigned on,
		      struct form form)
{
	v->on = on & value_triggers(a);
	v->other = form;
}

static struct form text_form(const char *text)
{
	return (struct form){ .yes = { *text ? LEAF_TEXT : LEAF_NOTHING, text } };
}

static bool after_backup(const struct template_asked *a)
{
	return (a->triggers & TEMPLATE_AFTER_BACKUP) && (value_triggers(a) & ON_NO_FILE);
}

/* None of these events has a value: what Enterprise has there is of no interest. */
static bool valueless(struct value *v, const struct template_asked *a, enum token token)
{
	unsigned on = given[token].on;

	if (!on || (on & value_triggers(a)) || (given[token].of_backup && after_backup(a)))
		return false;
	v->base = (struct form){ .yes = given[token].none };
	v->reason = v->base.yes.kind == LEAF_TOKEN ? TEMPLATE_SAME : TEMPLATE_EMPTY_HERE;
	v->filled = v->base.yes.kind != LEAF_NOTHING;
	return true;
}

/* Schedules of 2.6 and runs on demand have neither name nor event. */
static void nameless(struct value *v, const struct template_asked *a)
{
	unsigned on = TEMPLATE_ON_DEMAND;

	if (a->release.minor == 6)
		on |= TEMPLATE_ON_SCHEDULE;
	otherwise(v, a, on, text_form(""));
}

/* 2.6.0 to 2.6.2 keep the time as a number, which is 0 where there is none. */
static const char *zero_time(struct value *v, const struct template_asked *a, enum token token)
{
	if (token != TOKEN_TIMESTAMP || a->release.minor != 6 || a->release.patch > 2)
		return zero_times[token];
	if (a->release.patch < 0) {
		v->conditions |= BIT(RELEASE);
		return zero_times[token];
	}
	return "0";
}

static void timeless(struct value *v, const struct template_asked *a, enum token token)
{
	unsigned on = TEMPLATE_ON_DEMAND;
	struct form zero = text_form(zero_time(v, a, token));

	if (a->release.minor == 6)
		on |= TEMPLATE_ON_SCHEDULE;
	if (!(on & value_triggers(a)))
		return;
	if (a->release.minor == 7 && a->local_time && local_formats[token]) {
		snprintf(v->text + 256, sizeof v->text - 256,
			 "(fromMillis -62135596800000).Local.Format \"%s\"", local_formats[token]);
		zero = (struct form){ .yes = { LEAF_RAW, v->text + 256 } };
	}
	otherwise(v, a, on, zero);
	v->no_backup = after_backup(a);
	v->reason = TEMPLATE_ZERO_TIME;
}

static void timed(struct value *v, const struct template_asked *a, enum token token)
{
	bool zoned = a->release.minor == 7 && local_formats[token];

	if (zoned && a->local_time) {
		snprintf(v->text, 256, ".Timestamp.Local.Format \"%s\"", local_formats[token]);
		v->base.yes.x = v->text;
	} else if (zoned) {
		v->conditions |= BIT(UTC);
	}
	timeless(v, a, token);
	v->conditions |= after_backup(a) ? BIT(BACKUP) : 0;
	v->never_empty = true;
}

/* Enterprise may name the account that a retention check is at. */
static void named_object(struct value *v, const struct template_asked *a)
{
	if (after_backup(a))
		v->conditions |= BIT(BACKUP);
	if (!(a->triggers & TEMPLATE_AFTER_RETENTION))
		return;
	if (after_backup(a) || (value_triggers(a) & ~(unsigned)ON_NO_FILE))
		v->conditions |= BIT(OBJECT_NAME);
	if (!after_backup(a))
		otherwise(v, a, ON_NO_FILE, text_form(""));
}

/* Events of objects have no path, though Enterprise gives shares one; where its file alone has an
 * extension, a backup's has none. */
static void pathless(struct value *v, const struct template_asked *a, enum token token)
{
	static const struct form name = VALUE(".ObjectName");

	switch (token) {
	case TOKEN_VIRTUAL_DIR_PATH:
		otherwise(v, a, ON_OBJECT, own_text);
		break;
	case TOKEN_OBJECT_BASE_NAME:
		named_object(v, a);
		if (!v->on)
			otherwise(v, a, ON_OBJECT | (after_backup(a) ? ON_NO_FILE : 0), name);
		break;
	case TOKEN_EXT:
		otherwise(v, a, ON_OBJECT | (after_backup(a) ? ON_NO_FILE : 0), text_form(""));
		break;
	default:
		otherwise(v, a, ON_OBJECT, text_form(""));
	}
	if (token != TOKEN_EXT && after_backup(a))
		v->conditions |= BIT(BACKUP);
}

/* Only renames and copies have a target. */
static void targetless(struct value *v, const struct template_asked *a)
{
	otherwise(v, a, ON_OBJECT | ON_NO_FILE, own_text);
}

static void role(struct value *v, const struct template_asked *a)
{
	static const struct form executor = {
		.before =
		    "{{ $r := \"\" }}{{ if .Initiator.Admin }}{{ $r = .Initiator.Admin.Role }}"
		    "{{ else if .Initiator.User }}{{ $r = .Initiator.User.Role }}{{ end }}",
		.yes = { LEAF_ESCAPED, "$r" },
	};

	if (!(value_triggers(a) & TEMPLATE_ON_PROVIDER))
		return;
	otherwise(v, a, ON_OBJECT, executor);
	v->conditions |= BIT(INITIATOR);
}

/* After a retention check the documentation has a list there. */
static void email(struct value *v, const struct template_asked *a)
{
	bool checked = a->triggers & TEMPLATE_AFTER_RETENTION;

	otherwise(v, a, ON_SHARE | (checked ? ON_NO_FILE : 0), text_form(""));
	v->conditions |= BIT(ONE_EMAIL) | (checked ? BIT(OBJECT_NAME) : 0);
}

/* Filled in events of objects alone, and where the action is looked through for it. */
static void object_data(struct value *v, const struct template_asked *a, enum token token)
{
	unsigned without = a->object_data ? ~(unsigned)ON_OBJECT : ~0u;

	if (token == TOKEN_OBJECT_DATA)
		v->never_empty = true;
	otherwise(v, a, without, text_form(token == TOKEN_OBJECT_DATA ? "{}" : ""));
	if (!(value_triggers(a) & ON_OBJECT))
		v->reason = TEMPLATE_EMPTY_HERE;
	else if (!a->object_data)
		v->reason = a->object_lost ? TEMPLATE_BUG_KEPT : TEMPLATE_EMPTY_HERE;
	else
		v->conditions |= BIT(OBJECT);
}

/* ---- claims ---- */

/* As a Go string, free of "{{"; in paths without what cleaning them would change. */
static bool quoted(struct sv s, bool path, struct buf *ret)
{
	bool bare = !memchr(s.p, '"', s.n) && !memchr(s.p, '\\', s.n);

	for (size_t i = 0; i < s.n; i++)
		bare = bare && (unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f;
	if (path && (!bare || memmem(s.p, s.n, "//", 2) || memmem(s.p, s.n, "/.", 2)))
		return false;
	buf_addc(ret, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c == 0x7f || c == '"' || c == '\\' || (c >= 0x80 && !path))
			buf_addf(ret, "\\x%02x", c);
		else
			buf_addc(ret, s.p[i]);
	}
	buf_addc(ret, '"');
	return true;
}

/* A claim that is absent, or no string, leaves its token; so do all events but logins. */
static bool claim(struct value *v, const struct template_asked *a, struct sv name,
		  enum template_context c)
{
	autobuf struct buf text = BUF_MAX(sizeof v->text - 1);

	v->base = own_text;
	if (!(value_triggers(a) & TEMPLATE_ON_IDP_LOGIN))
		return true;
	buf_adds(&text, "{{ $v := 0 }}{{ with .IDPFields }}{{ $v = index . ");
	if (!quoted(name, c == TEMPLATE_PATH, &text))
		return false;
	buf_adds(&text, " }}{{ end }}");
	if (text.full)
		return false;
	memcpy(v->text, buf_str(&text), text.len + 1);
	v->base = (struct form){ .before = v->text,
				 .test = "eq (printf \"%T\" $v) \"string\"",
				 .yes = { LEAF_ESCAPED, "$v" },
				 .no = { LEAF_TOKEN, NULL } };
	otherwise(v, a, ~(unsigned)TEMPLATE_ON_IDP_LOGIN, own_text);
	v->conditions |= BIT(IDP_FLAT) | (c == TEMPLATE_HTML ? BIT(NO_NUL) : 0);
	return true;
}

/* ---- all ---- */

static void cases_of(struct value *v, const struct template_asked *a, enum token token)
{
	switch (token) {
	case TOKEN_NAME:
		if (value_triggers(a) & TEMPLATE_ON_PROVIDER)
			v->conditions |= BIT(NAME);
		fall_through;
	case TOKEN_EVENT:
		nameless(v, a);
		v->filled = !v->on && (token == TOKEN_EVENT ||
				       !(value_triggers(a) & TEMPLATE_ON_IP_BLOCKED));
		break;
	case TOKEN_ERROR_STRING:
		v->conditions |= BIT(ERROR_TEXT);
		break;
	case TOKEN_VIRTUAL_PATH:
	case TOKEN_ESCAPED_VIRTUAL_PATH:
	case TOKEN_VIRTUAL_DIR_PATH:
	case TOKEN_OBJECT_BASE_NAME:
	case TOKEN_EXT:
		pathless(v, a, token);
		break;
	case TOKEN_FS_PATH:
	case TOKEN_FILE_SIZE:
		v->conditions |= after_backup(a) ? BIT(BACKUP) : 0;
		break;
	case TOKEN_VIRTUAL_TARGET_DIR_PATH:
	case TOKEN_TARGET_NAME:
		targetless(v, a);
		v->filled = true;
		break;
	case TOKEN_OBJECT_NAME:
		named_object(v, a);
		break;
	case TOKEN_ROLE:
		role(v, a);
		break;
	case TOKEN_EMAIL:
		email(v, a);
		break;
	case TOKEN_UID:
		v->conditions |= BIT(UID);
		break;
	case TOKEN_OBJECT_DATA:
	case TOKEN_OBJECT_DATA_STRING:
		object_data(v, a, token);
		break;
	default:
		if (zero_times[token])
			timed(v, a, token);
	}
}

/* In events of files these begin with a slash or a letter. */
static bool never_empty(const struct template_asked *a, enum token token)
{
	switch (token) {
	case TOKEN_STATUS:
	case TOKEN_STATUS_STRING:
	case TOKEN_FILE_SIZE:
	case TOKEN_ELAPSED:
	case TOKEN_UID:
	case TOKEN_METADATA:
		return true;
	case TOKEN_EVENT:
	case TOKEN_VIRTUAL_PATH:
	case TOKEN_ESCAPED_VIRTUAL_PATH:
	case TOKEN_VIRTUAL_DIR_PATH:
	case TOKEN_OBJECT_NAME:
		return value_triggers(a) == TEMPLATE_ON_FS;
	default:
		return false;
	}
}

/* 2.6 leaves a backslash in a path alone. Paths of clients have none in Enterprise. */
static bool may_have_backslash(const struct template_asked *a, enum token token)
{
	switch (token) {
	case TOKEN_NAME:
	case TOKEN_ERROR_STRING:
	case TOKEN_FS_PATH:
	case TOKEN_FS_TARGET_PATH:
	case TOKEN_ROLE:
	case TOKEN_EMAIL:
	case TOKEN_UID:
	case TOKEN_METADATA:
	case TOKEN_METADATA_STRING:
	case TOKEN_IDP_FIELD:
		return true;
	case TOKEN_OBJECT_NAME:
		return value_triggers(a) != TEMPLATE_ON_FS;
	case TOKEN_OBJECT_DATA:
	case TOKEN_OBJECT_DATA_STRING:
		return a->object_data && (value_triggers(a) & TEMPLATE_ON_PROVIDER);
	default:
		return false;
	}
}

bool value_of(const struct template_asked *a, const struct token_found *t, enum template_context c,
	      struct value *ret)
{
	bool none = false;

	memset(ret, 0, sizeof *ret);
	ret->base = bases[t->token];
	ret->reason = TEMPLATE_SAME;
	ret->never_empty = never_empty(a, t->token);
	if (t->token == TOKEN_IDP_FIELD) {
		if (!claim(ret, a, t->claim, c))
			return false;
	} else {
		none = valueless(ret, a, t->token);
		if (!none)
			cases_of(ret, a, t->token);
	}
	if (t->maybe)
		ret->conditions |= BIT(RELEASE);
	if (!none && c == TEMPLATE_PATH && a->release.minor == 6 && may_have_backslash(a, t->token))
		ret->conditions |= BIT(BACKSLASH);
	return true;
}

const struct form *value_only(const struct template_asked *a, const struct value *v)
{
	if (!v->on)
		return &v->base;
	return v->on == value_triggers(a) && !v->no_backup ? &v->other : NULL;
}

bool value_is_text(const struct template_asked *a, const struct value *v)
{
	const struct form *only = value_only(a, v);

	return only && !only->test && only->yes.kind == LEAF_TOKEN;
}
