#include "products/seatable/baseline_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "data/hash.h"
#include "data/tree.h"
#include "io/file.h"
#include "products/seatable/baseline.h"
#include "products/seatable/content.h"
#include "products/seatable/dumps.h"

#define CONF_MAX     500
#define SETTINGS_MAX (4u << 20)

static const char *const folders[] = { "storage-data", "seafile-data", "seahub-data" };

static void read_release(struct site *s, struct facts *ret)
{
	autojson json_t *place = place_of("data", "seatable/conf/current_version.txt");
	autofree char *release = NULL;
	struct err why = ERR_INIT;

	if (dumps_release(s, place, &release, &why) < 0)
		facts_miss(ret, BASE_RELEASE, why.msg);
	else
		facts_put_str(ret, FACT_OBSERVED, BASE_RELEASE, release, "current_version.txt");
}

/* ---- the configuration ---- */

static int digest_of(const struct dir *d, const char *name, char ret_digest[DIGEST_TEXT], struct err *e)
{
	autoclose int fd = dir_openat(d, name, O_RDONLY, 0, e);

	return fd < 0 ? -(int)e->kind : file_digest(fd, name, ret_digest, e);
}

static int digest_conf(struct site *s, json_t **ret, struct err *e)
{
	autodir struct dir data = DIR_NONE, conf = DIR_NONE;
	autojson json_t *files = json_object();
	struct dir_names names = { 0 };
	int r = 0;

	if (site_root(s, "data", &data, e) < 0 || dir_open_at(&data, "seatable/conf", &conf, e) < 0 ||
	    dir_list(&conf, "", CONF_MAX, &names, e) < 0)
		return -(int)e->kind;
	vec_each (&names, it) {
		char digest[DIGEST_TEXT];

		if (it->type != DT_REG)
			continue;
		r = digest_of(&conf, it->name, digest, e);
		if (r < 0)
			break;
		json_object_set_new(files, it->name, json_string(digest));
	}
	dir_names_done(&names);
	if (r >= 0)
		*ret = take_ptr(files);
	return r;
}

/* A start of Enterprise appends PLUGINS_REPO_ID where the file has none; blank lines say nothing. */
static bool is_appended(struct sv line)
{
	static const char name[] = "PLUGINS_REPO_ID";

	return !line.n || (line.n > strlen(name) && !memcmp(line.p, name, strlen(name)));
}

static int digest_settings(struct site *s, char ret_digest[DIGEST_TEXT], struct err *e)
{
	autobuf struct buf text = BUF_MAX(SETTINGS_MAX), kept = BUF_MAX(SETTINGS_MAX);
	autodir struct dir data = DIR_NONE;
	struct sv rest;
	int r;

	if (site_root(s, "data", &data, e) < 0)
		return -(int)e->kind;
	r = file_read(&data, "seatable/conf/" SEA_SETTINGS, &text, e);
	rest = buf_sv(&text);
	while (r >= 0 && rest.n) {
		struct sv line = sv_trim(sv_line(&rest));

		if (!is_appended(line)) {
			buf_add_sv(&kept, line);
			buf_addc(&kept, '\n');
		}
	}
	if (r >= 0)
		r = buf_check(&kept, SEA_SETTINGS, e);
	if (r >= 0)
		digest_text(buf_sv(&kept), ret_digest);
	secret_wipe(text.data, text.len);
	secret_wipe(kept.data, kept.len);
	return r;
}

static void read_conf(struct site *s, struct facts *ret)
{
	struct err why = ERR_INIT;
	char digest[DIGEST_TEXT];
	json_t *files = NULL;

	if (digest_conf(s, &files, &why) < 0)
		facts_miss(ret, BASE_CONF, why.msg);
	else
		facts_put(ret, FACT_OBSERVED, BASE_CONF, files, "seatable/conf");
	err_clear(&why);
	if (digest_settings(s, digest, &why) < 0)
		facts_miss(ret, BASE_SETTINGS, why.msg);
	else
		facts_put_str(ret, FACT_OBSERVED, BASE_SETTINGS, digest, "seatable/conf");
}

