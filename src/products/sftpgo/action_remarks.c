#include "products/sftpgo/action_remarks.h"

#include <string.h>

#include "base/mem.h"

#define TYPE_COMMAND 2
#define TYPE_IDENTITY 13
#define FS_DELETE 2

static const char *const names[REMARK__MAX] = {
	[REMARK_UNDOTTED] = "undotted",
	[REMARK_DOTTED] = "dotted",
	[REMARK_BRACES] = "braces",
	[REMARK_PATTERN] = "pattern",
	[REMARK_PATTERN_TOKEN] = "pattern_token",
	[REMARK_DELETES] = "deletes",
	[REMARK_USERNAME] = "username",
	[REMARK_EMAIL] = "email",
	[REMARK_OBJECT_DATA] = "object_data",
	[REMARK_REPORTS] = "reports",
	[REMARK_COMMAND] = "command",
	[REMARK_IDENTITY] = "identity",
};

const char *action_remark_name(enum action_remark r) { return names[r]; }

const char *action_type_name(int type)
{
	static const char *const types[] = { NULL,
					     "http",
					     "command",
					     "email",
					     "backup",
					     "user quota reset",
					     "folder quota reset",
					     "transfer quota reset",
					     "retention check",
					     "filesystem",
					     NULL,
					     "password expiration check",
					     "user expiration check",
					     "identity provider check",
					     "user inactivity check",
					     "log rotation" };

	const char *name = type > 0 && type < (int)ARRAY_LEN(types) ? types[type] : NULL;

	return name ? name : "other";
}

static bool has(const json_t *v, const char *words)
{
	const char *text = json_string_value(v);

	return text && strstr(text, words);
}

/* A text anywhere below. */
static bool below_has(const json_t *v, const char *words)
{
	const char *name;
	json_t *member;
	size_t i;

	if (has(v, words))
		return true;
	json_array_foreach((json_t *)v, i, member)
	{
		if (below_has(member, words))
			return true;
	}
	json_object_foreach((json_t *)v, name, member)
	{
		if (below_has(member, words))
			return true;
	}
	return false;
}

static unsigned bit(enum action_remark r, bool is) { return is ? 1u << r : 0; }

static unsigned remarks_of_texts(const struct action_use *a)
{
	return bit(REMARK_UNDOTTED, a->texts & TEXT_UNDOTTED) |
	       bit(REMARK_DOTTED, a->texts & TEXT_DOTTED) |
	       bit(REMARK_BRACES, a->texts & TEXT_OTHER) |
	       bit(REMARK_EMAIL,
		   below_has(a->options, "{{Email}}") || below_has(a->options, "{{.Email}}")) |
	       bit(REMARK_REPORTS, below_has(a->options, "/{{.RetentionReports}}"));
}

static unsigned remarks_of_http(const struct action_use *a)
{
	const json_t *http = json_object_get(a->options, "http_config"), *part;
	bool data = has(json_object_get(http, "body"), "{{.ObjectData");
	size_t i;

	json_array_foreach(json_object_get(http, "parts"), i, part) data =
	    data || has(json_object_get(part, "body"), "{{.ObjectData");
	return bit(REMARK_OBJECT_DATA, data) |
	       bit(REMARK_USERNAME, has(json_object_get(http, "username"), "{{"));
}

/* The last part of a path as the server would keep it: slashes at the end are not. Heap. */
static char *last_part(const char *path)
{
	size_t end = strlen(path), begin;

	while (end && path[end - 1] == '/')
		end--;
	for (begin = end; begin && path[begin - 1] != '/';)
		begin--;
	return xstrndup(path + begin, end - begin);
}

static unsigned remarks_of_path(const char *path)
{
	autofree char *last = last_part(path);

	if (!strpbrk(last, "*?["))
		return 0;
	return bit(REMARK_PATTERN, true) | bit(REMARK_PATTERN_TOKEN, strstr(last, "{{"));
}

static unsigned remarks_of_paths(const struct action_use *a)
{
	const json_t *fs = json_object_get(a->options, "fs_config"), *one;
	unsigned found = bit(REMARK_DELETES, a->fs_type == FS_DELETE);
	size_t i;

	json_array_foreach(json_object_get(fs, "deletes"), i, one)
	{
		if (json_is_string(one))
			found |= remarks_of_path(json_string_value(one));
	}
	json_array_foreach(json_object_get(fs, "copy"), i, one) found |=
	    remarks_of_path(json_str(one, "key", ""));
	return found;
}

static bool is_enabled(const char *command, const json_t *enabled)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)enabled, i, one)
	{
		if (json_is_string(one) && !strcmp(json_string_value(one), command))
			return true;
	}
	return false;
}

unsigned action_remarks(const struct action_use *a, const json_t *enabled)
{
	return remarks_of_texts(a) | remarks_of_http(a) | remarks_of_paths(a) |
	       bit(REMARK_COMMAND, a->type == TYPE_COMMAND && !is_enabled(a->command, enabled)) |
	       bit(REMARK_IDENTITY, a->type == TYPE_IDENTITY);
}
