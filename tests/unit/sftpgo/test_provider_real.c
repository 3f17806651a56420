/* A provider of a real server on the driver that DRIVER names: read beside 2.6.4, then against
 * what 2.7.5 made of it. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "engine/event.h"
#include "engine/plan.h"
#include "engine/step.h"
#include "io/cmd.h"
#include "products/sftpgo/objects_compare.h"
#include "products/sftpgo/sessions.h"
#include "products/sftpgo/tables.h"

#include "../unit.h"

extern const struct step_kind step_nodes_wait;

#define USERS "40"

struct world {
	char *home, *conf, *db;
	const char *driver;
	struct provider_at at;
	char *settings; /* what the scripts say of themselves, that `at` borrows from */
};

/* Script, then its arguments. Standard output, and the exit code. */
static int call(const struct world *w, const char *script, const char *const *args,
		struct buf *said)
{
	autofree char *home = xasprintf("HOME=%s", getenv("HOME") ? getenv("HOME") : "/root");
	autofree char *search =
	    xasprintf("PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/sbin:/usr/bin:/sbin:/bin");
	autofree char *driver = xasprintf("SFTPGO_DRIVER=%s", w->driver);
	autofree char *db = xasprintf("SFTPGO_DB=%s", w->db);
	autofree char *path = xasprintf("%s/%s", REAL_DIR, script);
	const char *argv[8] = { "/bin/bash", path };
	const char *env[] = { search, home, driver, db, NULL };
	struct cmd c = { .argv = argv, .env = env, .within_ns = 900 * NS_PER_S };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	int status;

	for (size_t i = 0; args[i] && i < 5; i++)
		argv[i + 2] = args[i];
	assert_ok(cmd_run(&c, &r, &e), &e);
	status = r.status;
	if (status)
		print_message("# %s %s: %s\n", script, args[0], buf_str(&r.err));
	if (said)
		buf_adds(said, buf_str(&r.out));
	cmd_result_done(&r);
	return status;
}

#define CALL(w, script, said, ...) \
	call((w), (script), (const char *const[]){ __VA_ARGS__, NULL }, (said))

/* "key=value" lines; the value of a key, borrowed from *text, which is cut into strings. */
static const char *setting(char *text, const char *key)
{
	struct sv rest = sv_of(text), line;

	while ((line = sv_line(&rest)).n) {
		struct sv name = sv_cut(&line, '=');

		if (sv_eq(name, key)) {
			text[line.p - text + (ptrdiff_t)line.n] = '\0';
			return line.p;
		}
	}
	return NULL;
}

static bool is_sql_server(const struct world *w)
{
	return !strcmp(w->driver, "postgresql") || !strcmp(w->driver, "mysql");
}

static void bind_server(struct world *w)
{
	autobuf struct buf said = BUF_MAX(4096);
	struct err e = ERR_INIT;
	const char *port, *password;
	uint64_t number = 0;

	assert_int_equal(CALL(w, "db.sh", &said, "env", w->db), 0);
	w->settings = buf_take(&said);
	password = setting(w->settings, "password");
	assert_ok(secret_set(&w->at.password, password, strlen(password), &e), &e);
	*strstr(w->settings, "\npassword") = '\0';
	port = setting(w->settings, "port");
	assert_true(sv_u64(sv_of(port), &number));
	w->at.port = (uint16_t)number;
	w->at.host = "localhost";
	w->at.user = w->at.database = "sftpgo";
}

/* False: cannot be had here, and why was printed. */
static bool start(struct world *w)
{
	int status;

	if (is_sql_server(w)) {
		status = CALL(w, "db.sh", NULL, "start", w->driver, w->db);
		if (status == 77)
			return false;
		assert_int_equal(status, 0);
		bind_server(w);
	}
	status = CALL(w, "sftpgo.sh", NULL, "start", "2.6.4", w->conf);
	if (status == 77)
		return false;
	assert_int_equal(status, 0);
	assert_int_equal(CALL(w, "sftpgo.sh", NULL, "seed", w->conf, USERS), 0);
	return true;
}

