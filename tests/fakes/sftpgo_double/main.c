#include "double.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "\nstand-in for SFTPGo "

static const char usage_text[] =
	"sftpgo-double install DIR VERSION    DIR/sftpgo, this program with a version behind its last byte, DIR/templates, DIR/static\n"
	"DIR/sftpgo --version\n"
	"DIR/sftpgo serve -c CONF             by CONF/sftpgo.json; misbehaves by CONF/.double.json: {\"when\": VERSION, ...}\n"
	"  start: refuse | crash; migration: half | crash | hang; damage: lose_user | change_user | zero_quotas |\n"
	"  zero_tokens; sftp: deaf | mute;\n"
	"  healthz: garbage | 500; version: what its doors say; stop: never | ignore\n";

/* ---- being told to misbehave ---- */

bool misbehaves(const struct server *s, const char *what, const char *how)
{
	const char *said = json_string_value(json_object_get(s->control, what));

	return said && !strcmp(said, how);
}

void control_read(struct server *s)
{
	autofree char *path = xasprintf("%s/.double.json", s->dir);
	const char *when;

	json_decref(s->control);
	s->control = json_load_file(path, 0, NULL);
	when = json_string_value(json_object_get(s->control, "when"));
	if (!when || strcmp(when, s->version) != 0) {
		json_decref(s->control);
		s->control = NULL;
	}
}

/* ---- what stands for a release ---- */

static bool copy_self(const char *to)
{
	char buf[64 << 10];
	autoclose int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	autoclose int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t n = -1;

	while (in >= 0 && out >= 0 && (n = read(in, buf, sizeof buf)) > 0)
		if (write(out, buf, (size_t)n) != n)
			return false;
	return n == 0;
}

static bool append(const char *path, const char *text)
{
	autoclose int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static int install(const char *dir, const char *version)
{
	autofree char *program = xasprintf("%s/sftpgo", dir), *templates = xasprintf("%s/templates", dir),
		      *static_files = xasprintf("%s/static", dir), *mark = xasprintf(MARK "%s", version),
		      *page = xasprintf("%s/templates/page.html", dir), *style = xasprintf("%s/static/style.css", dir);

	mkdir(dir, 0755);
	mkdir(templates, 0755);
	mkdir(static_files, 0755);
	if (copy_self(program) && append(program, mark) && append(page, mark) && append(style, mark))
		return 0;
	fprintf(stderr, "install in %s: %s\n", dir, strerror(errno));
	return 1;
}

static bool own_version(char version[48])
{
	autoclose int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char end[65] = "";
	struct stat st;
	const char *at;

	if (fd < 0 || fstat(fd, &st) < 0 || pread(fd, end, 64, st.st_size - 64) != 64)
		return false;
	at = memmem(end, 64, MARK, strlen(MARK));
	if (at)
		snprintf(version, 48, "%s", at + strlen(MARK));
	return at;
}

/* ---- serving ---- */

static int serve(struct server *s)
{
	autofree char *path = xasprintf("%s/sftpgo.json", s->dir);
	const char *says;
	int status;

	s->conf = json_load_file(path, 0, NULL);
	if (!s->conf)
		return 1;
	control_read(s);
	says = json_string_value(json_object_get(s->control, "version"));
	if (misbehaves(s, "start", "refuse"))
		return 1;
	if (!provider_migrate(s))
		return 1;
	if (misbehaves(s, "start", "crash"))
		abort();
	if (says)
		snprintf(s->version, sizeof s->version, "%s", says);
	status = doors_serve(s);
	json_decref(s->control);
	json_decref(s->conf);
	return status;
}

int main(int argc, char **argv)
{
	struct server s = { 0 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && !strcmp(argv[1], "install"))
		return install(argv[2], argv[3]);
	if (argc < 2 || !own_version(s.version)) {
		fputs(usage_text, stderr);
		return 2;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("SFTPGo %s -metrics +sqlite stand-in\n", s.version);
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "serve") && !strcmp(argv[2], "-c")) {
		s.dir = argv[3];
		return serve(&s);
	}
	return 2;
}
