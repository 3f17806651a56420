/* SFTPGo's effective configuration: every rule of precedence, what is left out and why, and what
 * must not be seen. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "io/dir.h"
#include "products/sftpgo/config.h"
#include "unit.h"

static char root[] = "/tmp/crossgrade-sftpgo-XXXXXX";
static struct err e;

static void must(int r)
{
	if (r < 0)
		fail_msg("%s", e.msg);
}

/* A file below root, its directories made. */
static void put(const char *path, const char *text)
{
	autodir struct dir d = DIR_NONE;
	autofree char *parent = xstrdup(path + 1);
	autoclose int fd = -1;

	must(dir_open(root, &d, &e));
	*strrchr(parent, '/') = '\0';
	must(dir_make_all(&d, parent, 0755, &e));
	fd = dir_openat(&d, path + 1, O_WRONLY | O_CREAT | O_TRUNC, 0644, &e);
	must(fd);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static int clear(void **state)
{
	autodir struct dir d = DIR_NONE;

	must(dir_open(root, &d, &e));
	must(dir_remove_tree(&d, "etc", &e));
	must(dir_remove_tree(&d, "home", &e));
	must(dir_remove_tree(&d, "usr", &e));
	must(dir_remove_tree(&d, "work", &e));
	return 0;
}

#define ENV(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static int try_read(const char *const *vars, const char *file, struct sftpgo_config *ret)
{
	struct sftpgo_config_where w = { .root = root,
					 .config_dir = "/etc/sftpgo/",
					 .cwd = "/work",
					 .config_file = file,
					 .environ = vars };

	return sftpgo_config_read(&w, ret, &e);
}

static struct sftpgo_config read_with(const char *const *vars)
{
	struct sftpgo_config cfg = { 0 };

	must(try_read(vars, NULL, &cfg));
	return cfg;
}

static void is_str(const struct sftpgo_config *cfg, const char *key, const char *value,
		   const char *where)
{
	if (!sftpgo_config_str(cfg, key))
		fail_msg("no text at %s", key);
	assert_string_equal(sftpgo_config_str(cfg, key), value);
	assert_string_equal(sftpgo_config_from(cfg, key), where);
}

static void is_int(const struct sftpgo_config *cfg, const char *key, int64_t value,
		   enum sftpgo_from from)
{
	assert_int_equal(sftpgo_config_int(cfg, key, -1), value);
	assert_int_equal(sftpgo_config_get(cfg, key)->from, from);
}

static void is_json(const struct sftpgo_config *cfg, const char *key, const char *value)
{
	const struct sftpgo_setting *s = sftpgo_config_get(cfg, key);
	autofree char *text = s ? json_dumps(s->value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	if (!text)
		fail_msg("no %s", key);
	assert_string_equal(text, value);
}

/* Is it listed as left out, for this reason? */
static void is_ignored(const struct sftpgo_config *cfg, const char *what, const char *why)
{
	json_t *one;
	size_t i;

	json_array_foreach(cfg->ignored, i, one) if (!strcmp(json_str(one, "what", ""), what) &&
						     strstr(json_str(one, "why", ""), why)) return;
	fail_msg("'%s' is not ignored because of '%s'", what, why);
}

static void test_built_in(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = read_with(ENV());

	assert_null(cfg.file);
	assert_null(cfg.unsure);
	is_str(&cfg, "data_provider.driver", "sqlite", "default");
	is_int(&cfg, "sftpd.bindings.0.port", 2022, SFTPGO_DEFAULT);
	is_int(&cfg, "httpd.bindings.0.port", 8080, SFTPGO_DEFAULT);
	assert_true(sftpgo_config_bool(&cfg, "httpd.bindings.0.enable_rest_api", false));
	assert_int_equal(sftpgo_config_count(&cfg, "httpd.bindings"), 1);
	assert_int_equal(sftpgo_config_count(&cfg, "plugins"), 0);
	assert_int_equal(sftpgo_config_count(&cfg, "sftpd.enabled_ssh_commands"), 6);
	is_json(&cfg, "mfa.totp.0.name", "\"Default\"");
	assert_null(sftpgo_config_get(&cfg, "common.data_retention_hook"));
}

static void test_precedence(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };

	put("/etc/sftpgo/sftpgo.json", "{\n \"data_provider\": {\n  \"driver\": \"f\",\n  "
				       "\"name\": \"f\",\n  \"host\": \"f\"\n }\n}\n");
	put("/etc/sftpgo/env.d/b",
	    "SFTPGO_DATA_PROVIDER__NAME=b\nSFTPGO_DATA_PROVIDER__DRIVER=b\n");
	put("/etc/sftpgo/env.d/a",
	    "# first by name\nSFTPGO_DATA_PROVIDER__NAME=a\nSFTPGO_DATA_PROVIDER__DRIVER=a\n");
	cfg =
	    read_with(ENV("SFTPGO_DATA_PROVIDER__DRIVER=e", "SFTPGO_DATA_PROVIDER__DRIVER=second"));
	is_str(&cfg, "data_provider.driver", "e", "environment: SFTPGO_DATA_PROVIDER__DRIVER");
	is_str(&cfg, "data_provider.name", "a", "env.d/a:2: SFTPGO_DATA_PROVIDER__NAME");
	is_str(&cfg, "data_provider.host", "f", "/etc/sftpgo/sftpgo.json:5");
	is_str(&cfg, "data_provider.username", "", "default");
}

static void test_an_empty_variable_counts(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };

	put("/etc/sftpgo/sftpgo.json",
	    "{\"data_provider\": {\"port\": 5, \"name\": \"x\", \"is_shared\": 1}}");
	put("/etc/sftpgo/env.d/a", "SFTPGO_DATA_PROVIDER__NAME=\nSFTPGO_SFTPD__HOST_KEYS=\n");
	cfg = read_with(ENV("SFTPGO_DATA_PROVIDER__PORT="));
	is_int(&cfg, "data_provider.port", 0, SFTPGO_ENVIRONMENT);
	is_str(&cfg, "data_provider.name", "", "env.d/a:1: SFTPGO_DATA_PROVIDER__NAME");
	is_json(&cfg, "sftpd.host_keys", "[]");
	is_int(&cfg, "data_provider.is_shared", 1, SFTPGO_FILE);
}

