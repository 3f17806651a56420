/* enterprise-stand-in: a real open-source release behind a thin front, standing in for an
 * Enterprise build in tests that want a real database. It is no QuestDB Enterprise and says so
 * wherever it speaks.
 *
 *	enterprise-stand-in make DIR --jar JAR --java JAVA --bind LIB --version 3.2.4
 *
 * lays out a runtime whose bin/java is this program. Called as java it becomes the real java: the
 * process keeps its pid, its command line names com.questdb/com.questdb.EntServerMain, it holds the
 * locks. Beside it runs the front: it takes the HTTP address, answers /settings as edition EE with
 *a version of its own, wants the administrator's login (acl.admin.user and acl.admin.password of
 * server.conf or QDB_ACL_ADMIN_*, also as .file, _FILE; acl.enabled=false: none) for what needs
 *one, and passes the rest on. A connection is judged by its first request. The other ports are the
 * release's own. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "../../tools/port.h"

#define HEAD_MAX (64u << 10)
#define BODY_MAX (4u << 20)

static char home[PATH_MAX]; /* of the runtime: above bin/ */
static char java[PATH_MAX], version[64];
static char user[128], password[256]; /* user "": open */
static struct sockaddr_in outer, inner;

/* ---- settings ---- */

static bool file_text(const char *path, struct buf *ret)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char piece[4096];
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, piece, sizeof piece)) > 0)
		buf_add(ret, piece, (size_t)n);
	return !n && !ret->full;
}

/* The last line "key=value" of a text. */
static bool value_in(struct sv text, const char *key, char *ret, size_t n)
{
	bool found = false;

	while (text.n) {
		struct sv value = sv_trim(sv_line(&text)), name = sv_trim(sv_cut(&value, '='));

		if (!sv_eq(name, key))
			continue;
		snprintf(ret, n, SV_FMT, SV_ARG(sv_trim(value)));
		found = true;
	}
	return found;
}

static bool from_environment(const char *key, char *ret, size_t n)
{
	autofree char *name = xasprintf("QDB_%s", key);
	const char *value;

	for (char *p = name; *p; p++)
		*p = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
	value = getenv(name);
	if (value)
		snprintf(ret, n, "%s", value);
	return value;
}

static bool setting(struct sv conf, const char *key, char *ret, size_t n)
{
	return from_environment(key, ret, n) || value_in(conf, key, ret, n);
}

static bool secret_setting(struct sv conf, const char *key, char *ret, size_t n)
{
	autofree char *file_key = xasprintf("%s.file", key);
	autobuf struct buf text = BUF_MAX(4096);
	char path[PATH_MAX];

	if (!setting(conf, file_key, path, sizeof path))
		return setting(conf, key, ret, n);
	if (!file_text(path, &text))
		return false;
	snprintf(ret, n, SV_FMT, SV_ARG(sv_trim(buf_sv(&text))));
	return true;
}

static void read_address(struct sv conf)
{
	char text[128] = "0.0.0.0:9000", *colon;
	int64_t port = 9000;

	if (!setting(conf, "http.net.bind.to", text, sizeof text))
		(void)setting(conf, "http.bind.to", text, sizeof text);
	colon = strrchr(text, ':');
	if (colon) {
		*colon = '\0';
		(void)sv_i64(sv_of(colon + 1), &port);
	}
	outer = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	if (inet_pton(AF_INET, text, &outer.sin_addr) != 1)
		outer.sin_addr.s_addr = htonl(INADDR_ANY);
}

static void read_settings(const char *root)
{
	autofree char *path = xasprintf("%s/conf/server.conf", root),
		      *about = xasprintf("%s/lib/stand-in.conf", home);
	autobuf struct buf conf = BUF_MAX(1 << 20), own = BUF_MAX(4096);
	char enabled[16] = "true";

	(void)file_text(path, &conf);
	(void)file_text(about, &own);
	(void)value_in(buf_sv(&own), "java", java, sizeof java);
	(void)value_in(buf_sv(&own), "version", version, sizeof version);
	read_address(buf_sv(&conf));
	(void)setting(buf_sv(&conf), "acl.enabled", enabled, sizeof enabled);
	if (strcmp(enabled, "false") == 0)
		return;
	snprintf(user, sizeof user, "admin");
	snprintf(password, sizeof password, "quest");
	(void)setting(buf_sv(&conf), "acl.admin.user", user, sizeof user);
	(void)secret_setting(buf_sv(&conf), "acl.admin.password", password, sizeof password);
}

