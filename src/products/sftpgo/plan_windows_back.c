/* The way back on Windows, as exact as the way there: never the old release on the new schema, which it would take with a warning only,
 * and write what it does not understand. So the database is put back, and compared, before the old program is there at all. */
#include <string.h>

#include "products/sftpgo/hand.h"

#include "base/mem.h"

static void add_set_aside(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_BACK, "set-aside", "Set aside what the new release has now",
				     "users, shares and keys that were changed since the switch are in it alone", PROCEDURE_DOWN);
	autofree char *after = xasprintf("%s\\after", h->keep);

	hand_robocopy(step, h->new_folder, after, h->beside || !h->homes ? "" : h->homes);
	if (h->server.host)
		procedure_expect(step, "and a dump of the database, made as on the way there, as '%s\\after.dump'", h->keep);
}

static void add_remove(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_BACK, "remove", "Take the new release's service away",
				     "from here nothing can start it on the database that is put back", PROCEDURE_DOWN);

	if (h->beside) {
		hand_uninstall(step, h->new_program);
	} else {
		procedure_do(step, "& '%s\\sftpgo.exe' service uninstall", h->program);
		procedure_do(step, "Get-Service -Name '" WINDOWS_SERVICE "' -ErrorAction SilentlyContinue");
	}
	procedure_expect(step, "Get-Service prints nothing; where it prints a service: sc.exe delete " WINDOWS_SERVICE);
}

static void load_postgresql(const struct hand *h, json_t *step)
{
	const struct hand_server *s = &h->server;

	procedure_do(step, "dropdb.exe --password --host '%s' --port %d --username '%s' '%s'", s->host, s->port, s->user, s->database);
	procedure_do(step, "createdb.exe --password --host '%s' --port %d --username '%s' --owner '%s' '%s'", s->host, s->port, s->user,
		     s->user, s->database);
	procedure_do(step, "pg_restore.exe --password --host '%s' --port %d --username '%s' --dbname '%s' --exit-on-error "
		     "--single-transaction '%s\\provider.dump'", s->host, s->port, s->user, s->database, h->keep);
}

/* The dump makes the database itself, with the character set that it had. The client reads slashes in its own words. */
static void load_mysql(const struct hand *h, json_t *step)
{
	const struct hand_server *s = &h->server;
	autofree char *keep = xstrdup(h->keep);

	for (char *p = keep; *p; p++)
		if (*p == '\\')
			*p = '/';
	procedure_do(step, "mysql.exe --password --host '%s' --port %d --user '%s' --execute 'DROP DATABASE `%s`'", s->host, s->port,
		     s->user, s->database);
	procedure_do(step, "mysql.exe --password --host '%s' --port %d --user '%s' --execute 'source %s/provider.sql'", s->host,
		     s->port, s->user, keep);
}

static void add_database_server(struct hand *h)
{
	const struct hand_server *s = &h->server;
	json_t *step;

	if (!s->host)
		return;
	step = procedure_add(h->plan, PROCEDURE_BACK, "database", "Put the database back from its dump",
			     "tables that the new release added must go, too: so the database is made anew", PROCEDURE_DOWN);
	procedure_expect(step, "before the first command: nobody but SFTPGo has tables in '%s'. Where others have, drop SFTPGo's tables alone, "
			 "those that the new release added among them, and leave the database itself", s->database);
	procedure_expect(step, "and '%s' may create databases: without that right the old one is gone and no new one comes. Let an account "
			 "that has it carry out both, or drop the tables alone", s->user);
	if (s->is_postgresql)
		load_postgresql(h, step);
	else
		load_mysql(h, step);
	procedure_expect(step, "no error in any of them; do not go on before");
}

static void add_data(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_BACK, "data", "Put configuration, keys and database back",
				     "as the stopped old server left them; users' files stay as they are now", PROCEDURE_DOWN);
	autofree char *data = xasprintf("%s\\data", h->keep), *kept_env = xasprintf("%s\\data\\env.d", h->keep),
		      *env = xasprintf("%s\\env.d", h->folder);
	const char *rest;

	if (h->database)
		procedure_do(step, "Remove-Item -Path '%s', '%s-*' -ErrorAction SilentlyContinue", h->database, h->database);
	if (h->homes) {
		hand_robocopy(step, data, h->folder, " /IS /IT");
	} else {
		/* What else lies there may be users' files, which are newer than the copy. */
		hand_robocopy(step, data, h->folder, " /IS /IT /LEV:1");
		hand_robocopy(step, kept_env, env, " /IS /IT");
		procedure_expect(step, "the second of them is left out where there is no '%s'", kept_env);
	}
	if (h->database && !windows_below(h->folder, h->database, &rest))
		procedure_do(step, "Copy-Item -LiteralPath '%s' -Destination '%s'", h->kept_database, h->database);
	hand_same_database(h, step, h->database);
	if (h->database)
		procedure_expect(step, "do not go on before it prints True: the old release starts on the new schema with nothing but a "
				 "warning, and writes what it does not understand");
}

/* The service is made by the program itself, as its installer does. src: windows-installer/sftpgo.iss */
static void put_program_back(const struct hand *h, json_t *step)
{
	autofree char *kept = xasprintf("%s\\program", h->keep);

	hand_robocopy(step, kept, h->program, " /IS /IT");
	procedure_do(step, "& '%s\\sftpgo.exe' --version", h->program);
	procedure_expect(step, "it says SFTPGo %s; do not go on before", h->change.from_version);
	procedure_do(step, "& '%s\\sftpgo.exe' service install -c '%s' -l 'logs\\sftpgo.log'", h->program, h->folder);
	procedure_do(step, "Start-Service -Name '" WINDOWS_SERVICE "'");
}

static void add_program(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_BACK, "program", "Put the old release back, which starts it",
				     h->old_installer ? "its installer makes the service anew and starts it" :
							"no installer of it is named: its program comes out of the copy", PROCEDURE_DOWN);

	if (h->old_installer)
		hand_run_installer(h, step, h->old_installer, "install-back.log");
	else
		put_program_back(h, step);
	procedure_expect(step, "no error");
}

void hand_back(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_BACK, "stop", "Stop the service, and keep it stopped", NULL, PROCEDURE_DOWN);

	hand_stop(step);
	add_set_aside(h);
	add_remove(h);
	add_data(h);
	add_database_server(h);
	add_program(h);
	step = procedure_add(h->plan, PROCEDURE_BACK, "answers", "Look at the old server", NULL, 0);
	hand_answers(h, step, h->change.from_version, h->program, h->folder);
	hand_rules(h, PROCEDURE_BACK);
	step = procedure_add(h->plan, PROCEDURE_BACK, "since", "Make again what was changed since the switch", NULL, 0);
	procedure_expect(step, "users, groups, shares and keys that were made or changed since are in '%s\\after' alone; files that were "
			 "uploaded since are still there", h->keep);
}
