/* Objects out of SQL tables: the rows of a kind in the order of their key, and beside them the rows
 * of each relation in the same order, joined as they pass. */
#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/objects_source.h"
#include "products/sftpgo/provider_driver.h"

enum column_type { TEXT, INT, JSON };

struct column {
	const char *field; /* of the object */
	const char *expr;
	enum column_type type;
	int since;   /* schema that has it, 0 all */
	bool parent; /* belongs into the object named before the dot of `field` */
};

/* Rows that become the array `field` of the object whose key is `owner`. */
struct relation {
	const char *field, *owner, *from, *order;
	const struct column *columns;
};

struct sql_kind {
	const char *from;
	const char *key[2]; /* the second of a key in two parts, the first of one digit then */
	const struct column *columns;
	const struct relation *relations[2];
};

#define T(field, expr)            \
	{                         \
		field, expr, TEXT \
	}
#define I(field, expr)           \
	{                        \
		field, expr, INT \
	}
#define J(field, expr)            \
	{                         \
		field, expr, JSON \
	}
#define END          \
	{            \
		NULL \
	}

/* clang-format off */
static const struct column group_columns[] = {
	T("name", "g.name"),
	I("type", "m.group_type"),
	{ "sort_order", "m.sort_order", INT, 33 },
	END,
};
static const struct column admin_group_columns[] = {
	T("name", "g.name"),
	J("options", "m.options"),
	{ "sort_order", "m.sort_order", INT, 33 },
	END,
};
static const struct column folder_map_columns[] = {
	T("name", "f.name"),
	T("virtual_path", "m.virtual_path"),
	I("quota_size", "m.quota_size"),
	I("quota_files", "m.quota_files"),
	{ "sort_order", "m.sort_order", INT, 33 },
	END,
};
static const struct column action_map_columns[] = {
	T("name", "a.name"),
	I("order", "m.[order]"),
	J("relation_options", "m.options"),
	END,
};

static const struct relation user_groups = {
	"groups", "u.username",
	"{users_groups_mapping} m JOIN {users} u ON u.id = m.user_id JOIN {groups} g ON g.id = m.group_id",
	"<g.name>", group_columns,
};
static const struct relation user_folders = {
	"virtual_folders", "u.username",
	"{users_folders_mapping} m JOIN {users} u ON u.id = m.user_id JOIN {folders} f ON f.id = m.folder_id",
	"<f.name>", folder_map_columns,
};
static const struct relation group_folders = {
	"virtual_folders", "g.name",
	"{groups_folders_mapping} m JOIN {groups} g ON g.id = m.group_id JOIN {folders} f ON f.id = m.folder_id",
	"<f.name>", folder_map_columns,
};
static const struct relation admin_groups = {
	"groups", "o.username",
	"{admins_groups_mapping} m JOIN {admins} o ON o.id = m.admin_id JOIN {groups} g ON g.id = m.group_id",
	"<g.name>", admin_group_columns,
};
static const struct relation rule_actions = {
	"actions", "r.name",
	"{rules_actions_mapping} m JOIN {events_rules} r ON r.id = m.rule_id "
	"JOIN {events_actions} a ON a.id = m.action_id",
	"m.[order], <a.name>", action_map_columns,
};

