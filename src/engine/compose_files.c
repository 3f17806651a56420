#include "engine/compose_files.h"

#include <string.h>
#include <sys/stat.h>

#include "io/file.h"
#include "io/json.h"
#include "svc/compose.h"

#define FILE_MAX   (4u << 20)
#define PLACES_MAX 20

/* What is not the rest. */
static void leave_out(json_t *config, const struct compose_part *of)
{
	json_t *services = json_object_get(config, "services"), *service, *environment;
	const char *name;

	json_object_del(json_object_get(services, of->service), "image");
	json_object_foreach(services, name, service) {
		environment = json_object_get(service, "environment");
		if (of->variable && json_object_del(environment, of->variable) == 0 && !json_object_size(environment))
			json_object_del(service, "environment");
	}
}

int compose_files_read(const struct compose_part *of, const char *set, json_t **ret_image, char ret_rest[65], struct err *e)
{
	autojson json_t *config = NULL;

	if (compose_config(of->project, false, set, &config, e) < 0)
		return -(int)e->kind;
	*ret_image = json_incref(json_object_get(json_object_get(json_object_get(config, "services"), of->service), "image"));
	leave_out(config, of);
	json_digest(config, ret_rest);
	return 0;
}

int compose_files_are(const struct compose_part *of, const char *set, const char *image, const char *rest, struct err *e)
{
	autojson json_t *is = NULL;
	char digest[65];

	if (compose_files_read(of, set, &is, digest, e) < 0)
		return -(int)e->kind;
	if (!is || strcmp(json_string_value(is), image) != 0)
		return err_set(e, ERR_REFUSED, "with the edit service '%s' has image '%s', not '%s'", of->service,
		               is ? json_string_value(is) : "none", image);
	if (strcmp(digest, rest) != 0) {
		err_set(e, ERR_REFUSED, "the edit changes more of the project than the image of service '%s'", of->service);
		return err_hint(e, "what is edited is used in another place, too: write the image of this service by itself");
	}
	return 0;
}

static bool is_in_word(char c)
{
	return c == '_' || c == '-' || c == '.' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The whole word, before a colon; "includeSubDomains" of a header is none. */
static bool has_key(const char *text, const char *word)
{
	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		const char *end = at + strlen(word);

		end += *end == '"' || *end == '\'';
		if ((at == text || !is_in_word(at[-1])) && end[strspn(end, " \t\r\n")] == ':')
			return true;
	}
	return false;
}

