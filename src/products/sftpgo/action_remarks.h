/* What a migration has to say of an event action: texts that other releases and editions understand
 * otherwise, and paths that become patterns. facts/sftpgo 5, seen with 2.6.4 and 2.7.5; of
 * Enterprise by its documentation. */
#pragma once

#include "products/sftpgo/objects_census.h"

enum action_remark {
	REMARK_UNDOTTED,      /* {{Name}}, of 2.6 */
	REMARK_DOTTED,        /* {{.Name}}, of 2.7 */
	REMARK_BRACES,        /* other {{ */
	REMARK_PATTERN,       /* * ? or [ in the last part of a path that is deleted or copied */
	REMARK_PATTERN_TOKEN, /* the same, with a placeholder beside it */
	REMARK_DELETES,       /* deletes paths */
	REMARK_USERNAME,      /* a placeholder in the user name of an HTTP request */
	REMARK_EMAIL,         /* the placeholder Email */
	REMARK_OBJECT_DATA,   /* {{.ObjectData}} in an HTTP body, which 2.7 leaves empty */
	REMARK_REPORTS,       /* /{{.RetentionReports}}, which 2.7 no longer knows */
	REMARK_COMMAND,       /* a command that is not among the enabled ones */
	REMARK_IDENTITY,      /* checks an account of an identity provider */
	REMARK__MAX
};
const char *action_remark_name(enum action_remark r); /* member of SF_ACTIONS */

/* "http", "email", ...; "other". */
const char *action_type_name(int type);

/* Bits 1 << enum action_remark. enabled: common.event_manager.enabled_commands, NULL none. */
unsigned action_remarks(const struct action_use *a, const json_t *enabled);
