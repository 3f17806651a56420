/* What a server, or whatever listens there, answers: to /exec when the first byte is 'e', with the
 * status 200, 400 or 401 by the second byte; to /settings when it is 's'. Whatever was taken for
 * rows can be read by name and position. */
#include "products/questdb/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_rows(const struct sql_rows *r)
{
	const char *name;
	json_t *at;

	for (size_t i = 0; i < r->n && i < 100; i++) {
		json_object_foreach(r->columns, name, at)
		{
			(void)sql_text(r, i, name);
			(void)sql_int(r, i, name, 0);
			(void)sql_bool(r, i, name, false);
		}
	}
	(void)sql_text(r, r->n, "beyond");
}

static void exec_answer(long status, struct sv body)
{
	autorows struct sql_rows r = { 0 };
	struct err e = ERR_INIT;

	if (sql_parse(status, body, &r, &e) >= 0)
		read_rows(&r);
	else if (!e.msg[0] || e.kind == ERR_OK)
		abort();
}

static void settings_answer(struct sv body)
{
	struct sql_settings s;
	struct err e = ERR_INIT;

	if (sql_settings_parse(body, &s, &e) < 0 && e.kind != ERR_FORMAT && e.kind != ERR_SPACE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = { 200, 400, 401 };
	struct sv body = { (const char *)data + 2, size < 2 ? 0 : size - 2 };

	if (size < 2)
		return 0;
	if (data[0] == 'e')
		exec_answer(statuses[data[1] % 3], body);
	else
		settings_answer(body);
	return 0;
}
