/* Event actions translated as fast as they can be: bench-templates N makes N actions as servers
 * have them, in bodies, paths and mails, translates each for the rule that uses it, and prints the
 * milliseconds that this took. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "products/sftpgo/template.h"

static json_t *http_action(void)
{
	return json_pack(
	    "{s:i,s:{s:{s:s,s:s,s:[{s:s,s:s}],s:s}}}", "type", 1, "options", "http_config",
	    "endpoint", "https://hooks.example.org/in/{{.Name}}/{{.Event}}", "method", "POST",
	    "headers", "key", "Content-Type", "value", "application/json", "body",
	    "{\"user\":\"{{.Name}}\",\"path\":\"{{.VirtualPath}}\",\"size\":{{.FileSize}},\"at\":"
	    "\"{{.DateTime}}\",\"status\":\"{{.StatusString}}\",\"error\":\"{{.ErrorString}}\","
	    "\"ip\":\"{{.IP}}\",\"meta\":{{.Metadata}},\"ns\":{{.Timestamp}}}");
}

static json_t *mail_action(void)
{
	return json_pack(
	    "{s:i,s:{s:{s:[s],s:s,s:i,s:s}}}", "type", 3, "options", "email_config", "recipients",
	    "ops@example.org", "subject", "[sftp] {{.Event}} {{.StatusString}}", "content_type", 1,
	    "body",
	    "<style>a {color: red}</style><p>{{.Name}} did {{.Event}} of {{.VirtualPath}} at "
	    "{{.Year}}-{{.Month}}-{{.Day}} {{.Hour}}:{{.Minute}}, {{.ObjectBaseName}}{{.Ext}}</p>");
}

static json_t *copy_action(void)
{
	return json_pack("{s:i,s:{s:{s:i,s:[{s:s,s:s}]}}}", "type", 9, "options", "fs_config",
			 "type", 6, "copy", "key", "/{{.VirtualPath}}", "value",
			 "/archive/{{.Year}}/{{.Month}}/{{.Name}}/{{.ObjectName}}");
}

static int translate(const struct template_asked *a, const json_t *action, struct err *e)
{
	struct template_action t;

	if (template_action(a, action, &t, e) < 0)
		return -(int)e->kind;
	template_action_done(&t);
	return 0;
}

int main(int argc, char **argv)
{
	const struct template_asked asked = { .release = { 7, 5 }, .triggers = TEMPLATE_ON_FS };
	json_t *kinds[] = { http_action(), mail_action(), copy_action() };
	struct err e = ERR_INIT;
	uint64_t n = 10000;
	int64_t began;

	if (argc > 1 && !sv_u64(sv_of(argv[1]), &n))
		return 2;
	began = clock_mono_ns();
	for (uint64_t i = 0; i < n; i++) {
		if (translate(&asked, kinds[i % ARRAY_LEN(kinds)], &e) < 0) {
			fprintf(stderr, "bench-templates: %s\n", e.msg);
			return 1;
		}
	}
	printf("%" PRId64 "\n", (clock_mono_ns() - began) / 1000000);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		json_decref(kinds[i]);
	return 0;
}
