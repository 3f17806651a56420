/* Fixtures of SFTPGo's own kinds. Its API is a server of ours that keeps one event rule in world/root/rule.json, and one event action
 * in action.json beside it: what a save changes is then seen in the listing of the world. */
#include "laws/fixture.h"

#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "products/sftpgo/quotas.h"
#include "unit/net/double.h"
#include "unit/unit.h"

#define RULE "world/root/rule.json"
#define ACTION "world/root/action.json"
#define QUOTA "world/root/quota.json"
#define KEPT "kept.json"

static char rule_file[128], action_file[128], quota_file[128]; /* in the server: of its bench */
static int transfers; /* in the server: questions that are told of one, before it has ended */
static uint16_t sink_port;
static char sink_nonce[33];
static struct double_server server;

#define TRANSFER                                                                                                  \
	"[{\"username\":\"u\",\"protocol\":\"SFTP\",\"active_transfers\":[{\"operation_type\":\"upload\",\"path\":" \
	"\"/in/a.bin\",\"size\":7}]}]"
#define COUNTED "{\"used_quota_files\":3}"

static void answer(int fd, const char *status, const char *body)
{
	autofree char *text = xasprintf("HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status, strlen(body),
					body);

	double_say(fd, text, strlen(text));
}

/* Head and body, as far as its length says. */
static const char *take_request(int fd, char *text, size_t n)
{
	size_t have = 0, want = n - 1;
	const char *body = NULL, *length;
	ssize_t got;

	while (have < want && (got = read(fd, text + have, want - have)) > 0) {
		have += (size_t)got;
		text[have] = '\0';
		body = strstr(text, "\r\n\r\n");
		if (!body)
			continue;
		length = strcasestr(text, "Content-Length:");
		want = (size_t)(body + 4 - text) + (length ? strtoul(length + 15, NULL, 10) : 0);
	}
	return body ? body + 4 : text;
}

static void save_object(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file && fputs(text, file) >= 0)
		fclose(file);
}

static bool read_object(const char *path, char *text, size_t n)
{
	FILE *file = fopen(path, "r");
	size_t got = file ? fread(text, 1, n - 1, file) : 0;

	text[got] = '\0';
	if (file)
		fclose(file);
	return file != NULL;
}

static void answer_dump(int fd)
{
	static char rule[64 << 10], action[64 << 10];
	autofree char *dump = NULL;

	if (!read_object(rule_file, rule, sizeof rule) || !read_object(action_file, action, sizeof action))
		abort();
	dump = xasprintf("{\"event_actions\":[%s],\"event_rules\":[%s],\"version\":17}", action, rule);
	answer(fd, "200 OK", dump);
}

