/* One text: every row of the mapping, every context, what is no token, and the laws of the result.
 */
#include "template_unit.h"

#include "products/sftpgo/dot_pass.h"

#define FS TEMPLATE_ON_FS
#define PROVIDER TEMPLATE_ON_PROVIDER
#define SCHEDULE TEMPLATE_ON_SCHEDULE
#define DEMAND TEMPLATE_ON_DEMAND
#define LOGIN TEMPLATE_ON_IDP_LOGIN
#define BACKUP TEMPLATE_AFTER_BACKUP
#define PLAIN TEMPLATE_PLAIN
#define JSON TEMPLATE_JSON
#define EXACT TEMPLATE_EXACT
#define UNDER TEMPLATE_EXACT_IF
#define LITERAL "{{ \"{\" }}{{ \"{\" }}"
#define TIME(f) "{{ .Timestamp.UTC.Format \"" f "\" }}"
#define CLAIM "{{ $v := 0 }}{{ with .IDPFields }}{{ $v = index . \"a.b\" }}{{ end }}"

static const struct template_case rows[] = {
	{ "Name", 6, 4, FS, JSON, "{{Name}}", "{{ toJsonUnquoted .Name }}", UNDER },
	{ "Name", 7, 5, FS, PLAIN, "{{.Name}}", "{{ .Name }}", EXACT },
	{ "Name", 7, 5, SCHEDULE, PLAIN, "{{.Name}}", "{{ .Name }}", EXACT },
	{ "Name", 7, 5, DEMAND, PLAIN, "<{{.Name}}>", "<>", EXACT },
	{ "Name", 7, 5, FS | DEMAND, PLAIN, "{{.Name}}",
	  "{{ if ne .Event \"On demand\" }}{{ .Name }}{{ end }}", EXACT },
	{ "Name", 6, 4, FS | DEMAND | SCHEDULE, PLAIN, "{{Name}}",
	  "{{ if not (eq .Event \"Schedule\" \"On demand\") }}{{ .Name }}{{ end }}", EXACT },
	{ "Name", 7, 5, PROVIDER, PLAIN, "{{.Name}}", "{{ .Name }}", UNDER },
	{ "Event", 6, 4, SCHEDULE | FS, PLAIN, "{{Event}}",
	  "{{ if ne .Event \"Schedule\" }}{{ .Event }}{{ end }}", EXACT },
	{ "Event", 7, 5, SCHEDULE | FS, JSON, "{{.Event}}", "{{ .Event }}", EXACT },
	{ "Status", 6, 4, FS, JSON, "{{Status}}", "{{ .Status }}", EXACT },
	{ "StatusString", 6, 4, FS, PLAIN, "{{StatusString}}",
	  "{{ if eq .Status 1 }}OK{{ else }}KO{{ end }}", EXACT },
	{ "ErrorString", 6, 4, FS, PLAIN, "{{ErrorString}}", "{{ stringJoin .Errors \", \" }}",
	  UNDER },
	{ "ErrorString", 6, 4, FS, JSON, "{{ErrorString}}",
	  "{{ toJsonUnquoted (stringJoin .Errors \", \") }}", UNDER },
	{ "VirtualPath", 6, 4, FS, PLAIN, "{{VirtualPath}}", "{{ .VirtualPath }}", EXACT },
	{ "VirtualPath", 6, 4, PROVIDER, PLAIN, "{{VirtualPath}}", "{{ \"\" }}", EXACT },
	{ "VirtualPath", 6, 4, FS | PROVIDER, PLAIN, "{{VirtualPath}}",
	  "{{ if not .ObjectType }}{{ .VirtualPath }}{{ end }}", EXACT },
	{ "EscapedVirtualPath", 7, 5, FS, JSON, "{{.EscapedVirtualPath}}",
	  "{{ urlEscape .VirtualPath }}", EXACT },
	{ "EscapedVirtualPath", 6, 2, FS, PLAIN, "{{EscapedVirtualPath}}",
	  LITERAL "EscapedVirtualPath}}", EXACT },
	{ "VirtualDirPath", 6, 4, FS, PLAIN, "{{VirtualDirPath}}",
	  "{{ if .VirtualPath }}{{ pathDir .VirtualPath }}{{ else }}" LITERAL
	  "VirtualDirPath}}{{ end }}",
	  EXACT },
	{ "VirtualDirPath", 6, 4, PROVIDER, PLAIN, "{{VirtualDirPath}}", LITERAL "VirtualDirPath}}",
	  EXACT },
	{ "FsPath", 6, 4, FS, PLAIN, "{{FsPath}}", "{{ .FsPath }}", EXACT },
	{ "VirtualTargetPath", 6, 4, FS, PLAIN, "{{VirtualTargetPath}}", "{{ .VirtualTargetPath }}",
	  EXACT },
	{ "VirtualTargetDirPath", 7, 5, FS, PLAIN, "{{.VirtualTargetDirPath}}",
	  "{{ if .VirtualTargetPath }}{{ pathDir .VirtualTargetPath }}{{ else }}" LITERAL
	  ".VirtualTargetDirPath}}{{ end }}",
	  EXACT },
	{ "TargetName", 6, 4, FS, PLAIN, "{{TargetName}}",
	  "{{ if .VirtualTargetPath }}{{ pathBase .VirtualTargetPath }}{{ else }}" LITERAL
	  "TargetName}}{{ end }}",
	  EXACT },
	{ "TargetName", 6, 4, SCHEDULE, PLAIN, "{{TargetName}}", LITERAL "TargetName}}", EXACT },
	{ "FsTargetPath", 6, 4, FS, PLAIN, "{{FsTargetPath}}", "{{ .FsTargetPath }}", EXACT },
	{ "ObjectName", 6, 4, FS, PLAIN, "{{ObjectName}}", "{{ .ObjectName }}", EXACT },
	{ "ObjectName", 6, 4, FS | TEMPLATE_AFTER_RETENTION, PLAIN, "{{ObjectName}}",
	  "{{ .ObjectName }}", UNDER },
	{ "ObjectName", 6, 4, SCHEDULE | TEMPLATE_AFTER_RETENTION, PLAIN, "{{ObjectName}}",
	  "{{ \"\" }}", EXACT },
	{ "ObjectBaseName", 7, 5, FS, PLAIN, "{{.ObjectBaseName}}",
	  "{{ stringTrimSuffix .ObjectName (pathExt .VirtualPath) }}", EXACT },
	{ "ObjectBaseName", 7, 5, PROVIDER, PLAIN, "{{.ObjectBaseName}}", "{{ .ObjectName }}",
	  EXACT },
	{ "ObjectBaseName", 6, 6, FS, PLAIN, "{{ObjectBaseName}}", LITERAL "ObjectBaseName}}",
	  EXACT },
	{ "Ext", 6, 4, FS, PLAIN, "{{Ext}}", "{{ pathExt .VirtualPath }}", EXACT },
	{ "Ext", 6, 4, SCHEDULE | BACKUP, PLAIN, "{{Ext}}", "{{ \"\" }}", EXACT },
	{ "ObjectType", 6, 4, PROVIDER, PLAIN, "{{ObjectType}}", "{{ .ObjectType }}", EXACT },
	{ "FileSize", 6, 4, FS, PLAIN, "{{FileSize}}", "{{ .FileSize }}", EXACT },
	{ "Elapsed", 6, 4, FS, PLAIN, "{{Elapsed}}", "{{ .Elapsed }}", EXACT },
	{ "Protocol", 6, 4, FS, PLAIN, "{{Protocol}}", "{{ .Protocol }}", EXACT },
	{ "IP", 6, 4, FS, PLAIN, "{{IP}}", "{{ .IP }}", EXACT },
	{ "Role", 6, 4, FS, PLAIN, "{{Role}}", "{{ .Role }}", EXACT },
	{ "Role", 6, 4, PROVIDER, PLAIN, "{{Role}}",
	  "{{ $r := \"\" }}{{ if .Initiator.Admin }}{{ $r = .Initiator.Admin.Role }}"
	  "{{ else if .Initiator.User }}{{ $r = .Initiator.User.Role }}{{ end }}{{ $r }}",
	  UNDER },
	{ "Email", 6, 4, FS, PLAIN, "{{Email}}", "{{ .Email }}", UNDER },
	{ "Email", 6, 4, PROVIDER, PLAIN, "{{Email}}",
	  "{{ if ne .ObjectType \"share\" }}{{ .Email }}{{ end }}", UNDER },
	{ "Timestamp", 6, 4, FS, PLAIN, "{{Timestamp}}", "{{ .Timestamp.UnixNano }}", EXACT },
	{ "Timestamp", 6, 4, DEMAND, PLAIN, "{{Timestamp}}", "-6795364578871345152", EXACT },
	{ "Timestamp", 6, 2, DEMAND, PLAIN, "{{Timestamp}}", "0", EXACT },
	{ "Timestamp", 6, 4, DEMAND | BACKUP, PLAIN, "{{Timestamp}}",
	  "{{ if not .VirtualPath }}-6795364578871345152{{ else }}{{ .Timestamp.UnixNano }}"
	  "{{ end }}",
	  UNDER },
	{ "DateTime", 6, 4, FS, PLAIN, "{{DateTime}}", TIME("2006-01-02T15:04:05.000"), EXACT },
	{ "DateTime", 6, 4, FS | SCHEDULE, PLAIN, "{{DateTime}}",
	  "{{ if eq .Event \"Schedule\" }}0001-01-01T00:00:00.000{{ else }}" TIME(
	      "2006-01-02T15:04:05.000") "{{ end }}",
	  EXACT },
	{ "Year", 7, 5, FS, PLAIN, "{{.Year}}", TIME("2006"), EXACT },
	{ "Year", 6, 4, FS, PLAIN, "{{Year}}", LITERAL "Year}}", EXACT },
	{ "Year", 6, 5, FS, PLAIN, "{{Year}}", TIME("2006"), EXACT },
	{ "Year", 6, -1, FS, PLAIN, "{{Year}}", TIME("2006"), UNDER },
	{ "Month", 7, 5, FS, PLAIN, "{{.Month}}", TIME("01"), EXACT },
	{ "Day", 7, 5, FS, PLAIN, "{{.Day}}", TIME("02"), EXACT },
	{ "Hour", 7, 5, FS, PLAIN, "{{.Hour}}", TIME("15"), EXACT },
	{ "Minute", 7, 5, FS, PLAIN, "{{.Minute}}", TIME("04"), EXACT },
	{ "UID", 6, 4, FS, PLAIN, "{{UID}}", "{{ .UID }}", UNDER },
	{ "ObjectData", 6, 4, PROVIDER, PLAIN, "{{ObjectData}}", "{}", EXACT },
	{ "ObjectDataString", 6, 4, PROVIDER, PLAIN, "<{{ObjectDataString}}>", "<>", EXACT },
	{ "Metadata", 6, 4, FS, PLAIN, "{\"m\":{{Metadata}}}",
	  "{\"m\":{{ if .Metadata }}{{ toJson .Metadata }}{{ else }}{}{{ end }}}", UNDER },
	{ "MetadataString", 6, 4, FS, PLAIN, "{{MetadataString}}",
	  "{{ if .Metadata }}{{ toJsonUnquoted (toJson .Metadata) }}{{ end }}", UNDER },
	{ "IDPField", 6, 4, LOGIN, JSON, "{{IDPFielda.b}}",
	  CLAIM "{{ if eq (printf \"%T\" $v) \"string\" }}{{ toJsonUnquoted $v }}{{ else }}" LITERAL
		"IDPFielda.b}}{{ end }}",
	  UNDER },
	{ "IDPField", 6, 4, FS, JSON, "{{IDPFielda.b}}", LITERAL "IDPFielda.b}}", EXACT },
	{ "RetentionReports", 6, 4, FS, PLAIN, "{{RetentionReports}}", LITERAL "RetentionReports}}",
	  EXACT },
};

