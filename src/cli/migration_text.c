#include "cli/migration_text.h"

#include <string.h>

#include "engine/product.h"

/* A key without a value is written as a comment with its example, so that the file names everything there is: ours, then the
 * product's own. */

static const struct product_key source_lines[] = {
	{ "root", "/var/lib/server", "directory of the server's data" },
	{ "install", "/opt/server", "directory of the server's program" },
	{ "service", "{kind: systemd, unit: server.service}", "systemd | process | command" },
	{ "login", "{user: admin, password_file: /root/server.pw}",
	  "without it some things are not proved" },
};
static const struct product_key target_lines[] = {
	{ "edition", "enterprise", "leave out to keep the edition" },
	{ "version", "3.3.2", "leave out to take the artifact's" },
	{ "artifact", "/srv/new-version.tar.gz", "the file to move to; nothing is ever fetched" },
	{ "sha256", "6f0c...", "digest the vendor published" },
	{ "login", "{user: admin, password_file: /root/new.pw}", "login to the new server" },
};
static const struct product_key point_lines[] = {
	{ "kind", "tree", "tree | snapshot | external | none" },
	{ "store", "beside", "beside the data, or file:///a/folder" },
};
static const struct product_key settings_lines[] = {
	{ "gate", "verify", "keep clients out until the gate checks passed: verify | none" },
	{ "stop_timeout", "10m", "how long to wait for the server's stop" },
	{ "start_timeout", "2h", "and for its start" },
};
static const struct product_key hook_lines[] = {
	{ "before_stop", "[/usr/local/bin/notify, stopping]",
	  "program and arguments; there is no shell" },
	{ "after_ready", "[/usr/local/bin/notify, ready]", NULL },
	{ "handover", "[/usr/local/bin/notify, serving]", "right after clients are let in" },
	{ "on_failure", "[/usr/local/bin/notify, failed]", NULL },
};

/* JSON is YAML: values are written in its flow form. */
static char *flow(const json_t *value) { return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT); }

static void add_line(const json_t *section, const struct product_key *l, struct buf *ret)
{
	const json_t *value = json_object_get(section, l->key);
	autofree char *text = value && !json_is_null(value) ? flow(value) : NULL;

	if (!text && !l->example)
		return;
	if (l->words)
		buf_addf(ret, "  # %s\n", l->words);
	if (text)
		buf_addf(ret, "  %s: %s\n", l->key, text);
	else
		buf_addf(ret, "  #%s: %s\n", l->key, l->example);
}

static void add_lines(const json_t *section, const struct product_key *lines, size_t n, struct buf *ret)
{
	for (size_t i = 0; i < n; i++)
		add_line(section, &lines[i], ret);
}

static bool is_listed(const char *key, const struct product_key *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(key, lines[i].key))
			return true;
	return false;
}

static size_t count(const struct product_key *own)
{
	size_t n = 0;

	while (own && own[n].key)
		n++;
	return n;
}

static void add_section(const json_t *doc, const char *name, const struct product_key *lines, size_t n,
			const struct product_key *own, struct buf *ret)
{
	const json_t *section = json_object_get(doc, name);
	const char *key;
	json_t *value;

	buf_addf(ret, "\n%s:\n", name);
	add_lines(section, lines, n, ret);
	add_lines(section, own, count(own), ret);
	json_object_foreach((json_t *)section, key, value)
	{
		autofree char *text = flow(value);

		if (!is_listed(key, lines, n) && !is_listed(key, own, count(own)))
			buf_addf(ret, "  %s: %s\n", key, text);
	}
}

void migration_text(const json_t *doc, struct buf *ret)
{
	autofree char *name = flow(json_object_get(doc, "name"));
	const struct product *p = product_named(json_str(doc, "product", ""));

	buf_adds(ret, "# What to move and where to: crossgrade-migration(5). Secrets do not belong "
		      "here: name files of mode 0600.\n");
	buf_addf(ret, "crossgrade: 1\nproduct: %s\nname: %s\n", json_str(doc, "product", ""), name);
	add_section(doc, "source", source_lines, ARRAY_LEN(source_lines), p ? p->source_keys : NULL, ret);
	add_section(doc, "target", target_lines, ARRAY_LEN(target_lines), p ? p->target_keys : NULL, ret);
	add_section(doc, "restore_point", point_lines, ARRAY_LEN(point_lines), NULL, ret);
	add_section(doc, "settings", settings_lines, ARRAY_LEN(settings_lines), p ? p->setting_keys : NULL, ret);
	add_section(doc, "hooks", hook_lines, ARRAY_LEN(hook_lines), NULL, ret);
}