static const struct column user_columns[] = {
	T("username", "u.username"),
	I("status", "u.status"),
	I("expiration_date", "u.expiration_date"),
	T("description", "u.description"),
	T("password", "u.password"),
	J("public_keys", "u.public_keys"),
	T("home_dir", "u.home_dir"),
	I("uid", "u.uid"),
	I("gid", "u.gid"),
	I("max_sessions", "u.max_sessions"),
	I("quota_size", "u.quota_size"),
	I("quota_files", "u.quota_files"),
	J("permissions", "u.permissions"),
	I("used_quota_size", "u.used_quota_size"),
	I("used_quota_files", "u.used_quota_files"),
	I("last_quota_update", "u.last_quota_update"),
	I("upload_bandwidth", "u.upload_bandwidth"),
	I("download_bandwidth", "u.download_bandwidth"),
	I("last_login", "u.last_login"),
	J("filters", "u.filters"),
	J("filesystem", "u.filesystem"),
	T("additional_info", "u.additional_info"),
	I("created_at", "u.created_at"),
	I("updated_at", "u.updated_at"),
	T("email", "u.email"),
	I("upload_data_transfer", "u.upload_data_transfer"),
	I("download_data_transfer", "u.download_data_transfer"),
	I("total_data_transfer", "u.total_data_transfer"),
	I("used_upload_data_transfer", "u.used_upload_data_transfer"),
	I("used_download_data_transfer", "u.used_download_data_transfer"),
	I("first_download", "u.first_download"),
	I("first_upload", "u.first_upload"),
	I("last_password_change", "u.last_password_change"),
	T("role", "r.name"),
	END,
};
static const struct column folder_columns[] = {
	T("name", "f.name"),
	T("description", "f.description"),
	T("mapped_path", "f.path"),
	I("used_quota_size", "f.used_quota_size"),
	I("used_quota_files", "f.used_quota_files"),
	I("last_quota_update", "f.last_quota_update"),
	J("filesystem", "f.filesystem"),
	END,
};
static const struct column groups_columns[] = {
	T("name", "g.name"),
	T("description", "g.description"),
	I("created_at", "g.created_at"),
	I("updated_at", "g.updated_at"),
	J("user_settings", "g.user_settings"),
	END,
};
static const struct column admin_columns[] = {
	T("username", "o.username"),
	T("description", "o.description"),
	T("password", "o.password"),
	T("email", "o.email"),
	I("status", "o.status"),
	J("permissions", "o.permissions"),
	J("filters", "o.filters"),
	T("additional_info", "o.additional_info"),
	I("last_login", "o.last_login"),
	I("created_at", "o.created_at"),
	I("updated_at", "o.updated_at"),
	T("role", "r.name"),
	END,
};
static const struct column api_key_columns[] = {
	T("id", "k.key_id"),
	T("name", "k.name"),
	T("key", "k.api_key"),
	I("scope", "k.scope"),
	I("created_at", "k.created_at"),
	I("updated_at", "k.updated_at"),
	I("last_use_at", "k.last_use_at"),
	I("expires_at", "k.expires_at"),
	T("description", "k.description"),
	T("user", "u.username"),
	T("admin", "o.username"),
	END,
};
static const struct column share_columns[] = {
	T("id", "s.share_id"),
	T("name", "s.name"),
	T("description", "s.description"),
	I("scope", "s.scope"),
	J("paths", "s.paths"),
	T("username", "u.username"),
	I("created_at", "s.created_at"),
	I("updated_at", "s.updated_at"),
	I("last_use_at", "s.last_use_at"),
	I("expires_at", "s.expires_at"),
	T("password", "s.password"),
	I("max_tokens", "s.max_tokens"),
	I("used_tokens", "s.used_tokens"),
	J("allow_from", "s.allow_from"),
	{ "options", "s.options", JSON, 30 },
	END,
};
static const struct column action_columns[] = {
	T("name", "a.name"),
	T("description", "a.description"),
	I("type", "a.type"),
	J("options", "a.options"),
	END,
};
static const struct column rule_columns[] = {
	T("name", "r.name"),
	I("status", "r.status"),
	T("description", "r.description"),
	I("created_at", "r.created_at"),
	I("updated_at", "r.updated_at"),
	I("trigger", "r.[trigger]"),
	J("conditions", "r.conditions"),
	END,
};
static const struct column role_columns[] = {
	T("name", "r.name"),
	T("description", "r.description"),
	I("created_at", "r.created_at"),
	I("updated_at", "r.updated_at"),
	END,
};
static const struct column ip_list_columns[] = {
	T("ipornet", "i.ipornet"),
	I("type", "i.type"),
	I("mode", "i.mode"),
	I("protocols", "i.protocols"),
	T("description", "i.description"),
	I("created_at", "i.created_at"),
	I("updated_at", "i.updated_at"),
	END,
};