static void finds(const char *path, const char *const *vars)
{
	autosftpgoconfig struct sftpgo_config cfg = read_with(vars);

	assert_string_equal(cfg.file, path);
}

static void test_search_path(void **state)
{
	put("/work/sftpgo.json", "{}");
	finds("/work/sftpgo.json", ENV("HOME=/home/s"));
	put("/usr/local/etc/sftpgo/sftpgo.json", "{}");
	finds("/usr/local/etc/sftpgo/sftpgo.json", ENV("HOME=/home/s"));
	put("/home/s/.config/sftpgo/sftpgo.yaml", "common: {}");
	finds("/home/s/.config/sftpgo/sftpgo.yaml", ENV("HOME=/home/s"));
	finds("/usr/local/etc/sftpgo/sftpgo.json", ENV("HOME=/home/other"));
	put("/etc/sftpgo/sftpgo.env", "");
	finds("/etc/sftpgo/sftpgo.env", ENV("HOME=/home/s"));
	put("/etc/sftpgo/sftpgo.yml", "{}");
	put("/etc/sftpgo/sftpgo.yaml", "{}");
	finds("/etc/sftpgo/sftpgo.yaml", ENV("HOME=/home/s"));
	put("/etc/sftpgo/sftpgo.json/directory", "");
	finds("/etc/sftpgo/sftpgo.yaml", ENV());
}

static void test_named_file(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 }, none = { 0 };

	put("/etc/sftpgo/sftpgo.json", "{}");
	put("/etc/sftpgo/other.JSON", "{}");
	put("/work/x.yaml", "{}");
	put("/etc/sftpgo/plain", "{}");
	must(try_read(ENV("SFTPGO_CONFIG_FILE=other.JSON"), "/work/x.yaml", &cfg));
	assert_string_equal(cfg.file, "/work/x.yaml");
	finds("/etc/sftpgo/other.JSON", ENV("SFTPGO_CONFIG_FILE=other.JSON"));
	/* of the program's own options the last file wins */
	put("/etc/sftpgo/env.d/a", "SFTPGO_CONFIG_FILE=nothing.json");
	put("/etc/sftpgo/env.d/b", "SFTPGO_CONFIG_FILE=/work/x.yaml");
	finds("/work/x.yaml", ENV());
	assert_fails(try_read(ENV("SFTPGO_CONFIG_FILE=no.json"), NULL, &none), &e, ERR_ABSENT);
	assert_fails(try_read(ENV(), "plain", &none), &e, ERR_FORMAT);
}

static void test_keys_have_no_case(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };

	put("/etc/sftpgo/sftpgo.json",
	    "{\"Data_Provider\": {\"DRIVER\": \"bolt\"}, \"data_provider.name\": \"dotted\"}");
	cfg = read_with(ENV());
	is_str(&cfg, "data_provider.driver", "bolt", "/etc/sftpgo/sftpgo.json:1");
	is_str(&cfg, "data_provider.name", "dotted", "/etc/sftpgo/sftpgo.json:1");
}

static void test_lists(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };

	put("/etc/sftpgo/sftpgo.json",
	    "{\"sftpd\": {\"host_keys\": [\"a\", 5], \"ciphers\": \"x, y\"}}");
	cfg = read_with(
	    ENV("SFTPGO_SFTPD__MACS=m1, m2,", "SFTPGO_HTTPD__BINDINGS__0__LANGUAGES=de, fr,"));
	is_json(&cfg, "sftpd.host_keys", "[\"a\",\"5\"]");
	is_json(&cfg, "sftpd.ciphers", "[\"x\",\" y\"]");
	is_json(&cfg, "sftpd.macs", "[\"m1\",\" m2\",\"\"]");
	is_json(&cfg, "httpd.bindings.0.languages", "[\"de\",\"fr\"]");
}

/* The first element of a file's list begins as the built-in one, others as nothing; those of
 * variables as built in. */
static void test_elements(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };

	put("/etc/sftpgo/sftpgo.json", "{\"httpd\": {\"bindings\": [{\"address\": \"127.0.0.1\"}, "
				       "{\"port\": 9}]}, \"ftpd\": {\"bindings\": []},"
				       " \"mfa\": {\"totp\": [{\"issuer\": \"x\"}]}}");
	cfg = read_with(
	    ENV("SFTPGO_HTTPD__BINDINGS__7__ADDRESS=::1", "SFTPGO_HTTPD__BINDINGS__1__ADDRESS=::2",
		"SFTPGO_FTPD__BINDINGS__0__PORT=21", "SFTPGO_SFTPD__BINDINGS__0__PORT=22",
		"SFTPGO_HTTP__HEADERS__0__KEY=only", "SFTPGO_HTTP__HEADERS__1__KEY=k",
		"SFTPGO_HTTP__HEADERS__1__VALUE=v"));
	assert_int_equal(sftpgo_config_count(&cfg, "httpd.bindings"), 3);
	is_int(&cfg, "httpd.bindings.0.port", 8080, SFTPGO_DEFAULT);
	is_int(&cfg, "httpd.bindings.1.port", 9, SFTPGO_FILE);
	is_json(&cfg, "httpd.bindings.1.address", "\"::2\"");
	assert_false(sftpgo_config_bool(&cfg, "httpd.bindings.1.enable_rest_api", true));
	is_str(&cfg, "httpd.bindings.2.address", "::1",
	       "environment: SFTPGO_HTTPD__BINDINGS__7__ADDRESS");
	is_int(&cfg, "httpd.bindings.2.port", 8080, SFTPGO_DEFAULT);
	is_int(&cfg, "ftpd.bindings.0.port", 21, SFTPGO_ENVIRONMENT);
	is_int(&cfg, "sftpd.bindings.0.port", 22, SFTPGO_ENVIRONMENT);
	is_json(&cfg, "mfa.totp.0.name", "\"\"");
	assert_int_equal(sftpgo_config_count(&cfg, "http.headers"), 1);
	is_json(&cfg, "http.headers.0.key", "\"k\"");
	is_ignored(&cfg, "SFTPGO_HTTP__HEADERS__0__KEY", "no key takes it");
}