/* ---- one connection ---- */

static void send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return;
		p += sent;
		n -= (size_t)sent;
	}
}

static struct sv header(struct sv head, const char *name)
{
	while (head.n) {
		struct sv value = sv_line(&head), key = sv_cut(&value, ':');

		if (key.n == strlen(name) && strncasecmp(key.p, name, key.n) == 0)
			return sv_trim(value);
	}
	return (struct sv){ 0 };
}

static void base64(struct sv in, struct buf *ret)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < in.n; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)in.p[i] << 16;

		v |= i + 1 < in.n ? (uint32_t)(unsigned char)in.p[i + 1] << 8 : 0;
		v |= i + 2 < in.n ? (uint32_t)(unsigned char)in.p[i + 2] : 0;
		buf_addc(ret, digits[v >> 18]);
		buf_addc(ret, digits[v >> 12 & 63]);
		buf_addc(ret, i + 1 < in.n ? digits[v >> 6 & 63] : '=');
		buf_addc(ret, i + 2 < in.n ? digits[v & 63] : '=');
	}
}

static bool authorized(struct sv head)
{
	autobuf struct buf plain = BUF_MAX(1024), want = BUF_MAX(2048);

	if (!user[0])
		return true;
	buf_addf(&plain, "%s:%s", user, password);
	buf_adds(&want, "Basic ");
	base64(buf_sv(&plain), &want);
	return sv_eq(header(head, "authorization"), buf_str(&want));
}

static int call_inner(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (const struct sockaddr *)&inner, sizeof inner) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Until the end of the head; what came after it is in `in` too. */
static bool read_head(int fd, struct buf *in, size_t *ret_head)
{
	while (!in->full) {
		char piece[8192], *end;
		ssize_t n = recv(fd, piece, sizeof piece, 0);

		if (n <= 0)
			return false;
		buf_add(in, piece, (size_t)n);
		end = memmem(in->data, in->len, "\r\n\r\n", 4);
		if (end) {
			*ret_head = (size_t)(end - in->data) + 4;
			return true;
		}
	}
	return false;
}

static void pass_on(int client, struct sv first)
{
	autoclose int server = call_inner();
	struct pollfd fds[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };

	if (server < 0)
		return;
	send_all(server, first.p, first.n);
	while (poll(fds, 2, -1) > 0) {
		for (int i = 0; i < 2; i++) {
			char piece[64 << 10];
			ssize_t n;

			if (!fds[i].revents)
				continue;
			n = recv(fds[i].fd, piece, sizeof piece, 0);
			if (n <= 0)
				return;
			send_all(fds[!i].fd, piece, (size_t)n);
		}
	}
}

static void replace(struct buf *text, const char *old, const char *new)
{
	autobuf struct buf out = BUF_MAX(BODY_MAX);
	const char *at = strstr(buf_str(text), old);

	if (!at)
		return;
	buf_add(&out, text->data, (size_t)(at - text->data));
	buf_adds(&out, new);
	buf_adds(&out, at + strlen(old));
	buf_reset(text);
	buf_add_sv(text, buf_sv(&out));
}

/* "release.version":"9.3.4" to ours; the body of the release is between its first and last brace,
 * chunked or not. */
