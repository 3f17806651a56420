/* The command line: every option stands once in a table with its metavar and help; a verb names those it takes. Parsing,
 * --help, the man page lint and the completions all read the same table.
 *
 *	args_parse(argc, argv, &args, &e)       finds the verb too; global options may stand before it
 *	args_has(&args, OPT_YES)                a switch
 *	args.value[OPT_STORE]                   the last value given, or NULL
 *	args_all(&args, OPT_ACCEPT)             every value given, NULL-ended */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/vec.h"

enum opt {
	/* Global: taken by every verb. */
	OPT_STATE_DIR, OPT_STORE, OPT_OUTPUT, OPT_YES, OPT_QUIET, OPT_VERBOSE, OPT_COLOR, OPT_NO_PROGRESS, OPT_IO_LIMIT,
	OPT_TIMEOUT, OPT_VERSION, OPT_HELP,
	/* The subject: what migration.yaml says, for the common cases. */
	OPT_FILE, OPT_NAME, OPT_ROOT, OPT_INSTALL, OPT_SERVICE_KIND, OPT_UNIT, OPT_USER, OPT_PASSWORD_FILE,
	OPT_TO_EDITION, OPT_TO_VERSION, OPT_ARTIFACT, OPT_SHA256, OPT_POINT_KIND, OPT_GATE, OPT_PROOF, OPT_PROOF_WITHIN,
	OPT_ADMIN_USER, OPT_ADMIN_PASSWORD_FILE, OPT_PROBE_ACCOUNT,
	/* Of single verbs. */
	OPT_OUT, OPT_PASSWORD_OUT, OPT_SAVE, OPT_DEEP, OPT_DETAILED_EXITCODE, OPT_HOLD, OPT_ACCEPT, OPT_ACCEPT_LOSS,
	OPT_ACCEPT_NO_BACKUP, OPT_ACCEPT_NO_RETURN, OPT_ACCEPT_OPEN, OPT_ACCEPT_IN_PLACE, OPT_RESTORE_DATA, OPT_SAVE_NEW_WRITES,
	OPT_FORCE, OPT_PROVE, OPT_FROM, OPT_UNATTENDED, OPT_AGAINST, OPT_WITH_POINT,
	OPT_FROM_VERSION, OPT_REPORT, OPT_STRICT, OPT_SETTLED,
	OPT__MAX
};
#define OPT_GLOBAL_END   OPT_FILE       /* first that is not global */
#define OPT_SUBJECT_END  OPT_OUT        /* first that is not of the subject */

struct option {
	const char        *name;        /* without "--" */
	char               letter;      /* or 0 */
	const char        *metavar;     /* NULL: a switch */
	const char        *help;
	const char *const *words;       /* the only values there are, NULL-ended; or NULL */
	bool               many;        /* may be given several times, each counts */
};
extern const struct option options[OPT__MAX];

struct command;

struct given {
	enum opt    opt;
	const char *value;
};
struct args {
	const struct command *cmd;      /* NULL: no verb was given */
	const char           *group;    /* first word of a verb of two: "backup", or NULL */
	const char           *value[OPT__MAX];  /* "" for a switch that was given */
	VEC(struct given)     given;
	VEC(const char *)     operands;
};

/* Read the whole line. After an error the rest is still read, so that --output and --color hold for the message. ERR_USAGE
 * names what is wrong and the nearest thing known. With --help or --version nothing else is judged. */
int  args_parse(int argc, char **argv, struct args *ret, struct err *e) must_check;
void args_done(struct args *a);
bool args_has(const struct args *a, enum opt o);
/* NULL-ended, heap; the values are borrowed. */
const char **args_all(const struct args *a, enum opt o) must_check;
/* --io-limit: "50M", "1G", "1000"; 0 when not given. */
int  args_bytes(const struct args *a, enum opt o, uint64_t *ret, struct err *e) must_check;

/* Help of the verb, of a group of verbs, or of the program. */
void help_print(FILE *to, const struct args *a);