static int make_world(void **state)
{
	struct world *w = test_calloc(1, sizeof *w);
	char home[] = "/tmp/crossgrade-real-XXXXXX";

	if (!mkdtemp(home) || chmod(home, 0711) < 0)
		return -1;
	w->driver = getenv("DRIVER") ? getenv("DRIVER") : "sqlite";
	w->home = xstrdup(home);
	w->conf = xasprintf("%s/conf", home);
	w->db = xasprintf("%s/db", home);
	w->at.driver = w->driver;
	*state = w;
	return 0;
}

static int end_world(void **state)
{
	struct world *w = *state;
	autodir struct dir tmp = DIR_NONE;
	struct err e = ERR_INIT;

	(void)CALL(w, "sftpgo.sh", NULL, "end", w->conf);
	if (is_sql_server(w))
		(void)CALL(w, "db.sh", NULL, "end", w->db);
	if (dir_open("/tmp", &tmp, &e) < 0 ||
	    dir_remove_tree(&tmp, w->home + strlen("/tmp/"), &e) < 0)
		print_message("# %s\n", e.msg);
	secret_done(&w->at.password);
	free(w->settings);
	free(w->home);
	free(w->conf);
	free(w->db);
	test_free(w);
	return 0;
}

/* The file that the script chose. */
static char *provider_file(const struct world *w)
{
	autodir struct dir conf = DIR_NONE;
	struct dir_names names = { 0 };
	struct err e = ERR_INIT;
	char *path = NULL;

	assert_ok(dir_open(w->conf, &conf, &e), &e);
	assert_ok(dir_list(&conf, "", 100, &names, &e), &e);
	vec_each (&names, it) {
		if (sv_ends(sv_of(it->name), ".db"))
			path = xasprintf("%s/%s", w->conf, it->name);
	}
	dir_names_done(&names);
	assert_non_null(path);
	return path;
}

static void freeze(const struct world *w, struct object_counts *counts)
{
	autoprovider struct provider *p = NULL;
	autodir struct dir home = DIR_NONE;
	struct err e = ERR_INIT;
	struct out to;

	assert_ok(provider_open(&w->at, &p, &e), &e);
	assert_int_equal(provider_schema(p), 29);
	assert_ok(dir_open(w->home, &home, &e), &e);
	assert_ok(out_open(&to, &home, "frozen", &e), &e);
	assert_ok(objects_freeze(p, &to, counts, &e), &e);
	assert_ok(out_place(&to, &e), &e);
	out_close(&to);
}

static int tell(void *arg, const struct object_difference *d, struct err *e)
{
	if (!d->rule) {
		print_message("# %s '%s' %s\n", object_kind_name(d->kind), d->key,
			      d->field ? d->field : "whole");
		++*(int *)arg;
	}
	return 0;
}

static void compare(const struct world *w, struct object_tally *tally)
{
	autoprovider struct provider *p = NULL;
	autodir struct dir home = DIR_NONE;
	autoclose int fd = -1;
	struct err e = ERR_INIT;
	int unexplained = 0;

	assert_ok(provider_open(&w->at, &p, &e), &e);
	assert_int_equal(provider_schema(p), 33);
	assert_ok(dir_open(w->home, &home, &e), &e);
	fd = dir_openat(&home, "frozen", O_RDONLY, 0, &e);
	assert_ok(fd, &e);
	assert_ok(objects_compare(fd, "frozen", p, tell, &unexplained, tally, &e), &e);
	assert_int_equal(unexplained, 0);
}

