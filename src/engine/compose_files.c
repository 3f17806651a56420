#include "engine/compose_files.h"

#include <string.h>

#include "io/file.h"
#include "io/json.h"
#include "svc/compose.h"

#define FILE_MAX (4u << 20)

int compose_files_read(const json_t *project, const char *service, const char *set, json_t **ret_image, char ret_rest[65],
                       struct err *e)
{
	autojson json_t *config = NULL;
	json_t *of;

	if (compose_config(project, false, set, &config, e) < 0)
		return -(int)e->kind;
	of = json_object_get(json_object_get(config, "services"), service);
	*ret_image = json_incref(json_object_get(of, "image"));
	json_object_del(of, "image");
	json_digest(config, ret_rest);
	return 0;
}

int compose_files_are(const json_t *project, const char *service, const char *set, const char *image, const char *rest,
                      struct err *e)
{
	autojson json_t *is = NULL;
	char digest[65];

	if (compose_files_read(project, service, set, &is, digest, e) < 0)
		return -(int)e->kind;
	if (!is || strcmp(json_string_value(is), image) != 0)
		return err_set(e, ERR_REFUSED, "with the edit service '%s' has image '%s', not '%s'", service,
		               is ? json_string_value(is) : "none", image);
	if (strcmp(digest, rest) != 0) {
		err_set(e, ERR_REFUSED, "the edit changes more of the project than the image of service '%s'", service);
		return err_hint(e, "what is edited is used in another place, too: write the image of this service by itself, "
		                   "and let no service have that file as its 'env_file'");
	}
	return 0;
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
		if (strstr(buf_str(&text), words[i]))
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

json_t *compose_files_from(const char *id)
{
	return json_pack("{so so so so}", "config", plan_from(id, "config"), "reference", plan_from(id, "reference"), "compose",
	                 plan_from(id, "compose"), "tried", plan_from(id, "tried"));
}
