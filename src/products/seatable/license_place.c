#include "products/seatable/license_place.h"

#include <time.h>

#include "io/file.h"
#include "products/seatable/license.h"

static void today(char *ret, size_t n)
{
	time_t now = time(NULL);
	struct tm tm;

	ret[0] = '\0';
	if (localtime_r(&now, &tm))
		(void)strftime(ret, n, "%Y-%m-%d", &tm);
}

int sea_license_place_read(struct site *s, const json_t *place, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(SEA_LICENSE_MAX);
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct stat st;
	int has;

	if (site_place(s, place, &d, &rel, e) < 0)
		return -(int)e->kind;
	has = dir_has(&d, rel, e);
	if (has < 0 || (has && dir_stat(&d, rel, &st, e) < 0))
		return -(int)e->kind;
	if (!has || !S_ISREG(st.st_mode) || !st.st_size) {
		*ret = json_pack("{ss}", "state", !has ? "absent" : S_ISDIR(st.st_mode) ? "directory" : "empty");
		return 0;
	}
	if (file_read(&d, rel, &text, e) < 0)
		return -(int)e->kind;
	*ret = sea_license_of(buf_sv(&text));
	json_object_set_new(*ret, "state", json_string("file"));
	return 0;
}

int sea_license_holds(const json_t *license, const char *path, struct err *e)
{
	autobuf struct buf why = BUF_MAX(1024);
	char day[16];

	today(day, sizeof day);
	if (sea_license_starts(license, day, &why) != SEA_STARTS_NOT)
		return 0;
	return err_set(e, ERR_REFUSED, "Enterprise would not start with '%s': %s", path, buf_str(&why));
}

int sea_license_place_starts(struct site *s, const json_t *place, struct err *e)
{
	autojson json_t *license = NULL;

	if (sea_license_place_read(s, place, &license, e) < 0)
		return err_wrap(e, "look at the licence");
	if (sea_license_holds(license, json_str(place, "path", "?"), e) < 0)
		return err_hint(e, "put a licence there that holds, then again");
	return 0;
}