static void settings(int client)
{
	static const char ask[] =
	    "GET /settings HTTP/1.1\r\nHost: stand-in\r\nConnection: close\r\n\r\n";
	autobuf struct buf in = BUF_MAX(BODY_MAX), body = BUF_MAX(BODY_MAX), head = BUF_MAX(1024);
	autofree char *release = NULL, *ours = xasprintf("\"release.version\":\"%s\"", version);
	autoclose int server = call_inner();
	struct timeval patience = { .tv_usec = 300000 };
	char *first, *last, *was, piece[8192];
	ssize_t n;

	if (server < 0)
		return;
	setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	send_all(server, ask, sizeof ask - 1);
	while ((n = recv(server, piece, sizeof piece, 0)) > 0) {
		buf_add(&in, piece, (size_t)n);
		if (strstr(buf_str(&in), "\r\n0\r\n\r\n"))
			break;
	}
	first = strchr(buf_str(&in), '{');
	last = strrchr(buf_str(&in), '}');
	if (!first || !last)
		return;
	buf_add(&body, first, (size_t)(last - first) + 1);
	was = strstr(buf_str(&body), "\"release.version\":\"");
	if (was)
		release = xstrndup(was, strcspn(was + 19, "\"") + 20);
	if (release)
		replace(&body, release, ours);
	replace(&body, "\"release.type\":\"OSS\"",
		"\"release.type\":\"EE\",\"stand-in\":true,\"acl.enabled\":true");
	buf_addf(&head,
		 "HTTP/1.1 200 OK\r\nServer: stand-in\r\nContent-Type: "
		 "application/json\r\nConnection: close\r\n"
		 "Content-Length: %zu\r\n\r\n",
		 body.len);
	send_all(client, head.data, head.len);
	send_all(client, body.data, body.len);
}

static void refuse(int client)
{
	static const char answer[] =
	    "HTTP/1.1 401 Unauthorized\r\nServer: stand-in\r\nContent-Type: text/plain\r\n"
	    "WWW-Authenticate: Basic realm=\"stand-in\"\r\nConnection: close\r\n"
	    "Content-Length: 12\r\n\r\nUnauthorized";

	send_all(client, answer, sizeof answer - 1);
}

static void *serve(void *arg)
{
	autoclose int client = (int)(intptr_t)arg;
	autobuf struct buf in = BUF_MAX(HEAD_MAX);
	struct sv head, line, path;
	size_t head_n;

	if (!read_head(client, &in, &head_n))
		return NULL;
	head = (struct sv){ in.data, head_n };
	line = sv_line(&head);
	(void)sv_cut(&line, ' ');
	path = sv_cut(&line, ' ');
	path = sv_cut(&path, '?');
	if (sv_eq(path, "/settings"))
		settings(client);
	else if (sv_eq(path, "/ping") || sv_eq(path, "/warnings") || authorized(head))
		pass_on(client, buf_sv(&in));
	else
		refuse(client);
	return NULL;
}

/* ---- the two processes ---- */

/* Binds before the release is up and listens after, so that a client is refused as long as by a
 * server of its own. */
static int hold_address(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (const struct sockaddr *)&outer, sizeof outer) == 0)
		return fd;
	close(fd);
	return -1;
}

static void run_front(int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "stand-in-front");
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (int probe = call_inner(); probe < 0; probe = call_inner())
		clock_sleep_ns(20 * NS_PER_MS);
	listen(listener, 128);
	for (;;) {
		int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		pthread_t thread;

		if (client < 0)
			continue;
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)client))
			close(client);
		else
			pthread_detach(thread);
	}
}

static void choose_inner(void)
{
	inner = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_port = htons(port_take()),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* The real options go by an argument file, so that the command line stays the one we were called
 * with. */
static int options_file(void)
{
	autofree char *text =
	    xasprintf("-XX:+UseParallelGC -Xmx1g -ea -Dnoebug -Dcontainerized=false --add-exports "
		      "java.base/jdk.internal.math=io.questdb -p %s/lib/questdb.jar -m "
		      "io.questdb/io.questdb.ServerMain\n",
		      home);
	int fd = memfd_create("options", 0);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(1);
	return fd;
}

static void become_release(int argc, char **argv)
{
	char **args = xcalloc((size_t)argc + 3, sizeof *args);
	char at[64], map[64], lib[PATH_MAX + 32];
	int n = 0;

	snprintf(at, sizeof at, "@/proc/self/fd/%d", options_file());
	args[n++] = argv[0];
	args[n++] = at;
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '@')
			args[n++] = argv[i];
	}
	snprintf(map, sizeof map, "%u:%u", ntohs(outer.sin_port), ntohs(inner.sin_port));
	snprintf(lib, sizeof lib, "%s/lib/stand-in-bind.so", home);
	setenv("STAND_IN_BIND", map, 1);
	setenv("LD_PRELOAD", lib, 1);
	setenv("QDB_CONFIG_VALIDATION_STRICT", "false",
	       1); /* server.conf may have keys of Enterprise */
	execv(java, args);
	perror("enterprise-stand-in: execute java");
	_exit(1);
}

