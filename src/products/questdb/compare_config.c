/* Settings of before against those of now: what the plan edited is explained, anything else that
 * moved is a difference. Of a secret only where it comes from is known. */
#include "products/questdb/compare.h"

#include <string.h>

#include "io/file.h"
#include "products/questdb/conf.h"
#include "products/questdb/conf_change.h"

#define CONF_MAX (1u << 20)

static bool planned(const json_t *edits, const char *key)
{
	autofree char *file = xasprintf("%s.file", key);

	return conf_changes_key(edits, key) || conf_changes_key(edits, file);
}

/* NULL: it is not set, or not by the file: an environment tells nothing of server.conf. */
static const char *text_of(const json_t *entry)
{
	if (!entry || !strcmp(json_str(entry, "from", ""), "env"))
		return NULL;
	return json_bool(entry, "secret", false) ? "***" : json_str(entry, "value", "");
}

static void compare_key(const char *key, const json_t *was, const json_t *is, const json_t *edits,
			struct comparisons *ret)
{
	const char *a = text_of(was), *b = text_of(is);

	if (was && !strcmp(json_str(was, "from", ""), "env"))
		return;
	if ((a && b && !strcmp(a, b)) || (!a && !b))
		cmp_same(ret, 1);
	else if (planned(edits, key))
		cmp_add(ret, CMP_EXPLAINED, "server.conf", key, a, b, "questdb.config-planned",
			NULL);
	else
		cmp_text(ret, "server.conf", key, a, b);
}

int compare_config(const struct facts *then, const struct dir *root, const json_t *edits,
		   struct comparisons *ret, struct err *e)
{
	const json_t *was = facts_get(then, QF_CONF);
	autobuf struct buf text = BUF_MAX(CONF_MAX);
	autoconf struct conf now = { 0 };
	const char *key;
	json_t *entry;

	if (!was)
		return 0;
	if (file_read(root, "conf/server.conf", &text, e) < 0 ||
	    conf_read(buf_sv(&text), NULL, &now, e) < 0) {
		cmp_add(ret, CMP_DIFFERENT, "server.conf", "its bytes", "readable", e->msg, NULL,
			NULL);
		err_clear(e);
		return 0;
	}
	json_object_foreach((json_t *)was, key, entry)
	    compare_key(key, entry, json_object_get(now.keys, key), edits, ret);
	json_object_foreach(now.keys, key, entry)
	{
		if (!json_object_get(was, key))
			compare_key(key, NULL, entry, edits, ret);
	}
	return 0;
}

/* Small files that a release writes by itself, and those that nobody but the operator does. */
void compare_small_files(const json_t *then, const struct dir *root, const struct dir *db,
			 struct comparisons *ret)
{
	static const struct {
		const char *name, *rule, *in_db; /* in_db: its name below the database */
	} files[] = {
		{ "conf/log.conf", NULL },
		{ "conf/date.formats", NULL },
		{ "conf/mime.types", "questdb.console-files" },
		{ "public/version.txt", "questdb.console-files" },
		{ "db/_preferences~store", "questdb.written-since", "_preferences~store" },
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const char *was = json_str(then, files[i].name, NULL), *is;
		autobuf struct buf bytes = BUF_MAX(CONF_MAX);
		struct err absent = ERR_INIT;
		char digest[DIGEST_TEXT];
		/* Every release makes what is missing in conf/. */
		const char *rule = was || files[i].rule ? files[i].rule : "questdb.console-files";

		is = file_read(files[i].in_db ? db : root,
			       files[i].in_db ? files[i].in_db : files[i].name, &bytes, &absent) < 0
			 ? NULL
			 : digest;
		if (is)
			digest_text(buf_sv(&bytes), digest);
		if ((!was && !is) || (was && is && !strcmp(was, is)))
			cmp_same(ret, was != NULL);
		else
			cmp_add(ret, rule ? CMP_EXPLAINED : CMP_DIFFERENT, files[i].name, "digest",
				was, is, rule, NULL);
	}
}