static void by_connection_string(const struct world *w)
{
	autofree char *text =
	    xasprintf("host='127.0.0.1' port='%d' dbname='sftpgo' user='sftpgo' password='%s' "
		      "sslmode=disable connect_timeout=10",
		      w->at.port, w->at.password.bytes);
	autofree char *url = xasprintf("postgres://sftpgo:%s@127.0.0.1:%d/sftpgo?sslmode=disable",
				       w->at.password.bytes, w->at.port);
	const char *const forms[] = { text, url };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct provider_at at = { .driver = w->driver };
		autoprovider struct provider *p = NULL;
		struct err e = ERR_INIT;

		assert_ok(secret_set(&at.connection, forms[i], strlen(forms[i]), &e), &e);
		assert_ok(provider_open(&at, &p, &e), &e);
		secret_done(&at.connection);
	}
}

static size_t count_sessions(struct provider *p)
{
	autojson json_t *list = NULL;
	struct err e = ERR_INIT;

	assert_ok(provider_sessions(p, &list, &e), &e);
	return json_array_size(list);
}

/* ---- a run on the same database ---- */

static struct svc_state state_of_server;

static int server_state(struct service *s unused_arg, struct svc_state *ret, struct err *e unused_arg)
{
	*ret = state_of_server;
	return 0;
}

/* As a step sees it; the server is whom state_of_server tells. */
static struct ctx run_on(const struct world *w, struct site *site, struct goal *goal, struct plan *plan)
{
	static const struct service_ops ops = { .name = "test", .state = server_state };
	static struct service service = { .ops = &ops };

	*goal = (struct goal){ 0 };
	*site = (struct site){ .name = (char *)"main", .doc = json_pack("{s{ss}}", "roots", "root", w->conf), .service = &service };
	*plan = (struct plan){ .doc = json_pack("{s{ss s{ss si ss ss}}}", "pinned", "provider.driver", w->driver, "provider.at", "host",
						w->at.host, "port", w->at.port, "user", w->at.user, "database", w->at.database) };
	return (struct ctx){ .goal = goal, .plan = plan, .sites = site, .n_sites = 1, .state = DIR_NONE, .blobs = DIR_NONE };
}