static const struct sql_kind kinds[OBJ__MAX] = {
	[OBJ_ADMINS] = { "{admins} o LEFT JOIN {roles} r ON r.id = o.role_id", { "o.username" },
		admin_columns, { &admin_groups } },
	[OBJ_API_KEYS] = { "{api_keys} k LEFT JOIN {users} u ON u.id = k.user_id "
		"LEFT JOIN {admins} o ON o.id = k.admin_id WHERE COALESCE(u.deleted_at, 0) = 0", { "k.key_id" },
		api_key_columns },
	[OBJ_EVENT_ACTIONS] = { "{events_actions} a", { "a.name" }, action_columns },
	[OBJ_EVENT_RULES] = { "{events_rules} r WHERE r.deleted_at = 0", { "r.name" }, rule_columns,
		{ &rule_actions } },
	[OBJ_FOLDERS] = { "{folders} f", { "f.name" }, folder_columns },
	[OBJ_GROUPS] = { "{groups} g", { "g.name" }, groups_columns, { &group_folders } },
	[OBJ_IP_LISTS] = { "{ip_lists} i WHERE i.deleted_at = 0", { "i.type", "i.ipornet" }, ip_list_columns },
	[OBJ_ROLES] = { "{roles} r", { "r.name" }, role_columns },
	[OBJ_SHARES] = { "{shares} s JOIN {users} u ON u.id = s.user_id WHERE u.deleted_at = 0", { "s.share_id" },
		share_columns },
	[OBJ_USERS] = { "{users} u LEFT JOIN {roles} r ON r.id = u.role_id WHERE u.deleted_at = 0", { "u.username" },
		user_columns, { &user_groups, &user_folders } },
};

/* clang-format on */

/* ---- values ---- */

/* Text that is no UTF-8 as its bytes in hex: a value of its own, and the comparison stays exact. */
static json_t *text_value(struct sv text)
{
	json_t *value = json_stringn(text.p, text.n);
	autobuf struct buf hex = BUF_MAX(2 * OBJECT_MAX_BYTES + 64);

	if (value)
		return value;
	buf_adds(&hex, "bytes:");
	for (size_t i = 0; i < text.n; i++)
		buf_addf(&hex, "%02x", (unsigned char)text.p[i]);
	return json_string(buf_str(&hex));
}

static json_t *column_value(const struct column *c, struct sv text)
{
	struct err ignored = ERR_INIT;
	json_t *value = NULL;
	int64_t n;

	if (!text.p)
		return json_null();
	if (c->type == INT && sv_i64(text, &n))
		return json_integer(n);
	/* What does not parse the server takes for empty or refuses; here it is compared as it is.
	 */
	if (c->type == JSON && json_parse(text, c->field, &value, &ignored) == 0)
		return value;
	return text_value(text);
}

/* ---- what a row says, as bytes ---- */

#define SAID_MAX (4 * OBJECT_MAX_BYTES) /* with what stands between its values */

/* A column that only the later of two schemas has says the same there as none, when it says nothing. */
static bool says_nothing(const struct column *c, struct sv text)
{
	return !text.n || (c->type == INT && sv_eq(text, "0"));
}

static void say_number(struct buf *said, uint32_t n)
{
	buf_add(said, &n, sizeof n);
}

static int say_columns(const struct column *columns, int schema, struct rows *rows, int at,
		       struct buf *said, size_t *left, struct err *e)
{
	for (const struct column *c = columns; c->field; c++) {
		struct sv text = { 0 };

		if (c->since <= schema)
			text = rows_col(rows, at++);
		if (c->since && says_nothing(c, text))
			text = (struct sv){ 0 };
		if (text.n > *left)
			return err_set(e, ERR_SPACE, "an object is larger than %d MiB",
				       OBJECT_MAX_BYTES >> 20);
		*left -= text.n;
		say_number(said, text.p ? (uint32_t)text.n + 1 : 0);
		buf_add_sv(said, text);
	}
	return 0;
}