/* 2.6 goes on with the door that is built in, 2.7 takes it away. */
static void test_emptied_lists(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };
	autojson json_t *facts = NULL;
	autofree char *emptied = NULL;

	put("/etc/sftpgo/sftpgo.json", "{\"ftpd\": {\"bindings\": []}, \"sftpd\": {\n\"bindings\": []},"
				       " \"mfa\": {\"totp\": []}, \"http\": {\"headers\": []}}");
	cfg = read_with(ENV());
	assert_int_equal(sftpgo_config_count(&cfg, "sftpd.bindings"), 0);
	facts = sftpgo_config_facts(&cfg);
	emptied = json_dumps(json_object_get(facts, "emptied"), JSON_COMPACT);
	assert_string_equal(emptied, "[{\"what\":\"sftpd.bindings\",\"where\":\"/etc/sftpgo/sftpgo.json:2\",\"port\":2022}]");
	sftpgo_config_done(&cfg);
	cfg = read_with(ENV("SFTPGO_SFTPD__BINDINGS__0__PORT=2022"));
	assert_int_equal(sftpgo_config_count(&cfg, "sftpd.bindings"), 1);
	assert_int_equal(json_array_size(cfg.emptied), 0);
}

static void test_variables_that_need_the_file(void **state)
{
	autosftpgoconfig struct sftpgo_config without = { 0 }, with = { 0 };
	const char *const *vars =
	    ENV("SFTPGO_COMMON__STARTUP_HOOK=/x", "SFTPGO_SFTPD__BINDINGS__0__PORT=2x");

	without = read_with(vars);
	is_str(&without, "common.startup_hook", "", "default");
	is_ignored(&without, "common.startup_hook", "only where the file has the key");
	is_ignored(&without, "SFTPGO_SFTPD__BINDINGS__0__PORT", "not this value");
	is_int(&without, "sftpd.bindings.0.port", 2022, SFTPGO_DEFAULT);
	put("/etc/sftpgo/sftpgo.json", "{\"common\": {\"startup_hook\": \"\"}}");
	with = read_with(vars);
	is_str(&with, "common.startup_hook", "/x", "environment: SFTPGO_COMMON__STARTUP_HOOK");
}

static void test_env_d_files_that_are_left_out(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };
	struct buf large = BUF_MAX(2u << 20);
	autodir struct dir d = DIR_NONE;

	put("/etc/sftpgo/env.d/bad", "SFTPGO_COMMON__UMASK=bad\nnonsense\n");
	put("/etc/sftpgo/env.d/.hidden", "SFTPGO_COMMON__TZ=hidden\n");
	buf_adds(&large, "SFTPGO_COMMON__UMASK=large\n");
	while (large.len <= (1u << 20))
		buf_adds(&large,
			 "# .............................................................\n");
	put("/etc/sftpgo/env.d/large", buf_str(&large));
	buf_done(&large);
	put("/work/target", "SFTPGO_COMMON__UMASK=link\n");
	must(dir_open(root, &d, &e));
	must(dir_symlink(&d, "../../../work/target", "etc/sftpgo/env.d/link", &e));
	put("/etc/sftpgo/env.d/sub/file", "SFTPGO_COMMON__UMASK=sub\n");
	cfg = read_with(ENV());
	is_str(&cfg, "common.umask", "", "default");
	is_json(&cfg, "common.tz", "\"hidden\"");
	is_ignored(&cfg, "env.d/bad", "line 2: no assignment");
	is_ignored(&cfg, "env.d/large", "larger than 1 MiB");
	is_ignored(&cfg, "env.d/link", "not a regular file");
	is_ignored(&cfg, "env.d/sub", "not a regular file");
}

static void test_types(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };

	put("/etc/sftpgo/sftpgo.json", "{\"acme\": {\"key_type\": 4096, \"renew_days\": \"0x10\"}, "
				       "\"common\": {\"umask\": null, \"upload_mode\": true},"
				       " \"data_provider\": {\"create_default_admin\": 1, "
				       "\"port\": 5432.9, \"track_quota\": \"\"}}");
	cfg = read_with(ENV("SFTPGO_DATA_PROVIDER__PASSWORD_CACHING=F",
			    "SFTPGO_COMMON__SECRET_MIN_ENTROPY=7.5"));
	is_json(&cfg, "acme.key_type", "\"4096\"");
	is_int(&cfg, "acme.renew_days", 16, SFTPGO_FILE);
	is_str(&cfg, "common.umask", "", "default");
	is_int(&cfg, "common.upload_mode", 1, SFTPGO_FILE);
	is_int(&cfg, "data_provider.port", 5432, SFTPGO_FILE);
	is_int(&cfg, "data_provider.track_quota", 0, SFTPGO_FILE);
	assert_true(sftpgo_config_bool(&cfg, "data_provider.create_default_admin", false));
	assert_false(sftpgo_config_bool(&cfg, "data_provider.password_caching", true));
	is_json(&cfg, "common.secret_min_entropy", "7.5");
}

static void gives_up(const char *json, const char *const *vars, const char *msg)
{
	struct sftpgo_config cfg = { 0 };

	put("/etc/sftpgo/sftpgo.json", json);
	assert_fails(try_read(vars, NULL, &cfg), &e, ERR_FORMAT);
	if (!strstr(e.msg, msg))
		fail_msg("'%s' without '%s'", e.msg, msg);
}

