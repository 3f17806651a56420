#include "double.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u

static const char *const system_tables_of_old[] = { "sys.text_import_log",
						    "sys.column_versions_purge_log" };

int version_number(const char *version)
{
	int major = 0, minor = 0, patch = 0;

	if (sscanf(version, "%d.%d.%d", &major, &minor, &patch) < 2)
		return 0;
	return major * 10000 + minor * 100 + patch;
}

/* An Enterprise 3.x carries a core of the 9.x line (inferred from release days); here 9.4 stands
 * for all of them. */
static int core_number(const char *edition, const char *version)
{
	return strcmp(edition, "EE") == 0 ? 90400 : version_number(version);
}

static bool page_put(int dirfd, const char *rel, struct buf *b)
{
	while (b->len < PAGE)
		buf_addc(b, 0);
	return file_put(dirfd, rel, b->data, b->len);
}

static bool number_put(int dbfd, int64_t last_id, const char instance[16])
{
	autobuf struct buf b = BUF_MAX(PAGE);

	le_add(&b, last_id, 8);
	buf_add(&b, instance, 16);
	return page_put(dbfd, "_tab_index.d", &b);
}

/* ---- the registry of WAL tables ---- */

static void registry_add(struct buf *b, const struct table *t)
{
	le_add(b, 0, 4);
	utf16_add(b, t->name);
	utf16_add(b, t->dir);
	le_add(b, t->id, 4);
	le_add(b, 1, 4);
	for (int i = 0; i < 8; i++)
		le_add(b, 0, 8);
}

static bool registry_put(const struct server *s)
{
	autobuf struct buf body = BUF_MAX(1 << 20), all = BUF_MAX(1 << 20);

	for (size_t i = 0; i < s->tables.n; i++) {
		if (s->tables.v[i]->wal)
			registry_add(&body, s->tables.v[i]);
	}
	le_add(&all, (int64_t)body.len + 8, 8);
	buf_add(&all, body.data, body.len);
	while (all.len % PAGE)
		buf_addc(&all, 0);
	return file_put(s->dbfd, s->registry, all.data, all.len);
}

static void registry_find(struct server *s)
{
	DIR *d = fdopendir(dup(s->dbfd));
	struct dirent *entry;
	int newest = -1;

	while (d && (entry = readdir(d))) {
		int n, end = 0;

		if (sscanf(entry->d_name, "tables.d.%d%n", &n, &end) == 1 && !entry->d_name[end] &&
		    n > newest)
			newest = n;
	}
	if (d)
		closedir(d);
	snprintf(s->registry, sizeof s->registry, "tables.d.%d", newest < 0 ? 0 : newest);
}

/* ---- a new root ---- */

static bool conf_put(int rootfd, const char *http, const char *min)
{
	autobuf struct buf text = BUF_MAX(4096);

	buf_adds(
	    &text,
	    "# server.conf of a stand-in root\nconfig.validation.strict=true\nquery.timeout=1m\n"
	    "cairo.sql.copy.root=import\n");
	if (http)
		buf_addf(&text, "http.net.bind.to=%s\n", http);
	if (min)
		buf_addf(&text, "http.min.net.bind.to=%s\n", min);
	return file_put(rootfd, "conf/server.conf", text.data, text.len) &&
	       file_put_text(rootfd, "conf/log.conf", "# log.conf of a stand-in root\n") &&
	       file_put_text(rootfd, "conf/date.formats", "yyyy-MM-dd\n");
}

/* public/ and mime.types: extracted again whenever the version stamp is another one. */
static bool console_put(int rootfd, const char *version)
{
	autofree char *mime = xasprintf("# types of %s\ntext/html html\n", version);
	autofree char *page = xasprintf("<html>console %s</html>\n", version);

	mkdirat(rootfd, "public", 0755);
	mkdirat(rootfd, "public/assets", 0755);
	return file_put_text(rootfd, "conf/mime.types", mime) &&
	       file_put_text(rootfd, "public/index.html", page) &&
	       file_put_text(rootfd, "public/assets/console-configuration.json", "{}\n") &&
	       file_put_text(rootfd, "public/version.txt", version);
}

static bool fill(struct table *t, int index)
{
	struct row rows[72];

	for (int i = 0; i < 72; i++)
		rows[i] = (struct row){ .ts = INT64_C(1767225600000000) + i * INT64_C(3600000000),
					.writer = 1000,
					.seq = index * 1000 + i,
					.v = i / 4.0 };
	if (!table_add(t, rows, 60) || !table_add(t, rows + 60, 12))
		return false;
	while (table_apply_one(t))
		;
	return true;
}

