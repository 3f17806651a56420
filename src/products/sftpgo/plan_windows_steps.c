/* The procedure there, on Windows; and what both ways have. */
#include "products/sftpgo/hand.h"

#include <string.h>

#include "products/sftpgo/checks.h"
#include "products/sftpgo/crossing.h"

#include "base/mem.h"

/* ---- of both ways ---- */

/* Its exit status is a set of bits; from 8 on something was not copied. Microsoft, "robocopy". */
void hand_robocopy(json_t *step, const char *from, const char *to, const char *more)
{
	procedure_do(step, "robocopy.exe '%s' '%s' /E /COPY:DATSO /DCOPY:DAT /XJ /R:2 /W:5 /NP /NFL /NDL%s", from, to, more);
	procedure_do(step, "$LASTEXITCODE -lt 8");
	procedure_expect(step, "robocopy to '%s': True, and FAILED is 0 for Dirs and for Files", to);
}

void hand_stop(json_t *step)
{
	procedure_do(step, "Stop-Service -Name '" WINDOWS_SERVICE "'");
	procedure_do(step, "(Get-Service -Name '" WINDOWS_SERVICE "').WaitForStatus('Stopped', '00:02:00')");
	procedure_do(step, "Set-Service -Name '" WINDOWS_SERVICE "' -StartupType Disabled");
	procedure_do(step, "Get-Process -Name 'sftpgo' -ErrorAction SilentlyContinue");
	procedure_expect(step, "the last command prints nothing: no sftpgo.exe runs, and nobody starts one");
}

/* Its exit status is that of the setup: 0 alone is good. Inno Setup, "Setup Command Line Parameters". */
void hand_run_installer(const struct hand *h, json_t *step, const char *installer, const char *log)
{
	procedure_do(step,
		     "$setup = Start-Process -FilePath '%s\\%s' -ArgumentList '/VERYSILENT', '/SUPPRESSMSGBOXES', '/NORESTART', "
		     "'/LOG=\"%s\\%s\"' -Wait -PassThru",
		     h->keep, installer, h->keep, log);
	procedure_do(step, "$setup.ExitCode");
	procedure_expect(step, "the exit code is 0");
}

void hand_uninstall(json_t *step, const char *program)
{
	procedure_do(step,
		     "Start-Process -FilePath '%s\\unins000.exe' -ArgumentList '/VERYSILENT', '/SUPPRESSMSGBOXES', '/NORESTART' -Wait",
		     program);
	procedure_do(step, "Get-Service -Name '" WINDOWS_SERVICE "' -ErrorAction SilentlyContinue");
}

void hand_same_database(const struct hand *h, json_t *step, const char *file)
{
	if (!h->database)
		return;
	procedure_do(step,
		     "(Get-FileHash -Algorithm SHA256 -LiteralPath '%s').Hash -eq (Get-FileHash -Algorithm SHA256 -LiteralPath "
		     "'%s').Hash",
		     file, h->kept_database);
	procedure_do(step, "Get-ChildItem -Path '%s-*'", file);
	procedure_expect(step, "the comparison prints True, and no file '%s-journal', '-wal' or '-shm' is listed", file);
}

static const char *web_host(const char *host)
{
	return strchr(host, ':') ? "[::1]" : host;
}

/* What the probe of a run asks: /healthz and the banner. */
static void ask_doors(const struct hand *h, json_t *step, const char *version)
{
	const json_t *probe = facts_get(h->now, SF_PROBE);
	const char *host = json_str(probe, "host", "127.0.0.1");
	int http = (int)json_int(probe, "http", 0), https = (int)json_int(probe, "https", 0), sftp = (int)json_int(probe, "sftp", 0);

	if (http)
		procedure_do(step, "(Invoke-WebRequest -UseBasicParsing -Uri 'http://%s:%d/healthz').Content", web_host(host), http);
	else if (https)
		procedure_do(step, "curl.exe --silent --insecure 'https://%s:%d/healthz'", web_host(host), https);
	if (http || https)
		procedure_expect(step, "/healthz answers: ok");
	if (!sftp)
		return;
	procedure_do(step,
		     "$c = New-Object Net.Sockets.TcpClient('%s', %d); (New-Object IO.StreamReader($c.GetStream())).ReadLine(); "
		     "$c.Close()",
		     host, sftp);
	procedure_expect(step, "the banner begins with SSH-2.0-SFTPGo%s%s", facts_bool(h->now, SF_SHORT, false) ? "" : "_",
			 facts_bool(h->now, SF_SHORT, false) ? ", or is as common.server_version says" : version);
}

