/* A procedure for a person on a Windows host in the making: what its commands name. plan_windows.c finds it out, and puts the parts in
 * order. Every text that comes from elsewhere is plain (windows_is_plain()) before a command is made of it. */
#pragma once

#include "engine/procedure.h"
#include "products/sftpgo/sftpgo.h"
#include "products/sftpgo/windows.h"

struct hand {
	const struct facts *now;
	const struct goal *to;
	struct plan *plan;
	struct change change;
	bool beside;            /* Enterprise installs itself beside open source, else the new release over the old one */
	char *folder, *program; /* of the old release: C:\ProgramData\SFTPGo, C:\Program Files\SFTPGo */
	char *new_folder, *new_program;
	char *keep;             /* the directory that the way back lives from */
	char *old_installer;    /* NULL: none is named */
	char *new_installer;
	char *database;         /* file on that host; NULL: a database server */
	char *kept_database;    /* its copy */
	char *homes;            /* "" or robocopy's words that leave users' files in the folder out; NULL: these are not known */
	struct hand_server {    /* of the database; host NULL: it is a file */
		const char *host, *user, *database;
		int port;
		bool is_postgresql;
	} server;
};

/* Shared by both ways. */
/* All of a directory with its rights; more: further words, each with a blank before it. */
void hand_robocopy(json_t *step, const char *from, const char *to, const char *more);
void hand_stop(json_t *step);
void hand_answers(const struct hand *h, json_t *step, const char *version, const char *program, const char *folder);
void hand_run_installer(const struct hand *h, json_t *step, const char *installer, const char *log);
void hand_rules(struct hand *h, enum procedure_way way);        /* nothing, where none is concerned */
void hand_uninstall(json_t *step, const char *program);
void hand_same_database(const struct hand *h, json_t *step, const char *file);

/* plan_windows_steps.c, plan_windows_back.c */
void hand_forward(struct hand *h);
void hand_back(struct hand *h);
