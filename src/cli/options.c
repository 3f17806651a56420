#include "cli/options.h"

#include <string.h>

#include "cli/command.h"
#include "io/json.h"

static const char *const output_words[] = { "text", "json", "jsonl", NULL };
static const char *const color_words[] = { "auto", "always", "never", NULL };
static const char *const gate_words[] = { "verify", "none", NULL };
static const char *const proof_words[] = { "auto", "F1", "F2", "F3", NULL };
static const char *const service_words[] = { "systemd", "process",   "command",
					     "compose", "container", NULL };
static const char *const point_words[] = { "tree", "snapshot", "external", "none", NULL };

/* clang-format off */
const struct option options[OPT__MAX] = {
	[OPT_STATE_DIR] = { "state-dir", 0, "DIR", "where runs are journalled (default /var/lib/crossgrade)" },
	[OPT_STORE] = { "store", 0, "URL", "where restore points are kept: beside, or file:///DIR" },
	[OPT_OUTPUT] = { "output", 0, "FORMAT", "form of the answer; jsonl streams events too", output_words },
	[OPT_YES] = { "yes", 0, NULL, "agree to warnings and to the plan; never to a loss" },
	[OPT_QUIET] = { "quiet", 'q', NULL, "say nothing on stderr but errors" },
	[OPT_VERBOSE] = { "verbose", 'v', NULL, "tell every step as it goes, in a pipe too" },
	[OPT_COLOR] = { "color", 0, "WHEN", "colours; NO_COLOR is obeyed", color_words },
	[OPT_NO_PROGRESS] = { "no-progress", 0, NULL, "no progress line on a terminal" },
	[OPT_IO_LIMIT] = { "io-limit", 0, "BYTES", "read and write at most this a second while the server runs" },
	[OPT_TIMEOUT] = { "timeout", 0, "SPAN", "after this time act as if interrupted: 30s, 10m, 2h" },
	[OPT_VERSION] = { "version", 0, NULL, "print the version and end" },
	[OPT_HELP] = { "help", 'h', NULL, "print this help and end" },

	[OPT_FILE] = { "file", 'f', "FILE", "migration file; the flags below win over it" },
	[OPT_NAME] = { "name", 0, "NAME", "name of the instance (default: the product)" },
	[OPT_ROOT] = { "root", 0, "DIR", "root directory of the installation's data" },
	[OPT_INSTALL] = { "install", 0, "DIR", "directory the server's program stands in" },
	[OPT_SERVICE_KIND] = { "service-kind", 0, "KIND", "how the server runs", service_words },
	[OPT_UNIT] = { "unit", 0, "UNIT", "its systemd unit" },
	[OPT_USER] = { "user", 0, "USER", "login to the server as it is now" },
	[OPT_PASSWORD_FILE] = { "password-file", 0, "FILE", "file with that login's password, mode 0600" },
	[OPT_TO_EDITION] = { "to-edition", 0, "EDITION", "edition to move to (default: keep it)" },
	[OPT_TO_VERSION] = { "to-version", 0, "VERSION", "version to move to (default: what the artifact has)" },
	[OPT_ARTIFACT] = { "artifact", 0, "FILE", "file of the new edition or version; may be repeated", NULL, true },
	[OPT_SHA256] = { "sha256", 0, "HEX", "digest the artifact must have" },
	[OPT_POINT_KIND] = { "restore-point-kind", 0, "KIND", "what brings the old data back", point_words },
	[OPT_GATE] = { "gate", 0, "MODE", "keep clients out until the gate checks passed", gate_words },
	[OPT_PROOF] = { "proof", 0, "LEVEL", "how far values are read before and compared after", proof_words },
	[OPT_PROOF_WITHIN] = { "proof-within", 0, "SPAN", "read the old server's tables for at most this time (default 10m)" },
	[OPT_ADMIN_USER] = { "admin-user", 0, "USER", "administrator the new edition gets" },
	[OPT_ADMIN_PASSWORD_FILE] = { "admin-password-file", 0, "FILE", "file with that administrator's password, mode 0600" },
	[OPT_PROBE_ACCOUNT] = { "probe-account", 0, NULL, "try a login with an account that is made for it and removed" },

	[OPT_OUT] = { "out", 'o', "FILE", "write to this file" },
	[OPT_PASSWORD_OUT] = { "make-password", 0, "FILE", "make a random admin password in a new file, mode 0600" },
	[OPT_SAVE] = { "save", 0, "FACTS", "write the facts to this file" },
	[OPT_DEEP] = { "deep", 0, NULL, "read every table once, not only the catalogue" },
	[OPT_DETAILED_EXITCODE] = { "detailed-exitcode", 0, NULL, "exit 10 when something is left to do, 0 when nothing is" },
	[OPT_HOLD] = { "hold", 0, NULL, "do all that needs no window, then wait for 'resume'" },
	[OPT_ACCEPT] = { "accept", 0, "ID", "let this check, or finding, pass; may be repeated", NULL, true },
	[OPT_ACCEPT_LOSS] = { "accept-loss", 0, "ID", "agree to this loss the plan names; may be repeated", NULL, true },
	[OPT_ACCEPT_NO_BACKUP] = { "accept-no-backup", 0, NULL, "agree to a run without a restore point" },
	[OPT_ACCEPT_NO_RETURN] = { "accept-no-return", 0, NULL, "agree that there is no way back after the first start" },
	[OPT_ACCEPT_OPEN] = { "accept-open", 0, NULL, "agree that the new server asks nobody for a login (access: legacy)" },
	[OPT_ACCEPT_IN_PLACE] = { "accept-in-place-restore", 0, NULL, "agree to a way back that writes over the data in place" },
	[OPT_RESTORE_DATA] = { "restore-data", 0, NULL, "put data back, too, that the way back would keep" },
	[OPT_SAVE_NEW_WRITES] = { "save-new-writes", 0, "DIR", "export what was written since into this directory first" },
	[OPT_FORCE] = { "force", 0, NULL, "undo what somebody edited since, kill a server that does not stop" },
	[OPT_PROVE] = { "prove", 0, NULL, "read the whole restore point again before it is used" },
	[OPT_FROM] = { "from", 0, "DIR", "go back from this restore point, without a journal" },
	[OPT_UNATTENDED] = { "unattended", 0, NULL, "as at boot: never pass the point of no return" },
	[OPT_AGAINST] = { "against", 0, "FACTS", "compare with the facts of this file" },
	[OPT_WITH_POINT] = { "with-restore-point", 0, NULL, "give up the restore point as well" },
	[OPT_FROM_VERSION] = { "from-version", 0, "VERSION", "release that wrote the file, as 2.6.4" },
	[OPT_REPORT] = { "report", 0, "FILE", "write the report here too: a page, or JSON if FILE ends in .json" },
	[OPT_STRICT] = { "strict", 0, NULL, "write nothing unless all of it is exact" },
	[OPT_SETTLED] = { "settled", 0, "FILE", "use what a run saw of the target: its report as JSON" },
};
/* clang-format on */

