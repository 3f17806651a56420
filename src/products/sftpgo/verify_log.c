/* What the new server wrote to its log: errors of its own, each kind of them once, by their first words. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/own_log.h"
#include "products/sftpgo/verify.h"

#define WITHIN    (30 * NS_PER_S)
#define KINDS_MAX 20
#define SUBJECT   "the server's log"
/* Rules are the operator's, and fail for reasons of their own. */
#define RULE_EVENT "sftpgo.event-failed"
/* A log that was begun anew since; the run's own comparison is too near for that. */
#define RULE_TURNED "sftpgo.log-turned"
/* What the run compared had its say then. */
#define RULE_LATER "sftpgo.log-later"

struct trouble {
	struct own_line line;
	uint64_t times;
};

struct scan {
	struct trouble kinds[KINDS_MAX];
	size_t n;
	uint64_t others;        /* of further kinds */
};

static void unproved(struct comparisons *ret, const char *why)
{
	cmp_add(ret, CMP_UNPROVED, SUBJECT, "errors", NULL, NULL, NULL, why);
}

static void take(struct scan *s, const struct own_line *l)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!strcmp(s->kinds[i].line.words, l->words) && !strcmp(s->kinds[i].line.sender, l->sender)) {
			s->kinds[i].times++;
			return;
		}
	}
	if (s->n < KINDS_MAX)
		s->kinds[s->n++] = (struct trouble){ *l, 1 };
	else
		s->others++;
}

/* An action that was run and failed, and its own last words. That rules could not be loaded, or one cannot be run, is the server's.
 * src: internal/common/eventmanager.go */
static bool of_action(const struct own_line *l)
{
	static const char *const begins[] = { "unable to execute ",	 "error scanning quota",   "error updating quota",
					      "error updating transfer", "error checking retention", "unable to add zip entry",
					      "unable to create archive" };
	size_t n = strlen(l->words), failed = strlen(" executed");

	if (strcmp(l->sender, "eventmanager") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		if (!strncmp(l->words, begins[i], strlen(begins[i])))
			return true;
	return !strncmp(l->words, "no ", 3) && n > failed && !strcmp(l->words + n - failed, " executed");
}

/* Whether the old server wrote the same is not known; that its database is not of this release proves itself. */
static void tell(const struct trouble *t, const char *where, bool later, struct comparisons *ret)
{
	autofree char *what = xasprintf("%s: %s", t->line.sender, t->line.words), *look = xasprintf("look into %s", where);
	autofree char *times = xasprintf("%" PRIu64 " times", t->times);
	const char *rule = t->line.spoilt ? NULL : of_action(&t->line) ? RULE_EVENT : later ? RULE_LATER : NULL;
	enum outcome o = t->line.spoilt ? CMP_DIFFERENT : rule ? CMP_EXPLAINED : CMP_UNPROVED;

	cmp_add(ret, o, SUBJECT, what, NULL, t->times == 1 ? "once" : times, rule, o == CMP_UNPROVED ? look : NULL);
}

static void tell_others(bool later, struct comparisons *ret)
{
	if (later)
		cmp_add(ret, CMP_EXPLAINED, SUBJECT, "further kinds of errors", NULL, NULL, RULE_LATER, NULL);
	else
		unproved(ret, "there are more kinds of them than are listed");
}

void compare_log_lines(struct server_log *log, bool later, struct comparisons *ret)
{
	struct deadline until = deadline_in(WITHIN);
	struct scan s = { 0 };
	struct err why = ERR_INIT;
	struct own_line l;
	struct sv line;
	int r;

	while ((r = server_log_line(log, &line, &why)) > 0 && !deadline_passed(until))
		if (own_log_parse(line, &l) && l.told && !l.of_client)
			take(&s, &l);
	for (size_t i = 0; i < s.n; i++)
		tell(&s.kinds[i], server_log_name(log), later, ret);
	if (r < 0)
		unproved(ret, why.msg);
	else if (r > 0)
		unproved(ret, "it was not read to its end in time");
	else if (s.others)
		tell_others(later, ret);
	else if (!s.n)
		cmp_same(ret, 1);
}

void compare_log_turned(const struct server_log *log, bool later, struct comparisons *ret)
{
	autofree char *none = xasprintf("no line of %s says when it was started", server_log_name(log));

	if (later)
		cmp_add(ret, CMP_EXPLAINED, SUBJECT, "errors", NULL, NULL, RULE_TURNED, NULL);
	else
		unproved(ret, none);
}

static int open_own(const struct proof *p, struct server_log **ret, struct err *e)
{
	struct svc_state now = { 0 };
	struct service *service;

	if (site_service(ctx_site(p->c, NULL), &service, e) < 0 || service->ops->state(service, &now, e) < 0)
		return -(int)e->kind;
	return own_log_open(now.id, true, ret, e);
}

void compare_log(const struct proof *p)
{
	autoserverlog struct server_log *log = NULL;
	struct err why = ERR_INIT;

	if (open_own(p, &log, &why) < 0)
		unproved(p->ret, why.msg);
	else if (server_log_is_whole(log))
		compare_log_lines(log, p->c->afterwards, p->ret);
	else
		compare_log_turned(log, p->c->afterwards || !p->c->plan, p->ret);
}