/* The tokens of facts sftpgo 5.8, in its order, written down a second time. */
static const char *const mapping[] = {
	"Name",
	"Event",
	"Status",
	"StatusString",
	"ErrorString",
	"VirtualPath",
	"EscapedVirtualPath",
	"VirtualDirPath",
	"FsPath",
	"VirtualTargetPath",
	"VirtualTargetDirPath",
	"TargetName",
	"FsTargetPath",
	"ObjectName",
	"ObjectBaseName",
	"Ext",
	"ObjectType",
	"FileSize",
	"Elapsed",
	"Protocol",
	"IP",
	"Role",
	"Email",
	"Timestamp",
	"DateTime",
	"Year",
	"Month",
	"Day",
	"Hour",
	"Minute",
	"UID",
	"ObjectData",
	"ObjectDataString",
	"Metadata",
	"MetadataString",
	"IDPField",
	"RetentionReports",
};

static void every_row_has_its_translation(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		case_holds(&rows[i]);
}

static void no_row_is_without_a_case(void **state)
{
	size_t n, shown = 0;
	const struct template_row *table = template_rows(&n);

	assert_int_equal(n, ARRAY_LEN(mapping));
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		assert_string_equal(table[i].name, mapping[i]);
		for (size_t k = 0; k < ARRAY_LEN(rows); k++)
			found = found || !strcmp(rows[k].row, mapping[i]);
		if (!found)
			print_error("no case for %s\n", mapping[i]);
		assert_true(found);
		shown += found;
	}
	print_message("# rows of the mapping with a case: %zu of %zu\n", shown, n);
}