/* A node that signs in nowhere. */
static pid_t log_in_elsewhere(const struct world *w)
{
	int ready[2];
	char told;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct provider *p = NULL;
		struct err e = ERR_INIT;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails ends it, too */
		if (provider_open(&w->at, &p, &e) >= 0)
			(void)!write(ready[1], "", 1);
		pause();
	}
	assert_int_equal(read(ready[0], &told, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void who_else_is_in(const struct world *w)
{
	autoprovider struct provider *own = NULL;
	struct err e = ERR_INIT;
	struct site site;
	struct goal goal;
	struct plan plan;
	struct ctx c = run_on(w, &site, &goal, &plan);
	pid_t pid;

	assert_ok(sessions_none(&c, NULL, &e), &e);
	assert_ok(provider_open(&w->at, &own, &e), &e);
	state_of_server = (struct svc_state){ .run = SVC_RUNNING, .id.pid = getpid() };
	assert_ok(sessions_own(&c, &e), &e);
	pid = log_in_elsewhere(w);
	assert_fails(sessions_own(&c, &e), &e, ERR_CHANGED);
	assert_non_null(strstr(e.msg, "the server runs, and 1 more sessions"));
	err_clear(&e);
	/* None is seen to be its own: the stop tells. */
	state_of_server.id.pid = 0;
	assert_ok(sessions_own(&c, &e), &e);
	provider_close(take_ptr(own));
	assert_fails(sessions_none(&c, NULL, &e), &e, ERR_CHANGED);
	assert_non_null(strstr(e.msg, "the server is stopped, and 1 more sessions"));
	err_clear(&e);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_ok(sessions_none(&c, NULL, &e), &e);
	json_decref(site.doc);
	json_decref(plan.doc);
}

/* ---- other nodes that are waited for ---- */

static int notes_heard, unknown_heard;

static void hear(void *data unused_arg, const json_t *event)
{
	notes_heard += !strcmp(json_str(event, "type", ""), "note") &&
		       !strcmp(json_str(event, "text", ""), "waits: other nodes are alive on the database: n3");
	unknown_heard += strstr(json_str(event, "text", ""), "whose the open sessions") != NULL;
}

static void wait_for_nodes(struct ctx *c, const char *within, enum err_kind want, const char *words)
{
	autojson json_t *params = json_pack("{ss ss ss}", "within", within, "node", "10.0.0.1:8080", "what", "the database");
	autojson json_t *result = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(step_nodes_wait.apply(c, params, NULL, &result, &e), -(int)want);
	if (words && !strstr(e.msg, words))
		fail_msg("%s", e.msg);
	assert_int_equal(result != NULL, want == ERR_OK);
}

/* It ends while it is waited for. */
static pid_t end_node_later(const struct world *w)
{
	pid_t pid = fork();

	if (pid == 0) {
		clock_sleep_ns(NS_PER_S / 2);
		_exit(CALL(w, "db.sh", NULL, "sql", w->db, "DELETE FROM nodes"));
	}
	return pid;
}

static void who_is_waited_for(const struct world *w)
{
	autofree char *node = xasprintf("INSERT INTO nodes (name, data, created_at, updated_at) VALUES ('n3', '{}', 1, %lld)",
					(long long)(clock_wall_ns() / NS_PER_MS));
	struct cancel cancel = { .asked = true };
	autoprovider struct provider *own = NULL;
	struct err e = ERR_INIT;
	struct site site;
	struct goal goal;
	struct plan plan;
	struct ctx c = run_on(w, &site, &goal, &plan);
	int status;
	pid_t pid;

	c.events = events_new();
	events_to(c.events, hear, NULL);
	assert_int_equal(CALL(w, "db.sh", NULL, "sql", w->db, node), 0);
	wait_for_nodes(&c, "0s", ERR_TIMEOUT, "0s are over: other nodes are alive on the database: n3");
	assert_int_equal(notes_heard, 0);
	c.cancel = &cancel;
	wait_for_nodes(&c, "1m", ERR_CANCELED, "interrupted");
	c.cancel = NULL;
	pid = end_node_later(w);
	wait_for_nodes(&c, "1m", ERR_OK, NULL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(notes_heard, 2);
	/* One that signs in nowhere. */
	assert_ok(provider_open(&w->at, &own, &e), &e);
	state_of_server = (struct svc_state){ .run = SVC_RUNNING, .id.pid = getpid() };
	pid = log_in_elsewhere(w);
	wait_for_nodes(&c, "0s", ERR_TIMEOUT, "0s are over: the server runs, and 1 more sessions");
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	unknown_heard = 0;
	wait_for_nodes(&c, "0s", ERR_OK, NULL);
	assert_int_equal(unknown_heard, 0);
	state_of_server.id.pid = 0;
	wait_for_nodes(&c, "0s", ERR_OK, NULL);
	assert_int_equal(unknown_heard, 1);
	events_free(c.events);
	json_decref(site.doc);
	json_decref(plan.doc);
}

/* Others' tables: one that leads to SFTPGo's, one to that, one to nothing. */
static void who_leans(const struct world *w)
{
	autoprovider struct provider *p = NULL;
	autojson json_t *list = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(CALL(w, "db.sh", NULL, "sql", w->db,
			      "create table a_second (id int primary key); create table b_first (id int primary key, user_id int); "
			      "create table c_plain (id int); "
			      "alter table b_first add foreign key (user_id) references users(id); "
			      "alter table a_second add foreign key (id) references b_first(id)"), 0);
	assert_ok(provider_open(&w->at, &p, &e), &e);
	assert_ok(tables_leaning(p, &list, &e), &e);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_array_get(list, 0)), "a_second");
	assert_string_equal(json_string_value(json_array_get(list, 1)), "b_first");
}

/* Rights, nodes and a login that fails: what only a database server has. */
static void ask_server(const struct world *w)
{
	bool pg = !strcmp(w->driver, "postgresql");
	autofree char *node = xasprintf(
	    "INSERT INTO nodes (name, data, created_at, updated_at) VALUES ('n2', '{}', 1, %lld), "
	    "('gone', '{}', 1, 1)",
	    (long long)(clock_wall_ns() / NS_PER_MS));
	struct provider_at guest = w->at;
	autoprovider struct provider *p = NULL, *p2 = NULL;
	autobuf struct buf names = BUF_MAX(4096);
	enum provider_right right = RIGHT_UNKNOWN;
	size_t before;
	struct err e = ERR_INIT;
	const char *why = NULL;

	assert_int_equal(CALL(w, "db.sh", NULL, "sql", w->db, node), 0);
	assert_int_equal(CALL(w, "db.sh", NULL, "sql", w->db,
			      pg ? "CREATE ROLE guest LOGIN PASSWORD 'pass-sftpgo'; "
				   "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest"
				 : "CREATE USER guest@'127.0.0.1' IDENTIFIED BY 'pass-sftpgo'; "
				   "GRANT SELECT ON sftpgo.* TO guest@'127.0.0.1'"),
			 0);
	assert_ok(provider_open(&w->at, &p, &e), &e);
	assert_int_equal(provider_nodes(p, clock_wall_ns(), &names, &e), 1);
	assert_string_equal(buf_str(&names), "n2\n");
	assert_ok(provider_ddl_right(p, &right, &why, &e), &e);
	assert_int_equal(right, RIGHT_YES);
	assert_true(*provider_server_version(p));

	/* A second one, of this account alone. */
	before = count_sessions(p);
	assert_ok(provider_open(&w->at, &p2, &e), &e);
	assert_int_equal(count_sessions(p2), before + 1);
	provider_close(take_ptr(p2));
	guest.user = "guest";
	assert_ok(provider_open(&guest, &p2, &e), &e);
	assert_int_equal(count_sessions(p2), 0);
	assert_ok(provider_ddl_right(p2, &right, &why, &e), &e);
	assert_int_equal(right, RIGHT_NO);
	assert_true(*why);
	provider_close(take_ptr(p2));

	if (pg)
		by_connection_string(w);
	guest.user = "nobody";
	assert_fails(provider_open(&guest, &p2, &e), &e, ERR_DENIED);
	err_clear(&e);
	guest = w->at;
	guest.prefix = "other_";
	assert_fails(provider_open(&guest, &p2, &e), &e, ERR_FORMAT);
}

static void read_before_and_after(void **state)
{
	struct world *w = *state;
	struct object_counts counts;
	struct object_tally tally;
	autofree char *file = NULL;

	if (!start(w))
		skip();
	if (!is_sql_server(w))
		w->at.path = file = provider_file(w);
	freeze(w, &counts);
	assert_int_equal(CALL(w, "sftpgo.sh", NULL, "stop", w->conf), 0);
	freeze(w, &counts);
	assert_true(counts.n[OBJ_USERS] >= 40);
	for (int i = 0; i < OBJ__MAX; i++)
		assert_true(counts.n[i] > 0);
	assert_int_equal(CALL(w, "sftpgo.sh", NULL, "start", "2.7.5", w->conf), 0);
	assert_int_equal(CALL(w, "sftpgo.sh", NULL, "stop", w->conf), 0);
	if (is_sql_server(w))
		who_else_is_in(w);
	if (is_sql_server(w))
		who_is_waited_for(w);
	compare(w, &tally);
	assert_memory_equal(&tally.then, &tally.now, sizeof tally.then);
	assert_true(tally.explained.n[OBJ_EVENT_ACTIONS] > 0);
	if (is_sql_server(w))
		ask_server(w);
	if (is_sql_server(w))
		who_leans(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(read_before_and_after, make_world, end_world),
	};

	return cmocka_run_group_tests_name("sftpgo/provider-real", tests, NULL, NULL);
}