/* ---- the data folders ---- */

struct folder {
	struct hasher *hasher;
	uint64_t files, bytes;
	struct sea_pick pick;
};

/* In order of names, by one thread. Its name, size and time: what was not written has all three. */
static int add_file(void *data, const struct tree_entry *entry, struct err *e unused_arg)
{
	struct folder *f = data;
	char about[64];

	if (!S_ISREG(entry->st.st_mode))
		return 0;
	f->files++;
	f->bytes += (uint64_t)entry->st.st_size;
	snprintf(about, sizeof about, "%" PRId64 " %" PRId64 ".%09ld", (int64_t)entry->st.st_size, (int64_t)entry->st.st_mtim.tv_sec,
		 entry->st.st_mtim.tv_nsec);
	hasher_add(f->hasher, entry->rel, strlen(entry->rel) + 1);
	hasher_add(f->hasher, about, strlen(about) + 1);
	sea_pick_add(&f->pick, entry);
	return 0;
}

/* then: of the same folder at an earlier look, whose files are read again; NULL: which are read is chosen here. */
static int walk_folder(struct ctx *c, const struct dir *data, const char *name, const json_t *then, json_t **ret_about, json_t **ret_content,
		       struct err *e)
{
	autofree char *rel = xasprintf("seatable/%s", name);
	struct tree_opts opts = { .workers = 1, .cancel = c->cancel, .cross_mounts = true };
	struct folder f = { .hasher = hasher_new() };
	autodir struct dir d = DIR_NONE;
	unsigned char sha[SHA_BYTES];
	char hex[2 * SHA_BYTES + 1];
	int r;

	hasher_begin(f.hasher);
	r = dir_open_at(data, rel, &d, e);
	if (r >= 0)
		r = tree_walk(&d, &opts, add_file, &f, e);
	hasher_end(f.hasher, sha);
	hasher_free(f.hasher);
	if (r >= 0) {
		hash_hex(sha, hex);
		*ret_about = json_pack("{sI sI ss}", "files", (json_int_t)f.files, "bytes", (json_int_t)f.bytes, "digest", hex);
		*ret_content = then ? sea_content_again(then, &d) : sea_content_of(&f.pick, &d);
	}
	sea_pick_done(&f.pick);
	return r;
}

static void read_folders(struct ctx *c, struct site *s, const json_t *then, struct facts *ret)
{
	autojson json_t *found = json_object(), *contents = json_object(), *unwalked = json_object();
	autodir struct dir data = DIR_NONE;
	struct err why = ERR_INIT;

	if (site_root(s, "data", &data, &why) < 0) {
		facts_miss(ret, BASE_FOLDERS, why.msg);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		json_t *about = NULL, *content = NULL;

		err_clear(&why);
		if (walk_folder(c, &data, folders[i], json_object_get(then, folders[i]), &about, &content, &why) < 0) {
			if (why.kind != ERR_ABSENT)
				json_object_set_new(unwalked, folders[i], json_text(why.msg));
			continue;
		}
		json_object_set_new(found, folders[i], about);
		json_object_set_new(contents, folders[i], content);
	}
	facts_put(ret, FACT_OBSERVED, BASE_FOLDERS, json_incref(found), "the data folder");
	facts_put(ret, FACT_OBSERVED, BASE_CONTENT, json_incref(contents), "the data folder");
	if (json_object_size(unwalked))
		facts_put(ret, FACT_OBSERVED, BASE_UNWALKED, json_incref(unwalked), "the data folder");
}

void sea_baseline_files(struct ctx *c, struct site *s, bool quick, const struct facts *before, struct facts *ret)
{
	read_release(s, ret);
	read_conf(s, ret);
	if (!quick)
		read_folders(c, s, before ? facts_get(before, BASE_CONTENT) : NULL, ret);
}