static void test_what_the_server_refuses(void **state)
{
	gives_up("{\n\"common\": {,}\n}", ENV(), "'/etc/sftpgo/sftpgo.json': line 2: ");
	gives_up("", ENV(), "line 1: ");
	gives_up("{\"data_provider\": {\n\"port\": \"hush\"}}", ENV(),
		 "sftpgo.json:2: the value of 'data_provider.port'");
	assert_null(strstr(e.msg, "hush"));
	gives_up("{\"common\": 5}", ENV(), "'common' is no object");
	gives_up("{\"plugins\": \"x\"}", ENV(), "'plugins' is no list of objects");
	gives_up("{}", ENV("SFTPGO_DATA_PROVIDER__PORT=hush"),
		 "environment: SFTPGO_DATA_PROVIDER__PORT: ");
	assert_null(strstr(e.msg, "hush"));
}

static void is_unsure(const char *file, const char *text, const char *why)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };

	clear(NULL);
	put(file, text);
	cfg = read_with(
	    ENV("SFTPGO_DATA_PROVIDER__DRIVER=bolt", "SFTPGO_SFTPD__BINDINGS__0__PORT=22"));
	assert_non_null(cfg.unsure);
	if (!strstr(cfg.unsure, why))
		fail_msg("'%s' without '%s'", cfg.unsure, why);
	is_str(&cfg, "data_provider.driver", "bolt", "environment: SFTPGO_DATA_PROVIDER__DRIVER");
	is_int(&cfg, "sftpd.bindings.0.port", 22, SFTPGO_ENVIRONMENT);
	assert_null(sftpgo_config_get(&cfg, "data_provider.name"));
	assert_null(sftpgo_config_get(&cfg, "sftpd.bindings.0.address"));
}

/* What we cannot read as the server does is told as such: then nothing of it is known, the built-in
 * values included. */
static void test_unsure(void **state)
{
	is_unsure("/etc/sftpgo/sftpgo.toml", "x = 1979-05-27",
		  "'/etc/sftpgo/sftpgo.toml' cannot be read: line 1: a date or a time is not read");
	is_unsure("/etc/sftpgo/sftpgo.toml", "[acme]\nemail = 'a'\n[Acme]\nemail = 'b'\n",
		  "differ in case alone");
	is_unsure("/etc/sftpgo/sftpgo.toml", "[sftpd.bindings]\nport = 1\n", "written as one object");
	is_unsure("/etc/sftpgo/sftpgo.hcl", "x \"y\" {}", "a block with labels is not read");
	is_unsure("/etc/sftpgo/sftpgo.hcl", "{\"x\": 1,, }", "sftpgo.hcl' cannot be read: line 1: a name is missing");
	is_unsure("/etc/sftpgo/sftpgo.hcl", "acme.x = 1\nacme {}", "stands within another");
	is_unsure("/etc/sftpgo/sftpgo.hcl", "common.rate_limiters { protocols = [\"FTP\"] }", "lays a list");
	is_unsure("/etc/sftpgo/sftpgo.tfvars", "acme.x = 1\nAcme.X = 2", "comes twice");
	is_unsure("/etc/sftpgo/sftpgo.ini", "a=%(b)s%(b)s\nb=%(a)s%(a)s", "grow too large");
	is_unsure("/etc/sftpgo/sftpgo.ini", "[common.rate_limiters]\nprotocols=FTP", "lays a list");
	is_unsure("/etc/sftpgo/sftpgo.ini", "[mfa.totp]\nname=a", "lays a list");
	is_unsure("/etc/sftpgo/sftpgo.ini", "[common]\ndefender=1\n[common.defender]\nban_time=1", "stands within another");
	is_unsure("/etc/sftpgo/sftpgo.properties", "acme.email = ${x}", "refers to another");
	is_unsure("/etc/sftpgo/sftpgo.properties", "acme.email = a\\\n b", "a backslash");
	is_unsure("/etc/sftpgo/sftpgo.properties", "acme.email = \xc3\xa4", "beyond ASCII");
	is_unsure("/etc/sftpgo/sftpgo.properties", "acme.email = a\nAcme.domains = b\n",
		  "differ in case alone");
	is_unsure("/etc/sftpgo/sftpgo.env", "httpd.bindings.oidc.scopes=a\n", "lays a list");
	is_unsure("/etc/sftpgo/sftpgo.env", "acme.email=a\nAcme.email=b\n", "comes twice");
	is_unsure("/etc/sftpgo/sftpgo.properties", "acme = 1\nacme.email = a\n",
		  "stands within another");
	is_unsure("/etc/sftpgo/sftpgo.json", "{\"x\": \"\\ud800\"}", "other programs do not take");
	is_unsure("/etc/sftpgo/sftpgo.json", "{\"sftpd\": {\"bindings\": {\"port\": 1}}}",
		  "written as one object");
	is_unsure("/etc/sftpgo/sftpgo.yaml", "acme:\n  email: a\nAcme:\n  domains: b\n",
		  "differ in case alone");
	is_unsure("/etc/sftpgo/sftpgo.json", "{\"smtp\": {}, \"SMTP\": {}}", "does not see case");
	is_unsure("/etc/sftpgo/sftpgo.yaml", "a: &x 1\nb: *x\n", "sftpgo.yaml' cannot be read");
	is_unsure("/etc/sftpgo/sftpgo.yaml", "common:\n  umask: 022\n", "leading zero");
	is_unsure("/etc/sftpgo/env.d/a", "\xff\xfeS", "env.d/a' cannot be read");
}

static struct buf times(const char *before, size_t n, const char *what, const char *after)
{
	struct buf text = BUF_MAX(4u << 20);

	buf_adds(&text, before);
	for (size_t i = 0; i < n; i++)
		buf_adds(&text, what);
	buf_adds(&text, after);
	return text;
}

