/* What is looked at beside the database: programs that keys name, the database's file, ports,
 * repositories. */
#include "products/sftpgo/inspect.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "golden_db.h"
#include "engine/scope.h"
#include "products/sftpgo/holders.h"
#include "products/sftpgo/packaging.h"
#include "products/sftpgo/places.h"

struct looking {
	struct look k;
	struct facts f;
};

/* The configuration of the place, as a stopped server's that this process would be. */
static void look_begin(struct looking *l, const struct place *p, const char *config)
{
	struct sftpgo_config_where where = { .config_dir = p->path };
	struct err e = ERR_INIT;

	*l = (struct looking){ 0 };
	put_file(p, "sftpgo.json", config);
	facts_init(&l->f, "sftpgo", "sftpgo");
	l->k.f = &l->f;
	l->k.depth = DEPTH_LIVE;
	assert_ok(sftpgo_config_read(&where, &l->k.l.conf, &e), &e);
}

static void look_end(struct looking *l)
{
	sftpgo_layout_done(&l->k.l);
	facts_done(&l->f);
}

static const char *member_of(const struct looking *l, const char *fact, const char *key,
			     const char *member)
{
	return json_str(json_object_get(facts_get(&l->f, fact), key), member, "");
}

static void hooks_and_plugins(void **state)
{
	const struct place *p = *state;
	autofree char *there = xasprintf("%s/hook", p->path),
		      *plain = xasprintf("%s/plain", p->path);
	autofree char *config = xasprintf(
	    "{\"common\":{\"startup_hook\":\"%s\",\"post_connect_hook\":\"https://u:geheim@h/x\"},"
	    "\"data_provider\":{\"pre_login_hook\":\"%s\",\"external_auth_hook\":\"/nowhere/x\","
	    "\"post_login_hook\":\"relative\"},"
	    "\"plugins\":[{\"type\":\"notifier\",\"cmd\":\"%s\"}]}",
	    there, plain, there);
	struct looking l;

	put_file(p, "hook", "");
	put_file(p, "plain", "");
	assert_int_equal(chmod(there, 0755), 0);
	assert_int_equal(chmod(plain, 0644), 0);
	look_begin(&l, p, config);
	look_at_files(&l.k);
	assert_string_equal(member_of(&l, SF_HOOKS, "common.startup_hook", "state"), "there");
	assert_string_equal(member_of(&l, SF_HOOKS, "common.post_connect_hook", "path"), "http");
	assert_string_equal(member_of(&l, SF_HOOKS, "data_provider.pre_login_hook", "state"),
			    "not executable");
	assert_string_equal(member_of(&l, SF_HOOKS, "data_provider.external_auth_hook", "state"),
			    "absent");
	assert_string_equal(member_of(&l, SF_HOOKS, "data_provider.post_login_hook", "state"),
			    "not absolute");
	assert_string_equal(json_str(json_array_get(facts_get(&l.f, SF_PLUGINS), 0), "state", ""),
			    "there");
	look_end(&l);
}

static bool may(const struct looking *l, const char *what)
{
	return json_bool(facts_get(&l->f, SF_DB_OWNER), what, true);
}

static void look_at_database(struct looking *l, const struct place *p, uid_t uid)
{
	autofree char *file = xasprintf("%s/sftpgo.db", p->path);

	look_begin(l, p, "{}");
	facts_put_str(&l->f, FACT_PINNED, SF_DB_FILE, file, "test");
	l->k.l.proc.id.pid = uid == (uid_t)-1 ? 0 : getpid();
	l->k.l.proc.uid = uid;
	l->k.l.proc.gid = uid;
	look_at_files(&l->k);
	l->k.l.proc.id.pid = 0;
}