static void values_are_escaped_as_the_field_asks(void **state)
{
	static const struct template_case cases[] = {
		{ NULL, 7, 5, FS, TEMPLATE_HTML, "{{.Name}}", "{{ html .Name }}", EXACT },
		{ NULL, 7, 5, FS, TEMPLATE_HTML, "{{.Status}}", "{{ .Status }}", EXACT },
		{ NULL, 7, 5, FS, TEMPLATE_PATH, "/archive/{{.Year}}/{{.Name}}",
		  "/archive/" TIME("2006") "/{{ .Name }}", EXACT },
		{ NULL, 6, 4, FS, JSON, "{\"u\":\"{{Name}}\",\"s\":{{Status}},\"t\":{{Timestamp}}}",
		  "{\"u\":\"{{ toJsonUnquoted .Name }}\",\"s\":{{ .Status }},"
		  "\"t\":{{ .Timestamp.UnixNano }}}",
		  UNDER },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		case_holds(&cases[i]);
}

#define HTTP "http://h:1"

static void endpoints(void **state)
{
	static const struct template_case cases[] = {
		{ NULL, 6, 4, FS, TEMPLATE_URL, HTTP "/json/{{VirtualPath}}/a{{Name}}b",
		  HTTP "/json/{{ urlPathEscape .VirtualPath }}/a{{ urlPathEscape .Name }}b",
		  UNDER },
		{ NULL, 6, 4, FS, TEMPLATE_URL, HTTP "/a//b/{{ObjectName}}/../c/{{Status}}",
		  HTTP "/a/b/c/{{ urlPathEscape (print .Status) }}", UNDER },
		{ NULL, 6, 4, FS, TEMPLATE_URL, HTTP "/f%C3%BCr/{{VirtualPath}}/x/",
		  HTTP "/f%C3%BCr/{{ stringReplace (stringReplace (stringReplace (urlPathEscape "
		       ".VirtualPath) \"%2F\" \"/\") \"%3B\" \";\") \"%2C\" \",\" }}/x",
		  UNDER },
		{ NULL, 6, 4, FS, TEMPLATE_URL, HTTP "/{{VirtualPath}}/ä",
		  HTTP "{{ stringReplace (stringReplace (stringReplace (urlPathEscape "
		       ".VirtualPath) \"%2F\" \"/\") \"%3B\" \";\") \"%2C\" \",\" }}/%C3%A4",
		  UNDER },
		{ NULL, 6, 4, FS, TEMPLATE_URL, HTTP "/a%2Fb/{{Status}}",
		  HTTP "/a/b/{{ urlPathEscape (print .Status) }}", UNDER },
		{ NULL, 6, 4, FS, TEMPLATE_URL, HTTP "/%25/{{Status}}",
		  HTTP "/%25/" LITERAL "Status}}", TEMPLATE_NOT },
		{ NULL, 6, 4, FS, TEMPLATE_URL, "http://{{Name}}/x", "http://" LITERAL "Name}}/x",
		  TEMPLATE_NOT },
		{ NULL, 6, 4, FS, TEMPLATE_URL, HTTP "/x?n={{Name}}", HTTP "/x?n=" LITERAL "Name}}",
		  UNDER },
		{ NULL, 7, 5, FS, TEMPLATE_URL, HTTP "/{{Name}}", HTTP "/%7B%7BName%7D%7D", EXACT },
		{ NULL, 7, 5, FS, TEMPLATE_URL, HTTP "/a%20b//c/", HTTP "/a%20b//c/", EXACT },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		case_holds(&cases[i]);
}

/* Whether the endpoint's words may come out as none, or as something that paths are cleaned of. */
static void components_may_be_lost(void **state)
{
	static const struct {
		unsigned triggers;
		const char *text;
		bool may;
	} cases[] = {
		{ FS, HTTP "/in/{{ObjectName}}", false },
		{ FS, HTTP "/{{ObjectName}}", true },
		{ FS, HTTP "/in/{{VirtualPath}}", false },
		{ FS, HTTP "/in/{{Ext}}", true },
		{ FS, HTTP "/in/x{{Ext}}", false },
		{ FS, HTTP "/in/.{{Ext}}", true },
		{ FS, HTTP "/in/x{{TargetName}}", true },
		{ PROVIDER, HTTP "/in/{{Event}}", true },
		{ FS, HTTP "/{{Name}}x/ä", true },
		{ FS, HTTP "/{{Status}}x/ä", false },
		{ FS, HTTP "/{{Ext}}/../{{Status}}", true },
	};
	struct template_text t;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct template_asked a = { .release = { 6, 4 }, .triggers = cases[i].triggers };

		translated(&a, TEMPLATE_URL, cases[i].text, &t);
		if (has_condition(&t.findings, TEMPLATE_IF_COMPONENT) != cases[i].may)
			fail_msg("of %s", cases[i].text);
		template_text_done(&t);
	}
}

static void what_is_no_token_stays_text(void **state)
{
	static const struct template_case cases[] = {
		{ NULL, 6, 4, FS, PLAIN, "a{b}}c{", "a{b}}c{", EXACT },
		{ NULL, 6, 4, FS, PLAIN, "{{Bogus}}", LITERAL "Bogus}}", EXACT },
		{ NULL, 6, 4, FS, PLAIN, "{{ Name }}", LITERAL " Name }}", EXACT },
		{ NULL, 6, 4, FS, PLAIN, "{{name}}", LITERAL "name}}", EXACT },
		{ NULL, 6, 4, FS, PLAIN, "{{.Name}}{{Name}}", LITERAL ".Name}}{{ .Name }}", EXACT },
		{ NULL, 7, 5, FS, PLAIN, "{{.Name}}{{Name}}", "{{ .Name }}" LITERAL "Name}}",
		  EXACT },
		{ NULL, 6, 4, FS, PLAIN, "{{{Name}}}", "{{ \"{\" }}{{ .Name }}}", EXACT },
		{ NULL, 6, 4, FS, PLAIN, "{{{{Name}}}}", LITERAL "{{ .Name }}}}", EXACT },
		{ NULL, 6, 4, FS, PLAIN, "{{if eq .Status 1}}A{{end}}",
		  LITERAL "if eq .Status 1}}A" LITERAL "end}}", EXACT },
		{ NULL, 6, 4, FS, PLAIN, "{{IDPField{{Name}}", LITERAL "IDPField{{ .Name }}",
		  EXACT },
		{ NULL, 6, 4, FS, PLAIN, "{{NameX}}{{Name}", LITERAL "NameX}}" LITERAL "Name}",
		  EXACT },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		case_holds(&cases[i]);
}

static void findings_say_where_and_why(void **state)
{
	struct template_asked a = { .release = { 6, 4 }, .triggers = FS };
	struct template_text t;
	struct template_finding *f;

	translated(&a, PLAIN, "a{{Name}}b{{ name }}c{{x", &t);
	assert_int_equal(t.findings.n, 3);
	f = t.findings.v;
	assert_int_equal(f[0].reason, TEMPLATE_SAME);
	assert_int_equal(f[0].at, 1);
	assert_int_equal(f[0].len, 8);
	assert_string_equal(f[0].token, "{{Name}}");
	assert_string_equal(f[0].template, "{{ .Name }}");
	assert_int_equal(f[0].evidence, TEMPLATE_DOCUMENTED);
	assert_int_equal(f[1].reason, TEMPLATE_LITERAL);
	assert_int_equal(f[1].at, 10);
	assert_string_equal(f[1].token, "{{ name }}");
	assert_int_equal(f[2].reason, TEMPLATE_FOREIGN);
	assert_int_equal(f[2].at, 21);
	template_text_done(&t);
	translated(&a, TEMPLATE_URL, HTTP "/%7B{Name}%7D/x", &t);
	assert_string_equal(buf_str(&t.text), HTTP "/{{ urlPathEscape .Name }}/x");
	assert_int_equal(t.findings.v[0].at, strlen(HTTP "/"));
	assert_int_equal(t.findings.v[0].len, strlen("%7B{Name}%7D") - 0);
	template_text_done(&t);
}

static void what_the_dot_pass_left_is_seen(void **state)
{
	static const char *const texts[] = { "{{.{Name}}}", "{{.#each x}}", "{{.if eq .Status 1}}",
					     "{{.end}}" };
	struct template_asked a = { .release = { 7, 5 }, .triggers = FS };
	struct template_text t;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		translated(&a, PLAIN, texts[i], &t);
		assert_true(has_reason(&t.findings, TEMPLATE_DOT_PASS));
		assert_int_equal(t.class, TEMPLATE_EXACT);
		template_text_done(&t);
	}
	translated(&a, PLAIN, "{{.Bogus}}", &t);
	assert_false(has_reason(&t.findings, TEMPLATE_DOT_PASS));
	template_text_done(&t);
}

static void conditions_can_be_settled(void **state)
{
	struct template_asked a = { .release = { 6, 4 }, .triggers = FS };
	struct template_text t;

	translated(&a, JSON, "{{Name}}", &t);
	assert_int_equal(t.class, TEMPLATE_EXACT_IF);
	assert_false(t.held); /* the same to whoever reads JSON */
	assert_int_equal(t.findings.v[0].evidence, TEMPLATE_OPEN);
	template_text_done(&t);
	a.settled[TEMPLATE_IF_JSON_ESCAPE] = TEMPLATE_HOLDS;
	translated(&a, JSON, "{{Name}}", &t);
	assert_int_equal(t.class, TEMPLATE_EXACT);
	assert_int_equal(t.findings.v[0].evidence, TEMPLATE_SEEN);
	template_text_done(&t);
	a.settled[TEMPLATE_IF_JSON_ESCAPE] = TEMPLATE_FAILS;
	translated(&a, JSON, "{{Name}}", &t);
	assert_int_equal(t.class, TEMPLATE_EXACT);
	assert_string_equal(buf_str(&t.text),
			    "{{ stringReplace (stringReplace (stringReplace (toJsonUnquoted .Name) "
			    "\"<\" \"\\\\u003c\") \">\" \"\\\\u003e\") \"&\" \"\\\\u0026\" }}");
	template_text_done(&t);
	translated(&a, PLAIN, "{{MetadataString}}", &t);
	assert_string_equal(buf_str(&t.text),
			    "{{ if .Metadata }}{{ toJsonUnquoted (stringReplace (stringReplace (stringReplace "
			    "(toJson .Metadata) \"<\" \"\\\\u003c\") \">\" \"\\\\u003e\") \"&\" \"\\\\u0026\") }}"
			    "{{ end }}");
	template_text_done(&t);
	a.triggers = PROVIDER;
	translated(&a, PLAIN, "{{Name}}", &t);
	assert_true(t.held);
	template_text_done(&t);
	a.settled[TEMPLATE_IF_NAME] = TEMPLATE_FAILS;
	translated(&a, PLAIN, "{{Name}}", &t);
	assert_int_equal(t.class, TEMPLATE_NOT);
	template_text_done(&t);
}

static void no_reason_is_missing_beyond_the_ceiling(void **state)
{
	struct template_asked a = { .release = { 6, 4 }, .triggers = PROVIDER };
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct template_text t;

	for (int i = 0; i < TEMPLATE_FINDINGS_MAX + 5; i++)
		buf_adds(&text, "{{UID}}");
	buf_adds(&text, "{{Name}}{{Name}}");
	translated(&a, PLAIN, buf_str(&text), &t);
	assert_int_equal(t.findings.n, TEMPLATE_FINDINGS_MAX + 1);
	assert_true(has_condition(&t.findings, TEMPLATE_IF_NAME) && t.held);
	template_text_reset(&t);
	assert_false(t.listed.bits[0][TEMPLATE_EXACT_IF][TEMPLATE_HANGS]);
	template_text_done(&t);
}

/* A page shows what is in angle brackets, and a path is another. */
static void only_readers_of_json_read_the_same(void **state)
{
	static const struct {
		enum template_context context;
		const char *text;
		bool held;
	} cases[] = {
		{ TEMPLATE_JSON, "{{.Metadata}}", false }, { PLAIN, "{{.Metadata}}", false },
		{ TEMPLATE_HTML, "{{.Metadata}}", true },  { TEMPLATE_PATH, "/{{.MetadataString}}", true },
		{ PLAIN, "{{.ErrorString}}", false },      { TEMPLATE_PATH, "/{{.ErrorString}}", true },
	};
	struct template_asked a = { .release = { 7, 5 }, .triggers = FS };

	struct template_text t;

	a.settled[TEMPLATE_IF_BACKSLASH] = TEMPLATE_HOLDS;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		translated(&a, cases[i].context, cases[i].text, &t);
		if (t.held != cases[i].held)
			fail_msg("%s, %s", cases[i].text, template_context_name(cases[i].context));
		template_text_done(&t);
	}
	a.settled[TEMPLATE_IF_JSON_ESCAPE] = TEMPLATE_FAILS;
	translated(&a, TEMPLATE_HTML, "{{.Metadata}}", &t);
	assert_false(t.held);
	template_text_done(&t);
}