/* Each dot is a level of the tree, and of the stack of whoever walks it. */
static void test_deep_names(void **state)
{
	static const char *const endings[] = { "ini", "properties", "env" };

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		autofree char *file = xasprintf("/etc/sftpgo/sftpgo.%s", endings[i]);
		autobuf struct buf deep = times("\na", 30000, ".a", "=1\n"), just = times("a", 64, ".a", "=1\n");
		autobuf struct buf longer = times("", 1100, "a", "=1\n");

		is_unsure(file, buf_str(&deep), "line 2: a name of more than 64 parts");
		is_unsure(file, buf_str(&just), "line 1: a name of more than 64 parts");
		is_unsure(file, buf_str(&longer), "line 1: a name of more than 1024 bytes");
	}
}

/* One long name, and below it what is short: together more than is kept. */
static void test_many_values(void **state)
{
	autobuf struct buf ini = times("[", 1000, "a", "]\n"), json = times("{\"", 1000, "a", "\":{\"x\":0");

	for (size_t i = 0; i < 20000; i++) {
		buf_addf(&ini, "%zu=\n", i);
		buf_addf(&json, ",\"%zu\":1", i);
	}
	buf_adds(&json, "}}");
	is_unsure("/etc/sftpgo/sftpgo.ini", buf_str(&ini), "too many values");
	is_unsure("/etc/sftpgo/sftpgo.json", buf_str(&json), "it has too many values");
}

static void test_yaml_and_env(void **state)
{
	autosftpgoconfig struct sftpgo_config yaml = { 0 }, env = { 0 };

	put("/etc/sftpgo/sftpgo.yaml", "Data_provider:\n  driver: bolt\n  port: 5\nsftpd:\n  "
				       "bindings:\n    - port: 22\n    - {port: 23}\n"
				       "  host_keys: [a, b]\n");
	yaml = read_with(ENV());
	is_str(&yaml, "data_provider.driver", "bolt", "/etc/sftpgo/sftpgo.yaml");
	is_int(&yaml, "sftpd.bindings.1.port", 23, SFTPGO_FILE);
	is_json(&yaml, "sftpd.host_keys", "[\"a\",\"b\"]");
	clear(NULL);
	put("/etc/sftpgo/sftpgo.env",
	    "# as viper's dotenv\ndata_provider.driver='mysql'\nDATA_PROVIDER.PORT=33\nX=1\n");
	env = read_with(ENV());
	is_str(&env, "data_provider.driver", "mysql", "/etc/sftpgo/sftpgo.env:2");
	is_int(&env, "data_provider.port", 33, SFTPGO_FILE);
	is_ignored(&env, "x", "no such key");
}

static void test_toml_and_properties(void **state)
{
	autosftpgoconfig struct sftpgo_config toml = { 0 }, props = { 0 };

	put("/etc/sftpgo/sftpgo.toml", "[Data_provider]\ndriver = \"bolt\" # here\nport = 0x10\n\n"
				       "[[sftpd.bindings]]\nport = 22\n[[sftpd.bindings]]\n\n"
				       "[sftpd]\nhost_keys = ['a',\n  'b']\n"
				       "[plugins]\n");
	toml = read_with(ENV());
	assert_non_null(toml.unsure);
	sftpgo_config_done(&toml);
	put("/etc/sftpgo/sftpgo.toml", "x = 1\n[Data_provider]\ndriver = \"bolt\" # here\nport = 0x10\n\n"
				       "[[sftpd.bindings]]\nport = 22\n[[sftpd.bindings]]\n\n"
				       "[ftpd]\nbindings = [ { port = 21 }, {} ]\nca_certificates = ['a',\n  'b']\n"
				       "[common]\ndefender.ban_time = 5\n");
	toml = read_with(ENV("SFTPGO_DATA_PROVIDER__PORT=5"));
	assert_null(toml.unsure);
	is_str(&toml, "data_provider.driver", "bolt", "/etc/sftpgo/sftpgo.toml:3");
	is_int(&toml, "data_provider.port", 5, SFTPGO_ENVIRONMENT);
	is_int(&toml, "sftpd.bindings.0.port", 22, SFTPGO_FILE);
	assert_string_equal(sftpgo_config_from(&toml, "sftpd.bindings.0.port"), "/etc/sftpgo/sftpgo.toml:7");
	assert_int_equal(sftpgo_config_count(&toml, "sftpd.bindings"), 2);
	assert_int_equal(sftpgo_config_count(&toml, "ftpd.bindings"), 2);
	is_int(&toml, "ftpd.bindings.0.port", 21, SFTPGO_FILE);
	is_json(&toml, "ftpd.ca_certificates", "[\"a\",\"b\"]");
	assert_string_equal(sftpgo_config_from(&toml, "common.defender.ban_time"), "/etc/sftpgo/sftpgo.toml:15");
	is_ignored(&toml, "x", "no such key");
	clear(NULL);
	put("/etc/sftpgo/sftpgo.properties",
	    "# as viper's properties\ndata_provider.driver = mysql\nData_provider.PORT: 33\n\nx y\n"
	    "sftpd.host_keys=a,b\ncommon.defender.enabled=true\n");
	props = read_with(ENV());
	assert_non_null(props.unsure);
	sftpgo_config_done(&props);
	put("/etc/sftpgo/sftpgo.properties",
	    "# as viper's properties\ndata_provider.driver = mysql\ndata_provider.PORT: 33\n\nx y\n"
	    "sftpd.host_keys=a,b\ncommon.defender.enabled=true\n");
	props = read_with(ENV());
	assert_null(props.unsure);
	is_str(&props, "data_provider.driver", "mysql", "/etc/sftpgo/sftpgo.properties:2");
	is_int(&props, "data_provider.port", 33, SFTPGO_FILE);
	is_json(&props, "sftpd.host_keys", "[\"a\",\"b\"]");
	assert_true(sftpgo_config_bool(&props, "common.defender.enabled", false));
	is_ignored(&props, "x", "no such key");
}