static void the_files_of_the_database(void **state)
{
	const struct place *p = *state;
	autofree char *file = xasprintf("%s/sftpgo.db", p->path);
	struct looking l;

	put_file(p, "sftpgo.db", "");
	put_file(p, "sftpgo.db-wal", "");
	look_at_database(&l, p, geteuid());
	assert_true(may(&l, "file") && may(&l, "directory"));
	assert_int_equal(json_array_size(facts_get(&l.f, SF_DB_BESIDE)), 1);
	look_end(&l);
	look_at_database(&l, p, 12345);
	assert_false(may(&l, "file") || may(&l, "directory"));
	look_end(&l);
	assert_int_equal(chmod(file, 0666), 0);
	look_at_database(&l, p, 12345);
	assert_true(may(&l, "file"));
	look_end(&l);
	look_at_database(&l, p, (uid_t)-1);
	assert_non_null(facts_why_missing(&l.f, SF_DB_OWNER));
	look_end(&l);
}

/* Who opens it after the look, before the new server starts; who only reads it is none. */
static void a_second_server_of_the_database(void **state)
{
	const struct place *p = *state;
	autofree char *file = xstrdup(below(p, "a.db"));
	autojson json_t *list = NULL;
	struct err e = ERR_INIT;
	int fd, reader;
	pid_t child;

	assert_ok(holders_none(file, &e), &e);
	put_file(p, "a.db", "");
	fd = open(file, O_RDWR | O_CLOEXEC);
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	close(fd);
	reader = open(file, O_RDONLY | O_CLOEXEC);
	assert_fails(holders_none(file, &e), &e, ERR_CHANGED);
	err_clear(&e);
	assert_ok(holders_of(file, child, &list, &e), &e);
	assert_int_equal(json_array_size(list), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_ok(holders_none(file, &e), &e);
	close(reader);
}

static int listen_somewhere(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && !bind(fd, (struct sockaddr *)&at, n) && !listen(fd, 1) &&
		    !getsockname(fd, (struct sockaddr *)&at, &n));
	*port = ntohs(at.sin_port);
	return fd;
}

static void a_port_of_somebody_else(void **state)
{
	const struct place *p = *state;
	uint16_t port = 0;
	autoclose int fd = listen_somewhere(&port);
	autofree char *config = xasprintf(
	    "{\"sftpd\":{\"bindings\":[{\"port\":%u}]},\"httpd\":{\"bindings\":[{\"port\":0}]}}",
	    port);
	autofree char *name = xasprintf("%u", port);
	struct looking l;

	assert_true(fd >= 0);
	look_begin(&l, p, config);
	look_at_host(&l.k);
	assert_string_equal(json_str(facts_get(&l.f, SF_TAKEN), name, ""), "127.0.0.1");
	look_end(&l);
	look_begin(&l, p, config);
	l.k.l.proc.id.pid = getpid();
	look_at_host(&l.k);
	l.k.l.proc.id.pid = 0;
	assert_int_equal(json_object_size(facts_get(&l.f, SF_TAKEN)), 0);
	look_end(&l);
}

static void where_a_path_leads(void **state)
{
	const struct place *p = *state;
	autofree char *through = xasprintf("%s/link/data/alice", p->path),
		      *up = xasprintf("%s/link/../there/x", p->path), *real = NULL, *real_up = NULL,
		      *first = NULL, *itself = NULL;
	struct err e = ERR_INIT;

	assert_ok(dir_make(&p->dir, "there", 0755, &e), &e);
	assert_int_equal(symlink("there", below(p, "link")), 0);
	real = place_real(through);
	assert_string_equal(real, below(p, "there/data/alice"));
	real_up = place_real(up);
	assert_string_equal(real_up, below(p, "there/x"));
	first = place_below(below(p, "there"), real);
	assert_string_equal(first, "data");
	itself = place_below(below(p, "there"), below(p, "there/"));
	assert_string_equal(itself, "");
	assert_null(place_below(below(p, "the"), real));
}

static void a_database_by_a_link(void **state)
{
	const struct place *p = *state;
	struct looking l;
	struct err e = ERR_INIT;

	assert_ok(dir_make(&p->dir, "far", 0755, &e), &e);
	assert_int_equal(symlink("far", below(p, "near")), 0);
	look_begin(&l, p, "{\"data_provider\":{\"driver\":\"sqlite\",\"name\":\"near/sftpgo.db\"}}");
	look_at_conf(&l.k);
	assert_string_equal(facts_str(&l.f, SF_DB_FILE, ""), below(p, "far/sftpgo.db"));
	look_end(&l);
}