static void times_may_be_local(void **state)
{
	struct template_asked a = { .release = { 7, 5 },
				    .triggers = FS | DEMAND,
				    .local_time = true };
	struct template_text t;

	translated(&a, PLAIN, "{{.Hour}}", &t);
	assert_string_equal(
	    buf_str(&t.text),
	    "{{ if eq .Event \"On demand\" }}{{ (fromMillis -62135596800000).Local.Format \"15\" }}"
	    "{{ else }}{{ .Timestamp.Local.Format \"15\" }}{{ end }}");
	assert_true(has_reason(&t.findings, TEMPLATE_ZERO_TIME));
	template_text_done(&t);
}

static void a_zone_that_nobody_told_is_a_condition(void **state)
{
	struct template_asked a = { .release = { 7, 5 }, .triggers = FS };
	struct template_text t;

	translated(&a, PLAIN, "{{.Hour}}", &t);
	assert_string_equal(buf_str(&t.text), "{{ .Timestamp.UTC.Format \"15\" }}");
	assert_true(has_condition(&t.findings, TEMPLATE_IF_UTC) && t.held);
	template_text_done(&t);
	a.settled[TEMPLATE_IF_UTC] = TEMPLATE_HOLDS;
	translated(&a, PLAIN, "{{.Hour}}", &t);
	assert_int_equal(t.class, TEMPLATE_EXACT);
	template_text_done(&t);
	a = (struct template_asked){ .release = { 6, 6 }, .triggers = FS };
	translated(&a, PLAIN, "{{Hour}}", &t);
	assert_int_equal(t.class, TEMPLATE_EXACT);
	template_text_done(&t);
}