void hand_answers(const struct hand *h, json_t *step, const char *version, const char *program, const char *folder)
{
	procedure_do(step, "(Get-Service -Name '" WINDOWS_SERVICE "').Status");
	procedure_expect(step, "the service is Running");
	procedure_do(step, "& '%s\\sftpgo.exe' --version", program);
	procedure_expect(step, "it says SFTPGo %s", version);
	ask_doors(h, step, version);
	procedure_do(step, "Select-String -LiteralPath '%s\\logs\\sftpgo.log' -Pattern 'starting SFTPGo', '\"level\":\"error\"' | "
		     "Select-Object -Last 20", folder);
	procedure_expect(step, "after the last 'starting SFTPGo %s' no line tells of a schema, a migration, a secret or a port", version);
	procedure_do(step, "Get-CimInstance -ClassName Win32_Service -Filter \"Name='" WINDOWS_SERVICE "'\" | Format-List PathName, "
		     "StartName, StartMode");
	procedure_do(step, "Get-Content -LiteralPath '%s\\service.txt'", h->keep);
	procedure_expect(step, "StartName and StartMode are as before; put them back in services.msc where they are not");
}

/* ---- while the server serves ---- */

static void add_look(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_FORWARD, "look", "Look that this is the server the plan was made of",
				     "what is changed after the folder was copied is not in this plan", 0);
	const json_t *conf = facts_get(h->now, SF_FOLDER_CONF);

	procedure_do(step, "Get-CimInstance -ClassName Win32_Service -Filter \"Name='" WINDOWS_SERVICE "'\" | Format-List State, PathName");
	procedure_expect(step, "State is Running, and PathName begins with \"%s\\sftpgo.exe\" and has -c \"%s\"; if it names others, "
			 "this plan is of another installation", h->program, h->folder);
	procedure_do(step, "& '%s\\sftpgo.exe' --version", h->program);
	procedure_expect(step, "it says SFTPGo %s", h->change.from_version);
	if (!conf)
		return;
	procedure_do(step, "(Get-FileHash -Algorithm SHA256 -LiteralPath '%s\\%s').Hash", h->folder, json_str(conf, "file", "?"));
	procedure_expect(step, "%s; capitals do not matter. Another one: copy the folder again and make a new plan",
			 json_str(conf, "sha256", "?"));
}

static void add_keep(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_FORWARD, "keep", "Make the directory that the way back lives from",
				     "it will hold keys and password hashes: administrators and SYSTEM alone may read it", 0);

	procedure_do(step, "New-Item -ItemType Directory -Path '%s'", h->keep);
	procedure_do(step, "icacls.exe '%s' /inheritance:r /grant:r '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-18:(OI)(CI)F'", h->keep);
	procedure_do(step, "Get-CimInstance -ClassName Win32_Service -Filter \"Name='" WINDOWS_SERVICE "'\" | Format-List Name, PathName, "
		     "StartName, StartMode | Out-File -LiteralPath '%s\\service.txt'", h->keep);
	procedure_expect(step, "the directory was not there before, and its drive has room for two copies of '%s' and '%s'", h->folder,
			 h->program);
}