static void make_below(const struct place *p, const char *dir, const char *name, const char *text)
{
	autofree char *path = xasprintf("%s/%s", dir, name);
	struct err e = ERR_INIT;

	assert_ok(dir_make_all(&p->dir, dir, 0755, &e), &e);
	put_file(p, path, text);
}

/* The scope of what lies in the place, with homes as these statements have them. */
static void look_at_homes(struct looking *l, const struct place *p, const char *config, const char *sql)
{
	struct provider_at at = { .driver = "sqlite", .path = below(p, "sftpgo.db") };
	struct err e = ERR_INIT;

	run_sql_on(at.path, sql);
	look_begin(l, p, config);
	l->k.l.root = xstrdup(p->path);
	look_at_conf(&l->k);
	assert_ok(provider_open(&at, &l->k.db, &e), &e);
	look_at_scope(&l->k);
	look_gathering_done(&l->k);
	provider_close(take_ptr(l->k.db));
}

static bool holds(const struct looking *l, const char *root, const char *name)
{
	return scope_holds(json_object_get(facts_get(&l->f, SF_SCOPE), root), name);
}

static char *home_of_alice(const struct place *p, const char *home)
{
	return xasprintf("UPDATE users SET home_dir = '%s/%s' WHERE username = 'user-00002'", p->path, home);
}

#define KEYS "{\"sftpd\":{\"host_keys\":[\"keys/a\"]},\"httpd\":{\"certificate_file\":\"tls/c.pem\"}}"

static void has_line(const struct buf *text, const char *line)
{
	if (!strstr(buf_str(text), line))
		fail_msg("no line '%s' in %s", line, buf_str(text));
}

/* Each of them, by name, with the facts that are saved. */
static void is_listed(const struct place *p, const char *name, int64_t all)
{
	autofree char *path = xasprintf("%s/side/%s", p->path, name);
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;
	char digest[DIGEST_TEXT];
	int64_t lines = -1;

	assert_ok(file_read_path(path, &text, &e), &e);
	digest_text(buf_sv(&text), digest);
	assert_memory_equal(name, digest, 64);
	for (size_t i = 0; i < text.len; i++)
		lines += text.data[i] == '\n';
	assert_int_equal(lines, all);
	assert_true(sv_starts(buf_sv(&text), "crossgrade-storage 1\n"));
	has_line(&text, "\nusers s3 \"user-00009\" \"bucket-9\"\n");
	has_line(&text, "\nfolders local \"folder-1\" \"/srv/sftpgo/folders/1\"\n");
}

/* Of users, groups and folders each; of what lies here the directories, of what does not the names. */
static void where_files_lie(void **state)
{
	const struct place *p = *state;
	autofree char *side = xasprintf("%s/side", p->path);
	struct provider_at at = { .driver = "sqlite", .path = golden_db(p, "sftpgo.db", "provider-29.sql") };
	const json_t *storage, *elsewhere;
	struct ctx c = { .side = side };
	const json_t *counts;
	struct looking l;
	struct err e = ERR_INIT;

	look_begin(&l, p, "{}");
	l.k.c = &c;
	l.k.l.root = xstrdup(p->path);
	assert_ok(provider_open(&at, &l.k.db, &e), &e);
	look_at_objects(&l.k);
	counts = facts_get(&l.f, SF_COUNTS);
	is_listed(p, facts_str(&l.f, SF_STORAGE_LIST, "?"),
		  json_int(counts, "users", 0) + json_int(counts, "groups", 0) + json_int(counts, "folders", 0));
	storage = facts_get(&l.f, SF_STORAGE);
	elsewhere = json_object_get(storage, "elsewhere");
	assert_int_equal(json_int(json_object_get(storage, "users"), "s3", 0), 1);
	assert_true(json_int(json_object_get(storage, "folders"), "local", 0) > 0);
	assert_int_equal(json_int(elsewhere, "n", 0), json_array_size(json_object_get(elsewhere, "names")));
	assert_true(json_lists(json_object_get(elsewhere, "names"), "users user-00009: s3 bucket-9"));
	assert_int_equal(json_int(json_object_get(facts_get(&l.f, SF_HOMES), "below"), "/srv/sftpgo/folders", 0),
			 json_int(json_object_get(storage, "folders"), "local", 0) +
				 json_int(json_object_get(storage, "folders"), "encrypted", 0));
	json_decref(l.k.rules);
	look_gathering_done(&l.k);
	provider_close(l.k.db);
	look_end(&l);
}