/* As 2.6.4 was seen to: it logs the configuration that it loaded. */
static void test_ini(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };

	put("/etc/sftpgo/sftpgo.ini",
	    "common.umask = 1\nhere = 127.0.0.1\n[Data_provider]\ndriver : bolt ; or not\nport = 0x10\n"
	    "[common]\numask = \"a;b\"\nactions.hook = /h\n[common.defender]\nenabled = T\n"
	    "[sftpd]\nhost_keys=a,b\n[sftpd.bindings]\nPort = 22\naddress = %(here)s\n"
	    "[ftpd.bindings.0]\nport = 21\n[httpd]\nbindings=\n[httpd.bindings.1]\n"
	    "[httpd.bindings.security.https_proxy_headers]\nkey = k\n[plugins.0]\ntype = x\n");
	cfg = read_with(ENV());
	assert_non_null(cfg.unsure); /* a list, and a text */
	sftpgo_config_done(&cfg);
	put("/etc/sftpgo/sftpgo.ini",
	    "common.umask = 1\nhere = 127.0.0.1\n[Data_provider]\ndriver : bolt ; or not\nport = 0x10\n"
	    "[common]\numask = \"a;b\"\nactions.hook = /h\n[common.defender]\nenabled = T\n"
	    "[sftpd]\nhost_keys=a,b\n[sftpd.bindings]\nPort = 22\naddress = %(here)s\n"
	    "[ftpd.bindings.0]\nport = 21\n[webdavd]\nbindings=\n"
	    "[httpd.bindings.security.https_proxy_headers]\nkey = k\n[plugins.0]\ntype = x\n"
	    "[smtp]\nport = 1_0\nauth_type = -0x_f\n");
	cfg = read_with(ENV("SFTPGO_DATA_PROVIDER__PORT=5"));
	assert_null(cfg.unsure);
	is_ignored(&cfg, "default.common.umask", "no such key");
	is_str(&cfg, "data_provider.driver", "bolt", "/etc/sftpgo/sftpgo.ini:4");
	is_int(&cfg, "data_provider.port", 5, SFTPGO_ENVIRONMENT);
	is_str(&cfg, "common.umask", "\"a", "/etc/sftpgo/sftpgo.ini:7");
	is_str(&cfg, "common.actions.hook", "/h", "/etc/sftpgo/sftpgo.ini:8");
	assert_true(sftpgo_config_bool(&cfg, "common.defender.enabled", false));
	is_json(&cfg, "sftpd.host_keys", "[\"a\",\"b\"]");
	is_int(&cfg, "sftpd.bindings.0.port", 22, SFTPGO_FILE);
	is_str(&cfg, "sftpd.bindings.0.address", "127.0.0.1", "/etc/sftpgo/sftpgo.ini:15");
	assert_true(sftpgo_config_bool(&cfg, "sftpd.bindings.0.apply_proxy_config", false));
	assert_int_equal(sftpgo_config_count(&cfg, "sftpd.bindings"), 1);
	is_int(&cfg, "ftpd.bindings.0.port", 0, SFTPGO_DEFAULT);
	is_ignored(&cfg, "ftpd.bindings.0.port", "have no numbers");
	is_ignored(&cfg, "webdavd.bindings", "2.6 keeps");
	assert_int_equal(sftpgo_config_count(&cfg, "webdavd.bindings"), 1);
	is_str(&cfg, "httpd.bindings.0.security.https_proxy_headers.0.key", "k", "/etc/sftpgo/sftpgo.ini:21");
	is_int(&cfg, "httpd.bindings.0.port", 8080, SFTPGO_DEFAULT);
	is_int(&cfg, "smtp.port", 10, SFTPGO_FILE);
	is_int(&cfg, "smtp.auth_type", -15, SFTPGO_FILE);
	assert_int_equal(sftpgo_config_count(&cfg, "plugins"), 1); /* empty, as the server has it */
}

static void test_hcl(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 }, json = { 0 };

	put("/etc/sftpgo/sftpgo.hcl",
	    "Data_provider.driver = \"bolt\" # or not\n\"data_provider.port\" = 020\ncommon.umask = 022\n"
	    "sftpd.bindings {\n port = 22\n}\nsftpd.bindings { address = \"a\" }\n"
	    "ftpd.bindings = [{ port = 21, passive_ip_overrides { ip = \"b\" } }, {}]\n"
	    "httpd.bindings {\n security.enabled = true\n}\nwebdavd.bindings = []\nwebdavd.cors.enabled = true\n"
	    "sftpd.host_keys = [\"a\"] sftpd.host_keys = [\"b\"]\nunknown { x = 1 }\nx = 1\n"
	    "common.rate_limiters { protocols = [\"DAV\", \"FTP\", \"SSH\", \"HTTP\"] }\n");
	cfg = read_with(ENV());
	assert_null(cfg.unsure);
	is_str(&cfg, "data_provider.driver", "bolt", "/etc/sftpgo/sftpgo.hcl:1");
	is_int(&cfg, "data_provider.port", 16, SFTPGO_FILE);
	is_str(&cfg, "common.umask", "18", "/etc/sftpgo/sftpgo.hcl:3");
	is_int(&cfg, "sftpd.bindings.0.port", 22, SFTPGO_FILE);
	assert_string_equal(sftpgo_config_from(&cfg, "sftpd.bindings.0.port"), "/etc/sftpgo/sftpgo.hcl:5");
	assert_true(sftpgo_config_bool(&cfg, "sftpd.bindings.0.apply_proxy_config", false));
	is_str(&cfg, "sftpd.bindings.1.address", "a", "/etc/sftpgo/sftpgo.hcl:7");
	is_int(&cfg, "sftpd.bindings.1.port", 0, SFTPGO_DEFAULT);
	is_str(&cfg, "ftpd.bindings.0.passive_ip_overrides.0.ip", "b", "/etc/sftpgo/sftpgo.hcl:8");
	assert_int_equal(sftpgo_config_count(&cfg, "ftpd.bindings"), 2);
	assert_false(sftpgo_config_bool(&cfg, "httpd.bindings.0.security.enabled", true));
	is_ignored(&cfg, "httpd.bindings.0.security.enabled", "no way to a key");
	is_ignored(&cfg, "webdavd.bindings", "2.6 keeps");
	assert_true(sftpgo_config_bool(&cfg, "webdavd.cors.enabled", false));
	is_json(&cfg, "sftpd.host_keys", "[\"a\",\"b\"]");
	is_json(&cfg, "common.rate_limiters.0.protocols", "[\"DAV\",\"FTP\",\"SSH\",\"HTTP\"]");
	is_ignored(&cfg, "unknown", "no such key");
	is_ignored(&cfg, "x", "no such key");
	clear(NULL);
	put("/etc/sftpgo/sftpgo.tfvars", "{\"common.umask\": \"x\",\n\"sftpd.bindings\": [{\"port\": 5}]}");
	json = read_with(ENV());
	assert_null(json.unsure);
	is_str(&json, "common.umask", "x", "/etc/sftpgo/sftpgo.tfvars:1");
	assert_string_equal(sftpgo_config_from(&json, "sftpd.bindings.0.port"), "/etc/sftpgo/sftpgo.tfvars:2");
}