static bool tables_make(struct server *s, int tables)
{
	char name[32], dir[48];

	for (size_t i = 0; i < ARRAY_LEN(system_tables_of_old); i++) {
		if (!table_make(s->dbfd, system_tables_of_old[i], system_tables_of_old[i],
				(int32_t)++s->last_id, false))
			return false;
	}
	/* Every fourth table is not WAL, the last one is empty. */
	for (int i = 0; i < tables; i++) {
		bool wal = i % 4 != 1;
		struct table *t;

		snprintf(name, sizeof name, "t%d", i);
		s->last_id++;
		snprintf(dir, sizeof dir, wal ? "%s~%" PRId64 : "%s", name, s->last_id);
		if (!table_make(s->dbfd, dir, name, (int32_t)s->last_id, wal) ||
		    !(t = table_open(s->dbfd, dir)))
			return false;
		*vec_push(&s->tables) = t;
		if (i + 1 < tables && !fill(t, i))
			return false;
	}
	return true;
}

bool root_make(const char *root, int tables, const char *version, const char *http, const char *min)
{
	static const char *const dirs[] = { "conf", "db", "import", "log", "public" };
	struct server s = { .root = root, .registry = "tables.d.0" };
	autobuf struct buf stamp = BUF_MAX(PAGE);
	char instance[16];
	bool ok;

	mkdir(root, 0755);
	s.rootfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.rootfd < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		if (mkdirat(s.rootfd, dirs[i], 0755) < 0)
			return false;
	}
	s.dbfd = openat(s.rootfd, "db", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	le_add(&stamp, 426, 4);
	le_add(&stamp, version_number(version) >= 90304 ? 426 : 427, 4);
	ok = getrandom(instance, sizeof instance, 0) == sizeof instance &&
	     conf_put(s.rootfd, http, min) && console_put(s.rootfd, version) &&
	     page_put(s.dbfd, "_upgrade.d", &stamp) &&
	     (version_number(version) != 90003 || file_put(s.dbfd, ".data_id", "", 0)) &&
	     file_put(s.dbfd, "tables.d.lock", "", 0) && tables_make(&s, tables) &&
	     number_put(s.dbfd, s.last_id, instance) && registry_put(&s);
	vec_each (&s.tables, t)
		table_close(*t);
	vec_done(&s.tables);
	close(s.dbfd);
	close(s.rootfd);
	return ok;
}

/* ---- log ---- */

static int log_fd = -1;

/* Each start rolls the file of the run before to .1, that to .2. */
static void log_open(struct server *s)
{
	char day[16], name[64], from[80], to[80];
	time_t now = (time_t)(clock_wall_ns() / NS_PER_S);
	struct tm tm;

	strftime(day, sizeof day, "%Y%m%d", gmtime_r(&now, &tm));
	mkdirat(s->rootfd, "log", 0755);
	snprintf(name, sizeof name, "log/questdb-rolling.log.%s", day);
	for (int i = 4; i >= 0; i--) {
		snprintf(from, sizeof from, i ? "%s.%d" : "%s", name, i);
		snprintf(to, sizeof to, "%s.%d", name, i + 1);
		renameat(s->rootfd, from, s->rootfd, to);
	}
	log_fd = openat(s->rootfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
}

void server_log(struct server *s, char level, const char *component, const char *fmt, ...)
{
	autobuf struct buf line = BUF_MAX(4096);
	char stamp[40];
	va_list ap;

	buf_addf(&line, "%s %c %s ", stamp_text(clock_wall_ns() / 1000, stamp, sizeof stamp), level,
		 component);
	va_start(ap, fmt);
	buf_addv(&line, fmt, ap);
	va_end(ap);
	buf_addc(&line, '\n');
	if (log_fd >= 0 && write(log_fd, line.data, line.len) < 0)
		perror("stand-in: write the log");
}

/* ---- start ---- */

static int refuse(const char *what)
{
	printf(
	    "io.questdb.std.ex.BootstrapException: %s\n\tat io.questdb.ServerMain.main(stand-in)\n",
	    what);
	fflush(stdout);
	return DOUBLE_EXIT_REFUSED;
}

static bool system_name(const char *name)
{
	return strncmp(name, "sys.", 4) == 0 || strncmp(name, "telemetry", 9) == 0 ||
	       strcmp(name, "_query_trace") == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct table *const *)a)->name, (*(struct table *const *)b)->name);
}