static uint32_t said_number(struct sv *said)
{
	uint32_t n;

	memcpy(&n, said->p, sizeof n);
	*said = (struct sv){ said->p + sizeof n, said->n - sizeof n };
	return n;
}

static int add_columns(const struct column *columns, struct sv *said, json_t *to, struct err *e)
{
	for (const struct column *c = columns; c->field; c++) {
		uint32_t n = said_number(said);
		struct sv text = { n ? said->p : NULL, n ? n - 1 : 0 };

		*said = (struct sv){ said->p + text.n, said->n - text.n };
		if (json_object_set_new(to, c->field, column_value(c, text)) < 0)
			return err_set(e, ERR_BUG, "field '%s' cannot be kept", c->field);
	}
	return 0;
}

static void select_columns(const struct column *columns, int schema, struct buf *sql)
{
	for (const struct column *c = columns; c->field; c++) {
		if (c->since <= schema)
			buf_addf(sql, ", %s", c->expr);
	}
}

/* ---- a relation ---- */

struct joined {
	const struct relation *relation;
	struct rows *rows;
	bool here; /* a row stands there that nobody has taken */
};

static int joined_open(struct provider *p, const struct relation *r, struct joined *ret,
		       struct err *e)
{
	autobuf struct buf sql = BUF_MAX(8 << 10);

	buf_addf(&sql, "SELECT %s", r->owner);
	select_columns(r->columns, p->schema, &sql);
	buf_addf(&sql, " FROM %s ORDER BY <%s>, %s", r->from, r->owner, r->order);
	*ret = (struct joined){ .relation = r };
	return provider_query(p, buf_str(&sql), &ret->rows, e);
}

static int step_joined(struct joined *j, struct err *e)
{
	int r = rows_next(j->rows, e);

	if (r < 0)
		return r;
	j->here = r > 0;
	if (!j->here) {
		j->rows->ops->close(j->rows);
		j->rows = NULL;
	}
	return 0;
}

/* Their number, and what each says. Rows of owners that were left out before the key are passed over. */
static int say_joined(struct joined *j, const char *key, int schema, struct buf *said, size_t *left,
		      struct err *e)
{
	size_t counted_at = said->len;
	uint32_t n = 0;

	say_number(said, n);
	while (j->rows) {
		int order;

		if (!j->here && step_joined(j, e) < 0)
			return -(int)e->kind;
		if (!j->rows)
			break;
		order = strcmp(rows_col(j->rows, 0).p ? rows_col(j->rows, 0).p : "", key);
		if (order > 0)
			break;
		if (order == 0 && say_columns(j->relation->columns, schema, j->rows, 1, said, left, e) < 0)
			return -(int)e->kind;
		n += order == 0;
		j->here = false;
	}
	if (!said->full)
		memcpy(said->data + counted_at, &n, sizeof n);
	return 0;
}