static void judge_installer(const struct hand *h, json_t *step, const char *name, const json_t *artifact)
{
	const char *sha256 = json_str(artifact, "sha256", NULL);

	procedure_do(step, "Get-FileHash -Algorithm SHA256 -LiteralPath '%s\\%s' | Format-List Hash", h->keep, name);
	procedure_do(step, "Get-AuthenticodeSignature -LiteralPath '%s\\%s' | Format-List Status, SignerCertificate", h->keep, name);
	if (sha256)
		procedure_expect(step, "%s: SHA-256 is %s", name, sha256);
}

static void add_installers(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_FORWARD, "installers", "Put the installers into it, and prove them",
				     "a vendor's page holds the newest only; without the old one going back is harder", 0);

	procedure_expect(step, "copied there by you: the new installer as '%s\\%s'", h->keep, h->new_installer);
	if (h->old_installer)
		procedure_expect(step, "and that of the release of now as '%s\\%s'", h->keep, h->old_installer);
	judge_installer(h, step, h->new_installer, h->change.artifact);
	if (h->old_installer)
		judge_installer(h, step, h->old_installer, facts_get(h->now, SF_OLD_INSTALLER));
	procedure_expect(step, "each Status is Valid, and the certificate the vendor's");
}

/* Enterprise reads placeholders of their actions as templates, and deletes and copies more than open source. */
void hand_rules(struct hand *h, enum procedure_way way)
{
	const json_t *rules = facts_get(h->now, SF_RULES), *rule;
	bool forward = way == PROCEDURE_FORWARD;
	const char *name;
	json_t *step;

	if (!h->beside || !json_object_size(rules))
		return;
	step = procedure_add(h->plan, way, "rules", forward ? "Set event rules inactive, in WebAdmin" : "Set event rules active again",
			     forward ? "Enterprise reads placeholders of actions as templates, and deletes and copies more than open "
				       "source; look at them there, then set the rules active" : "they were set inactive before the copy was made", 0);
	json_object_foreach((json_t *)rules, name, rule)
		procedure_expect(step, "Event Manager, Rules, '%s': Status is %s", name, forward ? "Inactive" : "Active");
}

/* ---- while it is down ---- */

static void add_copy(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_FORWARD, "copy", "Copy folder and program",
				     "configuration, database, host keys and certificates as the stopped server left them; users' files "
				     "are left out", PROCEDURE_DOWN);
	autofree char *data = xasprintf("%s\\data", h->keep), *program = xasprintf("%s\\program", h->keep);
	const char *rest;

	hand_robocopy(step, h->folder, data, h->homes ? h->homes : "");
	hand_robocopy(step, h->program, program, "");
	if (h->database && !windows_below(h->folder, h->database, &rest))
		procedure_do(step, "Copy-Item -LiteralPath '%s' -Destination '%s'", h->database, h->kept_database);
	hand_same_database(h, step, h->database);
	if (h->database)
		procedure_expect(step, "where such a file is listed the server did not end well: start it, and stop it once more");
}

/* Programs of the database's own ask for the password; none is in a command. facts/sftpgo 3.5 */
static void add_dump(struct hand *h)
{
	const struct hand_server *s = &h->server;
	json_t *step;

	if (!s->host)
		return;
	step = procedure_add(h->plan, PROCEDURE_FORWARD, "dump", "Dump the database", "the program must not be older than the database "
			     "server", PROCEDURE_DOWN);
	if (s->is_postgresql) {
		procedure_do(step, "pg_dump.exe --password --host '%s' --port %d --username '%s' --dbname '%s' --format custom --file "
			     "'%s\\provider.dump'", s->host, s->port, s->user, s->database, h->keep);
		procedure_do(step, "(pg_restore.exe --list '%s\\provider.dump' | Select-String -Pattern 'TABLE DATA').Count", h->keep);
		procedure_expect(step, "no error, and the count is that of SFTPGo's tables at least: not 0");
	} else {
		procedure_do(step, "mysqldump.exe --password --host '%s' --port %d --user '%s' --single-transaction --routines --triggers "
			     "--hex-blob --result-file '%s\\provider.sql' --databases '%s'", s->host, s->port, s->user, h->keep, s->database);
		procedure_do(step, "Get-Content -LiteralPath '%s\\provider.sql' -Tail 1", h->keep);
		procedure_do(step, "Select-String -LiteralPath '%s\\provider.sql' -SimpleMatch -Pattern 'CREATE DATABASE'", h->keep);
		procedure_expect(step, "no error, the last line says 'Dump completed', and one line makes the database, with its character set: "
				 "the way back needs it");
	}
	procedure_expect(step, "every other node on this database is stopped, too");
}