static void tables_open(struct server *s)
{
	DIR *d = fdopendir(openat(s->dbfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const char *lost = control(s, "lose_table");
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		struct table *t;

		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR ||
		    !(t = table_open(s->dbfd, entry->d_name)))
			continue;
		if (lost && strcmp(lost, t->name) == 0) {
			table_close(t);
		} else if (system_name(t->name)) {
			*vec_push(&s->system_tables) = xstrdup(t->name);
			table_close(t);
		} else {
			*vec_push(&s->tables) = t;
		}
	}
	if (d)
		closedir(d);
	vec_sort(&s->tables, by_name);
}

static void system_table_add(struct server *s, const char *name, bool wal)
{
	autofree char *dir = NULL;

	for (size_t i = 0; i < s->system_tables.n; i++) {
		if (strcmp(s->system_tables.v[i], name) == 0)
			return;
	}
	s->last_id++;
	dir = wal ? xasprintf("%s~%" PRId64, name, s->last_id) : xstrdup(name);
	if (table_make(s->dbfd, dir, name, (int32_t)s->last_id, wal))
		*vec_push(&s->system_tables) = xstrdup(name);
}

static void counter_put(struct server *s)
{
	struct mapped m = MAPPED_NONE;

	if (!mapped_open(&m, s->dbfd, "_tab_index.d", PAGE))
		return;
	if (s->last_id < get64(&m, 0))
		s->last_id = get64(&m, 0);
	put64(&m, 0, s->last_id);
	mapped_close(&m, PAGE);
}

/* What 9.3.4 was seen to do to a root of an older release; user tables stay byte for byte. */
static void upgrade(struct server *s)
{
	char id[16], old[sizeof s->registry];
	int number = -1;

	server_log(s, 'I', "server-main", "extracted [path=%s/public/index.html]", s->root);
	console_put(s->rootfd, s->version);
	if (s->number < 90300)
		return;
	system_table_add(s, "sys.telemetry_wal", false);
	if (strcmp(s->edition, "EE") == 0)
		system_table_add(s, "sys.acl_entities", true);
	if (s->number >= 90304 && faccessat(s->dbfd, ".data_id", F_OK, 0) < 0 &&
	    getrandom(id, sizeof id, 0) == sizeof id)
		file_put(s->dbfd, ".data_id", id, sizeof id);
	memcpy(old, s->registry, sizeof old);
	if (sscanf(old, "tables.d.%d", &number) == 1)
		snprintf(s->registry, sizeof s->registry, "tables.d.%d", number + 1);
	if (registry_put(s))
		unlinkat(s->dbfd, old, 0);
	counter_put(s);
}

static void data_id_of_old(struct server *s)
{
	struct stat st;

	if (s->number == 90003) /* truncates one it finds */
		file_put(s->dbfd, ".data_id", "", 0);
	if (s->number >= 90304 && fstatat(s->dbfd, ".data_id", &st, 0) == 0 && st.st_size < 16) {
		char id[16];

		if (getrandom(id, sizeof id, 0) == sizeof id)
			file_put(s->dbfd, ".data_id", id, sizeof id);
	}
}

static bool stamp_fits(struct server *s, char *why, size_t n)
{
	struct mapped m = MAPPED_NONE;
	int32_t found;

	if (!mapped_open(&m, s->dbfd, "_upgrade.d", PAGE)) {
		snprintf(why, n, "cannot open _upgrade.d");
		return false;
	}
	found = get32(&m, 0);
	mapped_close(&m, PAGE);
	snprintf(why, n,
		 "database storage is marked as upgraded to an incompatible version, . Upgrade the "
		 "database or "
		 "remove file _upgrade.d [storageVersion=%d, databaseVersion=426",
		 found);
	return found == 426;
}

static int root_open(struct server *s)
{
	s->rootfd = open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->rootfd < 0 || faccessat(s->rootfd, "conf/server.conf", R_OK, 0) < 0)
		return refuse("Server configuration file does not exist!");
	s->dbfd = openat(s->rootfd, "db", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dbfd < 0)
		return refuse("cannot open the database directory");
	if (faccessat(s->rootfd, "_restore", F_OK, 0) == 0)
		return refuse("checkpoint trigger file found, but the checkpoint directory does "
			      "not exist [dir=.checkpoint]");
	s->lockfd = openat(s->dbfd, "tables.d.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (s->lockfd < 0 || flock(s->lockfd, LOCK_EX | LOCK_NB) < 0)
		return refuse("cannot lock table name registry file [path=db]");
	return 0;
}

