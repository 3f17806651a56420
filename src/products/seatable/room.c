#include "products/seatable/room.h"

#include <string.h>

#include "engine/plan_window.h"

static int64_t with_a_tenth(int64_t n)
{
	return n + n / 10;
}

static int64_t dumped_bytes(const struct facts *now)
{
	const json_t *sizes = facts_get(now, SEA_DB_SIZES), *schema;
	const char *name;
	int64_t sum = 0;

	json_object_foreach((json_t *)facts_get(now, SEA_DB_OWN), name, schema)
		sum += json_int(json_object_get(sizes, json_string_value(schema)), "bytes", 0);
	return sum;
}

static int64_t sum_of_folders(const struct facts *now, const char *what)
{
	const char *name;
	const json_t *folder;
	int64_t sum = 0;

	json_object_foreach((json_t *)facts_get(now, SEA_FOLDERS), name, folder)
		if (strcmp(name, "db-data") != 0)
			sum += json_int(folder, what, 0);
	return sum;
}

/* Clones take no room. */
static bool copies_folders(const struct goal *to)
{
	return !strcmp(goal_setting(to, "folders", "copy"), "copy");
}

static bool is_known(const struct facts *now, const struct sea_room *r)
{
	return facts_get(now, SEA_DB_SIZES) && facts_get(now, SEA_DB_OWN) && facts_get(now, SEA_FOLDERS) && json_int(r->at, "free", -1) >= 0 &&
	       json_int(r->folders_at, "free", -1) >= 0;
}

static enum sea_lack lack_of(const struct sea_room *r, bool odd)
{
	int64_t both = r->folders + (r->apart ? 0 : r->dumps), inodes = json_int(r->folders_at, "inodes", 0);

	if (r->dumps && r->dumps >= json_int(r->at, "free", 0))
		return SEA_LACKS_DUMPS;
	if (odd)
		return SEA_LACKS_WHOLE;
	if (r->folders && both + r->reserve >= json_int(r->folders_at, "free", 0))
		return SEA_LACKS_FOLDERS;
	/* 0 inodes: the file system makes them as they are wanted. */
	return r->files && inodes && r->files >= inodes ? SEA_LACKS_INODES : SEA_LACKS_NOTHING;
}

void sea_room_of(const struct facts *now, const struct goal *to, struct sea_room *ret)
{
	const json_t *rooms = facts_get(now, SEA_ROOM), *store = json_object_get(rooms, "store"), *data = json_object_get(rooms, "data");
	bool beside = !strcmp(json_str(to->restore_point, "store", "beside"), "beside");
	struct sea_room r = { .at = store, .folders_at = store };
	bool odd;

	r.apart = beside && json_int(data, "dev", -1) != json_int(store, "dev", -1);
	if (r.apart)
		r.folders_at = data;
	if (window_copies(to)) {
		r.dumps = with_a_tenth(dumped_bytes(now));
		r.folders = copies_folders(to) ? with_a_tenth(sum_of_folders(now, "bytes")) : 0;
		r.files = copies_folders(to) ? with_a_tenth(sum_of_folders(now, "files")) : 0;
	}
	r.reserve = r.folders ? json_int(store, "reserve", 0) : 0;
	odd = facts_get(now, SEA_FOLDERS_ODD) && window_copies(to) && strcmp(goal_setting(to, "folders", "copy"), "none") != 0;
	r.lack = is_known(now, &r) ? lack_of(&r, odd) : SEA_LACKS_FACTS;
	*ret = r;
}