/* What a server does that executes templates: the template of the action that is started, or listens, is a request to its endpoint. */
static void run_template(const char *nonce, const char *path, const char *user, const char *body)
{
	autofree char *request = xasprintf("POST /%s/%s HTTP/1.1\r\nAuthorization: Basic %s\r\nContent-Length: %zu\r\n\r\n%s", nonce, path,
					   user, strlen(body), body);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(sink_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
		double_say(fd, request, strlen(request));
	close(fd);
}

/* {{ "crossgrade" }} as a user name: as it stands, and executed. */
#define USER_AS_IS    "e3sgImNyb3NzZ3JhZGUiIH19Og=="
#define USER_EXECUTED "Y3Jvc3NncmFkZTo="
#define OBJECT "crossgrade-probe-20260101-000000-0001-object"

/* An answer is one to its question: a probe that asks anything else hears nothing of it. */
static void want_template(const char *body, const char *part, const char *template)
{
	autofree char *named = xasprintf("-%s\",\"options\"", part);

	if (strstr(body, named) && !strstr(body, template))
		abort();
}

static void want_templates(const char *body)
{
	want_template(body, "escape", "\"username\":\"{{ \\\"crossgrade\\\" }}\"");
	want_template(body, "escape", "{{ toJsonUnquoted \\\"<&>\\\" }} {{ toJson \\\"<&>\\\" }}\"");
	want_template(body, "path", "{{ urlPathEscape \\\"a/b\\\" }}\"");
	want_template(body, "path", "/p%2Fq/{{ urlPathEscape \\\"c d\\\" }}\"");
	want_template(body, "name", "{{ .Name }} {{ .ObjectName }}\"");
	want_template(body, "who", "{{ .Initiator.Admin.Username }} of {{ .Initiator.Admin.Role }}");
}

/* The probe's objects are nobody's here: their making is heard of, their start answered, before and after somebody else's noise. */
static void run_probe(int fd, const char *request, const char *body)
{
	const char *sink = strstr(body, "http://127.0.0.1:");
	char *slash;

	want_templates(body);
	answer(fd, "200 OK", "{}");
	if (sink) {
		sink_port = (uint16_t)strtoul(sink + strlen("http://127.0.0.1:"), &slash, 10);
		snprintf(sink_nonce, sizeof sink_nonce, "%s", slash + 1);
	}
	if (strstr(request, "/run/") && strstr(request, "-escape")) {
		run_template("00000000000000000000000000000000", "escape", USER_EXECUTED, "crossgrade <&>");
		run_template(sink_nonce, "escape", USER_AS_IS, "crossgrade \\u003c\\u0026\\u003e \"\\u003c\\u0026\\u003e\"");
	} else if (strstr(request, "/run/")) {
		run_template(sink_nonce, "path/p%2Fq/c%20d", "", "crossgrade a%2Fb");
	} else if (strstr(body, "-object\"")) {
		run_template(sink_nonce, "who", "", "crossgrade admin admin of  " OBJECT);
		run_template(sink_nonce, "name", "", "crossgrade  " OBJECT);
	}
}

static void talk(int fd)
{
	static char request[64 << 10], object[64 << 10];
	const char *body = take_request(fd, request, sizeof request);
	const char *path = strstr(request, " /api/v2/eventactions/") ? action_file : rule_file;

	if (strstr(request, " /api/v2/token ")) {
		answer(fd, "200 OK", "{\"access_token\":\"t\"}");
	} else if (strstr(request, " /api/v2/connections ")) {
		answer(fd, "200 OK", transfers-- > 0 ? TRANSFER : "[]");
	} else if (strstr(request, " /api/v2/users/u ")) {
		answer(fd, "200 OK", "{\"home_dir\":\"/srv/u\"}");
	} else if (strstr(request, " /api/v2/quotas/users/u/scan ")) {
		save_object(quota_file, COUNTED);
		answer(fd, "202 Accepted", "{}");
	} else if (strstr(request, "/scans ")) {
		answer(fd, "200 OK", "[]");
	} else if (strstr(request, "-minute ")) {
		answer(fd, "200 OK", "{\"conditions\":{\"schedules\":[{\"hour\":\"0\",\"minute\":\"0\"}]}}");
	} else if (!strncmp(request, "POST", 4) || !strncmp(request, "DELETE", 6)) {
		run_probe(fd, request, body);
	} else if (strstr(request, " /api/v2/dumpdata?")) {
		answer_dump(fd);
	} else if (!read_object(path, object, sizeof object)) {
		answer(fd, "404 Not Found", "{\"message\":\"Not Found\"}");
	} else if (!strncmp(request, "PUT", 3)) {
		save_object(path, body);
		answer(fd, "200 OK", "{}");
	} else {
		answer(fd, "200 OK", object);
	}
}

/* In a network namespace of our own, which other kinds' laws want, loopback begins switched off. */
static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (ioctl(fd, SIOCGIFFLAGS, &lo) == 0 && !(lo.ifr_flags & IFF_UP)) {
		lo.ifr_flags |= IFF_UP;
		assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	}
	close(fd);
}