/* A rule that deletes waits as one with placeholders does, and one that keeps books does not. */
static void rules_that_delete_wait(void **state)
{
	const struct place *p = *state;
	struct provider_at at = { .driver = "sqlite", .path = golden_db(p, "sftpgo.db", "provider-29.sql") };
	struct ctx c = { 0 };
	struct looking l;
	struct err e = ERR_INIT;

	run_sql_on(at.path, "UPDATE events_rules SET trigger = 2, conditions = CAST('{\"provider_events\":[\"update\"]}' AS BLOB) WHERE name = 'uploads'");
	run_sql_on(at.path, "UPDATE events_actions SET type = 9, options = CAST('{\"fs_config\":{\"type\":2,\"deletes\":[\"/spool/' || printf('%.10000c', 'd') || "
			    "'\"]}}' AS BLOB) WHERE name = 'keep'");
	look_begin(&l, p, "{}");
	l.k.c = &c;
	l.k.l.root = xstrdup(p->path);
	assert_ok(provider_open(&at, &l.k.db, &e), &e);
	look_at_objects(&l.k);
	assert_true(json_lists(json_object_get(json_object_get(l.k.rules, "daily"), "actions"), "keep"));
	assert_null(json_object_get(l.k.rules, "by hand"));
	assert_true(json_lists(json_object_get(facts_get(&l.f, SF_HEARD), "rules"), "uploads"));
	assert_int_equal(json_array_size(json_object_get(facts_get(&l.f, SF_HEARD), "rules")), 1);
	/* In a dump it is there twice. */
	assert_true(json_int(facts_get(&l.f, SF_ACTIONS), "dump_bytes", 0) > 20000);
	json_decref(l.k.rules);
	look_gathering_done(&l.k);
	provider_close(l.k.db);
	look_end(&l);
}

/* What it is told by name, there or not: everything else may be a home, of a user made later even. */
static void only_what_is_sftpgos_is_held(void **state)
{
	static const char *const held[] = { "sftpgo.db", "sftpgo.db-wal", "sftpgo.json", "env.d", "env.d/00-x.env", "id_rsa", "keys", "tls" };
	static const char *const left[] = { "alice", "later", "certs", "sftpgo.log", ".crossgrade" };
	const struct place *p = *state;
	autofree char *home = home_of_alice(p, "alice/in");
	struct looking l;

	golden_db(p, "sftpgo.db", "provider-29.sql");
	look_at_homes(&l, p, KEYS, home);
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		assert_true(holds(&l, "root", held[i]));
	for (size_t i = 0; i < ARRAY_LEN(left); i++)
		assert_false(holds(&l, "root", left[i]));
	assert_null(facts_get(&l.f, SF_SCOPE_BAD));
	look_end(&l);
}

/* A file that is not there is of nobody; one that users' files lie beside is not held either. */
static void what_is_named_and_not_held_is_told(void **state)
{
	static const char words[] = "{\"sftpd\":{\"host_keys\":[\"keys/a\",\"tls/k\"]},\"httpd\":{\"certificate_file\":\"/etc/passwd\","
				    "\"certificate_key_file\":\"/nowhere/key\"}}";
	const struct place *p = *state;
	autofree char *home = home_of_alice(p, "tls/alice"), *shared = NULL;
	const json_t *beside;
	struct looking l;

	golden_db(p, "sftpgo.db", "provider-29.sql");
	make_below(p, "keys", "a", "");
	make_below(p, "tls", "k", "");
	look_at_homes(&l, p, words, home);
	beside = facts_get(&l.f, SF_SCOPE_BESIDE);
	shared = xasprintf("%s/tls/k (sftpd.host_keys)", p->path);
	assert_int_equal(json_array_size(beside), 2);
	assert_true(json_lists(beside, "/etc/passwd (httpd.certificate_file)"));
	assert_true(json_lists(beside, shared));
	look_end(&l);
}