static int run(int argc, char **argv, const char *root)
{
	int listener;
	pid_t pid;

	read_settings(root);
	listener = hold_address();
	if (listener < 0) {
		printf("could not bind socket [port=%u] (stand-in)\n", ntohs(outer.sin_port));
		fflush(stdout);
		return 55;
	}
	choose_inner();
	pid = fork();
	if (pid < 0)
		return 1;
	if (!pid)
		run_front(listener);
	close(listener);
	become_release(argc, argv);
	return 1;
}

/* ---- laying out ---- */

static bool put_text(const char *dir, const char *rel, mode_t mode, const char *text)
{
	autofree char *path = xasprintf("%s/%s", dir, rel);
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool put_copy(const char *dir, const char *rel, mode_t mode, const char *from)
{
	autofree char *path = xasprintf("%s/%s", dir, rel);
	autoclose int in = open(from, O_RDONLY | O_CLOEXEC);
	autoclose int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	char piece[64 << 10];
	ssize_t n = -1;

	while (in >= 0 && out >= 0 && (n = read(in, piece, sizeof piece)) > 0) {
		if (write(out, piece, (size_t)n) != n)
			return false;
	}
	return n == 0;
}

static bool make(const char *dir, const char *jar, const char *real_java, const char *bind_lib,
		 const char *as)
{
	autofree char *bin = xasprintf("%s/bin", dir), *lib = xasprintf("%s/lib", dir);
	autofree char *conf = xasprintf("java=%s\nversion=%s\n", real_java, as);
	autofree char *release =
	    xasprintf("JAVA_VERSION=\"17.0.9\"\nMODULES=\"java.base io.questdb com.questdb@%s\"\n"
		      "STAND_IN=\"no QuestDB Enterprise\"\n",
		      as);
	static const char script[] =
	    "#!/bin/sh\n# A stand-in's launcher: questdb.sh start -d ROOT\n"
	    "here=$(cd \"$(dirname \"$0\")\" && pwd)\n. \"$here/env.sh\"\n"
	    "[ \"$1 $2\" = \"start -d\" ] || exit 55\n"
	    "exec \"$here/java\" -DQuestDB-Runtime-66535 -m \"$JAVA_MAIN\" -d \"$3\" -n\n";

	mkdir(dir, 0755);
	mkdir(bin, 0755);
	mkdir(lib, 0755);
	return put_copy(dir, "bin/java", 0755, "/proc/self/exe") &&
	       put_copy(dir, "lib/questdb.jar", 0644, jar) &&
	       put_copy(dir, "lib/stand-in-bind.so", 0644, bind_lib) &&
	       put_copy(dir, "lib/libquestdb.so", 0644, bind_lib) &&
	       put_text(dir, "lib/stand-in.conf", 0644, conf) &&
	       put_text(dir, "lib/modules", 0644, "stand-in\n") &&
	       put_text(dir, "release", 0644, release) &&
	       put_text(dir, "bin/env.sh", 0644,
			"JAVA_MAIN=\"com.questdb/com.questdb.EntServerMain\"\n") &&
	       put_text(dir, "bin/questdb.sh", 0755, script);
}

static const char *option(int argc, char **argv, const char *name)
{
	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const char *root = option(argc, argv, "-d");
	ssize_t n = readlink("/proc/self/exe", home, sizeof home - 1);
	char *up;

	if (n < 0)
		return 1;
	if (argc > 2 && strcmp(argv[1], "make") == 0) {
		const char *jar = option(argc, argv, "--jar"),
			   *real_java = option(argc, argv, "--java");
		const char *bind_lib = option(argc, argv, "--bind"),
			   *as = option(argc, argv, "--version");

		if (jar && real_java && bind_lib && as &&
		    make(argv[2], jar, real_java, bind_lib, as))
			return 0;
		perror("enterprise-stand-in: make");
		return 1;
	}
	up = dirname(dirname(home));
	memmove(home, up, strlen(up) + 1);
	if (!root || !option(argc, argv, "-m")) {
		fputs("openjdk version \"17.0.9\" 2026-01-20\nenterprise-stand-in, no QuestDB "
		      "Enterprise\n",
		      stderr);
		return argc > 1 && strcmp(argv[1], "-version") == 0 ? 0 : 2;
	}
	return run(argc, argv, root);
}
