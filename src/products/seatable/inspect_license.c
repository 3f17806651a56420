/* Licences: the one that is mounted, its mount point in the volume, and the one that the goal brings. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "io/file.h"
#include "products/seatable/inspect.h"
#include "products/seatable/license.h"
#include "products/seatable/license_place.h"

#define INSIDE "/shared/seatable/" SEA_LICENSE_FILE

static const char *directory_state(const char *path)
{
	autodir struct dir d = DIR_NONE;
	struct dir_names names = { 0 };
	struct err ignored = ERR_INIT;
	bool empty = dir_open(path, &d, &ignored) >= 0 && dir_list(&d, "", 1, &names, &ignored) >= 0 && !names.n;

	dir_names_done(&names);
	return empty ? "directory" : "full directory";
}

/* What stands at a path: a file may be a link to one. */
static const char *state_of(const char *path)
{
	struct stat st, link;

	if (lstat(path, &link) < 0)
		return errno == ENOENT || errno == ENOTDIR ? "absent" : "refused";
	if (stat(path, &st) < 0)
		return S_ISLNK(link.st_mode) ? "dangling" : "refused";
	if (S_ISDIR(st.st_mode))
		return directory_state(path);
	return !S_ISREG(st.st_mode) ? "refused" : st.st_size ? "file" : "empty";
}

/* As SEA_LICENSE. */
static json_t *license_at(const char *path)
{
	const char *state = state_of(path);
	autobuf struct buf text = BUF_MAX(SEA_LICENSE_MAX);
	struct err e = ERR_INIT;
	char digest[DIGEST_TEXT];
	json_t *o;

	if (!strcmp(state, "file") && file_read_path(path, &text, &e) < 0)
		state = "refused";
	o = strcmp(state, "file") ? json_object() : sea_license_of(buf_sv(&text));
	json_object_set_new(o, "path", json_text(path));
	json_object_set_new(o, "state", json_string(state));
	if (e.kind)
		json_object_set_new(o, "why", json_text(e.msg));
	if (!strcmp(state, "file")) {
		digest_text(buf_sv(&text), digest);
		json_object_set_new(o, "sha256", json_string(digest));
	}
	secret_wipe(text.data, text.len);
	return o;
}

/* Mounted from the project's directory since 4.2; before, it lies in the volume. */
static char *path_of(const struct sea_look *k)
{
	const char *source = json_str(json_object_get(facts_get(k->f, SEA_BINDS), INSIDE), "source", NULL);
	autofree char *legacy = NULL;

	if (source)
		return sea_layout_path(&k->l, source);
	if (!k->data)
		return NULL;
	legacy = xasprintf("%s/" SEA_LICENSE_FILE, k->data);
	return !strcmp(state_of(legacy), "file") ? take_ptr(legacy) : xasprintf("%s/seatable/" SEA_LICENSE_FILE, k->data);
}

static void put_today(struct sea_look *k)
{
	int64_t now = clock_wall_ns() / NS_PER_S, there;
	time_t seconds = (time_t)now;
	char day[11] = "", zone[32] = "";
	struct tm here;

	if (sea_is_up(k) && k->depth != DEPTH_FROZEN && sea_date_in(sea_container_name(k->seen), day, &there, zone)) {
		sea_observe(k, SEA_TIME, json_pack("{sI sI ss}", "host", (json_int_t)now, "container", (json_int_t)there, "zone", zone),
			    "date in the container");
		sea_observe(k, SEA_TODAY, json_string(day), "date in the container");
		return;
	}
	localtime_r(&seconds, &here);
	strftime(day, sizeof day, "%Y-%m-%d", &here);
	sea_observe(k, SEA_TODAY, json_string(day), "host's clock");
}

void sea_look_at_license(struct sea_look *k)
{
	const char *given = k->to ? goal_setting(k->to, "license_file", NULL) : NULL;
	autofree char *path = path_of(k), *mount = k->data ? xasprintf("%s/seatable/" SEA_LICENSE_FILE, k->data) : NULL;

	json_t *now = path ? license_at(path) : NULL;

	if (now && mount)
		json_object_set_new(now, "mount", json_text(mount));
	if (now)
		sea_pin(k, SEA_LICENSE, now, "docker compose config");
	else
		facts_miss(k->f, SEA_LICENSE, "where the server looks for its licence is not known");
	if (mount)
		sea_pin_str(k, SEA_LICENSE_MOUNT, state_of(mount), "/shared");
	if (given)
		sea_pin(k, SEA_TO_LICENSE, license_at(given), "settings.license_file");
	put_today(k);
}
