#include <string.h>

#include "cli/command.h"

/* Options are shown as "  -f, --file FILE  help", those with fixed values as "--gate verify|none";
 * the manual's lint and the completions read exactly this. */
static void option_line(FILE *to, enum opt o)
{
	const struct option *it = &options[o];
	autobuf struct buf left = BUF_MAX(256);

	buf_addf(&left, "%c%c%c --%s", it->letter ? '-' : ' ', it->letter ?: ' ',
		 it->letter ? ',' : ' ', it->name);
	if (it->words)
		for (const char *const *word = it->words; *word; word++)
			buf_addf(&left, "%c%s", word == it->words ? ' ' : '|', *word);
	else if (it->metavar)
		buf_addf(&left, " %s", it->metavar);
	fprintf(to, "  %-32s  %s\n", buf_str(&left), it->help);
}

static void range(FILE *to, const char *title, int from, int end)
{
	fprintf(to, "\n%s:\n", title);
	for (int i = from; i < end; i++)
		option_line(to, (enum opt)i);
}

static void overview(FILE *to, const char *group)
{
	size_t n = group ? strlen(group) : 0;

	fprintf(to, "Usage: crossgrade %s%sVERB [OPTION]...\n", group ?: "", group ? " " : "");
	fprintf(to, "Move a server to another edition or version in place, and back.\n\nVerbs:\n");
	for (const struct command *it = commands; it->name; it++)
		if (!group || (!strncmp(it->name, group, n) && it->name[n] == ' '))
			fprintf(to, "  %-16s %s\n", it->name, it->help);
	range(to, "Global options", 0, OPT_GLOBAL_END);
	fprintf(to, "\n'crossgrade VERB --help' tells a verb's own options; crossgrade(1) the exit "
		    "codes.\n");
}

void help_print(FILE *to, const struct args *a)
{
	const struct command *cmd = a->cmd;

	if (!cmd) {
		overview(to, a->group);
		return;
	}
	fprintf(to, "Usage: crossgrade %s%s%s [OPTION]...\n%s.\n", cmd->name,
		*cmd->operands ? " " : "", cmd->operands, cmd->help);
	if (cmd->more)
		fputs(cmd->more, to);
	if (cmd->opts)
		fprintf(to, "\nOptions:\n");
	for (const enum opt *it = cmd->opts; it && *it != OPT__MAX; it++)
		option_line(to, *it);
	if (cmd->flags & CMD_SUBJECT)
		range(to, "Subject", OPT_GLOBAL_END, OPT_SUBJECT_END);
	range(to, "Global options", 0, OPT_GLOBAL_END);
}