/* ---- the new release over the old one ---- */

static void add_install_over(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_FORWARD, "install", "Run the new installer, which starts the new release",
				     "it makes the service anew and starts it: with that the schema of the database is rewritten",
				     PROCEDURE_DOWN | PROCEDURE_POINT);

	procedure_expect(step, "services.msc is closed: the service could not be made anew");
	hand_run_installer(h, step, h->new_installer, "install.log");
}

/* ---- Enterprise beside open source ---- */

/* Its uninstaller leaves configuration and database, and takes the service away, which a new one would leave as it is. */
static void add_uninstall(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_FORWARD, "uninstall", "Uninstall the old release",
				     "the Enterprise installer leaves a service of that name as it is, which starts the old program",
				     PROCEDURE_DOWN);

	hand_uninstall(step, h->program);
	procedure_expect(step, "Get-Service prints nothing: the service is gone");
	hand_same_database(h, step, h->database);
}

static void add_install_beside(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_FORWARD, "install", "Install Enterprise, and stop what it starts",
				     "it begins with a folder of its own, and data of nobody", PROCEDURE_DOWN);

	hand_run_installer(h, step, h->new_installer, "install.log");
	hand_stop(step);
	procedure_do(step, "Get-ChildItem -LiteralPath '%s' | Format-Table Name", h->new_folder);
	procedure_expect(step, "the folder '%s' is there, with a sftpgo_default.json", h->new_folder);
}

/* Where the database is in the new folder. Heap; NULL: it stays where it is. */
static char *carried_database(const struct hand *h)
{
	const char *rest;

	return h->database && windows_below(h->folder, h->database, &rest) ? xasprintf("%s\\%s", h->new_folder, rest) : NULL;
}

static void name_old_paths(const struct hand *h, json_t *step)
{
	const json_t *settings = json_object_get(facts_get(h->now, SF_CONF), "settings"), *setting;
	const char *key, *rest;

	json_object_foreach((json_t *)settings, key, setting)
		if (json_is_string(json_object_get(setting, "value")) && windows_is_absolute(json_str(setting, "value", "")) &&
		    windows_below(h->folder, json_str(setting, "value", ""), &rest))
			procedure_expect(step, "%s names the old folder, '%s', and goes on doing so", key, json_str(setting, "value", ""));
}

static void add_carry(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_FORWARD, "carry", "Carry configuration, database and keys over",
				     "the old folder stays whole: the way back needs it, and users' files in it have no other place",
				     PROCEDURE_DOWN);
	autofree char *database = carried_database(h), *data = xasprintf("%s\\data", h->keep),
		      *but = xasprintf(" /IS /IT /XD '%s\\templates' '%s\\static' '%s\\openapi' '%s\\logs' /XF 'sftpgo_default.json'",
				       data, data, data, data);

	if (database)
		procedure_do(step, "Remove-Item -Path '%s*'", database);
	hand_robocopy(step, data, h->new_folder, but);
	if (database)
		hand_same_database(h, step, database);
	procedure_do(step, "(Get-FileHash -Path '%s\\data\\id_*').Hash", h->keep);
	procedure_do(step, "(Get-FileHash -Path '%s\\id_*').Hash", h->new_folder);
	procedure_expect(step, "both lists of host keys are the same");
	procedure_expect(step, "what sftpgo_default.json has and sftpgo.json has not keeps its default");
	name_old_paths(h, step);
}

