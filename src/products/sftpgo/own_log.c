#include "products/sftpgo/own_log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/container_move.h"
#include "io/json.h"
#include "io/proc.h"
#include "products/sftpgo/layout.h"
#include "svc/container.h"

#define FIRST "starting SFTPGo "
#define STEP  "updating database "

/* Docker reads the standard output of a container through a pipe, and keeps it in a file, a JSON object a line. Heap; NULL: it
 * is of no container, or kept elsewhere. */
static char *file_of_docker(pid_t pid)
{
	autojson json_t *service = NULL, *seen = NULL;
	struct svc_state unused = { 0 };
	struct err none = ERR_INIT;
	const char *file;

	if (service_of_process(pid, &service, &unused, &none) < 0 || !container_is(json_str(service, "kind", NULL)) ||
	    container_of(service, &seen, &none) < 0)
		return NULL;
	file = container_log_of(seen);
	return file ? xstrdup(file) : NULL;
}

/* A container may have a terminal instead. */
static bool may_go_to_docker(pid_t pid)
{
	autofree char *path = xasprintf("/proc/%d/fd/1", (int)pid);
	char to[16] = "";

	return readlink(path, to, sizeof to - 1) > 0 && (!strncmp(to, "pipe:", 5) || !strncmp(to, "/dev/pts/", 9));
}

/* Heap; NULL: its standard output. */
static char *file_of(const struct proc *p)
{
	struct serve_line line = { 0 };
	autofree char *named = NULL;

	/* What else it may be called, its environment tells. */
	if (!serve_line_parse(p->argv, &line))
		line = (struct serve_line){ 0 };
	named = serve_log_file(&line, p->env, p->cwd);
	if (named)
		return container_path_here(p->id.pid, named) ?: take_ptr(named);
	return may_go_to_docker(p->id.pid) ? file_of_docker(p->id.pid) : NULL;
}

/* A line as docker keeps it holds one of the server's. */
static struct sv unwrap(struct sv line, json_t **ret)
{
	struct err unread = ERR_INIT;

	if (!sv_starts(line, "{\"log\":\"") || json_parse(line, "a line of docker's", ret, &unread) < 0)
		return line;
	return sv_trim(sv_of(json_str(*ret, "log", "")));
}

bool own_log_begins(struct sv line)
{
	autojson json_t *said = NULL, *kept = NULL;
	struct err unread = ERR_INIT;

	line = unwrap(line, &kept);
	return json_parse(line, "a line of the log", &said, &unread) >= 0 && !strcmp(json_str(said, "sender", ""), "service") &&
	       !strncmp(json_str(said, "message", ""), FIRST, strlen(FIRST));
}

int own_log_open(struct process_id id, bool all, struct server_log **ret, struct err *e)
{
	struct proc p = { 0 };
	autofree char *file = NULL;

	if (!id.pid)
		return err_set(e, ERR_ABSENT, "which process the server is, is not known");
	if (proc_read(id.pid, &p, e) < 0)
		return err_wrap(e, "the server's log");
	file = file_of(&p);
	proc_done(&p);
	return server_log_open(&(struct server_log_of){ .id = id, .file = file, .first = FIRST, .begins = own_log_begins, .all = all },
			       ret, e);
}

static bool holds(struct sv line, const char *word)
{
	return memmem(line.p, line.n, word, strlen(word)) != NULL;
}

static bool says_one_of(const char *message, const char *const *words)
{
	for (; *words; words++)
		if (strstr(message, *words))
			return true;
	return false;
}

/* Others have these words in what they were told, as the answer to an action's request. */
static bool is_spoilt(const char *sender, const char *message)
{
	static const char *const begins[] = { "database schema version ", "database migration error" };

	if (strncmp(sender, "dataprovider", strlen("dataprovider")) != 0)
		return false;
	return !strncmp(message, begins[1], strlen(begins[1])) ||
	       (!strncmp(message, begins[0], strlen(begins[0])) && strstr(message, "newer than the supported one"));
}

static const char *const trouble[] = { "unable to", "invalid secret", "limited", NULL };

/* Of one who is connected; the requests of HTTP have an address, and no words. One that the server broke down at is its own. */
static bool is_of_client(const json_t *said)
{
	if (json_object_get(said, "panic"))
		return false;
	return json_object_get(said, "connection_id") || json_object_get(said, "request_id") || json_object_get(said, "remote_addr") ||
	       json_object_get(said, "client_ip");
}

static enum own_level level_of(const json_t *said)
{
	const char *level = json_str(said, "level", "");

	if (!strcmp(level, "warn"))
		return OWN_WARN;
	return !strcmp(level, "error") || !strcmp(level, "fatal") || !strcmp(level, "panic") ? OWN_ERROR : OWN_OTHER;
}

static void without_controls(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
}

/* Up to a colon, a quote, a bracket or a sign of assignment, behind which values stand. */
static void take_words(const char *message, char *ret, size_t n)
{
	size_t plain = strcspn(message, ":\"'`=<>[]{}(");

	snprintf(ret, n, "%.*s", (int)MIN_OF(plain, n - 1), message);
	without_controls(ret);
	while (*ret && ret[strlen(ret) - 1] == ' ')
		ret[strlen(ret) - 1] = '\0';
}

/* "updating database schema version: 29 -> 30": numbers, which are shown. */
static bool take_step(const char *message, char *ret, size_t n)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789 :->";

	if (strncmp(message, STEP, strlen(STEP)) != 0 || message[strspn(message, plain)])
		return false;
	snprintf(ret, n, "%s", message);
	return true;
}

bool own_log_parse(struct sv line, struct own_line *ret)
{
	autojson json_t *said = NULL, *kept = NULL;
	struct err unread = ERR_INIT;
	struct own_line l = { 0 };
	const char *message;

	line = unwrap(line, &kept);
	/* Most lines are of clients, and many. */
	if (!holds(line, STEP) && !holds(line, "\"level\":\"error\"") && !holds(line, "\"level\":\"warn\"") &&
	    !holds(line, "\"level\":\"fatal\"") && !holds(line, "\"level\":\"panic\""))
		return false;
	if (json_parse(line, "a line of the log", &said, &unread) < 0)
		return false;
	message = json_str(said, "message", "");
	l.level = level_of(said);
	l.of_client = is_of_client(said);
	snprintf(l.sender, sizeof l.sender, "%s", json_str(said, "sender", "?"));
	without_controls(l.sender);
	l.spoilt = l.level != OWN_OTHER && is_spoilt(l.sender, message);
	l.told = l.spoilt || l.level == OWN_ERROR || (l.level == OWN_WARN && says_one_of(message, trouble));
	l.migrates = take_step(message, l.words, sizeof l.words);
	if (!l.migrates)
		take_words(message, l.words, sizeof l.words);
	*ret = l;
	return l.migrates || l.told;
}