static void objects_where_they_are_filled_in(void **state)
{
	struct template_asked a = { .release = { 7, 5 },
				    .triggers = PROVIDER | FS,
				    .object_data = true };
	struct template_text t;

	translated(&a, PLAIN, "{{.ObjectData}}", &t);
	assert_string_equal(buf_str(&t.text),
			    "{{ if not .ObjectType }}{}{{ else }}{{ if .Object.JSON }}"
			    "{{ .Object.JSON }}{{ else }}{}{{ end }}{{ end }}");
	assert_true(has_condition(&t.findings, TEMPLATE_IF_OBJECT) && t.held);
	template_text_done(&t);
	a.triggers = PROVIDER;
	translated(&a, JSON, "{{.ObjectDataString}}", &t);
	assert_string_equal(buf_str(&t.text), "{{ if ne .Object.JSON \"{}\" }}{{ toJsonUnquoted "
					      ".Object.JSON }}{{ end }}");
	template_text_done(&t);
}

/* ---- laws ---- */

static unsigned long random_state = 1;

static unsigned pick(unsigned n)
{
	random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(random_state >> 33) % n;
}

static void random_text(struct buf *b)
{
	static const char *const pieces[] = { "{",
					      "{{",
					      "}",
					      "}}",
					      ".",
					      " ",
					      "Name",
					      "{{Name}}",
					      "{{.Name}}",
					      "{{Metadata}}",
					      "{{.Timestamp}}",
					      "/",
					      "{{IDPField",
					      "a",
					      "\"",
					      "\\",
					      "{{VirtualDirPath}}",
					      "{{.TargetName}}",
					      "\xff",
					      "%7B",
					      "-",
					      "{{-",
					      "{{/*",
					      "http://h/",
					      "{{ObjectData}}",
					      "{{.ObjectData}}" };

	for (unsigned n = pick(12); n; n--)
		buf_adds(b, pieces[pick(ARRAY_LEN(pieces))]);
}