static int add_joined(const struct relation *r, struct sv *said, json_t *to, struct err *e)
{
	uint32_t n = said_number(said);
	json_t *all = json_array();

	json_object_set_new(to, r->field, all);
	while (n--) {
		json_t *one = json_object();

		json_array_append_new(all, one);
		if (add_columns(r->columns, said, one, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

/* ---- a kind ---- */

struct sql_objects {
	struct object_source source;
	const struct sql_kind *kind;
	int schema;
	struct rows *rows;
	struct joined joined[ARRAY_LEN(((struct sql_kind *)NULL)->relations)];
	struct buf said; /* by the object it is at */
};

static char *key_of(const struct sql_objects *s)
{
	struct sv first = rows_col(s->rows, 0), second = { 0 };

	if (s->kind->key[1])
		second = rows_col(s->rows, 1);
	return s->kind->key[1] ? xasprintf(SV_FMT "_" SV_FMT, SV_ARG(first), SV_ARG(second))
			       : sv_dup(first);
}

static int sql_next(struct object_source *source, char **ret_key, struct sv *ret_said, struct err *e)
{
	struct sql_objects *s = (struct sql_objects *)source;
	autofree char *key = NULL;
	size_t left = OBJECT_MAX_BYTES;
	int r = rows_next(s->rows, e);

	if (r <= 0)
		return r;
	buf_reset(&s->said);
	key = key_of(s);
	r = say_columns(s->kind->columns, s->schema, s->rows, s->kind->key[1] ? 2 : 1, &s->said, &left, e);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(s->joined) && s->kind->relations[i]; i++)
		r = say_joined(&s->joined[i], key, s->schema, &s->said, &left, e);
	if (r < 0 || buf_check(&s->said, "an object", e) < 0)
		return err_wrap(e, "'%s'", key);
	*ret_key = take_ptr(key);
	*ret_said = buf_sv(&s->said);
	return 1;
}

static int sql_fields(struct object_source *source, json_t **ret, struct err *e)
{
	struct sql_objects *s = (struct sql_objects *)source;
	autojson json_t *fields = json_object();
	struct sv said = buf_sv(&s->said);

	if (add_columns(s->kind->columns, &said, fields, e) < 0)
		return -(int)e->kind;
	for (size_t i = 0; i < ARRAY_LEN(s->joined) && s->kind->relations[i]; i++)
		if (add_joined(s->kind->relations[i], &said, fields, e) < 0)
			return -(int)e->kind;
	*ret = take_ptr(fields);
	return 0;
}

static void sql_close(struct object_source *source)
{
	struct sql_objects *s = (struct sql_objects *)source;

	rows_autoclose_(&s->rows);
	for (size_t i = 0; i < ARRAY_LEN(s->joined); i++)
		rows_autoclose_(&s->joined[i].rows);
	buf_done(&s->said);
	free(s);
}

static int open_rows(struct provider *p, struct sql_objects *s, struct err *e)
{
	autobuf struct buf sql = BUF_MAX(8 << 10);
	const struct sql_kind *k = s->kind;

	buf_addf(&sql, "SELECT %s", k->key[0]);
	if (k->key[1])
		buf_addf(&sql, ", %s", k->key[1]);
	select_columns(k->columns, p->schema, &sql);
	buf_addf(&sql, " FROM %s ORDER BY ", k->from);
	if (k->key[1])
		buf_addf(&sql, "%s, <%s>", k->key[0], k->key[1]);
	else
		buf_addf(&sql, "<%s>", k->key[0]);
	if (provider_query(p, buf_str(&sql), &s->rows, e) < 0)
		return -(int)e->kind;
	for (size_t i = 0; i < ARRAY_LEN(s->joined) && k->relations[i]; i++) {
		if (joined_open(p, k->relations[i], &s->joined[i], e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

/* One row with one text: fields of the object are the text's own. */
static int configs_next(struct object_source *source, char **ret_key, struct sv *ret_said, struct err *e)
{
	struct sql_objects *s = (struct sql_objects *)source;
	int r = rows_next(s->rows, e);

	if (r <= 0)
		return r;
	*ret_key = xstrdup("configs");
	*ret_said = rows_col(s->rows, 0);
	return 1;
}

static int configs_fields(struct object_source *source, json_t **ret, struct err *e unused_arg)
{
	struct sql_objects *s = (struct sql_objects *)source;
	json_t *value = column_value(&(struct column)J("configs", ""), rows_col(s->rows, 0));

	*ret = json_is_object(value) ? value : json_pack("{so}", "unreadable", value);
	return 0;
}

int sql_source(struct provider *p, enum object_kind kind, struct object_source **ret, struct err *e)
{
	struct sql_objects *s = xcalloc(1, sizeof *s);
	int r;

	*s = (struct sql_objects){ .source = { sql_next, sql_fields, sql_close },
				   .kind = &kinds[kind],
				   .schema = p->schema,
				   .said = BUF_MAX(SAID_MAX) };
	if (kind == OBJ_CONFIGS) {
		s->source = (struct object_source){ configs_next, configs_fields, sql_close };
		r = provider_query(p, "SELECT configs FROM {configurations} LIMIT 1", &s->rows, e);
	} else {
		r = open_rows(p, s, e);
	}
	if (r < 0)
		sql_close(&s->source);
	else
		*ret = &s->source;
	return r;
}
