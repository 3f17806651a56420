#include "products/sftpgo/holders.h"

#include <unistd.h>

#include "base/mem.h"
#include "io/proc.h"

#define NAMED_MAX 20

static json_t *in_words(pid_t pid)
{
	struct proc p = { 0 };
	struct err gone = ERR_INIT;
	json_t *words;

	if (proc_read(pid, &p, &gone) < 0)
		return json_sprintf("pid %d", (int)pid);
	words = json_sprintf("pid %d (%s)", (int)pid, p.exe ? p.exe : p.argv && p.argv[0] ? p.argv[0] : "?");
	proc_done(&p);
	return words;
}

int holders_of(const char *file, pid_t own, json_t **ret, struct err *e)
{
	pid_list writers = { 0 };
	json_t *list;

	if (proc_file_writers(file, &writers, e) < 0)
		return -(int)e->kind;
	list = json_array();
	vec_each (&writers, pid)
		if (*pid != own && *pid != getpid() && json_array_size(list) < NAMED_MAX)
			json_array_append_new(list, in_words(*pid));
	vec_done(&writers);
	*ret = list;
	return 0;
}

int holders_none(const char *file, struct err *e)
{
	autojson json_t *list = NULL;

	if (holders_of(file, 0, &list, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	if (!json_array_size(list))
		return 0;
	err_set(e, ERR_CHANGED, "the server is stopped, and %s has its database '%s' open", json_string_value(json_array_get(list, 0)),
		file);
	return err_hint(e, "a second server of the same data? end it first");
}
