#include "cli/migration_text.h"

/* A key of the file: where its value stands in the document, and what to say of it. A key without a
 * value is written as a comment with its example, so that the file names everything there is. */
struct line {
	const char *key, *example, *comment;
};

static const struct line source_lines[] = {
	{ "root", "/var/lib/server", "directory of the server's data" },
	{ "install", "/opt/server", "directory of the server's program" },
	{ "service", "{kind: systemd, unit: server.service}", "systemd | process | command" },
	{ "login", "{user: admin, password_file: /root/server.pw}",
	  "without it some things are not proved" },
};
static const struct line target_lines[] = {
	{ "edition", "enterprise", "leave out to keep the edition" },
	{ "version", "3.3.2", "leave out to take the artifact's" },
	{ "artifact", "/srv/new-version.tar.gz", "the file to move to; nothing is ever fetched" },
	{ "sha256", "6f0c...", "digest the vendor published" },
	{ "login", "{user: admin, password_file: /root/new.pw}", "login to the new server" },
};
static const struct line point_lines[] = {
	{ "kind", "tree", "tree | snapshot | external | none" },
	{ "store", "beside", "beside the data, or file:///a/folder" },
};
static const struct line settings_lines[] = {
	{ "admin", "{user: dba, password_file: /root/admin.pw}",
	  "administrator the new edition gets, if it has accounts" },
	{ "drain", "10m", "SFTPGo: wait so long before the stop for transfers under way; needs a login" },
	{ "gate", "verify", "keep clients out until the gate checks passed: verify | none" },
	{ "license_file", "/root/server.licence", "SFTPGo: key of an Enterprise licence, mode 0600" },
	{ "probe_account", "true", "SFTPGo: try a login with an account that is made for it and removed" },
	{ "probe_rule", "a rule", "SFTPGo: the one event rule that may be fired" },
	{ "probe_users", "[{user: anna, password_file: /root/anna.pw}]",
	  "SFTPGo: accounts whose logins are tried, before and after" },
	{ "role", "follower", "SFTPGo: another node has migrated the shared database already" },
};
static const struct line hook_lines[] = {
	{ "before_stop", "[/usr/local/bin/notify, stopping]",
	  "program and arguments; there is no shell" },
	{ "after_ready", "[/usr/local/bin/notify, ready]", NULL },
	{ "handover", "[/usr/local/bin/notify, serving]", "right after clients are let in" },
	{ "on_failure", "[/usr/local/bin/notify, failed]", NULL },
};

/* JSON is YAML: values are written in its flow form. */
static char *flow(const json_t *value) { return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT); }

static void add_line(const json_t *section, const struct line *l, struct buf *ret)
{
	const json_t *value = json_object_get(section, l->key);
	autofree char *text = value ? flow(value) : NULL;

	if (l->comment)
		buf_addf(ret, "  # %s\n", l->comment);
	if (text)
		buf_addf(ret, "  %s: %s\n", l->key, text);
	else
		buf_addf(ret, "  #%s: %s\n", l->key, l->example);
}

/* Keys of the document that the list does not know are the product's: they are kept. */
static void add_rest(const json_t *section, const struct line *lines, size_t n, struct buf *ret)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)section, key, value)
	{
		autofree char *text = flow(value);
		bool listed = false;

		for (size_t i = 0; i < n; i++)
			listed |= sv_eq(sv_of(key), lines[i].key);
		if (!listed)
			buf_addf(ret, "  %s: %s\n", key, text);
	}
}

static void add_section(const json_t *doc, const char *name, const struct line *lines, size_t n,
			struct buf *ret)
{
	const json_t *section = json_object_get(doc, name);

	buf_addf(ret, "\n%s:\n", name);
	for (size_t i = 0; i < n; i++)
		add_line(section, &lines[i], ret);
	add_rest(section, lines, n, ret);
}

void migration_text(const json_t *doc, struct buf *ret)
{
	autofree char *name = flow(json_object_get(doc, "name"));

	buf_adds(ret, "# What to move and where to: crossgrade-migration(5). Secrets do not belong "
		      "here: name files of mode 0600.\n");
	buf_addf(ret, "crossgrade: 1\nproduct: %s\nname: %s\n", json_str(doc, "product", ""), name);
	add_section(doc, "source", source_lines, ARRAY_LEN(source_lines), ret);
	add_section(doc, "target", target_lines, ARRAY_LEN(target_lines), ret);
	add_section(doc, "restore_point", point_lines, ARRAY_LEN(point_lines), ret);
	add_section(doc, "settings", settings_lines, ARRAY_LEN(settings_lines), ret);
	add_section(doc, "hooks", hook_lines, ARRAY_LEN(hook_lines), ret);
}
