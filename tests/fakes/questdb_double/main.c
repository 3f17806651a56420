#include "double.h"

#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

static volatile int stopping;

static const char usage_text[] =
    "questdb-double: a stand-in for a QuestDB server\n"
    "  init ROOT [--tables N] [--version V] [--http HOST:PORT] [--min HOST:PORT]\n"
    "  run -d ROOT [--edition OSS|EE] [--version V]\n"
    "  make-jar OUT --version V [--edition EE]\n"
    "  make-install DIR --version V [--edition EE] [--runtime]\n"
    "or as `java ... -p JAR -m io.questdb/io.questdb.ServerMain -d ROOT`\n";

static void on_signal(int sig) { stopping = sig; }

static const char *option(int argc, char **argv, const char *name, const char *absent)
{
	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	}
	return absent;
}

static bool flag(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return false;
}

static int run(struct server *s)
{
	char host[64], min_host[64];
	int port, min_port, http, min, r;
	struct sigaction act = { .sa_handler = on_signal };
	const char *stop;

	s->stopping = &stopping;
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	if ((r = root_start(s)))
		return r;
	config_address(s, "http.net.bind.to", "http.bind.to", "0.0.0.0:9000", host, sizeof host,
		       &port);
	config_address(s, "http.min.net.bind.to", "http.min.bind.to", "0.0.0.0:9003", min_host,
		       sizeof min_host, &min_port);
	http = http_listen(host, port);
	min = http_listen(min_host, min_port);
	if (http < 0 || min < 0) {
		printf("io.questdb.network.NetworkError: could not bind socket [port=%d]\n",
		       http < 0 ? port : min_port);
		return DOUBLE_EXIT_REFUSED;
	}
	for (;;) {
		http_serve(s, http, min);
		control_read(s);
		stop = control(s, "stop");
		if (!stop || strcmp(stop, "ignore") != 0)
			break;
		stopping = 0;
	}
	while (stop && strcmp(stop, "never") == 0)
		pause();
	clock_sleep_ns(control_ms(s, "stop_ms") * NS_PER_MS);
	root_stop(s);
	fflush(stdout);
	return DOUBLE_EXIT_TERM;
}

/* `java` as a launcher calls it: the release by the jar of -p, or by the one beside a runtime's
 * bin. */
static int run_as_java(int argc, char **argv)
{
	const char *main_class = option(argc, argv, "-m", NULL),
		   *jar = option(argc, argv, "-p", NULL);
	struct server s = { .root = option(argc, argv, "-d", "."), .edition = "OSS" };
	char self[PATH_MAX] = "", beside[PATH_MAX + 32];
	bool enterprise, has_enterprise;

	if (flag(argc, argv, "-version") || !main_class) {
		fputs("openjdk version \"17.0.9\" 2026-01-20\nOpenJDK Runtime Environment "
		      "(stand-in)\n",
		      stderr);
		return 0;
	}
	if (!jar && readlink("/proc/self/exe", self, sizeof self - 1) > 0) {
		snprintf(beside, sizeof beside, "%s/../lib/stand-in.jar", dirname(self));
		jar = beside;
	}
	enterprise = strstr(main_class, "com.questdb.EntServerMain");
	if (!jar || !artifact_read(jar, s.version, sizeof s.version, &has_enterprise) ||
	    (enterprise && !has_enterprise)) {
		printf("java.lang.module.FindException: Module %s not found\n",
		       enterprise ? "com.questdb" : "io.questdb");
		fflush(stdout);
		return 1;
	}
	snprintf(s.edition, sizeof s.edition, "%s", enterprise ? "EE" : "OSS");
	return run(&s);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "", *subject = argc > 2 ? argv[2] : "";
	const char *version = option(argc, argv, "--version", "9.0.3"),
		   *edition = option(argc, argv, "--edition", "OSS");
	int64_t tables = 4;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(verb, "init") == 0 &&
	    sv_i64(sv_of(option(argc, argv, "--tables", "4")), &tables)) {
		if (root_make(subject, (int)tables, version, option(argc, argv, "--http", NULL),
			      option(argc, argv, "--min", NULL)))
			return 0;
		perror("questdb-double: init");
		return 1;
	}
	if (strcmp(verb, "make-jar") == 0)
		return artifact_jar(subject, version, edition) ? 0 : 1;
	if (strcmp(verb, "make-install") == 0)
		return artifact_install(subject, version, edition, flag(argc, argv, "--runtime"))
			   ? 0
			   : 1;
	if (strcmp(verb, "run") == 0) {
		struct server s = { .root = option(argc, argv, "-d", ".") };

		snprintf(s.edition, sizeof s.edition, "%s", edition);
		snprintf(s.version, sizeof s.version, "%s", version);
		return run(&s);
	}
	if (verb[0] == '-')
		return run_as_java(argc, argv);
	fputs(usage_text, stderr);
	return 2;
}
