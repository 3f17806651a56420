/* The host around the server: who listens on its ports, and which repositories packages come from.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "io/dir.h"
#include "io/file.h"
#include "products/sftpgo/doors.h"
#include "products/sftpgo/inspect.h"

#define DOORS_MAX 64
#define FILES_MAX 1000
#define SOURCE_MAX (1u << 20)

/* ---- ports ---- */

static size_t ports_of(const struct look *k, uint16_t ports[DOORS_MAX])
{
	autojson json_t *all = doors_ports(&k->l.conf);
	const json_t *one;
	size_t i, n = 0;

	json_array_foreach(all, i, one)
	{
		if (n < DOORS_MAX)
			ports[n++] = (uint16_t)json_integer_value(one);
	}
	return n;
}

/* The listening sockets on these ports that are not the server's, as {port: address}. */
static int strangers(const struct look *k, const proc_sockets *all, json_t *ret, struct err *e)
{
	vec_each (all, s) {
		uint64_t mine = 0;
		char port[8];

		if (!s->listening)
			continue;
		if (k->l.proc.id.pid &&
		    proc_has_sockets(k->l.proc.id.pid, &s->inode, 1, &mine, e) < 0)
			return -(int)e->kind;
		snprintf(port, sizeof port, "%u", s->local_port);
		if (!mine)
			json_object_set_new(ret, port, json_text(s->local));
	}
	return 0;
}

static void put_ports(struct look *k)
{
	uint16_t ports[DOORS_MAX];
	size_t n = ports_of(k, ports);
	json_t *taken = json_object();
	proc_sockets found = { 0 };
	struct err e = ERR_INIT;

	if (proc_tcp(k->l.proc.id.pid, ports, n, &found, &e) < 0 ||
	    strangers(k, &found, taken, &e) < 0) {
		look_missing(k, SF_TAKEN, &e);
		json_decref(taken);
	} else {
		look_observe(k, SF_TAKEN, taken, "/proc/net/tcp");
	}
	vec_done(&found);
}

/* ---- repositories ---- */

static const struct vendor {
	const char *host, *edition;
} vendors[] = {
	{ "oss.sftpgo.com", SFTPGO_OPEN_SOURCE },
	{ "download.sftpgo.com", SFTPGO_ENTERPRISE },
};

static bool is_off(struct sv line)
{
	struct sv value = line,
		  key = sv_cut(&value, line.n && memchr(line.p, ':', line.n) ? ':' : '=');

	key = sv_trim(key);
	value = sv_trim(value);
	return (sv_eq(key, "Enabled") && sv_eq(value, "no")) ||
	       (sv_eq(key, "enabled") && sv_eq(value, "0"));
}

/* A file with one switched off part is taken for switched off: the vendor's have one part. */
static unsigned vendors_in(struct sv text)
{
	unsigned found = 0;

	while (text.n) {
		struct sv line = sv_trim(sv_line(&text));

		if (is_off(line))
			return 0;
		for (size_t i = 0; i < ARRAY_LEN(vendors); i++)
			if (!sv_starts(line, "#") &&
			    memmem(line.p, line.n, vendors[i].host, strlen(vendors[i].host)))
				found |= 1u << i;
	}
	return found;
}

static int note_file(const struct dir *d, const char *name, json_t *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(SOURCE_MAX);
	unsigned found;

	if (file_read(d, name, &text, e) < 0)
		return -(int)e->kind;
	found = vendors_in(buf_sv(&text));
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

static void put_repositories(struct look *k)
{
	static const char *const places[] = { "/etc/apt", "/etc/apt/sources.list.d",
					      "/etc/yum.repos.d", "/etc/zypp/repos.d" };
	json_t *found = json_object();
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (note_sources(places[i], found, &e) < 0) {
			look_missing(k, SF_REPOSITORIES, &e);
			json_decref(found);
			return;
		}
	}
	look_observe(k, SF_REPOSITORIES, found, "apt, yum");
}

void look_at_host(struct look *k)
{
	put_repositories(k);
	if (!k->l.conf_error[0])
		put_ports(k);
}
