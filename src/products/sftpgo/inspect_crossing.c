/* What only a crossing from open source to Enterprise asks for: the licence, and event rules whose actions Enterprise understands
 * otherwise. */
#include <string.h>

#include "base/secret.h"
#include "conf/gotenv.h"
#include "products/sftpgo/crossing.h"
#include "products/sftpgo/inspect.h"

/* The account that must be able to read the licence: the server's. */
static void put_account(struct look *k)
{
	const char *file = facts_str(k->f, SF_DB_FILE, NULL);
	struct stat st;

	if (k->l.proc.id.pid)
		look_pin(k, SF_ACCOUNT, json_pack("{si si}", "uid", (int)k->l.proc.uid, "gid", (int)k->l.proc.gid), "/proc");
	else if (file && stat(file, &st) == 0)
		look_pin(k, SF_ACCOUNT, json_pack("{si si}", "uid", (int)st.st_uid, "gid", (int)st.st_gid), file);
	else
		facts_miss(k->f, SF_ACCOUNT, "the server is not running");
}

/* As the server will read it: a key that needs quotes or holds a '$' would become another. */
static const char *judge_key(const char *path, char *why, size_t n)
{
	autosecret struct secret key = { 0 };
	autobuf struct buf line = BUF_MAX(128 << 10);
	autogotenv struct gotenv env = { 0 };
	const struct gotenv_var *var = NULL;
	struct err e = ERR_INIT;
	bool same;

	if (file_read_secret(path, &key, &e) < 0) {
		snprintf(why, n, "%s", e.msg);
		return why;
	}
	buf_addf(&line, "%s=%s\n", LICENSE_VARIABLE, key.bytes ? key.bytes : "");
	if (gotenv_read(buf_sv(&line), NULL, NULL, &env, &e) >= 0)
		var = map_get(&env.vars, LICENSE_VARIABLE);
	same = var && key.len && !strcmp(var->value, key.bytes);
	secret_wipe(line.data, line.len);
	if (var)
		secret_wipe(var->value, strlen(var->value));
	return same ? NULL : "its content is no key: empty, more than one line, or characters that a file of variables cannot "
			     "hold without quotes";
}

static void put_license(struct look *k)
{
	const char *file = goal_setting(k->to, "license_file", NULL), *finding;
	char why[300];

	if (!file)
		return;
	finding = judge_key(file, why, sizeof why);
	look_pin(k, SF_LICENSE, json_pack("{ss ss?}", "file", file, "finding", finding), "settings.license_file");
}

static void put_rules(struct look *k)
{
	if (k->rules)
		look_pin(k, SF_RULES, json_incref(k->rules), "data provider");
	else
		facts_miss(k->f, SF_RULES, facts_why_missing(k->f, k->db ? SF_ACTIONS : SF_SCHEMA));
}

void look_at_crossing(struct look *k)
{
	struct change c;

	sftpgo_change(k->f, k->to, &c);
	if (!crosses_to_enterprise(&c))
		return;
	if (!k->l.folder_from)
		put_account(k);
	put_license(k);
	put_rules(k);
}
