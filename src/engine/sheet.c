#include "engine/sheet.h"

#include <string.h>

#include "engine/product.h"
#include "io/yaml.h"

#define SHEET_MAX (1u << 20)
#define OVERRIDE_DIR "/etc/crossgrade/sheets.d"

static const char *const top_keys[] = { "checks", "rules", "values", NULL };

static int check_sections(const json_t *doc, const char *what, struct err *e)
{
	const char *section;
	json_t *entries;

	if (!json_is_object(doc))
		return err_set(e, ERR_USAGE, "%s is not a mapping", what);
	json_object_foreach((json_t *)doc, section, entries) {
		if (!json_is_object(entries))
			return err_set(e, ERR_USAGE, "%s: '%s' is not a mapping", what, section);
	}
	return 0;
}

/* Entry by entry: an override replaces single checks, rules and values, never a whole section. */
static void merge(json_t *base, const json_t *over)
{
	const char *section;
	json_t *entries;

	json_object_foreach((json_t *)over, section, entries) {
		json_t *into = json_object_get(base, section);

		if (into)
			json_object_update(into, entries);
		else
			json_object_set(base, section, entries);
	}
}

static int load_override(const char *name, json_t *base, struct err *e)
{
	autofree char *file = xasprintf("%s.yaml", name);
	autobuf struct buf text = BUF_MAX(SHEET_MAX);
	autojson json_t *over = NULL;
	autodir struct dir d = DIR_NONE;
	struct err absent = ERR_INIT;
	struct stat st;

	if (dir_open(OVERRIDE_DIR, &d, &absent) < 0)
		return absent.kind == ERR_ABSENT ? 0 : err_set(e, absent.kind, "%s", absent.msg);
	if (dir_has(&d, file, e) <= 0)
		return -e->kind;
	if (dir_stat(&d, file, &st, e) < 0)
		return -e->kind;
	if (st.st_uid != 0 || (st.st_mode & 022))
		return err_set(e, ERR_REFUSED, "'%s/%s' is not root's alone to write", OVERRIDE_DIR, file);
	if (file_read(&d, file, &text, e) < 0 || yaml_parse(buf_sv(&text), file, &over, e) < 0 ||
	    json_only_keys(over, file, top_keys, e) < 0 || check_sections(over, file, e) < 0)
		return -e->kind;
	merge(base, over);
	return 0;
}

int sheet_load(const char *name, struct sv embedded, struct sheet *ret, struct err *e)
{
	autojson json_t *doc = NULL;

	if (yaml_parse(embedded, "the built-in sheet", &doc, e) < 0 || json_only_keys(doc, name, top_keys, e) < 0 ||
	    load_override(name, doc, e) < 0)
		return err_wrap(e, "sheet of '%s'", name);
	ret->doc = take_ptr(doc);
	return 0;
}

void sheet_done(struct sheet *s)
{
	json_decref(s->doc);
	s->doc = NULL;
}

bool sheet_check(const struct sheet *s, const char *id, struct sheet_check *ret)
{
	const json_t *c = json_object_get(json_object_get(s->doc, "checks"), id);

	if (!c)
		return false;
	*ret = (struct sheet_check){
		.title = json_str(c, "title", ""),
		.reason = json_str(c, "reason", ""),
		.remedy = json_str(c, "remedy", ""),
		.source = json_str(c, "source", ""),
		.seen = json_str(c, "seen", ""),
		.overridable = json_bool(c, "overridable", false),
	};
	return true;
}

const char *sheet_rule(const struct sheet *s, const char *id)
{
	return json_str(json_object_get(json_object_get(s->doc, "rules"), id), "text", NULL);
}

const char *sheet_rule_source(const struct sheet *s, const char *id)
{
	return json_str(json_object_get(json_object_get(s->doc, "rules"), id), "source", NULL);
}

const json_t *sheet_value(const struct sheet *s, const char *key)
{
	return json_object_get(json_object_get(s->doc, "values"), key);
}

int sheet_of(const char *product, const struct sheet **ret, struct err *e)
{
	static struct {
		const char  *product;
		struct sheet sheet;
	} loaded[8];
	const struct product *p = product_named(product);

	if (!p || !p->sheet)
		return err_set(e, ERR_BUG, "product '%s' has no sheet", product);
	for (size_t i = 0; i < ARRAY_LEN(loaded); i++) {
		if (!loaded[i].product) {
			if (sheet_load(p->name, sv_of(p->sheet), &loaded[i].sheet, e) < 0)
				return -e->kind;
			loaded[i].product = p->name;
		}
		if (!strcmp(loaded[i].product, product)) {
			*ret = &loaded[i].sheet;
			return 0;
		}
	}
	return err_set(e, ERR_BUG, "too many products");
}