struct parser {
	int argc, at;
	char **argv;
	struct args *args;
	struct err *e;
};

/* The first error is the one to tell. */
#define complain(p, ...) \
	((p)->e->kind == ERR_OK ? (void)err_set((p)->e, ERR_USAGE, __VA_ARGS__) : (void)0)
#define advise(p, ...) ((void)err_hint((p)->e, __VA_ARGS__))

bool args_has(const struct args *a, enum opt o) { return a->value[o] != NULL; }

static bool takes(const struct command *cmd, enum opt o)
{
	if (o < OPT_GLOBAL_END)
		return true;
	if (cmd && o < OPT_SUBJECT_END)
		return cmd->flags & CMD_SUBJECT;
	for (const enum opt *it = cmd ? cmd->opts : NULL; it && *it != OPT__MAX; it++)
		if (*it == o)
			return true;
	return false;
}

static enum opt by_name(struct sv name)
{
	for (int i = 0; i < OPT__MAX; i++)
		if (sv_eq(name, options[i].name))
			return (enum opt)i;
	return OPT__MAX;
}

static enum opt by_letter(char letter)
{
	for (int i = 0; i < OPT__MAX; i++)
		if (options[i].letter && options[i].letter == letter)
			return (enum opt)i;
	return OPT__MAX;
}

static bool listed(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (!strcmp(*list, word))
			return true;
	return false;
}