static void gives_up_on(const char *file, const char *text, const char *msg)
{
	struct sftpgo_config cfg = { 0 };

	clear(NULL);
	put(file, text);
	assert_fails(try_read(ENV(), NULL, &cfg), &e, ERR_FORMAT);
	if (!strstr(e.msg, msg))
		fail_msg("'%s' without '%s'", e.msg, msg);
}

static void test_what_2_6_refuses(void **state)
{
	gives_up_on("/etc/sftpgo/sftpgo.hcl", "x = 1\nsftpd {\n port = 1\n}", "'sftpd' is no object but a list, as a block of HCL");
	gives_up_on("/etc/sftpgo/sftpgo.hcl", "{\"common\": {\"umask\": \"x\"}}", "'common' is no object but a list");
	gives_up_on("/etc/sftpgo/sftpgo.hcl", "httpd.bindings {\n security {\n enabled = true\n}\n}",
		    "hcl:2: 'httpd.bindings.0.security' is no object");
	gives_up_on("/etc/sftpgo/sftpgo.hcl", "common.umask = <<E\nx", "line 2: a text of many lines");
	gives_up_on("/etc/sftpgo/sftpgo.hcl", "sftpd.max_auth_tries { x = 1 }", "another type");
	gives_up_on("/etc/sftpgo/sftpgo.ini", "[common]\numask", "'/etc/sftpgo/sftpgo.ini': line 2: no '='");
	gives_up_on("/etc/sftpgo/sftpgo.ini", "[common.defender]\nenabled = yes", "ini:2: the value of 'common.defender.enabled'");
	gives_up_on("/etc/sftpgo/sftpgo.ini", "[smtp]\nport = 1__0", "another type");
	gives_up_on("/etc/sftpgo/sftpgo.ini", "[smtp]\nport = _10", "another type");
	gives_up_on("/etc/sftpgo/sftpgo.ini", "[smtp]\nport = 0_x10", "another type");
	gives_up_on("/etc/sftpgo/sftpgo.hcl", "{\"sftpd.host_keys\": [\"a\", null]}", "a null in a list");
	gives_up_on("/etc/sftpgo/sftpgo.ini", "[sftpd]\nbindings = [{port=3}]", "no list of objects");
}

static void test_secrets(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };
	autojson json_t *facts = NULL;
	autofree char *text = NULL;

	put("/etc/sftpgo/sftpgo.json",
	    "{\"data_provider\": {\"password\": \"hush1\", \"connection_string\": \"hush2\", "
	    "\"external_auth_hook\": "
	    "\"https://u:hush3?/#x@h:1/p?token=hush4\"}, \"kms\": {\"secrets\": {\"master_key\": "
	    "\"hush5\"}}, \"hush6key\": \"hush7\","
	    " \"plugins\": [{\"args\": [\"hush8\"]}], \"httpd\": {\"bindings\": [{\"oidc\": "
	    "{\"client_secret\": \"hush9\"}}]}}");
	cfg = read_with(ENV("SFTPGO_SMTP__PASSWORD=hush", "SFTPGO_LICENSE_KEY=hush",
			    "SFTPGO_NONSENSE=hush", "OTHER=hush",
			    "SFTPGO_DEFAULT_ADMIN_PASSWORD=hush",
			    "SFTPGO_DEFAULT_ADMIN_USERNAME=admin", "SFTPGO_HTTP__HEADERS__0__KEY=k",
			    "SFTPGO_HTTP__HEADERS__0__VALUE=hush"));
	assert_string_equal(sftpgo_config_str(&cfg, "data_provider.password"), "hush1");
	assert_string_equal(sftpgo_config_variable(&cfg, "SFTPGO_LICENSE_KEY")->value, "hush");
	facts = sftpgo_config_facts(&cfg);
	text = json_dumps(facts, JSON_COMPACT);
	for (char *at = strstr(text, "hush"); at; at = strstr(at + 1, "hush"))
		assert_memory_equal(at, "hush6key", 8);
	assert_non_null(strstr(text, "\"data_provider.password\":{\"value\":\"***\""));
	assert_non_null(strstr(text, "\"smtp.oauth2.client_secret\":{\"value\":\"\""));
	assert_non_null(strstr(text, "https://***@h:1/p?***"));
	assert_non_null(strstr(text, "\"SFTPGO_DEFAULT_ADMIN_USERNAME\":{\"value\":\"admin\""));
	is_ignored(&cfg, "SFTPGO_NONSENSE", "no key takes it");
	is_ignored(&cfg, "hush6key", "no such key");
}

/* Keys of one release or edition are there only when they are set, and say so. */
static void test_keys_of_others(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };

	put("/etc/sftpgo/sftpgo.json", "{\"common\": {\"data_retention_hook\": \"/x\"}}");
	cfg = read_with(ENV("SFTPGO_DATA_PROVIDER__PASSWORD_FILE=/p"));
	assert_true(sftpgo_config_get(&cfg, "common.data_retention_hook")->only_2_6);
	assert_true(sftpgo_config_get(&cfg, "data_provider.password_file")->only_enterprise);
	assert_null(sftpgo_config_get(&cfg, "sftpd.folder_prefix"));
}

