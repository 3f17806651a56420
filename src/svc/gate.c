#include "svc/gate.h"

#include <ctype.h>
#include <errno.h>
#include <sys/socket.h>

#include "base/fault.h"
#include "io/cmd.h"
#include "io/json.h"
#include "io/proc.h"

#define WITHIN_NS (10 * NS_PER_S)
#define RULES_MAX ((size_t)4 << 10)
#define LIST_MAX  ((size_t)1 << 20)
#define NAME_LEN  64

/* Before conntrack (-200) and the raw chains (-300): no other rule can accept a packet before
 * ours. */
#define PRIORITY (-310)

static int check_gate(const struct gate *g, struct err *e)
{
	size_t n = g->name ? strlen(g->name) : 0;

	if (!n || n > NAME_LEN)
		return err_set(e, ERR_BUG, "a gate without a usable name");
	for (const char *p = g->name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return err_set(e, ERR_BUG, "'%s' is no name for a gate", g->name);
	if (!g->n_ports || g->n_ports > ARRAY_LEN(g->ports))
		return err_set(e, ERR_BUG, "a gate needs 1 to %zu ports", ARRAY_LEN(g->ports));
	return 0;
}

/* nft carries a file out as one transaction. Naming the table first makes the delete work when
 * there is none yet. */
static void add_removal(struct buf *rules, const char *name)
{
	buf_addf(rules, "table inet %s\ndelete table inet %s\n", name, name);
}

static void add_table(struct buf *rules, const struct gate *g)
{
	buf_addf(rules, "table inet %s {\n\tchain input {\n", g->name);
	buf_addf(rules, "\t\ttype filter hook input priority %d; policy accept;\n", PRIORITY);
	buf_addf(rules, "\t\tmeta mark != 0x%08x tcp dport {", GATE_MARK);
	for (size_t i = 0; i < g->n_ports; i++)
		buf_addf(rules, "%s %u", i ? "," : "", g->ports[i]);
	buf_adds(rules, " } reject with tcp reset\n\t}\n}\n");
}

static int run_nft(const char *const *argv, struct sv in, struct cmd_result *ret, struct err *e)
{
	struct cmd c = { .argv = argv,
			 .in = in,
			 .within_ns = WITHIN_NS,
			 .out_max = LIST_MAX,
			 .die_with_us = true };

	if (cmd_run(&c, ret, e) < 0) {
		err_wrap(e, "run nft");
		return e->kind == ERR_ABSENT ? err_hint(e, "install the package nftables")
					     : -(int)e->kind;
	}
	return 0;
}

static struct sv first_line(const struct buf *b)
{
	struct sv rest = buf_sv(b);

	return sv_trim(sv_line(&rest));
}

static int load_rules(const struct buf *rules, const char *doing, struct err *e)
{
	const char *argv[] = { "nft", "-f", "-", NULL };
	struct cmd_result r = { 0 };
	int done = buf_check(rules, "the firewall rules", e);

	if (done == 0)
		done = run_nft(argv, buf_sv(rules), &r, e);
	if (done == 0 && r.status != 0)
		done =
		    err_set(e, ERR_REFUSED, "%s: nft: " SV_FMT, doing, SV_ARG(first_line(&r.err)));
	cmd_result_done(&r);
	return done;
}

int gate_usable(char *why, size_t n, struct err *e)
{
	static const struct gate probe = { .name = "crossgrade_check",
					   .ports = { 1 },
					   .n_ports = 1 };
	const char *argv[] = { "nft", "-c", "-f", "-", NULL };
	autobuf struct buf rules = BUF_MAX(RULES_MAX);
	struct cmd_result r = { 0 };
	int usable;

	add_table(&rules, &probe);
	if (run_nft(argv, buf_sv(&rules), &r, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		snprintf(why, n, "nft is not installed");
		err_clear(e);
		return 0;
	}
	usable = r.status == 0;
	if (!usable)
		snprintf(why, n, SV_FMT, SV_ARG(first_line(&r.err)));
	cmd_result_done(&r);
	return usable;
}

/* Who asked before the gate stood would be answered behind it, and be told "stored" of what nobody counts. */
static int cut_off(const struct gate *g, struct err *e)
{
	int sys = fault_errno("gate.cut");
	int r = sys ? err_sys(e, sys, "end the connections") : proc_tcp_cut(g->ports, g->n_ports, GATE_MARK, e);

	if (r == 0)
		return 1;
	if (!proc_tcp_cannot_cut(e))
		return err_wrap(e, "close the gate");
	err_clear(e);
	return 0;
}

int gate_close(const struct gate *g, struct err *e)
{
	autobuf struct buf rules = BUF_MAX(RULES_MAX);
	int sys = fault_errno("gate.close");

	if (check_gate(g, e) < 0)
		return -(int)e->kind;
	if (sys)
		return err_sys(e, sys, "close the gate");
	add_removal(&rules, g->name);
	add_table(&rules, g);
	return load_rules(&rules, "close the gate", e) < 0 ? -(int)e->kind : cut_off(g, e);
}

int gate_open(const struct gate *g, struct err *e)
{
	autobuf struct buf rules = BUF_MAX(RULES_MAX);
	int sys = fault_errno("gate.open");

	if (check_gate(g, e) < 0)
		return -(int)e->kind;
	if (sys)
		return err_sys(e, sys, "open the gate");
	add_removal(&rules, g->name);
	return load_rules(&rules, "open the gate", e);
}

/* The only member `key` of the objects in nft's list; NULL when there is none or more than one. */
static json_t *only_member(json_t *list, const char *key)
{
	json_t *found = NULL, *item;
	size_t i;

	json_array_foreach(list, i, item) {
		json_t *one = json_object_get(item, key);

		if (one && found)
			return NULL;
		if (one)
			found = one;
	}
	return found;
}

static bool gate_has(const struct gate *g, json_int_t port)
{
	for (size_t i = 0; i < g->n_ports; i++)
		if (g->ports[i] == port)
			return true;
	return false;
}

static bool list_has(json_t *list, json_int_t port)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (json_integer_value(one) == port)
			return true;
	return false;
}

/* Every port of the gate, no other. nft prints a set of one as a plain number. */
static bool same_ports(const struct gate *g, json_t *right)
{
	autojson json_t *list = json_is_integer(right) ? json_pack("[O]", right)
						       : json_incref(json_object_get(right, "set"));
	json_t *port;
	size_t i;

	json_array_foreach(list, i, port)
		if (!gate_has(g, json_integer_value(port)))
			return false;
	for (i = 0; i < g->n_ports; i++)
		if (!list_has(list, g->ports[i]))
			return false;
	return true;
}

static bool is_our_chain(json_t *chain)
{
	return !strcmp(json_str(chain, "hook", ""), "input") &&
	       !strcmp(json_str(chain, "type", ""), "filter") &&
	       json_int(chain, "prio", 0) == PRIORITY;
}

static bool is_our_rule(const struct gate *g, json_t *rule)
{
	autojson json_t *mark = json_pack("{s:{s:s,s:{s:{s:s}},s:I}}", "match", "op", "!=", "left",
					  "meta", "key", "mark", "right", (json_int_t)GATE_MARK);
	autojson json_t *reset = json_pack("{s:{s:s}}", "reject", "type", "tcp reset");
	autojson json_t *dport =
	    json_pack("{s:{s:s,s:s}}", "payload", "protocol", "tcp", "field", "dport");
	json_t *expr = json_object_get(rule, "expr");
	json_t *ports = json_object_get(json_array_get(expr, 1), "match");

	return json_array_size(expr) == 3 && json_equal(json_array_get(expr, 0), mark) &&
	       json_equal(json_array_get(expr, 2), reset) &&
	       !strcmp(json_str(ports, "op", ""), "==") &&
	       json_equal(json_object_get(ports, "left"), dport) &&
	       same_ports(g, json_object_get(ports, "right"));
}

/* nft says "No such file or directory" for a table that is not there, and nothing else tells that
 * apart. */
static bool is_absent(const struct cmd_result *r)
{
	return strstr(buf_str(&r->err), "No such file or directory") != NULL;
}

static int read_table(const struct gate *g, json_t **ret, struct err *e)
{
	const char *argv[] = { "nft", "-j", "list", "table", "inet", g->name, NULL };
	struct cmd_result r = { 0 };
	int found;

	if (run_nft(argv, (struct sv){ 0 }, &r, e) < 0)
		return -(int)e->kind;
	if (r.status == 0)
		found =
		    json_parse(buf_sv(&r.out), "the answer of nft", ret, e) < 0 ? -(int)e->kind : 1;
	else if (is_absent(&r))
		found = 0;
	else
		found = err_set(e, ERR_REFUSED, "look at the gate: nft: " SV_FMT,
				SV_ARG(first_line(&r.err)));
	cmd_result_done(&r);
	return found;
}

int gate_closed(const struct gate *g, struct err *e)
{
	autojson json_t *answer = NULL;
	json_t *list, *table, *chain, *rule;
	int found = check_gate(g, e);

	if (found == 0)
		found = read_table(g, &answer, e);
	if (found <= 0)
		return found;
	list = json_object_get(answer, "nftables");
	table = only_member(list, "table");
	chain = only_member(list, "chain");
	rule = only_member(list, "rule");
	return table && !json_object_get(table, "flags") && is_our_chain(chain) &&
	       is_our_rule(g, rule);
}

int gate_mark_socket(int fd, struct err *e)
{
	uint32_t mark = GATE_MARK;

	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) < 0)
		return err_sys(e, errno, "mark a connection of ours");
	return 0;
}

uint32_t gate_mark(void)
{
	autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct err ignored = ERR_INIT;

	return fd >= 0 && gate_mark_socket(fd, &ignored) >= 0 ? GATE_MARK : 0;
}
