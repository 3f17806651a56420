/* Who may get at what: labels of SELinux and access lists, which owner and mode do not show, and where the restore point is to lie. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "io/file.h"
#include "products/seatable/inspect.h"

#define ENFORCE   "/sys/fs/selinux/enforce"
#define LABEL_MAX 256

/* NULL: this host has none. */
static const char *selinux(void)
{
	autobuf struct buf text = BUF_MAX(16);
	struct err ignored = ERR_INIT;

	if (file_read_path(ENFORCE, &text, &ignored) < 0)
		return NULL;
	return text.len && text.data[0] == '1' ? "enforcing" : "permissive";
}

static void put_label(const char *path, json_t *labels)
{
	char label[LABEL_MAX + 1];
	ssize_t n = getxattr(path, "security.selinux", label, LABEL_MAX);

	if (n <= 0)
		return;
	label[n] = '\0';
	json_object_set_new(labels, path, json_text(label));
}

static void put_list(const char *path, json_t *lists)
{
	if (getxattr(path, "system.posix_acl_access", NULL, 0) > 0)
		json_array_append_new(lists, json_text(path));
}

/* NULL: a store that somebody named. */
static const char *named_store(const struct sea_look *k)
{
	const char *store = k->to ? json_str(k->to->restore_point, "store", "beside") : "beside";

	return strncmp(store, "file://", 7) ? NULL : store + 7;
}

static void put_store(struct sea_look *k)
{
	const char *path = named_store(k);
	autofree char *data = realpath(json_str(json_object_get(facts_get(k->f, SEA_BINDS), "/shared"), "source", ""), NULL);
	char real[PATH_MAX];
	struct stat st;

	if (!path)
		return;
	if (!realpath(path, real) || stat(real, &st) < 0)
		sea_observe(k, SEA_STORE, json_pack("{ss}", "path", path), "restore_point.store");
	else
		sea_observe(k, SEA_STORE, json_pack("{ss si ss*}", "path", real, "mode", (int)(st.st_mode & 07777), "data", data), "restore_point.store");
}

void sea_look_at_access(struct sea_look *k)
{
	const char *env = json_str(facts_get(k->f, SEA_ENV), "path", NULL), *target;
	json_t *labels = json_object(), *lists = json_array(), *bind;

	if (env)
		put_list(env, lists);
	json_object_foreach((json_t *)facts_get(k->f, SEA_BINDS), target, bind) {
		put_label(json_str(bind, "source", ""), labels);
		put_list(json_str(bind, "source", ""), lists);
	}
	sea_observe(k, SEA_ACCESS, json_pack("{ss* so so}", "selinux", selinux(), "labels", labels, "lists", lists), "xattr");
	put_store(k);
}