/* A file of 2.7 that 2.6 reads: what is as it is built in changes nothing with 2.7. */
static void test_keys_of_2_7(void **state)
{
	static const char *const meant[] = { "common.tz", "httpd.bindings.0.disabled_login_methods", "httpd.bindings.0.languages" },
				 *const same[] = { "common.secret_min_entropy", "httpd.jwt_lifetime", "httpd.bindings.0.proxy_mode",
						   "common.symlink_mode", "common.idle_timeout" };
	autosftpgoconfig struct sftpgo_config cfg = { 0 };
	autojson json_t *facts = NULL;

	put("/etc/sftpgo/sftpgo.json", "{\"common\": {\"tz\": \"local\", \"secret_min_entropy\": 80, \"symlink_mode\": 1, \"idle_timeout\": 7}, "
				       "\"httpd\": {\"jwt_lifetime\": 20, \"bindings\": [{\"port\": 1, \"proxy_mode\": 0, "
				       "\"disabled_login_methods\": 16, \"languages\": [\"de\"]}]}}");
	cfg = read_with(NULL);
	for (size_t i = 0; i < ARRAY_LEN(meant); i++)
		assert_true(sftpgo_config_get(&cfg, meant[i])->only_2_7);
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		assert_false(sftpgo_config_get(&cfg, same[i])->only_2_7);
	facts = sftpgo_config_facts(&cfg);
	assert_string_equal(json_str(json_object_get(json_object_get(facts, "settings"), "common.tz"), "only", ""), "2.7");
}

/* Lists in elements, and elements that say nothing. */
static void test_nested_lists(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };

	put("/etc/sftpgo/sftpgo.json", "{\"sftpd\": {\"bindings\": [{\"port\": 1}, {}, {}]}}");
	cfg = read_with(ENV("SFTPGO_FTPD__BINDINGS__5__PASSIVE_IP_OVERRIDES__3__NETWORKS=10.0.0.0/8",
			    "SFTPGO_FTPD__BINDINGS__5__PASSIVE_IP_OVERRIDES__4__IP=1.1.1.1"));
	assert_int_equal(sftpgo_config_count(&cfg, "sftpd.bindings"), 3);
	is_int(&cfg, "sftpd.bindings.2.port", 0, SFTPGO_DEFAULT);
	assert_int_equal(sftpgo_config_count(&cfg, "ftpd.bindings"), 2);
	assert_int_equal(sftpgo_config_count(&cfg, "ftpd.bindings.1.passive_ip_overrides"), 1);
	is_json(&cfg, "ftpd.bindings.1.passive_ip_overrides.0.networks", "[\"10.0.0.0/8\"]");
	is_ignored(&cfg, "SFTPGO_FTPD__BINDINGS__5__PASSIVE_IP_OVERRIDES__4__IP", "no key takes it");
}

static void test_resets(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };

	put("/etc/sftpgo/sftpgo.json", "{\"common\": {\"rename_mode\": 2, \"symlink_mode\": 3, \"defender\": "
				       "{\"enabled\": true, \"driver\": \"provider\"}}}");
	cfg = read_with(ENV("SFTPGO_HTTPD__SETUP__INSTALLATION_CODE_HINT= ",
			    "SFTPGO_DATA_PROVIDER__USERS_BASE_DIR=a/.././..",
			    "SFTPGO_DATA_PROVIDER__EXTERNAL_AUTH_SCOPE=16"));
	is_int(&cfg, "common.rename_mode", 0, SFTPGO_DEFAULT);
	is_ignored(&cfg, "common.rename_mode", "does not take this value");
	is_int(&cfg, "common.symlink_mode", 3, SFTPGO_FILE);
	is_int(&cfg, "data_provider.external_auth_scope", 0, SFTPGO_DEFAULT);
	is_json(&cfg, "common.defender.driver", "\"memory\"");
	is_json(&cfg, "httpd.setup.installation_code_hint", "\"Installation code\"");
	is_json(&cfg, "data_provider.users_base_dir", "\"\"");
}

static void test_paths(void **state)
{
	autosftpgoconfig struct sftpgo_config cfg = { 0 };
	autofree char *name = NULL, *backups = NULL, *none = NULL;

	put("/etc/sftpgo/sftpgo.json", "{\"data_provider\": {\"backups_path\": \"/srv/b\"}}");
	cfg = read_with(ENV());
	name = sftpgo_config_path(&cfg, "data_provider.name");
	backups = sftpgo_config_path(&cfg, "data_provider.backups_path");
	none = sftpgo_config_path(&cfg, "data_provider.users_base_dir");
	assert_string_equal(name, "/etc/sftpgo/sftpgo.db");
	assert_string_equal(backups, "/srv/b");
	assert_null(none);
}

#define TEST(t) cmocka_unit_test_setup(t, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_built_in),
		TEST(test_precedence),
		TEST(test_an_empty_variable_counts),
		TEST(test_search_path),
		TEST(test_named_file),
		TEST(test_keys_have_no_case),
		TEST(test_lists),
		TEST(test_elements),
		TEST(test_variables_that_need_the_file),
		TEST(test_env_d_files_that_are_left_out),
		TEST(test_types),
		TEST(test_what_the_server_refuses),
		TEST(test_emptied_lists),
		TEST(test_unsure),
		TEST(test_deep_names),
		TEST(test_many_values),
		TEST(test_yaml_and_env),
		TEST(test_toml_and_properties),
		TEST(test_ini),
		TEST(test_hcl),
		TEST(test_what_2_6_refuses),
		TEST(test_secrets),
		TEST(test_keys_of_others),
		TEST(test_keys_of_2_7),
		TEST(test_nested_lists),
		TEST(test_resets),
		TEST(test_paths),
	};
	int r;

	if (!mkdtemp(root))
		return 1;
	r = cmocka_run_group_tests_name("config", tests, NULL, NULL);
	clear(NULL);
	rmdir(root);
	return r;
}