/* The server of the last bench ends with the next one's: one at a time is in use. */
static void serve(struct bench *b)
{
	autofree char *password = bench_path(b, "password");
	autobuf struct buf text = BUF_MAX(4096);
	autojson json_t *more = NULL;

	if (server.pid)
		double_stop(&server);
	loopback_up();
	snprintf(rule_file, sizeof rule_file, "%s/" RULE, b->base);
	snprintf(action_file, sizeof action_file, "%s/" ACTION, b->base);
	snprintf(quota_file, sizeof quota_file, "%s/" QUOTA, b->base);
	server = double_start(talk);
	bench_put(b, "password", "secret\n");
	assert_int_equal(chmod(password, 0600), 0);
	more = json_pack("{s{ss si} s{ss ss}}", "probe", "host", "127.0.0.1", "http", (int)server.port, "login", "user", "admin",
			 "password_file", password);
	json_object_update(b->site.doc, more);
	b->site.login = json_object_get(b->site.doc, "login");
	json_pretty(more, &text);
	bench_put(b, "site.json", buf_str(&text));
}

static void put_rule(struct bench *b, const char *description, int status)
{
	autofree char *text = xasprintf("{\"actions\":[{\"name\":\"mail\",\"order\":1}],\"conditions\":{},\"description\":\"%s\","
					"\"name\":\"up loads\",\"status\":%d,\"trigger\":1}",
					description, status);

	bench_put(b, RULE, text);
}

static json_t *pause_rule(struct bench *b)
{
	put_rule(b, "ours", 1);
	serve(b);
	return json_pack("{s[s]}", "rules", "up loads");
}

static void rule_is_off(struct bench *b)
{
	put_rule(b, "ours", 0);
}

static void rule_is_gone(struct bench *b)
{
	bench_drop(b, RULE);
}

static void rule_is_edited(struct bench *b)
{
	put_rule(b, "somebody else's", 0);
}

/* Nothing answers there: a server that cannot be asked is stopped all the same. */
static json_t *drain(struct bench *b)
{
	return json_pack("{ss}", "within", "0s");
}

static json_t *drain_while(struct bench *b, int questions, const char *within)
{
	transfers = questions;
	serve(b);
	return json_pack("{ss}", "within", within);
}

static json_t *drain_ending(struct bench *b) { return drain_while(b, 1, "30s"); }

static bool has_ended(struct bench *b)
{
	return json_bool(b->result, "asked", false) && !json_int(b->result, "total", 1);
}

static json_t *drain_cut(struct bench *b) { return drain_while(b, INT_MAX, "0s"); }

static bool is_cut(struct bench *b)
{
	const json_t *one = json_array_get(json_object_get(b->result, "cut"), 0);

	return json_int(b->result, "total", 0) == 1 && !strcmp(json_str(one, "dir", ""), "/srv/u/in");
}

/* Clients write at the new server, and the old one counts anew on the way back. */
static json_t *scan_quota(struct bench *b)
{
	autojson json_t *moved = json_pack("{s[s] s[]}", "users", "u", "folders");
	struct err e = ERR_INIT;

	bench_put(b, QUOTA, COUNTED);
	serve(b);
	bench_pass_point(b);
	assert_ok(quotas_put(&b->ctx, moved, &e), &e);
	return json_object();
}

static void clients_write(struct bench *b)
{
	bench_put(b, QUOTA, "{\"used_quota_files\":7}");
}

static json_t *left(struct bench *b)
{
	autofree char *home = bench_path(b, "world/root");

	bench_put(b, "world/root/.sftpgo-upload.0123456789abcdefghij.a.bin", "half");
	return json_pack("{s[{ss ss ss}]}", "cut", "type", "upload", "path", "/a.bin", "dir", home);
}

/* Nobody is tried: real servers answer in tests/e2e. */
static json_t *try_nobody(struct bench *b)
{
	return json_pack("{s[] ss}", "users", "within", "1s");
}

/* Who could not log in before is not tried: what is left in the home is a file of the run's name, which a kill left, or the old server
 * encrypted for the new one. */
static json_t *try_no_more(struct bench *b)
{
	autofree char *home = bench_path(b, "world/root/home");

	bench_put(b, "world/root/home/letter", "theirs");
	serve(b);
	return json_pack("{s[{ss ss sb}] s{} ss}", "users", "user", "anna", "home", home, "encrypted", true, "then", "within", "1s");
}

