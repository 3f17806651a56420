/* Docker, its Compose, and the host. */
#include "products/seatable/checks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/plan_window.h"
#include "products/seatable/room.h"

#define SKEW_S 60

CHECK(docker)
{
	static const char id[] = "seatable.docker";
	const json_t *docker;

	if (!need(now, SEA_DOCKER, id, ret, &docker))
		return;
	if (json_bool(docker, "rootless", false))
		results_add(ret, id, VERDICT_WARN, NULL, "the daemon runs rootless, which the vendor does not mention");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", json_str(docker, "version", "?"));
}

/* Below 0, 0 or above, by the first three numbers. */
static int compare_versions(const char *a, const char *b)
{
	for (int i = 0; i < 3; i++) {
		char *a_end, *b_end;
		long m = strtol(a, &a_end, 10), n = strtol(b, &b_end, 10);

		if (m != n)
			return m < n ? -1 : 1;
		a = a_end + (*a_end == '.');
		b = b_end + (*b_end == '.');
	}
	return 0;
}

static const char *file_with_tags(const struct facts *now)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)facts_get(now, SEA_FILES), i, one)
		if (json_bool(one, "tags", false))
			return json_str(one, "name", "?");
	return NULL;
}

CHECK(compose)
{
	static const char id[] = "seatable.compose";
	const char *version, *file = file_with_tags(now);
	const json_t *compose;

	if (!need(now, SEA_COMPOSE, id, ret, &compose))
		return;
	version = json_str(compose, "version", "0");
	if (compare_versions(version, "2.0.0") < 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "Compose is %s", version);
	else if (file && compare_versions(version, "2.24.4") < 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "Compose is %s, and %s uses !override or !reset, which it knows since 2.24.4", version,
			    file);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", version);
}

CHECK(swarm)
{
	static const char id[] = "seatable.swarm";
	const json_t *docker;

	if (!need(now, SEA_DOCKER, id, ret, &docker))
		return;
	if (json_bool(docker, "swarm", false))
		results_add(ret, id, VERDICT_BLOCK, NULL, "this host is a node of a swarm, which may start the server elsewhere");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}

/* ---- room ---- */

static void say_dumps(const struct sea_room *room, struct results *ret)
{
	char want[32], has[32];

	human_bytes(room->dumps, want);
	human_bytes(json_int(room->at, "free", 0), has);
	results_add(ret, "seatable.room", VERDICT_BLOCK, json_str(room->at, "path", NULL), "the dumps alone need up to %s, and there are %s", want,
		    has);
}

/* Their copy does not fit: by what the goal asks for it is left out, or stops the run. */
static void say_folders(const struct sea_room *room, const struct goal *to, const char *lack, struct results *ret)
{
	bool asked = goal_setting(to, "folders", NULL);

	results_add(ret, "seatable.room", asked ? VERDICT_BLOCK : VERDICT_WARN, json_str(room->folders_at, "path", NULL), "%s%s", lack,
		    asked ? "" : ": folders are not copied");
}

static void say_bytes(const struct sea_room *room, const struct goal *to, struct results *ret)
{
	autofree char *lack = NULL;
	char want[32], has[32], stays[32];

	human_bytes(room->folders + (room->apart ? 0 : room->dumps), want);
	human_bytes(json_int(room->folders_at, "free", 0), has);
	human_bytes(room->reserve, stays);
	lack = xasprintf("%s need up to %s, and there are %s, of which %s stay free", room->apart ? "folders" : "dumps and folders", want, has,
			 stays);
	say_folders(room, to, lack, ret);
}

static void say_inodes(const struct sea_room *room, const struct goal *to, struct results *ret)
{
	autofree char *lack = xasprintf("folders need up to %lld inodes, and there are %lld", (long long)room->files,
					(long long)json_int(room->folders_at, "inodes", 0));

	say_folders(room, to, lack, ret);
}

static void say_odd(const struct facts *now, const struct sea_room *room, const struct goal *to, struct results *ret)
{
	const json_t *why;
	const char *name;

	json_object_foreach((json_t *)facts_get(now, SEA_FOLDERS_ODD), name, why)
	{
		autofree char *lack = xasprintf("a copy would not have all of '%s': %s", name, json_string_value(why));

		say_folders(room, to, lack, ret);
	}
}

static void say_enough(const struct sea_room *room, struct results *ret)
{
	char dumps[32], has[32], folders[32], there[32];

	human_bytes(room->dumps + (room->apart ? 0 : room->folders), dumps);
	human_bytes(json_int(room->at, "free", 0), has);
	human_bytes(room->folders, folders);
	human_bytes(json_int(room->folders_at, "free", 0), there);
	if (room->apart && room->folders)
		results_add(ret, "seatable.room", VERDICT_PASS, NULL, "dumps up to %s of %s, folders up to %s of %s", dumps, has, folders, there);
	else
		results_add(ret, "seatable.room", VERDICT_PASS, NULL, "up to %s of %s", dumps, has);
}

static void say_memory(const json_t *at, struct results *ret)
{
	if (!strcmp(json_str(at, "kind", ""), "tmpfs"))
		results_add(ret, "seatable.room", VERDICT_WARN, json_str(at, "path", NULL),
			    "it lies in memory: a restore point there ends with the host's next start");
}

