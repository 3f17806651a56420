/* The directory of the project, and what Compose makes of it. */
#include "products/seatable/checks.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "engine/compose_files.h"
#include "products/seatable/envfile.h"
#include "products/seatable/plain.h"

#define PATHS_MAX ((size_t)64 << 10)

CHECK(layout)
{
	static const char id[] = "seatable.layout";
	const char *layout = need_text(now, SEA_LAYOUT, id, ret);

	if (!layout)
		return;
	if (!strcmp(layout, "modern") || !strcmp(layout, "cluster"))
		results_add(ret, id, VERDICT_PASS, NULL, "%s", layout);
	else if (!strcmp(layout, "legacy"))
		results_add(ret, id, VERDICT_BLOCK, NULL, "one docker-compose.yml with service 'seatable', as before 4.3: migrate the layout first");
	else
		results_add(ret, id, VERDICT_BLOCK, NULL, "there is no service 'seatable-server' with a .env beside it");
}

CHECK(cluster)
{
	judge_members(now, SEA_CLUSTER, SEA_ENVIRONMENT, "seatable.cluster", VERDICT_BLOCK, NULL,
		      "this is a node of a cluster, whose other nodes run the same image", ret);
}

CHECK(split_server)
{
	static const char id[] = "seatable.split-server";
	const json_t *services;

	if (!need(now, SEA_SERVICES, id, ret, &services))
		return;
	if (json_object_get(services, "dtable-server"))
		results_add(ret, id, VERDICT_BLOCK, NULL, "dtable-server is a service of its own, with an image of its own, as from 7.0 on");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "one image is the whole server");
}

/* ---- .env ---- */

CHECK(env)
{
	static const char id[] = "seatable.env";
	const char *error = facts_str(now, SEA_ENV_ERROR, NULL);

	if (error)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", error);
	else if (sea_has_env(now, id, ret))
		results_add(ret, id, VERDICT_PASS, NULL, "Compose can read it");
}

CHECK(env_bash)
{
	judge_members(now, SEA_ENV_BASH, SEA_ROOT, "seatable.env-bash", VERDICT_WARN, "variable",
		      "bash, by which the vendor's tools source .env, reads another value than Compose", ret);
}

CHECK(env_shadowed)
{
	judge_members(now, SEA_ENV_SHADOWED, SEA_ROOT, "seatable.env-shadowed", VERDICT_WARN, "variable",
		      "set in this shell to something else; crossgrade does not take it from there, your own 'docker compose' does", ret);
}

static bool image_line(const struct facts *now, const char *id, struct results *ret, const json_t **line)
{
	return sea_has_env(now, id, ret) && need(now, SEA_ENV_IMAGE, id, ret, line);
}

CHECK(env_duplicates)
{
	static const char id[] = "seatable.env-duplicates";
	const json_t *line;
	size_t others;

	if (!image_line(now, id, ret, &line))
		return;
	others = json_array_size(json_object_get(line, "others"));
	/* An earlier one would be in force where only the last is taken out. */
	if (others)
		results_add(ret, id, VERDICT_WARN, NULL, "SEATABLE_IMAGE is assigned %zu times; line %lld wins, and %s", others + 1,
			    (long long)json_int(line, "line", 0),
			    json_bool(facts_get(now, SEA_TO_IMAGE), "default", false) ? "all are taken out" : "it alone is edited");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "once at most");
}

CHECK(env_image)
{
	static const char id[] = "seatable.env-image";
	const json_t *line;

	if (!image_line(now, id, ret, &line))
		return;
	if (json_bool(line, "present", false) && !*json_str(line, "value", ""))
		results_add(ret, id, VERDICT_NOTE, NULL, "SEATABLE_IMAGE is empty: the yml's default is in force");
	else if (!json_bool(line, "present", false) && json_bool(line, "words", false))
		results_add(ret, id, VERDICT_NOTE, NULL, "SEATABLE_IMAGE stands in a comment or in another value only; a new line is written");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", json_str(line, "value", "not assigned"));
}

CHECK(env_mode)
{
	static const char id[] = "seatable.env-mode";
	int64_t mode;

	if (!sea_has_env(now, id, ret))
		return;
	mode = json_int(facts_get(now, SEA_ENV), "mode", 0);
	if (mode & 077)
		results_add(ret, id, VERDICT_WARN, NULL, "mode %04llo: it holds passwords, and others than its owner can get at it",
			    (unsigned long long)mode);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "mode %04llo", (unsigned long long)mode);
}

CHECK(env_writable)
{
	static const char id[] = "seatable.env-writable";
	const char *wrong;
	const json_t *state;

	if (!sea_has_env(now, id, ret) || !need(now, SEA_ENV_STATE, id, ret, &state))
		return;
	wrong = json_bool(state, "link", false)		    ? "it is a link: put the file itself in its place"
		: json_int(state, "hard_links", 1) > 1	    ? "it has several hard links"
		: json_bool(state, "immutable", false)	    ? "it is immutable"
		: json_bool(state, "read_only", false)	    ? "its file system is read-only"
							    : NULL;
	results_add(ret, id, wrong ? VERDICT_BLOCK : VERDICT_PASS, NULL, "%s", wrong ? wrong : "it can be edited");
}

/* ---- files ---- */

static const char *fault_of(const char *state)
{
	static const char *const faults[][2] = {
		{ "blanks", "it is listed with blanks, which Compose takes for part of the name" },
		{ "empty", "an item of COMPOSE_FILE is empty" },
		{ "absent", "it is listed, and not there" },
		{ "directory", "it is a directory" },
	};

	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		if (!strcmp(state, faults[i][0]))
			return faults[i][1];
	return NULL;
}