/* Users' files in a directory of keys: it stays where it is. In what cannot stay they stop a run. */
static void homes_where_sftpgo_has_its_own(void **state)
{
	const struct place *p = *state;
	autofree char *certs = home_of_alice(p, "certs"), *tls = home_of_alice(p, "tls/alice"), *bad = home_of_alice(p, "env.d");
	struct looking l;

	golden_db(p, "sftpgo.db", "provider-29.sql");
	make_below(p, "certs", "acme", "");
	look_at_homes(&l, p, KEYS, tls);
	assert_true(holds(&l, "root", "certs") && holds(&l, "root", "keys"));
	assert_false(holds(&l, "root", "tls"));
	assert_null(facts_get(&l.f, SF_SCOPE_BAD));
	look_end(&l);
	look_at_homes(&l, p, KEYS, certs);
	assert_false(holds(&l, "root", "certs"));
	look_end(&l);
	look_at_homes(&l, p, KEYS, bad);
	assert_int_equal(json_array_size(facts_get(&l.f, SF_SCOPE_BAD)), 1);
	look_end(&l);
}

/* Also right below the configuration: beside it may be homes. */
static void a_database_in_a_directory_of_its_own(void **state)
{
	const struct place *p = *state;
	autofree char *home = home_of_alice(p, "db/certs");
	struct looking l;

	golden_db(p, "sftpgo.db", "provider-29.sql");
	make_below(p, "db/certs", "hers", "");
	look_at_homes(&l, p, "{\"data_provider\":{\"name\":\"db/sftpgo.db\"}}", home);
	assert_false(holds(&l, "root", "db") || holds(&l, "database", "certs") || holds(&l, "database", "later"));
	assert_true(holds(&l, "database", "sftpgo.db") && holds(&l, "database", "sftpgo.db-journal"));
	look_end(&l);
}

static bool is_mixed(const struct place *p)
{
	struct looking l;
	bool mixed;

	look_begin(&l, p, "{}");
	l.k.depth = DEPTH_FROZEN;
	l.k.l.root = xstrdup("/nowhere");
	l.k.l.kind = "archive";
	l.k.l.service = json_pack("{ss}", "kind", "process");
	l.k.l.program = xstrdup(below(p, "opt/sftpgo"));
	l.k.l.install = xstrdup(below(p, "opt"));
	look_at_install(&l.k);
	mixed = json_is_true(facts_get(&l.f, SF_INSTALL_MIXED));
	look_end(&l);
	return mixed;
}

static void a_directory_that_holds_more_than_a_build(void **state)
{
	const struct place *p = *state;
	struct err e = ERR_INIT;

	assert_ok(dir_make(&p->dir, "opt", 0755, &e), &e);
	put_file(p, "opt/sftpgo", "");
	put_file(p, "opt/LICENSE", "");
	assert_ok(dir_make(&p->dir, "opt/templates", 0755, &e), &e);
	assert_false(is_mixed(p));
	assert_ok(dir_make(&p->dir, "opt/plugins", 0755, &e), &e);
	assert_true(is_mixed(p));
}

static json_t *repositories(const struct place *p)
{
	json_t *found = NULL;
	struct err e = ERR_INIT;

	assert_ok(packaging_repositories(p->path, &found, &e), &e);
	return found;
}

