/* Users' files, before and after. Clients may write and delete at any time, so what moved is no
 * proof of a loss; that nothing moved is one of none. */
#include <string.h>

#include "engine/need.h"
#include "products/sftpgo/homes.h"
#include "products/sftpgo/verify.h"

#define SUBJECT "users' files"

static bool same_number(const struct proof *p, const json_t *was, const json_t *is, const char *key)
{
	int64_t then = json_int(was, key, -1), now = json_int(is, key, -1);
	autofree char *a = value_text(json_object_get(was, key)),
		      *b = value_text(json_object_get(is, key));

	if (then == now)
		cmp_same(p->ret, 1);
	else
		cmp_add(p->ret, CMP_UNPROVED, SUBJECT, key, a, b, NULL,
			"clients may have written or deleted some since");
	return then == now;
}

/* No client gives a file to somebody else: with the rest as it was, somebody did. */
static void compare_owners(const struct proof *p, const json_t *was, const json_t *is, bool same)
{
	const json_t *then = json_object_get(was, "owners"), *now = json_object_get(is, "owners");
	autofree char *a = value_text(then), *b = value_text(now);

	if (json_equal((json_t *)then, (json_t *)now))
		cmp_same(p->ret, 1);
	else
		cmp_add(p->ret, same ? CMP_DIFFERENT : CMP_UNPROVED, SUBJECT, "owners", a, b, NULL,
			same ? NULL : "clients may have written or deleted some since");
}

static void compare_sums(const struct proof *p, const json_t *was, const json_t *is)
{
	static const char *const numbers[] = { "homes", "files",  "directories",
					       "links", "others", "bytes" };
	bool same = true;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		same &= same_number(p, was, is, numbers[i]);
	compare_owners(p, was, is, same);
}

int compare_files(const struct proof *p, struct provider *db, struct err *e)
{
	const json_t *was = facts_get(p->frozen, SF_FILES);
	autojson json_t *is = NULL;

	if (!was)
		return 0;
	if (homes_look(p->c, db, HOMES_LIMITS, NULL, &is, e) < 0)
		return err_wrap(e, "look at users' files");
	if (json_object_get(was, "incomplete") || json_object_get(is, "incomplete"))
		cmp_add(p->ret, CMP_UNPROVED, SUBJECT, "all of them", NULL, NULL, NULL,
			json_object_get(is, "incomplete") ? "not all could be looked at"
							  : "not all could be looked at then");
	else
		compare_sums(p, was, is);
	return 0;
}
