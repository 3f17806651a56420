/* The plan for a Windows host, where crossgrade does not run: what its commands name, and their order. Same facts, same goal: same
 * bytes. facts/sftpgo 1.1, 3.5, 3.6; src: windows-installer/sftpgo.iss; docs: tutorials/migrating.md */
#include <ctype.h>
#include <string.h>

#include "products/sftpgo/checks.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/draft.h"
#include "products/sftpgo/hand.h"

#include "base/mem.h"

#define PROGRAM_FILES "C:\\Program Files\\"

static void hand_done(struct hand *h)
{
	free(h->folder);
	free(h->program);
	free(h->new_folder);
	free(h->new_program);
	free(h->keep);
	free(h->old_installer);
	free(h->new_installer);
	free(h->database);
	free(h->kept_database);
	free(h->homes);
}

static int want_plain(const char *what, const char *text, struct err *e)
{
	if (!text || windows_is_plain(text))
		return 0;
	err_set(e, ERR_REFUSED, "%s has characters that are not put into a command here: '%s'", what, text);
	return err_hint(e, "letters, digits, blanks and ._()~@#+,=:-\\ are");
}

static const char *name_of(const char *edition)
{
	return !strcmp(edition, SFTPGO_ENTERPRISE) ? "SFTPGo Enterprise" : "SFTPGo";
}

/* C:\ProgramData\SFTPGo Enterprise beside C:\ProgramData\SFTPGo. */
static char *beside(const char *folder, const char *name)
{
	const char *slash = strrchr(folder, '\\');

	return xasprintf("%.*s\\%s", slash ? (int)(slash - folder) : 0, folder, name);
}

/* The name the artifact has on this host, which is the vendor's; else one that tells what to put there. */
static char *installer_name(const json_t *artifact, const char *version)
{
	const char *path = json_str(artifact, "path", NULL), *slash = path ? strrchr(path, '/') : NULL;

	return slash ? xstrdup(slash + 1) : xasprintf("sftpgo-%s.exe", version);
}

static void set_places(struct hand *h)
{
	const struct change *c = &h->change;
	const char *folder = facts_str(h->now, SF_FOLDER, "");
	char drive = isalpha((unsigned char)*folder) ? *folder : 'C';
	const json_t *old = facts_get(h->now, SF_OLD_INSTALLER);

	h->beside = strcmp(c->from_edition, c->to_edition) != 0;
	h->folder = xstrdup(folder);
	h->program = xasprintf(PROGRAM_FILES "%s", name_of(c->from_edition));
	h->new_folder = h->beside ? beside(folder, name_of(c->to_edition)) : xstrdup(folder);
	h->new_program = xasprintf(PROGRAM_FILES "%s", name_of(c->to_edition));
	h->keep = xasprintf("%c:\\sftpgo-%s-before-%s", drive, c->from_version, c->to_version);
	h->old_installer = old ? installer_name(old, c->from_version) : NULL;
	h->new_installer = installer_name(c->artifact, c->to_version);
}

static int set_server(struct hand *h, const char *driver, struct err *e)
{
	const json_t *at = facts_get(h->now, SF_DB_AT);
	bool postgresql = !strcmp(driver, "postgresql");
	int port = (int)json_int(at, "port", 0);

	if (facts_bool(h->now, SF_DB_STRING, false))
		return err_set(e, ERR_REFUSED, "the data provider is named by a connection_string, which may hold a password");
	h->server = (struct hand_server){ .host = json_str(at, "host", "127.0.0.1"),
					  .user = json_str(at, "user", NULL),
					  .database = json_str(at, "database", NULL),
					  .port = port ? port : postgresql ? 5432 : 3306,
					  .is_postgresql = postgresql };
	if (!h->server.user || !h->server.database)
		return err_set(e, ERR_ABSENT, "the configuration names no user or no database of its data provider");
	return 0;
}

