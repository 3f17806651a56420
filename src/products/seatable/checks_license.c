/* Licences, by the day of the look: Enterprise looks at its licence at a start alone, so one that expired meanwhile is found by the next
 * start, which is ours. */
#include "products/seatable/checks.h"

#include <string.h>

#include "products/seatable/license.h"

#define SOON_DAYS 30

/* The one that Enterprise will find: the goal's, else the one that is there. false after an UNSURE. */
static bool coming(const struct facts *now, const char *id, struct results *ret, const json_t **license)
{
	const json_t *given;

	if (!need_if_any(now, SEA_TO_LICENSE, SEA_TO_EDITION, id, ret, &given))
		return false;
	*license = given;
	return given || need(now, SEA_LICENSE, id, ret, license);
}

static bool goes_to_enterprise(const struct facts *now, const char *id, struct results *ret)
{
	const char *edition = need_text(now, SEA_TO_EDITION, id, ret);

	if (!edition)
		return false;
	if (!strcmp(edition, SEA_ENTERPRISE))
		return true;
	not_asked(id, "Developer Edition needs no licence", ret);
	return false;
}

static void judge_start(const json_t *license, const char *today, const char *id, const char *what, struct results *ret)
{
	autobuf struct buf why = BUF_MAX(1024);
	enum sea_starts starts = sea_license_starts(license, today, &why);

	results_add(ret, id, starts == SEA_STARTS ? VERDICT_PASS : starts == SEA_STARTS_NOT ? VERDICT_BLOCK : VERDICT_UNSURE, NULL, "%s%s: %s",
		    what, json_str(license, "path", "?"), buf_str(&why));
}

CHECK(license)
{
	static const char id[] = "seatable.license";
	const json_t *license;
	const char *today;

	if (!goes_to_enterprise(now, id, ret) || !coming(now, id, ret, &license))
		return;
	today = need_text(now, SEA_TODAY, id, ret);
	if (!today)
		return;
	if (json_bool(license, "nul", false) || json_bool(license, "html", false))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s is no licence: %s", json_str(license, "path", "?"),
			    json_bool(license, "html", false) ? "it is a page of HTML" : "there are NUL bytes in it");
	else
		judge_start(license, today, id, "", ret);
}

/* ---- what is strange about it ---- */

static const char *lacks(const json_t *l)
{
	if (!json_str(l, "mode", NULL))
		return "it has no line Mode";
	if (!json_object_get(l, "max_users"))
		return "it has no line MaxUsers with a number: the server takes 3";
	if (!json_bool(l, "hash", false))
		return "it has no line Hash, so the server will not take it for the vendor's";
	if (strcmp(json_str(l, "product", "SeaTable server"), "SeaTable server") != 0)
		return "its ProductID is of another product";
	return NULL;
}

CHECK(license_form)
{
	static const char id[] = "seatable.license-form";
	const json_t *license;
	const char *wrong;

	if (!goes_to_enterprise(now, id, ret) || !coming(now, id, ret, &license))
		return;
	wrong = strcmp(json_str(license, "state", "file"), "file") ? NULL : lacks(license);
	if (wrong)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", wrong);
	else if (json_bool(license, "crlf", false) || json_bool(license, "bom", false))
		results_add(ret, id, VERDICT_WARN, NULL, "%s", json_bool(license, "crlf", false) ? "its lines end in CRLF" : "it begins with a byte order mark");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "as the vendor writes it");
}

CHECK(license_term)
{
	static const char id[] = "seatable.license-term";
	const json_t *license;
	const char *today;
	int64_t days;

	if (!goes_to_enterprise(now, id, ret) || !coming(now, id, ret, &license))
		return;
	today = need_text(now, SEA_TODAY, id, ret);
	if (!today)
		return;
	days = sea_license_days_left(license, today);
	if (days > 0 && days <= SOON_DAYS)
		results_add(ret, id, VERDICT_WARN, NULL, "%lld days are left until %s: a run on that day or later does not start", (long long)days,
			    json_str(license, "expiration", "?"));
	else if (days == INT64_MAX)
		results_add(ret, id, VERDICT_PASS, NULL, "for life");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", json_str(license, "expiration", "no date"));
}

CHECK(license_seats)
{
	static const char id[] = "seatable.license-seats";
	const json_t *license, *users;
	int64_t active, seats;

	if (!goes_to_enterprise(now, id, ret) || !coming(now, id, ret, &license) || !need(now, SEA_USERS, id, ret, &users))
		return;
	active = json_int(users, "active", -1);
	seats = json_int(license, "max_users", 3);
	if (active < 0)
		untold_by(now, SEA_USERS, id, "how many users are active could not be counted", ret);
	else if (!strcmp(json_str(license, "state", "file"), "file") && active > seats)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%lld users are active, and the licence is for %lld", (long long)active, (long long)seats);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%lld active users", (long long)active);
}

/* ---- where it lies ---- */

static void judge_place(const char *state, const char *where, bool is_read, struct results *ret)
{
	static const char id[] = "seatable.license-place";

	if (!strcmp(state, "directory"))
		results_add(ret, id, VERDICT_NOTE, where, "an empty directory, which docker made where a file was missing: %s",
			    is_read ? "it is taken away" : "it stays, Developer Edition reads no licence");
	else if (!strcmp(state, "full directory"))
		results_add(ret, id, VERDICT_BLOCK, where, "a directory that is not empty: no file can be mounted there");
	else if (!strcmp(state, "dangling"))
		results_add(ret, id, VERDICT_BLOCK, where, "a link to nothing");
}

CHECK(license_place)
{
	static const char id[] = "seatable.license-place";
	size_t before = ret->n;
	const json_t *license, *mount;
	struct sea_change change;
	bool is_read;

	if (!need(now, SEA_LICENSE, id, ret, &license) || !need_if_any(now, SEA_LICENSE_MOUNT, SEA_LICENSE, id, ret, &mount))
		return;
	sea_change_of(now, to, &change);
	is_read = !change.to.edition || strcmp(change.to.edition, SEA_DEVELOPER) != 0;
	judge_place(json_str(license, "state", ""), "seatable-license.txt", is_read, ret);
	if (json_is_string(mount))
		judge_place(json_string_value(mount), "its mount point in the data", is_read, ret);
	if (ret->n == before)
		results_add(ret, id, VERDICT_PASS, NULL, "%s", json_str(license, "state", "?"));
}

CHECK(license_file)
{
	static const char id[] = "seatable.license-file";
	const json_t *license, *shape;

	if (!need(now, SEA_LICENSE, id, ret, &license) || !need(now, SEA_SHAPE, id, ret, &shape))
		return;
	if (json_bool(shape, "license_mount", false) && !json_bool(shape, "create_host_path", true) &&
	    !strcmp(json_str(license, "state", ""), "absent"))
		results_add(ret, id, VERDICT_NOTE, NULL, "the yml mounts it in every edition and does not start without: a file is put there");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", json_str(license, "state", "?"));
}

/* A stop cannot be undone with a licence that does not start it again. */
CHECK(license_back)
{
	static const char id[] = "seatable.license-back";
	const char *edition = need_text(now, SEA_EDITION, id, ret), *today;
	const json_t *license;

	if (!edition)
		return;
	if (strcmp(edition, SEA_ENTERPRISE) != 0) {
		not_asked(id, "Developer Edition starts without one", ret);
		return;
	}
	today = need_text(now, SEA_TODAY, id, ret);
	if (today && need(now, SEA_LICENSE, id, ret, &license))
		judge_start(license, today, id, "the way back needs ", ret);
}