/* Actions are well-formed, every "{{" begins one, and none is in a quoted string. */
static bool well_formed(const char *p)
{
	while ((p = strstr(p, "{{"))) {
		bool quoted = false;

		if (p[2] != ' ')
			return false;
		for (p += 2; *p && (quoted || strncmp(p, " }}", 3)); p++) {
			if (*p == '\\' && quoted)
				p++;
			else if (*p == '"')
				quoted = !quoted;
			if (!strncmp(p, "{{", 2))
				return false;
		}
		if (!*p)
			return false;
		p += 3;
		if (*p == '{' && p[1] == '{' && p[2] == '{')
			return false;
	}
	return true;
}

static void laws_hold_for_any_text(void **state)
{
	autobuf struct buf text = BUF_MAX(1 << 16), dotted = BUF_MAX(1 << 20);
	struct template_text t = { .text = BUF_MAX(TEMPLATE_MAX) };
	struct err e = ERR_INIT;

	for (int i = 0; i < 200000; i++) {
		struct template_asked a = { .release = { 6 + (int)pick(2), (int)pick(8) - 1 },
					    .triggers = pick(0x400) & ~1u,
					    .object_data = pick(2) };
		enum template_context c = (enum template_context)pick(TEMPLATE_CONTEXT__MAX);

		buf_reset(&text);
		buf_reset(&dotted);
		random_text(&text);
		assert_ok(template_translate(&a, buf_sv(&text), c, &t, &e), &e);
		if (!well_formed(buf_str(&t.text)))
			fail_msg("of '%s': '%s'", buf_str(&text), buf_str(&t.text));
		dot_pass_text(buf_sv(&t.text), &dotted);
		assert_string_equal(buf_str(&dotted), buf_str(&t.text));
		vec_each (&t.findings, f)
			assert_true(f->at + f->len <= text.len);
		template_text_reset(&t);
	}
	template_text_done(&t);
}