static void unknown_option(struct parser *p, struct sv name)
{
	const char *known[OPT__MAX + 1], *near;
	autofree char *text = sv_dup(name);
	size_t n = 0;

	if (listed(not_built_options, text)) {
		complain(p, "--%s is not built yet", text);
		return;
	}
	for (int i = 0; i < OPT__MAX; i++)
		if (takes(p->args->cmd, (enum opt)i))
			known[n++] = options[i].name;
	known[n] = NULL;
	near = nearest_word(text, known);
	complain(p, "unknown option '--%s'", text);
	if (near)
		advise(p, "did you mean '--%s'?", near);
	else
		advise(p, "'crossgrade%s%s --help' lists them", p->args->cmd ? " " : "",
		       p->args->cmd ? p->args->cmd->name : "");
}

static void check_word(struct parser *p, const struct option *o, const char *value)
{
	autobuf struct buf all = BUF_MAX(256);
	const char *near;

	if (!o->words || listed(o->words, value))
		return;
	if (o == &options[OPT_OUTPUT] && listed(not_built_outputs, value)) {
		complain(p, "--output %s is not built yet", value);
		return;
	}
	near = nearest_word(value, o->words);
	complain(p, "--%s does not know '%s'", o->name, value);
	for (const char *const *word = o->words; *word; word++)
		buf_addf(&all, "%s%s", word == o->words ? "" : ", ", *word);
	if (near)
		advise(p, "did you mean '%s'?", near);
	else
		advise(p, "it knows %s", buf_str(&all));
}

static void take(struct parser *p, enum opt o, const char *value)
{
	check_word(p, &options[o], value);
	if (p->args->cmd && !takes(p->args->cmd, o)) {
		complain(p, "'crossgrade %s' does not take --%s", p->args->cmd->name,
			 options[o].name);
		advise(p, "'crossgrade %s --help' lists what it takes", p->args->cmd->name);
		return;
	}
	p->args->value[o] = value;
	*vec_push(&p->args->given) = (struct given){ o, value };
}

/* The value of an option: behind '=' or the next argument. */
static const char *value_of(struct parser *p, enum opt o, const char *attached)
{
	const char *value = attached;

	if (!value && p->at + 1 < p->argc)
		value = p->argv[++p->at];
	if (!value || !*value) {
		complain(p, "--%s needs a value: --%s %s", options[o].name, options[o].name,
			 options[o].metavar);
		return NULL;
	}
	return value;
}

static void long_option(struct parser *p, const char *text)
{
	struct sv rest = sv_of(text), name = sv_cut(&rest, '=');
	const char *attached = text[name.n] == '=' ? text + name.n + 1 : NULL;
	enum opt o = by_name(name);
	const char *value = "";

	if (o == OPT__MAX) {
		unknown_option(p, name);
		return;
	}
	if (options[o].metavar)
		value = value_of(p, o, attached);
	else if (attached)
		complain(p, "--%s takes no value", options[o].name);
	if (value)
		take(p, o, value);
}

static void letters(struct parser *p, const char *text)
{
	for (; *text; text++) {
		enum opt o = by_letter(*text);

		if (o == OPT__MAX) {
			complain(p, "unknown option '-%c'", *text);
			return;
		}
		if (options[o].metavar) {
			const char *value = value_of(p, o, text[1] ? text + 1 : NULL);

			if (value)
				take(p, o, value);
			return;
		}
		take(p, o, "");
	}
}

static const struct command *command_named(const char *first, const char *second)
{
	autofree char *both = second ? xasprintf("%s %s", first, second) : xstrdup(first);

	for (const struct command *it = commands; it->name; it++)
		if (!strcmp(it->name, both))
			return it;
	return NULL;
}

static bool has_subverbs(const char *word)
{
	size_t n = strlen(word);

	for (const struct command *it = commands; it->name; it++)
		if (!strncmp(it->name, word, n) && it->name[n] == ' ')
			return true;
	return false;
}