/* By its text alone: what Compose says of its files leaves some of these words out, another release others. A word in a comment costs a moment. */
static bool takes_more(const char *path)
{
	static const char *const words[] = { "env_file", "label_file", "include", "extends" };
	autobuf struct buf text = BUF_MAX(FILE_MAX);
	struct err ignored = ERR_INIT;

	if (file_read_path(path, &text, &ignored) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (has_key(buf_str(&text), words[i]))
			return true;
	return false;
}

bool compose_files_take_more(const json_t *project)
{
	const json_t *file;
	size_t i;

	json_array_foreach(json_object_get(project, "files"), i, file)
		if (takes_more(json_string_value(file)))
			return true;
	return false;
}

/* ---- what an edit would change ---- */

static bool is_file(const struct stat *file, const char *directory, const char *path)
{
	autofree char *whole = *path == '/' ? xstrdup(path) : xasprintf("%s/%s", directory, path);
	struct stat st;

	return !stat(whole, &st) && st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

/* A path, or several, each by itself or with more about it. */
static bool takes(const json_t *env_file, const char *directory, const struct stat *file)
{
	const json_t *one;
	size_t i;

	if (json_is_string(env_file))
		return is_file(file, directory, json_string_value(env_file));
	json_array_foreach((json_t *)env_file, i, one)
		if (is_file(file, directory, json_is_string(one) ? json_string_value(one) : json_str(one, "path", "")))
			return true;
	return false;
}

/* The services that take the file with the variables whole. */
static int takers(const json_t *project, json_t **ret, struct err *e)
{
	const char *directory = json_str(project, "directory", ""), *name;
	autofree char *beside = xasprintf("%s/.env", directory);
	autojson json_t *raw = NULL;
	json_t *some = json_array(), *service;
	struct stat st;

	if (compose_config(project, true, NULL, &raw, e) < 0) {
		json_decref(some);
		return -(int)e->kind;
	}
	if (!stat(json_str(project, "env_file", beside), &st))
		json_object_foreach(json_object_get(raw, "services"), name, service)
			if (takes(json_object_get(service, "env_file"), directory, &st))
				json_array_append_new(some, json_string(name));
	*ret = some;
	return 0;
}

static json_t *environment_of(const json_t *config, const char *service, const char *variable)
{
	const json_t *of = json_object_get(json_object_get(config, "services"), service);

	return json_object_get(json_object_get(of, "environment"), variable);
}

static bool is_alike(const json_t *a, const json_t *b)
{
	return (!a && !b) || json_equal(a, b);
}

static void add_named(const json_t *was, const json_t *is, const char *variable, json_t *to)
{
	const char *name;
	json_t *service;

	json_object_foreach(json_object_get(is, "services"), name, service)
		if (!json_lists(to, name) && !is_alike(environment_of(was, name, variable), environment_of(is, name, variable)))
			json_array_append_new(to, json_string(name));
}

/* Names are gone into; a list or anything else that is another is one place. */
static void add_places(const json_t *was, const json_t *is, const char *path, json_t *to)
{
	const char *name;
	json_t *one;

	if (json_equal(was, is) || json_array_size(to) == PLACES_MAX)
		return;
	if (!json_is_object(was) || !json_is_object(is)) {
		json_array_append_new(to, json_string(path));
		return;
	}
	json_object_foreach((json_t *)is, name, one) {
		autofree char *at = xasprintf("%s%s%s", path, *path ? "." : "", name);

		add_places(json_object_get(was, name), one, at, to);
	}
	json_object_foreach((json_t *)was, name, one) {
		autofree char *at = xasprintf("%s%s%s", path, *path ? "." : "", name);

		if (!json_object_get(is, name))
			add_places(one, NULL, at, to);
	}
}

int compose_files_moved(const struct compose_part *of, const char *value, json_t **ret, struct err *e)
{
	autofree char *set = xasprintf("%s=%s", of->variable, value);
	autojson json_t *was = NULL, *is = NULL, *environment = NULL;
	json_t *more;

	if (takers(of->project, &environment, e) < 0 || compose_config(of->project, false, NULL, &was, e) < 0 ||
	    compose_config(of->project, false, set, &is, e) < 0)
		return -(int)e->kind;
	more = json_array();
	add_named(was, is, of->variable, environment);
	*ret = json_pack("{ss? sO so}", "image", compose_image(is, of->service), "environment", environment, "more", more);
	leave_out(was, of);
	leave_out(is, of);
	add_places(was, is, "", more);
	return 0;
}

bool compose_files_judge(const json_t *moved, const char *service, const char *variable, const char *id, struct results *ret)
{
	const json_t *one;
	size_t i, n = 0;

	json_array_foreach(json_object_get(moved, "more"), i, one) {
		results_add(ret, id, VERDICT_BLOCK, json_string_value(one), "the edit of %s changes it, too", variable);
		n++;
	}
	json_array_foreach(json_object_get(moved, "environment"), i, one) {
		if (!strcmp(json_string_value(one), service))
			continue;
		results_add(ret, id, VERDICT_WARN, json_string_value(one),
		            "its environment has %s, too: its container keeps the old value until Compose makes it anew, as its next 'up' does",
		            variable);
		n++;
	}
	return n > 0;
}

void compose_files_note(struct plan *p, const json_t *moved, const char *service, const char *variable)
{
	autobuf struct buf names = BUF_MAX(4096);
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(moved, "environment"), i, one)
		if (strcmp(json_string_value(one), service) != 0)
			buf_addf(&names, "%s'%s'", names.len ? ", " : "", json_string_value(one));
	if (json_lists(json_object_get(moved, "environment"), service))
		plan_note(p, "%s is in the environment of '%s', too: its new container has the new value", variable, service);
	if (names.len)
		plan_note(p, "%s is in the environment of %s, too: the containers of these are left as they are, and Compose's next 'up' makes "
		             "them anew", variable, buf_str(&names));
}

json_t *compose_files_from(const char *id)
{
	return json_pack("{so so so so}", "config", plan_from(id, "config"), "reference", plan_from(id, "reference"), "compose",
	                 plan_from(id, "compose"), "tried", plan_from(id, "tried"));
}