static void is_left_in_home(struct bench *b)
{
	autofree char *file = xasprintf("world/root/home/%s-0", json_str(b->undo, "name", "?"));

	bench_put(b, file, "half");
}

static void put_trigger(struct bench *b, int status)
{
	autofree char *text = xasprintf("{\"name\":\"by hand\",\"status\":%d,\"trigger\":6}", status);

	bench_put(b, RULE, text);
}

static json_t *start_rule(struct bench *b)
{
	put_trigger(b, 1);
	serve(b);
	return json_pack("{ss}", "rule", "by hand");
}

static void rule_is_switched_off(struct bench *b)
{
	put_trigger(b, 0);
}

static char *action_text(const char *body)
{
	return xasprintf("{\"name\":\"mail\",\"options\":{\"http_config\":{\"body\":\"%s\",\"endpoint\":\"http://x/\",\"method\":"
			 "\"POST\"}},\"type\":1}",
			 body);
}

static void put_action(struct bench *b, const char *body)
{
	autofree char *text = action_text(body);

	bench_put(b, ACTION, text);
}

static json_t *keep_events(struct bench *b)
{
	put_rule(b, "ours", 1);
	put_action(b, "{{.Name}}");
	serve(b);
	return json_pack("{so ss s[s]}", "file", place_of("root", KEPT), "release", "2.7.5", "paused", "up loads");
}

static bool is_named(struct bench *b)
{
	return json_lists(json_object_get(b->result, "notes"), "exact: 'mail'");
}

static void is_kept_already(struct bench *b)
{
	bench_put(b, "world/root/" KEPT, "somebody's");
}

static json_t *probe_events(struct bench *b)
{
	put_rule(b, "ours", 1);
	serve(b);
	return json_object();
}

static bool is_settled(struct bench *b)
{
	const json_t *settled = json_object_get(b->result, "settled");

	return json_bool(settled, "json-escape", false) && json_bool(settled, "endpoint", false) &&
	       json_bool(settled, "path-escape", false) && !json_bool(settled, "http-user", true) && !json_object_get(settled, "initiator") &&
	       json_bool(settled, "schedule-minute", false) && !json_object_get(settled, "provider-name") &&
	       json_lists(json_object_get(b->result, "notes"),
			  "seen on this server for an administrator alone: initiator: yes (admin admin of  " OBJECT
			  "); for users, shares and the server itself it stays open") &&
	       json_lists(json_object_get(b->result, "notes"), "asked, no answer that tells: provider-name stays open");
}

static json_t *put_kept(struct bench *b, const char *paused, const char *body)
{
	autofree char *action = action_text(body);
	autofree char *kept = xasprintf("{\"taken_from\":\"2.7.5\",%s\"version\":17,\"event_actions\":[%s],\"event_rules\":[{\"actions\":"
					"[{\"name\":\"mail\",\"order\":1}],\"name\":\"up loads\",\"status\":1,\"trigger\":1}]}",
					paused, action);
	char digest[DIGEST_TEXT];

	put_rule(b, "ours", 0);
	put_action(b, body);
	bench_put(b, "world/root/" KEPT, kept);
	digest_text(sv_of(kept), digest);
	serve(b);
	return json_pack("{so ss}", "file", place_of("root", KEPT), "sha256", digest);
}

static json_t *put_events(struct bench *b)
{
	return put_kept(b, "\"paused\":[\"up loads\"],", "{{.Name}}");
}

/* A dump of somebody's own: who switched the rule off is not known. */
static json_t *put_own_dump(struct bench *b)
{
	return put_kept(b, "", "{{.Name}}");
}

/* Whether the year is UTC's nobody knows, and the rule was set active by hand. */
static json_t *put_held(struct bench *b)
{
	json_t *params = put_kept(b, "", "{{.Year}}");

	put_rule(b, "ours", 1);
	return params;
}