/* Names after `first ` (or all names when it is NULL), NULL-ended; at most 32. */
static void known_verbs(const char *first, const char **ret, size_t room)
{
	size_t n = 0, skip = first ? strlen(first) + 1 : 0;

	for (const struct command *it = commands; it->name && n + 1 < room; it++)
		if (!first || (!strncmp(it->name, first, skip - 1) && it->name[skip - 1] == ' '))
			ret[n++] = it->name + skip;
	ret[n] = NULL;
}

static void unknown_verb(struct parser *p, const char *word)
{
	const char *known[32], *near;

	if (!p->args->group && listed(not_built_verbs, word)) {
		complain(p, "'%s' is not built yet", word);
		return;
	}
	known_verbs(p->args->group, known, ARRAY_LEN(known));
	near = nearest_word(word, known);
	complain(p, "unknown verb '%s%s%s'", p->args->group ?: "", p->args->group ? " " : "", word);
	if (near)
		advise(p, "did you mean 'crossgrade %s%s%s'?", p->args->group ?: "",
		       p->args->group ? " " : "", near);
	else
		advise(p, "'crossgrade --help' lists the verbs");
}

static void operand(struct parser *p, const char *word)
{
	struct args *a = p->args;

	if (a->cmd) {
		if (a->operands.n == a->cmd->max_operands)
			complain(p, "'crossgrade %s' does not know what to do with '%s'",
				 a->cmd->name, word);
		else
			*vec_push(&a->operands) = word;
		return;
	}
	if (!p->args->group && has_subverbs(word)) {
		p->args->group = word;
		return;
	}
	a->cmd = p->args->group ? command_named(p->args->group, word) : command_named(word, NULL);
	if (!a->cmd)
		unknown_verb(p, word);
}

/* Options that stood before the verb were taken without knowing it. */
static void judge_early_options(struct parser *p)
{
	vec_each (&p->args->given, it) {
		if (takes(p->args->cmd, it->opt))
			continue;
		if (p->args->cmd)
			complain(p, "'crossgrade %s' does not take --%s", p->args->cmd->name,
				 options[it->opt].name);
		else
			complain(p, "--%s belongs to a verb", options[it->opt].name);
	}
}

int args_parse(int argc, char **argv, struct args *ret, struct err *e)
{
	struct parser p = { .argc = argc, .argv = argv, .args = ret, .e = e };
	bool only_operands = false;

	*ret = (struct args){ 0 };
	err_clear(e);
	for (p.at = 1; p.at < argc; p.at++) {
		const char *word = argv[p.at];

		if (only_operands || word[0] != '-' || !word[1])
			operand(&p, word);
		else if (!strcmp(word, "--"))
			only_operands = true;
		else if (word[1] == '-')
			long_option(&p, word + 2);
		else
			letters(&p, word + 1);
	}
	if (args_has(ret, OPT_HELP) || args_has(ret, OPT_VERSION)) {
		err_clear(e);
		return 0;
	}
	judge_early_options(&p);
	if (ret->group && !ret->cmd) {
		complain(&p, "'crossgrade %s' needs a second word", ret->group);
		advise(&p, "'crossgrade %s --help' lists them", ret->group);
	}
	return e->kind == ERR_OK ? 0 : -e->kind;
}

void args_done(struct args *a)
{
	vec_done(&a->given);
	vec_done(&a->operands);
}

const char **args_all(const struct args *a, enum opt o)
{
	const char **list = xcalloc(a->given.n + 1, sizeof *list);
	size_t n = 0;

	vec_each (&a->given, it)
		if (it->opt == o)
			list[n++] = it->value;
	return list;
}

int args_bytes(const struct args *a, enum opt o, uint64_t *ret, struct err *e)
{
	static const char units[] = "KMGT";
	const char *text = a->value[o], *unit;
	struct sv digits = sv_of(text);
	unsigned shift = 0;
	uint64_t n;

	*ret = 0;
	if (!text)
		return 0;
	if (digits.n && (unit = strchr(units, digits.p[digits.n - 1]))) {
		shift = 10 * (unsigned)(unit - units + 1);
		digits.n--;
	}
	if (!sv_u64(digits, &n) || !n || n > UINT64_MAX >> shift) {
		err_set(e, ERR_USAGE, "--%s: '%s' is not a number of bytes", options[o].name, text);
		return err_hint(e, "write 500K, 50M or 1G");
	}
	*ret = n << shift;
	return 0;
}