static void whose_repositories(void **state)
{
	const struct place *p = *state;
	json_t *found = repositories(p);

	assert_int_equal(json_object_size(found), 0);
	json_decref(found);
	make_below(p, "etc/apt/sources.list.d", "a.list",
		   "deb [signed-by=/x] https://oss.sftpgo.com/apt bookworm main\n");
	make_below(p, "etc/apt/sources.list.d", "b.sources",
		   "Types: deb\nURIs: https://download.sftpgo.com/apt\nEnabled: no\n");
	make_below(p, "etc/apt/sources.list.d", "c.list.save",
		   "deb https://download.sftpgo.com/apt bookworm main\n");
	make_below(p, "etc/apt", "sources.list",
		   "# deb https://download.sftpgo.com/apt bookworm main\n");
	found = repositories(p);
	assert_int_equal(json_object_size(found), 1);
	assert_non_null(strstr(json_str(found, SFTPGO_OPEN_SOURCE, ""), "/a.list"));
	json_decref(found);
	make_below(p, "etc/yum.repos.d", "sftpgo.repo",
		   "[sftpgo]\nbaseurl=https://download.sftpgo.com/yum\nenabled=1\n");
	found = repositories(p);
	assert_int_equal(json_object_size(found), 2);
	json_decref(found);
}

/* A part that is switched off says nothing of the others in its file. */
static void a_repository_beside_one_that_is_off(void **state)
{
	static const struct {
		const char *dir, *name, *text;
		size_t on;
	} cases[] = {
		{ "etc/apt/sources.list.d", "x.sources",
		  "Types: deb\nURIs: https://download.sftpgo.com/apt\nenabled: FALSE\n\nTypes: deb\nURIs: https://oss.sftpgo.com/apt\n", 1 },
		{ "etc/apt/sources.list.d", "x.sources",
		  "# Enabled: no\nURIs: https://download.sftpgo.com/apt\n\nEnabled: no\nURIs: https://example.org\n", 1 },
		{ "etc/apt/sources.list.d", "x.sources",
		  "URIs: https://oss.sftpgo.com/apt\nEnabled: 0\n\nEnabled: no\nURIs: https://download.sftpgo.com/apt\n", 0 },
		{ "etc/yum.repos.d", "x.repo",
		  "[a]\nbaseurl=https://oss.sftpgo.com/yum\n\nenabled = false\n[b]\nbaseurl=https://download.sftpgo.com/yum\n", 1 },
		{ "etc/yum.repos.d", "x.repo",
		  "[a]\nenabled=1\nbaseurl=https://oss.sftpgo.com/yum\n[b]\nbaseurl=https://download.sftpgo.com/yum\nenabled=1\n", 2 },
	};
	const struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofree char *path = xasprintf("%s/%s", cases[i].dir, cases[i].name);
		autojson json_t *found = NULL;

		make_below(p, cases[i].dir, cases[i].name, cases[i].text);
		found = repositories(p);
		assert_int_equal(json_object_size(found), cases[i].on);
		assert_int_equal(unlink(below(p, path)), 0);
	}
}

static void edited_files(void **state)
{
	static const char said[] = "??5?????? c /etc/sftpgo/sftpgo.json\n"
				   "missing   c /etc/sftpgo/gone\n"
				   "..5....T.   /usr/bin/sftpgo\n"
				   ".......T.  c /etc/sftpgo/sftpgo.env\n"
				   "S.5....T.  c /etc/sftpgo/with blank\n"
				   "..5....T.  d /usr/share/man/man1/x.1\n";
	autojson json_t *edited = packaging_edited(sv_of(said)), *altered = packaging_altered(sv_of(said));

	assert_int_equal(json_array_size(altered), 2);
	assert_string_equal(json_string_value(json_array_get(altered, 0)), "/usr/bin/sftpgo");
	assert_string_equal(json_string_value(json_array_get(altered, 1)), "/usr/share/man/man1/x.1");

	assert_int_equal(json_array_size(edited), 2);
	assert_string_equal(json_string_value(json_array_get(edited, 0)),
			    "/etc/sftpgo/sftpgo.json");
	assert_string_equal(json_string_value(json_array_get(edited, 1)), "/etc/sftpgo/with blank");
}

/* ---- a container ---- */