static void say_above(const json_t *at, struct results *ret)
{
	const char *above = json_str(at, "above", NULL);

	if (above)
		results_add(ret, "seatable.room", VERDICT_PASS, json_str(at, "path", NULL),
			    "it is not there: the run makes it, on the file system of '%s'", above);
}

CHECK(restore_point)
{
	static const char id[] = "seatable.restore-point";
	const char *kind = json_str(to->restore_point, "kind", "tree");

	if (window_copies(to))
		results_add(ret, id, VERDICT_PASS, NULL, "dumps of the databases, read back before anything stops");
	else if (!strcmp(kind, "snapshot"))
		results_add(ret, id, VERDICT_BLOCK, NULL, "a snapshot cannot be put back under the database, which runs on");
	else
		results_add(ret, id, VERDICT_WARN, NULL, "'%s': a way back keeps the data as it is then, and cannot restore it", kind);
}

CHECK(room)
{
	static const char id[] = "seatable.room";
	const json_t *rooms, *sizes, *own, *folders;
	struct sea_room room;

	if (!window_copies(to)) {
		not_asked(id, "no dump and no copy is made", ret);
		return;
	}
	if (!need(now, SEA_ROOM, id, ret, &rooms) || !need(now, SEA_DB_SIZES, id, ret, &sizes) || !need(now, SEA_DB_OWN, id, ret, &own) ||
	    !need(now, SEA_FOLDERS, id, ret, &folders))
		return;
	sea_room_of(now, to, &room);
	say_memory(room.at, ret);
	say_above(room.at, ret);
	if (room.apart && room.folders)
		say_memory(room.folders_at, ret);
	switch (room.lack) {
	case SEA_LACKS_FACTS:
		untold_by(now, SEA_ROOM, id, "how much room the restore point's directory has is not known", ret);
		break;
	case SEA_LACKS_DUMPS:
		say_dumps(&room, ret);
		break;
	case SEA_LACKS_WHOLE:
		say_odd(now, &room, to, ret);
		break;
	case SEA_LACKS_FOLDERS:
		say_bytes(&room, to, ret);
		break;
	case SEA_LACKS_INODES:
		say_inodes(&room, to, ret);
		break;
	case SEA_LACKS_NOTHING:
		say_enough(&room, ret);
	}
}

CHECK(docker_room)
{
	static const char id[] = "seatable.docker-room";
	const json_t *rooms, *image, *local;
	int64_t size, free;
	char has[32];

	if (!need(now, SEA_ROOM, id, ret, &rooms) || !need(now, SEA_TO_IMAGE, id, ret, &image) ||
	    !need_if_any(now, SEA_TO_LOCAL, SEA_TO_IMAGE, id, ret, &local))
		return;
	if (local) {
		not_asked(id, "the image is on this host", ret);
		return;
	}
	free = json_int(json_object_get(rooms, "docker"), "free", -1);
	size = facts_int(now, SEA_IMAGE_SIZE, 4LL << 30);
	human_bytes(free, has);
	if (free < 0)
		untold_by(now, SEA_ROOM, id, "how much room docker's directory has is not known", ret);
	else if (free < 2 * size)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s are free where docker keeps images, less than twice the image that runs", has);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s are free", has);
}

/* ---- who else is there ---- */

CHECK(watchers)
{
	judge_members(now, SEA_WATCHERS, SEA_ROOM, "seatable.watchers", VERDICT_WARN, "container",
		      "it starts newer images by itself, also in the window", ret);
}

CHECK(neighbours)
{
	judge_members(now, SEA_NEIGHBOURS, SEA_ROOM, "seatable.neighbours", VERDICT_NOTE, "container",
		      "it is in a network of the server's; it is left alone", ret);
}

CHECK(clock)
{
	static const char id[] = "seatable.clock";
	const json_t *time;
	int64_t skew;

	if (!need_if_any(now, SEA_TIME, SEA_TODAY, id, ret, &time))
		return;
	if (!time) {
		not_asked(id, "the server does not run", ret);
		return;
	}
	skew = json_int(time, "host", 0) - json_int(time, "container", 0);
	if (skew > SKEW_S || skew < -SKEW_S)
		results_add(ret, id, VERDICT_WARN, NULL, "the container's clock is %lld s from the host's", (long long)-skew);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "time zone of the server: %s", json_str(time, "zone", "?"));
}

CHECK(jobs)
{
	static const char id[] = "seatable.jobs";
	const json_t *jobs, *job;
	const char *name;

	if (!need_if_any(now, SEA_JOBS, SEA_ROOM, id, ret, &jobs))
		return;
	json_object_foreach((json_t *)jobs, name, job) {
		const char *work = json_str(job, "work", NULL), *container = json_str(job, "container", "?");
		autofree char *subject = xasprintf("job %s", name);

		if (!work)
			results_add(ret, id, VERDICT_WARN, subject, "%s may start one in the window, or has started one", container);
		else if (*work)
			results_add(ret, id, VERDICT_WARN, subject, "%s is at work now: %s", container, work);
		else
			results_add(ret, id, VERDICT_NOTE, subject, "%s does nothing now, and begins by its own clock, perhaps in the window", container);
	}
	if (!json_object_size(jobs))
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}
