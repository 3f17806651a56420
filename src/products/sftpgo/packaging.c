#include "products/sftpgo/packaging.h"

#include <dirent.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "io/dir.h"
#include "io/file.h"
#include "products/sftpgo/version.h"

#define FILES_MAX 1000
#define SOURCE_MAX (1u << 20)

static const struct vendor {
	const char *host, *edition;
} vendors[] = {
	{ "oss.sftpgo.com", SFTPGO_OPEN_SOURCE },
	{ "download.sftpgo.com", SFTPGO_ENTERPRISE },
};

const char *packaging_vendor(struct sv host)
{
	for (size_t i = 0; i < ARRAY_LEN(vendors); i++)
		if (sv_eq(host, vendors[i].host))
			return vendors[i].edition;
	return NULL;
}

static bool is_word(struct sv a, const char *b)
{
	return a.n == strlen(b) && !strncasecmp(a.p, b, a.n);
}

/* "Enabled: no" of apt, "enabled=0" of dnf and zypper, in the words that they take. */
static bool is_off(struct sv line)
{
	static const char *const no[] = { "no", "false", "without", "off", "disable", "0" };
	struct sv value = line, key = sv_cut(&value, memchr(line.p, ':', line.n) ? ':' : '=');
	bool off = false;

	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		off |= is_word(sv_trim(value), no[i]);
	return off && is_word(sv_trim(key), "enabled");
}

static unsigned vendors_of(struct sv line)
{
	unsigned found = 0;

	for (size_t i = 0; i < ARRAY_LEN(vendors); i++)
		if (memmem(line.p, line.n, vendors[i].host, strlen(vendors[i].host)))
			found |= 1u << i;
	return found;
}

/* Part by part, for one that is switched off says nothing of the others: apt's stanzas end at an empty line, sections of the others
 * where the next begins. */
static unsigned vendors_in(struct sv text, bool sections)
{
	unsigned found = 0, here = 0;
	bool off = false;

	while (text.n) {
		struct sv line = sv_trim(sv_line(&text));

		if (sections ? sv_starts(line, "[") : !line.n) {
			found |= off ? 0 : here;
			here = 0;
			off = false;
		}
		if (!line.n || sv_starts(line, "#"))
			continue;
		off |= is_off(line);
		here |= vendors_of(line);
	}
	return found | (off ? 0 : here);
}

static int note_file(const struct dir *d, const char *name, json_t *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(SOURCE_MAX);
	unsigned found;

	if (file_read(d, name, &text, e) < 0)
		return -(int)e->kind;
	found = vendors_in(buf_sv(&text), sv_ends(sv_of(name), ".repo"));
	for (size_t i = 0; i < ARRAY_LEN(vendors); i++)
		if (found & 1u << i)
			json_object_set_new(ret, vendors[i].edition,
					    json_sprintf("%s/%s", d->path, name));
	return 0;
}

static bool is_source(const char *name)
{
	struct sv n = sv_of(name);

	return sv_ends(n, ".list") || sv_ends(n, ".sources") || sv_ends(n, ".repo");
}

/* A directory that is not there has no repositories. */
static int note_sources(const char *path, json_t *ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct dir_names names = { 0 };
	int r = dir_open(path, &d, e);

	if (r < 0 && e->kind == ERR_ABSENT) {
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		r = dir_list(&d, "", FILES_MAX, &names, e);
	for (size_t i = 0; r >= 0 && i < names.n; i++)
		if (names.v[i].type == DT_REG && is_source(names.v[i].name))
			r = note_file(&d, names.v[i].name, ret, e);
	dir_names_done(&names);
	return r;
}

int packaging_repositories(const char *root, json_t **ret, struct err *e)
{
	static const char *const places[] = { "/etc/apt", "/etc/apt/sources.list.d",
					      "/etc/yum.repos.d", "/etc/zypp/repos.d" };
	autojson json_t *found = json_object();

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		autofree char *place = xasprintf("%s%s", root, places[i]);

		if (note_sources(place, found, e) < 0)
			return -(int)e->kind;
	}
	*ret = json_incref(found);
	return 0;
}

/* "??5?????? c /etc/sftpgo/sftpgo.json", "??5??????   /usr/bin/sftpgo", "..5....T.  d /usr/share/man/man1/sftpgo.1.gz": files whose
 * digest is another, configuration files ("c") or all others. dpkg(1), rpm(8) */
static json_t *changed(struct sv said, bool conffiles)
{
	json_t *list = json_array();

	while (said.n) {
		struct sv line = sv_line(&said), flags = sv_word(&line), path = sv_trim(line), kind = { 0 };

		if (path.n && *path.p != '/') {
			kind = sv_word(&path);
			path = sv_trim(path);
		}
		if (flags.n > 2 && flags.p[2] == '5' && path.n && sv_eq(kind, "c") == conffiles)
			json_array_append_new(list, json_stringn(path.p, path.n));
	}
	return list;
}

json_t *packaging_edited(struct sv said)
{
	return changed(said, true);
}

json_t *packaging_altered(struct sv said)
{
	return changed(said, false);
}
