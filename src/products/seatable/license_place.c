#include "products/seatable/license_place.h"

#include <stdio.h>
#include <time.h>

#include "io/file.h"
#include "products/seatable/inside.h"
#include "products/seatable/license.h"

bool sea_date_in(const char *container, char day[11], int64_t *seconds, char zone[32])
{
	static const char *const argv[] = { "date", "+%Y-%m-%d %s %Z", NULL };
	struct inside what = { .container = container, .argv = argv, .within_ns = 10 * NS_PER_S };
	autobuf struct buf said = BUF_MAX(4096);
	struct err ignored = ERR_INIT;
	struct sv rest, word;

	if (inside_run(&what, &said, &ignored) < 0)
		return false;
	rest = sv_trim(buf_sv(&said));
	word = sv_word(&rest);
	snprintf(day, 11, SV_FMT, SV_ARG(word));
	if (sea_day_number(day) < 0 || !sv_i64(sv_word(&rest), seconds))
		return false;
	word = sv_word(&rest);
	snprintf(zone, 32, SV_FMT, SV_ARG(word));
	return true;
}

/* Of a container that does not run: old and new one have the same zone, and neither can be asked. */
static void day_of_host(char ret[11])
{
	time_t now = time(NULL);
	struct tm tm;

	ret[0] = '\0';
	if (localtime_r(&now, &tm))
		(void)strftime(ret, 11, "%Y-%m-%d", &tm);
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

int sea_license_holds(const struct site *s, const json_t *license, const char *path, struct err *e)
{
	autobuf struct buf why = BUF_MAX(1024);
	char day[11], zone[32];
	int64_t seconds;

	if (!sea_date_in(json_str(s->doc, "container", ""), day, &seconds, zone))
		day_of_host(day);
	if (sea_license_starts(license, day, &why) != SEA_STARTS_NOT)
		return 0;
	return err_set(e, ERR_REFUSED, "Enterprise would not start with '%s': %s", path, buf_str(&why));
}

int sea_license_place_starts(struct site *s, const json_t *place, struct err *e)
{
	autojson json_t *license = NULL;

	if (sea_license_place_read(s, place, &license, e) < 0)
		return err_wrap(e, "look at the licence");
	if (sea_license_holds(s, license, json_str(place, "path", "?"), e) < 0)
		return err_hint(e, "put a licence there that holds, then again");
	return 0;
}