static bool stamped_same(const struct server *s)
{
	autobuf struct buf stamp = BUF_MAX(64);
	autofree char *path = xasprintf("%s/public/version.txt", s->root);

	return file_get(path, &stamp) && sv_eq(sv_trim(buf_sv(&stamp)), s->version);
}

static void damage(struct server *s)
{
	const char *rows = control(s, "lose_rows"), *value = control(s, "change_value");
	struct table *t;

	if (rows && (t = server_table(s, sv_of(rows))))
		(void)table_lose_row(t);
	if (value && (t = server_table(s, sv_of(value))))
		(void)table_change_value(t);
}

static void hang(struct server *s)
{
	server_log(s, 'I', "EngineMigration", "upgrading database [version=426]");
	while (!*s->stopping)
		clock_sleep_ns(20 * NS_PER_MS);
}

static void login_read(struct server *s)
{
	bool enterprise =
	    strcmp(s->edition, "EE") == 0 && strcmp(config(s, "acl.enabled", "true"), "true") == 0;
	const char *user =
	    enterprise ? config(s, "acl.admin.user", "admin") : config(s, "http.user", NULL);

	s->user = xstrdup(user);
	if (user)
		s->password = xstrdup(enterprise ? config(s, "acl.admin.password", "quest")
						 : config(s, "http.password", ""));
}

int root_start(struct server *s)
{
	const char *start;
	char why[256];
	int r;

	s->number = core_number(s->edition, s->version);
	control_read(s);
	start = control(s, "start");
	if (start && strcmp(start, "fail") == 0)
		return refuse("could not start [asked for by the test]");
	config_read(s);
	if (!config_known(s))
		return DOUBLE_EXIT_REFUSED;
	if ((r = root_open(s)))
		return r;
	if (!stamp_fits(s, why, sizeof why))
		return refuse(why);
	log_open(s);
	server_log(s, 'A', "server-main",
		   "QuestDB %s. Copyright (C) 2014-2026, all rights reserved. (stand-in)",
		   s->version);
	clock_sleep_ns(control_ms(s, "start_ms") * NS_PER_MS);
	registry_find(s);
	tables_open(s);
	counter_put(s);
	server_log(s, 'I', "EngineMigration", "upgrading database [version=426]");
	data_id_of_old(s);
	if (!stamped_same(s))
		upgrade(s);
	if (start && strcmp(start, "crash") == 0)
		_exit(134);
	if (start && strcmp(start, "hang") == 0) {
		hang(s);
		return DOUBLE_EXIT_TERM;
	}
	vec_each (&s->tables, t)
		(*t)->suspended =
		    control(s, "suspend") && strcmp(control(s, "suspend"), (*t)->name) == 0;
	damage(s);
	login_read(s);
	server_log(s, 'A', "server-main", "server is ready to be started");
	file_put_text(s->rootfd, "hello.txt.tmp", "QuestDB stand-in\n");
	renameat(s->rootfd, "hello.txt.tmp", s->rootfd, "hello.txt");
	return 0;
}

/* SIGTERM does not drain: what the sequencer holds is applied at the next start. */
void root_stop(struct server *s)
{
	puts("QuestDB is shutting down...");
	vec_each (&s->tables, t)
		table_close(*t);
	vec_done(&s->tables);
	unlinkat(s->rootfd, "hello.txt", 0);
	server_log(s, 'A', "server-main", "shutdown complete");
	puts("QuestDB is shutdown.");
	vec_each(&s->system_tables, name)
		free(*name);
	vec_done(&s->system_tables);
	map_done(&s->conf, free);
	map_done(&s->control, free);
	free(s->user);
	free(s->password);
}

struct table *server_table(const struct server *s, struct sv name)
{
	for (size_t i = 0; i < s->tables.n; i++) {
		if (sv_eq(name, s->tables.v[i]->name))
			return s->tables.v[i];
	}
	return NULL;
}

struct table *server_make_table(struct server *s, const char *name)
{
	autofree char *dir = NULL;
	struct table *t;

	s->last_id++;
	dir = xasprintf("%s~%" PRId64, name, s->last_id);
	if (!table_make(s->dbfd, dir, name, (int32_t)s->last_id, true) ||
	    !(t = table_open(s->dbfd, dir)))
		return NULL;
	counter_put(s);
	*vec_push(&s->tables) = t;
	(void)registry_put(s);
	return t;
}