static json_t *pinned_of_container(const struct place *p, const char *status, const char *address)
{
	struct looking l;
	json_t *pinned;

	look_begin(&l, p, "{}");
	l.k.l.container = json_pack("{ss ss ss s{ss}}", "name", "sftp", "status", status, "address", address, "ports", "2022/tcp",
				       "0.0.0.0:2022");
	look_at_container(&l.k);
	assert_string_equal(json_str(facts_get(&l.f, SF_CONTAINER_NOW), "address", ""), address);
	pinned = facts_pinned(&l.f);
	look_end(&l);
	return pinned;
}

static void what_a_restart_of_a_container_changes(void **state)
{
	autojson json_t *then = pinned_of_container(*state, "running", "172.17.0.2"),
			*now = pinned_of_container(*state, "restarting", "172.17.0.3");

	assert_string_equal(json_str(json_object_get(then, SF_CONTAINER), "name", ""), "sftp");
	assert_true(json_equal(then, now));
}

/* The room of a small root, whose database server has 1000 of tables; `store` below the place, NULL: none is named. */
static const json_t *room_with(struct looking *l, const struct place *p, const char *store)
{
	autofree char *text = store ? xasprintf("file://%s/%s", p->path, store) : xstrdup("beside");
	autojson json_t *point = json_pack("{ss}", "store", text);
	struct goal to = { .restore_point = point };
	struct ctx c = { 0 };

	make_below(p, "root", "five", "12345");
	look_begin(l, p, "{}");
	l->k.c = &c;
	l->k.to = &to;
	facts_put(&l->f, FACT_OBSERVED, SF_DB_SIZE, json_integer(1000), "test");
	facts_put(&l->f, FACT_PINNED, SF_SCOPE, json_pack("{s{ss}}", "root", "path", below(p, "root")), "test");
	look_at_room(&l->k);
	l->k.c = NULL;
	l->k.to = NULL;
	return facts_get(&l->f, SF_ROOM);
}

/* The way back makes its statements where the dump is, so that beside the root it wants nothing for them. */
static void a_dump_is_where_the_restore_point_is(void **state)
{
	const struct place *p = *state;
	const json_t *room;
	struct looking l;
	int64_t bytes;

	room = room_with(&l, p, NULL);
	bytes = json_int(json_object_get(room, "root"), "bytes", 0);
	assert_true(bytes > 2000);
	look_end(&l);
	make_below(p, "store", "run", "");
	room = room_with(&l, p, "store");
	assert_int_equal(json_int(json_object_get(room, "root"), "bytes", 0), bytes - 2000);
	assert_int_equal(json_int(json_object_get(room, "store"), "bytes", 0), 2000);
	look_end(&l);
}

static void a_store_that_is_not_there_yet_has_room(void **state)
{
	const struct place *p = *state;
	const json_t *room;
	struct looking l;

	room = room_with(&l, p, "backup/of/sftpgo/");
	assert_true(json_int(json_object_get(room, "store"), "free", 0) > 0);
	assert_true(json_equal(json_object_get(json_object_get(room, "store"), "dev"), json_object_get(json_object_get(room, "root"), "dev")));
	look_end(&l);
	put_file(p, "plain", "");
	assert_null(room_with(&l, p, "plain/sftpgo"));
	look_end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(hooks_and_plugins),       in_place(the_files_of_the_database),
		in_place(a_port_of_somebody_else), in_place(whose_repositories),
		cmocka_unit_test(edited_files),    in_place(where_a_path_leads),
		in_place(a_database_by_a_link),    in_place(a_directory_that_holds_more_than_a_build),
		in_place(only_what_is_sftpgos_is_held), in_place(what_is_named_and_not_held_is_told), in_place(homes_where_sftpgo_has_its_own),
		in_place(a_database_in_a_directory_of_its_own), in_place(a_second_server_of_the_database),
		in_place(a_repository_beside_one_that_is_off), in_place(where_files_lie), in_place(rules_that_delete_wait),
		in_place(what_a_restart_of_a_container_changes), in_place(a_dump_is_where_the_restore_point_is),
		in_place(a_store_that_is_not_there_yet_has_room),
	};

	return cmocka_run_group_tests_name("sftpgo/inspect", tests, NULL, NULL);
}