/* The key is typed, and stands in no command, no history and no file but this one. */
static void add_license(struct hand *h)
{
	json_t *step;

	if (license_is_set(h->now))
		return;
	step = procedure_add(h->plan, PROCEDURE_FORWARD, "licence", "Write the licence where the server reads it",
			     "at a first start without one Enterprise serves two transfers at once, and local files only",
			     PROCEDURE_DOWN);
	procedure_do(step, "$key = [Net.NetworkCredential]::new('', (Read-Host -AsSecureString 'licence key')).Password.Trim()");
	procedure_do(step, "New-Item -ItemType Directory -Force -Path '%s\\env.d' | Out-Null", h->new_folder);
	procedure_do(step, "[IO.File]::WriteAllText('%s\\env.d\\" LICENSE_FILE "', \"" LICENSE_VARIABLE "=$key`n\"); Remove-Variable key",
		     h->new_folder);
	procedure_do(step, "icacls.exe '%s\\env.d\\" LICENSE_FILE "' /inheritance:r /grant:r '*S-1-5-32-544:F' '*S-1-5-18:R'",
		     h->new_folder);
	procedure_expect(step, "where the service runs as another account than SYSTEM, let that account read the file, too");
}

static void add_start(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_FORWARD, "start", "Start the new release",
				     "its first start rewrites the schema of the database", PROCEDURE_DOWN | PROCEDURE_POINT);

	procedure_do(step, "Set-Service -Name '" WINDOWS_SERVICE "' -StartupType Automatic");
	procedure_do(step, "Start-Service -Name '" WINDOWS_SERVICE "'");
	procedure_expect(step, "no error");
}

/* ---- afterwards ---- */

static void add_answers(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_FORWARD, "answers", "Look at the new server",
				     "one of these is not so: go the way back at once, before clients change more", 0);
	autofree char *data = xasprintf("%s\\data", h->keep);

	hand_answers(h, step, h->change.to_version, h->new_program, h->new_folder);
	procedure_expect(step, "in WebAdmin: users, groups, folders and event rules are as many as before, and Status shows each service "
			 "active");
	procedure_expect(step, "a user of each kind logs in (password, key), lists, uploads and downloads a file");
	if (h->beside)
		procedure_expect(step, "the licence page shows a licence that is valid");
	if (h->database)
		procedure_expect(step, "with '%s' copied to the host of crossgrade, and then the new folder: 'inspect --save' of the first, "
				 "'verify --against' of the second, '--to-version %s', names no difference", data,
				 h->change.to_version);
}

static void add_after(struct hand *h)
{
	json_t *step = procedure_add(h->plan, PROCEDURE_FORWARD, "after", "Keep what the way back needs", NULL, 0);

	procedure_expect(step, "'%s' stays until nobody wants to go back; it holds keys and password hashes", h->keep);
	if (h->beside)
		procedure_expect(step, "'%s' stays for good where users' files or paths of the configuration lie in it", h->folder);
}

void hand_forward(struct hand *h)
{
	json_t *stop;

	add_look(h);
	add_keep(h);
	add_installers(h);
	hand_rules(h, PROCEDURE_FORWARD);
	stop = procedure_add(h->plan, PROCEDURE_FORWARD, "stop", "Stop the service, and keep it stopped",
			     "transfers under way are cut", PROCEDURE_DOWN);
	hand_stop(stop);
	procedure_expect(stop, "to give up before '%s': Set-Service -Name '" WINDOWS_SERVICE "' -StartupType Automatic; Start-Service -Name '"
			 WINDOWS_SERVICE "'", h->beside ? "uninstall" : "install");
	add_copy(h);
	add_dump(h);
	if (h->beside) {
		add_uninstall(h);
		add_install_beside(h);
		add_carry(h);
		add_license(h);
		add_start(h);
	} else {
		add_install_over(h);
	}
	add_answers(h);
	add_after(h);
}