CHECK(compose_files)
{
	static const char id[] = "seatable.compose-files";
	const json_t *files, *one;
	size_t i, wrong = 0;

	if (!need(now, SEA_FILES, id, ret, &files))
		return;
	json_array_foreach((json_t *)files, i, one) {
		autofree char *subject = xasprintf("file '%s'", json_str(one, "name", ""));
		const char *fault = fault_of(json_str(one, "state", ""));

		if (!fault)
			continue;
		results_add(ret, id, VERDICT_BLOCK, subject, "%s", fault);
		wrong++;
	}
	if (!wrong)
		results_add(ret, id, VERDICT_PASS, NULL, "%zu files", json_array_size(files));
}

CHECK(config)
{
	static const char id[] = "seatable.config";
	const char *error = facts_str(now, SEA_CONFIG_ERROR, NULL);
	const json_t *services;

	if (error)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", error);
	else if (need(now, SEA_SERVICES, id, ret, &services))
		results_add(ret, id, VERDICT_PASS, NULL, "%zu services", json_object_size(services));
}

CHECK(image_pinned)
{
	static const char id[] = "seatable.image-pinned";
	const char *where;
	const json_t *from;

	if (!need(now, SEA_IMAGE_FROM, id, ret, &from))
		return;
	where = json_str(from, "where", "?");
	if (!strcmp(where, "override"))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s pins the server's image: SEATABLE_IMAGE in .env has no effect",
			    json_str(from, "file", "a yml of COMPOSE_FILE"));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", !strcmp(where, "env") ? "by SEATABLE_IMAGE in .env" :
								!strcmp(where, "file") ? "by the yml" : "by the yml's default");
}

/* That another file decides the image is said by image-pinned. */
static bool is_elsewhere(const struct facts *now)
{
	return !strcmp(json_str(facts_get(now, SEA_IMAGE_FROM), "where", ""), "override");
}

CHECK(env_alone)
{
	static const char id[] = "seatable.env-alone";
	const json_t *moved, *wanted;
	const char *server, *image;

	if (!sea_has_env(now, id, ret) || !need(now, SEA_TO_MOVED, id, ret, &moved) || !need(now, SEA_TO_IMAGE, id, ret, &wanted))
		return;
	server = facts_str(now, SEA_SERVER, "");
	image = json_str(moved, "image", "none");
	if (strcmp(image, json_str(wanted, "reference", "")) != 0 && !is_elsewhere(now))
		results_add(ret, id, VERDICT_BLOCK, server, "with the edit its image is %s, not %s", image, json_str(wanted, "reference", "?"));
	else if (!compose_files_judge(moved, server, SEA_VARIABLE, id, ret))
		results_add(ret, id, VERDICT_PASS, NULL, "it changes the image of '%s'", server);
}

static void name_file(const char *root, const char *path, struct buf *ret)
{
	autofree char *plain = sea_plain_path(root, path);

	buf_addf(ret, "%s%s", ret->len ? "," : "", plain);
}

/* The labels are of the day the container was made: Compose leaves it, and them, where a file is added that says nothing of this service. It is
 * made anew from the files of .env, which are what was looked at. */
static void say_files(const struct facts *now, const char *root, const json_t *labels, const char *id, struct results *ret)
{
	autobuf struct buf made = BUF_MAX(PATHS_MAX), listed = BUF_MAX(PATHS_MAX);
	const json_t *files, *services, *one;
	size_t i;

	/* Files that Compose cannot read are told by whoever judges them. */
	if (!need(now, SEA_FILES, id, ret, &files) || !need(now, SEA_SERVICES, id, ret, &services))
		return;
	json_array_foreach(json_object_get(labels, "files"), i, one)
		name_file(root, json_string_value(one) ?: "", &made);
	json_array_foreach((json_t *)files, i, one)
		name_file(root, json_str(one, "path", ""), &listed);
	if (!strcmp(buf_str(&made), buf_str(&listed)))
		results_add(ret, id, VERDICT_PASS, NULL, "%s", root);
	else
		results_add(ret, id, VERDICT_NOTE, NULL, "the container was made from '%s'; as with your next 'up' the new one is made from '%s'",
			    buf_str(&made), buf_str(&listed));
}

static bool is_of_this_env(const char *root, const json_t *labels, const char *id, struct results *ret)
{
	autofree char *used = sea_plain_path(root, json_str(labels, "env_file", ".env")), *ours = sea_plain_path(root, ".env");

	if (!strcmp(used, ours))
		return true;
	results_add(ret, id, VERDICT_BLOCK, NULL, "the container was made with the variables of '%s', not of '%s'", used, ours);
	return false;
}

CHECK(project)
{
	static const char id[] = "seatable.project";
	const char *root = need_text(now, SEA_ROOT, id, ret), *dir;
	const json_t *labels;

	if (!root || !need(now, SEA_LABELS, id, ret, &labels))
		return;
	root = json_str(facts_get(now, SEA_PROJECT), "dir", root);
	dir = json_str(labels, "dir", "");
	if (strcmp(root, dir) != 0)
		results_add(ret, id, VERDICT_BLOCK, NULL, "the container was started from '%s', not from '%s'", dir, root);
	else if (is_of_this_env(root, labels, id, ret))
		say_files(now, root, labels, id, ret);
}