static int set_database(struct hand *h, struct err *e)
{
	const char *driver = facts_str(h->now, SF_DRIVER, ""), *name = conf_text(h->now, "data_provider.name"), *rest;

	if (database_is_server(driver))
		return set_server(h, driver, e);
	if ((strcmp(driver, "sqlite") != 0 && strcmp(driver, "bolt") != 0) || !*name)
		return err_set(e, ERR_REFUSED, "data provider '%s': this version of crossgrade carries sqlite, bolt, postgresql and mysql",
			       driver);
	h->database = windows_there(h->folder, name);
	h->kept_database = windows_below(h->folder, h->database, &rest) ? xasprintf("%s\\data\\%s", h->keep, rest) :
									    xasprintf("%s\\%s", h->keep, strrchr(h->database, '\\') + 1);
	return 0;
}

/* Users' files in the folder stay where they are. */
static int set_homes(struct hand *h, struct err *e)
{
	const json_t *root = json_object_get(facts_get(h->now, SF_SCOPE), "root"), *one;
	autobuf struct buf words = BUF_MAX(64 << 10);
	size_t i;

	if (!root)
		return 0;
	json_array_foreach(json_object_get(root, "leave_out"), i, one)
	{
		if (want_plain("a directory of users' files", json_string_value(one), e) < 0)
			return -(int)e->kind;
		buf_addf(&words, "%s '%s\\%s'", i ? "" : " /XD", h->folder, json_string_value(one));
	}
	h->homes = xstrdup(buf_str(&words));
	return 0;
}

static int all_is_plain(const struct hand *h, struct err *e)
{
	if (want_plain("the folder", h->folder, e) < 0 || want_plain("the database's path", h->database, e) < 0 ||
	    want_plain("the old installer's name", h->old_installer, e) < 0 ||
	    want_plain("the new installer's name", h->new_installer, e) < 0 ||
	    want_plain("the address of a door", json_str(facts_get(h->now, SF_PROBE), "host", NULL), e) < 0 ||
	    want_plain("the database's host", h->server.host, e) < 0 || want_plain("the database's name", h->server.database, e) < 0 ||
	    want_plain("the database's user", h->server.user, e) < 0)
		return -(int)e->kind;
	return 0;
}

static int enough_is_known(const struct hand *h, struct err *e)
{
	static const char *const needed[] = { SF_FOLDER, SF_EDITION, SF_VERSION, SF_DRIVER, SF_PROBE };

	if (window_needs(h->now, needed, ARRAY_LEN(needed), e) < 0)
		return -(int)e->kind;
	if (h->change.to_edition && h->change.to_version)
		return 0;
	err_set(e, ERR_ABSENT, "neither the goal nor the installer's name tells the edition and version wanted");
	return err_hint(e, "name them: --to-edition, --to-version");
}

static void notes(const struct hand *h)
{
	plan_note(h->plan, "nobody but you carries this out: crossgrade does not run on Windows, and saw a copy of the folder only");
	plan_note(h->plan, "%s", h->homes ? "users' files are neither moved nor copied, and a way back leaves them as they are then"
				    : "which users' files lie in the folder is not known: the copy has them, too; a way back leaves them as "
				      "they are then");
	plan_note(h->plan, "variables in the service's own environment cannot be seen in a copy; those of env.d are");
	if (h->beside)
		window_note_unseen_edition(h->plan);
	if (json_object_size(h->to->hooks) || goal_setting(h->to, "drain", NULL) || goal_setting(h->to, "nodes_wait", NULL))
		plan_note(h->plan, "hooks, settings.drain and settings.nodes_wait are of a run, and nobody calls them here");
}

int sftpgo_plan_by_hand(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e)
{
	struct hand h = { .now = now, .to = to, .plan = ret };
	int r;

	sftpgo_change(now, to, &h.change);
	if (enough_is_known(&h, e) < 0)
		return -(int)e->kind;
	if (h.change.nothing) {
		plan_note(ret, "nothing to do: this very version is installed already");
		return 0;
	}
	set_places(&h);
	r = set_database(&h, e);
	if (r >= 0)
		r = set_homes(&h, e);
	if (r >= 0)
		r = all_is_plain(&h, e);
	if (r >= 0) {
		procedure_begin(ret, "the Windows host", "PowerShell, run as administrator");
		hand_forward(&h);
		hand_back(&h);
		notes(&h);
	}
	hand_done(&h);
	return r;
}