static bool active_rule_is_named(struct bench *b)
{
	return json_lists(json_object_get(b->result, "notes"),
			  "event rule 'up loads' is active, and uses an action that is left as it is");
}

static bool rule_stays_off(struct bench *b)
{
	return !json_array_size(json_object_get(b->result, "active")) &&
	       json_lists(json_object_get(b->result, "notes"),
			  "event rule 'up loads' stays inactive: no migration is known to have switched it off");
}

/* As a run before this one left it; its rule waited for somebody's word. */
static json_t *put_events_again(struct bench *b)
{
	json_t *params = put_events(b);

	put_action(b, "{{ .Name }}");
	return params;
}

static bool rule_is_active_again(struct bench *b)
{
	return !json_array_size(json_object_get(b->result, "put")) && !json_array_size(json_object_get(b->result, "notes")) &&
	       json_lists(json_object_get(b->result, "active"), "up loads");
}

static void dump_is_another(struct bench *b)
{
	bench_put(b, "world/root/" KEPT, "{\"version\":17}");
}

static void action_is_edited(struct bench *b)
{
	put_action(b, "somebody else's");
}

static void events_are_gone(struct bench *b)
{
	bench_drop(b, ACTION);
	bench_drop(b, RULE);
}

static json_t *nothing(struct bench *b)
{
	return json_object();
}

const struct fixture sftpgo_fixtures[] = {
	{ .kind = "rule_fire", .name = "a rule on demand", .flags = FX_NO_EFFECT, .params = start_rule, .drift = rule_is_switched_off },
	{ .kind = "login_trial", .name = "nobody to try", .flags = FX_NO_EFFECT, .params = try_nobody },
	{ .kind = "login_trial", .name = "a file that is left", .flags = FX_NO_EFFECT, .params = try_no_more, .then = is_left_in_home },
	{ .kind = "rules_pause", .name = "an active rule", .params = pause_rule, .drift = rule_is_off, .meddle = rule_is_edited },
	{ .kind = "rules_pause", .name = "a rule that goes", .params = pause_rule, .drift = rule_is_gone, .meddle = rule_is_gone },
	{ .kind = "events_keep", .name = "an action and a rule", .params = keep_events, .drift = is_kept_already,
	  .done = is_named },
	{ .kind = "events_probe", .name = "a server that executes templates", .flags = FX_NO_EFFECT, .params = probe_events,
	  .done = is_settled },
	{ .kind = "events_put", .name = "an action and its rule", .params = put_events, .drift = dump_is_another,
	  .meddle = action_is_edited },
	{ .kind = "events_put", .name = "a rule that is edited", .params = put_events, .drift = dump_is_another,
	  .meddle = rule_is_edited },
	{ .kind = "events_put", .name = "a rule that no migration paused", .params = put_own_dump, .done = rule_stays_off },
	{ .kind = "events_put", .name = "an active rule of an action that is held", .params = put_held, .done = active_rule_is_named },
	{ .kind = "events_put", .name = "an action that was put before", .params = put_events_again, .done = rule_is_active_again },
	{ .kind = "events_put", .name = "an action and a rule that go", .flags = FX_LEAVES, .params = put_events,
	  .drift = dump_is_another, .meddle = events_are_gone },
	{ .kind = "transfers_drain", .name = "no server to ask", .flags = FX_NO_EFFECT, .params = drain },
	{ .kind = "transfers_drain", .name = "a transfer that ends", .flags = FX_NO_EFFECT, .params = drain_ending, .done = has_ended },
	{ .kind = "transfers_drain", .name = "a transfer that is cut", .flags = FX_NO_EFFECT, .params = drain_cut, .done = is_cut },
	{ .kind = "quota_scan", .name = "nobody wrote", .flags = FX_NO_EFFECT, .params = nothing },
	{ .kind = "quota_scan", .name = "a user to whom clients wrote", .flags = FX_NO_EFFECT, .params = scan_quota,
	  .then = clients_write },
	{ .kind = "uploads_left", .name = "a cut upload", .flags = FX_NO_EFFECT, .params = left },
	{ NULL },
};