static void backslashes_in_paths(void **state)
{
	static const struct template_case cases[] = {
		{ NULL, 6, 4, FS, TEMPLATE_PATH, "/a\\b", "/a\\b", TEMPLATE_NOT },
		{ NULL, 7, 5, FS, TEMPLATE_PATH, "/a\\b", "/a\\b", EXACT },
		{ NULL, 6, 4, FS, PLAIN, "/a\\b", "/a\\b", EXACT },
		{ NULL, 6, 4, FS, TEMPLATE_PATH, "/{{Name}}", "/{{ .Name }}", UNDER },
		{ NULL, 6, 4, FS, TEMPLATE_PATH, "{{VirtualPath}}", "{{ .VirtualPath }}", EXACT },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		case_holds(&cases[i]);
}

static void ceilings_and_refusals(void **state)
{
	struct template_asked a = { .release = { 6, 4 } };
	struct template_text t = { .text = BUF_MAX(8) };
	struct err e = ERR_INIT;

	assert_fails(template_translate(&a, SV("{{Name}}"), PLAIN, &t, &e), &e, ERR_SPACE);
	template_text_done(&t);
	a.release.minor = 5;
	assert_fails(template_translate(&a, SV("{{Name}}"), PLAIN, &t, &e), &e, ERR_USAGE);
	template_text_done(&t);
}

static void releases(void **state)
{
	struct template_release r;
	struct err e = ERR_INIT;

	assert_ok(template_release_parse("v2.6.4", &r, &e), &e);
	assert_true(r.minor == 6 && r.patch == 4);
	assert_ok(template_release_parse("2.7", &r, &e), &e);
	assert_true(r.minor == 7 && r.patch == -1);
	assert_fails(template_release_parse("2.5.1", &r, &e), &e, ERR_USAGE);
	assert_fails(template_release_parse("2.7.20260705", &r, &e), &e, ERR_USAGE);
	assert_fails(template_release_parse("2.6.", &r, &e), &e, ERR_USAGE);
}

static void tables_are_whole(void **state)
{
	for (int i = 0; i < TEMPLATE_REASON__MAX; i++) {
		const struct template_reason_about *r = template_reason_about(i);

		assert_true(r->name && *r->name && *r->text && r->differs && *r->source);
	}
	for (int i = 1; i < TEMPLATE_IF__MAX; i++) {
		const struct template_condition_about *c = template_condition_about(i);

		assert_true(c->name && *c->name && *c->text && *c->source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_has_its_translation),
		cmocka_unit_test(no_row_is_without_a_case),
		cmocka_unit_test(values_are_escaped_as_the_field_asks),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(components_may_be_lost),
		cmocka_unit_test(what_is_no_token_stays_text),
		cmocka_unit_test(findings_say_where_and_why),
		cmocka_unit_test(what_the_dot_pass_left_is_seen),
		cmocka_unit_test(conditions_can_be_settled),
		cmocka_unit_test(no_reason_is_missing_beyond_the_ceiling),
		cmocka_unit_test(only_readers_of_json_read_the_same),
		cmocka_unit_test(times_may_be_local),
		cmocka_unit_test(a_zone_that_nobody_told_is_a_condition),
		cmocka_unit_test(objects_where_they_are_filled_in),
		cmocka_unit_test(laws_hold_for_any_text),
		cmocka_unit_test(backslashes_in_paths),
		cmocka_unit_test(ceilings_and_refusals),
		cmocka_unit_test(releases),
		cmocka_unit_test(tables_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
