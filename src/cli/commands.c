#include "cli/command.h"

static const enum opt init_opts[] = { OPT_OUT, OPT_PASSWORD_OUT, OPT__MAX };
static const enum opt inspect_opts[] = { OPT_SAVE, OPT_DEEP, OPT__MAX };
static const enum opt check_opts[] = { OPT_ACCEPT, OPT_DEEP, OPT__MAX };
static const enum opt plan_opts[] = { OPT_OUT, OPT_DETAILED_EXITCODE, OPT__MAX };
static const enum opt restore_opts[] = { OPT_ACCEPT_LOSS, OPT_ACCEPT_IN_PLACE, OPT__MAX };
static const enum opt apply_opts[] = { OPT_HOLD,
				       OPT_ACCEPT,
				       OPT_ACCEPT_LOSS,
				       OPT_ACCEPT_NO_BACKUP,
				       OPT_ACCEPT_NO_RETURN,
				       OPT_ACCEPT_OPEN,
				       OPT_ACCEPT_IN_PLACE,
				       OPT__MAX };
static const enum opt resume_opts[] = { OPT_UNATTENDED,  OPT_ACCEPT,          OPT_ACCEPT_LOSS,
					OPT_ACCEPT_OPEN, OPT_ACCEPT_IN_PLACE, OPT__MAX };
static const enum opt rollback_opts[] = { OPT_RESTORE_DATA,
					  OPT_SAVE_NEW_WRITES,
					  OPT_ACCEPT_LOSS,
					  OPT_ACCEPT_IN_PLACE,
					  OPT_FORCE,
					  OPT_PROVE,
					  OPT_FROM,
					  OPT__MAX };
static const enum opt verify_opts[] = { OPT_AGAINST, OPT_DEEP, OPT__MAX };
static const enum opt convert_opts[] = { OPT_OUT,    OPT_FROM_VERSION, OPT_REPORT,
					 OPT_STRICT, OPT_ACCEPT,       OPT_SETTLED,
					 OPT_DETAILED_EXITCODE, OPT__MAX };
static const enum opt finalize_opts[] = { OPT_WITH_POINT, OPT__MAX };

static const char convert_more[] =
	"\nWHAT is one of\n"
	"  sftpgo-events  a dump of SFTPGo 2.6 or 2.7 (FILE): event actions, from placeholders\n"
	"                 to the templates of Enterprise; --accept takes a finding's name, or\n"
	"                 NAME:ACTION; 'crossgrade explain NAME' tells of it\n"
	"\nExample:\n"
	"  crossgrade convert sftpgo-events dump.json -o enterprise.json \\\n"
	"      --from-version 2.6.4 --report events.html\n";

const struct command commands[] = {
	{ "init", "[PRODUCT]", "Write a commented migration.yaml for an installation", 1,
	  CMD_SUBJECT, init_opts, cmd_init },
	{ "inspect", "[PRODUCT]", "Find installations on this host, or tell all about one", 1,
	  CMD_SUBJECT, inspect_opts, cmd_inspect },
	{ "check", "[PRODUCT]", "Run every check and tell all findings with their remedies", 1,
	  CMD_SUBJECT, check_opts, cmd_check },
	{ "plan", "[PRODUCT]", "Show the steps, the changes to files, and what they will cost", 1,
	  CMD_SUBJECT, plan_opts, cmd_plan },
	{ "backup create", "[PRODUCT]", "Make a restore point of a server that stays up", 1,
	  CMD_SUBJECT | CMD_TOUCHES, NULL, cmd_backup_create,
	  "will stop and drop what was copied so far" },
	{ "backup list", "[PRODUCT]", "List the restore points of an installation", 1, CMD_SUBJECT,
	  NULL, cmd_backup_list },
	{ "backup show", "[PRODUCT] ID", "Tell what a restore point holds", 2, CMD_SUBJECT | CMD_ID,
	  NULL, cmd_backup_show },
	{ "backup prove", "[PRODUCT] ID", "Read a restore point and compare it with its manifest",
	  2, CMD_SUBJECT | CMD_ID, NULL, cmd_backup_prove },
	{ "backup restore", "[PRODUCT] ID", "Bring a restore point back", 2,
	  CMD_SUBJECT | CMD_ID | CMD_TOUCHES, restore_opts, cmd_backup_restore },
	{ "backup prune", "[PRODUCT] ID", "Remove a restore point", 2,
	  CMD_SUBJECT | CMD_ID | CMD_TOUCHES, NULL, cmd_backup_prune,
	  "will go on to its end" },
	{ "apply", "[PLAN|PRODUCT]", "Carry out a plan, or make one and ask", 1,
	  CMD_SUBJECT | CMD_TOUCHES, apply_opts, cmd_apply },
	{ "status", "", "Tell the runs of this host and what is possible now", 0, 0, NULL,
	  cmd_status },
	{ "resume", "[RUN]", "Finish an interrupted or held run", 1, CMD_TOUCHES, resume_opts,
	  cmd_resume },
	{ "rollback", "[RUN]", "Go back to the old world", 1, CMD_TOUCHES, rollback_opts,
	  cmd_rollback,
	  "will stop if nothing was touched yet, else the way back goes on to its end" },
	{ "verify", "[RUN|PRODUCT]", "Compare the installation with the facts recorded before", 1,
	  CMD_SUBJECT, verify_opts, cmd_verify },
	{ "finalize", "[RUN]", "Give up the way back of a finished run", 1, CMD_TOUCHES,
	  finalize_opts, cmd_finalize, "will go on to its end" },
	{ "report", "[RUN]", "Tell one run: steps, times, downtime, differences", 1, 0, NULL,
	  cmd_report },
	{ "convert", "WHAT FILE", "Write a file of a product's anew for another edition", 2, CMD_MAKES,
	  convert_opts, cmd_convert, .more = convert_more },
	{ "explain", "ID", "Explain a check, a finding, a step kind or an exit code", 1, 0, NULL,
	  cmd_explain },
	{ NULL },
};

const char *const not_built_verbs[] = { "rehearse", "agent", "serve", "fleet", NULL };
const char *const not_built_options[] = { "bundle", NULL };
const char *const not_built_outputs[] = { "html", "junit", NULL };
