#include "products/sftpgo/windows.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "io/file.h"
#include "products/sftpgo/version.h"

#define USUAL_FOLDER "C:\\ProgramData\\SFTPGo"
#define LOG          "logs/sftpgo.log"
#define API          "openapi/openapi.yaml"
#define LOG_MAX      (64u << 20) /* the server begins a new one at 10 MB, unless told otherwise */
#define API_MAX      (4u << 20)

/* ---- paths ---- */

static bool is_slash(char c)
{
	return c == '\\' || c == '/';
}

bool windows_is_absolute(const char *path)
{
	return (isalpha((unsigned char)path[0]) && path[1] == ':' && is_slash(path[2])) || (is_slash(path[0]) && is_slash(path[1]));
}

bool windows_below(const char *folder, const char *path, const char **ret_rest)
{
	for (; *folder; folder++, path++)
		if (is_slash(*folder) ? !is_slash(*path) : tolower((unsigned char)*folder) != tolower((unsigned char)*path))
			return false;
	if (*path && !is_slash(*path))
		return false;
	while (is_slash(*path))
		path++;
	*ret_rest = path;
	return true;
}

static bool goes_up(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")); p += 2)
		if ((p == path || is_slash(p[-1])) && (!p[2] || is_slash(p[2])))
			return true;
	return false;
}

char *windows_here(const char *root, const char *folder, const char *path)
{
	const char *rest = path;
	char *here;

	if (goes_up(path) || (windows_is_absolute(path) ? !windows_below(folder, path, &rest) : is_slash(*path)))
		return NULL;
	here = xasprintf("%s%s%s", root, *rest ? "/" : "", rest);
	for (char *p = here + strlen(root); *p; p++)
		if (*p == '\\')
			*p = '/';
	return here;
}

char *windows_there(const char *folder, const char *path)
{
	char *there = windows_is_absolute(path) ? xstrdup(path) : xasprintf("%s\\%s", folder, path);

	for (char *p = there; *p; p++)
		if (*p == '/')
			*p = '\\';
	return there;
}

bool windows_is_plain(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(" ._()~@#+,=:\\-", *p))
			return false;
	return *text != '\0';
}

/* ---- what the folder tells ---- */

/* The message with which a server begins, the last one: "starting SFTPGo 2.6.4-..., config dir: C:\..., config file: ...". Heap.
 * Each line of the log is a JSON object. src: internal/service/service.go */
static char *last_start(const char *root)
{
	static const char mark[] = "starting SFTPGo ";
	autofree char *path = xasprintf("%s/" LOG, root);
	autobuf struct buf text = BUF_MAX(LOG_MAX);
	struct sv rest, found = { 0 };
	autojson json_t *line = NULL;
	struct err e = ERR_INIT;

	if (file_read_path(path, &text, &e) < 0)
		return NULL;
	for (rest = buf_sv(&text); rest.n;) {
		struct sv one = sv_line(&rest);

		if (memmem(one.p, one.n, mark, strlen(mark)))
			found = one;
	}
	if (!found.n || json_parse(found, LOG, &line, &e) < 0)
		return NULL;
	return xstrdup(json_str(line, "message", NULL));
}

static char *folder_of_log(const char *root)
{
	static const char mark[] = ", config dir: ";
	autofree char *said = last_start(root);
	const char *at = said ? strstr(said, mark) : NULL, *end = at ? strstr(at + 1, ", config file: ") : NULL;
	char *folder;

	if (!end)
		return NULL;
	at += strlen(mark);
	folder = xstrndup(at, (size_t)(end - at));
	for (size_t n = strlen(folder); n > 3 && is_slash(folder[n - 1]);)
		folder[--n] = '\0';
	if (windows_is_absolute(folder))
		return folder;
	free(folder);
	return NULL;
}

/* Some path of the configuration has a drive, or is of another host: no server on Linux would take it. */
static bool names_a_drive(const struct sftpgo_config *conf)
{
	map_each (&conf->settings, it) {
		const struct sftpgo_setting *s = it->value;
		const char *text = json_string_value(s->value);

		if (s->from != SFTPGO_DEFAULT && text && windows_is_absolute(text) && *text != '/')
			return true;
	}
	return false;
}

bool windows_folder_of(const char *root, const struct sftpgo_config *conf, char **ret_folder, const char **ret_from)
{
	autofree char *shipped = xasprintf("%s/sftpgo_default.json", root);
	char *folder = folder_of_log(root);

	if (!folder && access(shipped, F_OK) != 0 && !names_a_drive(conf))
		return false;
	*ret_from = folder ? LOG : "the installer's default";
	*ret_folder = folder ? folder : xstrdup(USUAL_FOLDER);
	return true;
}

/* "  version: v2.7.5" below "info:", near its top. */
static bool version_of_api(const char *root, char ret[48])
{
	autofree char *path = xasprintf("%s/" API, root);
	autobuf struct buf text = BUF_MAX(API_MAX);
	struct sftpgo_version v;
	struct err e = ERR_INIT;
	struct sv rest;

	if (file_read_path(path, &text, &e) < 0)
		return false;
	for (rest = buf_sv(&text); rest.n;) {
		struct sv line = sv_line(&rest);
		autofree char *said = NULL;

		if (!sv_starts(line, "  version: "))
			continue;
		said = sv_dup(sv_trim((struct sv){ line.p + 11, line.n - 11 }));
		snprintf(ret, 48, "%.47s", said + (*said == 'v'));
		return sftpgo_version_parse(ret, &v);
	}
	return false;
}

bool windows_version_of(const char *root, char ret[48], const char **ret_from)
{
	autofree char *said = last_start(root);

	*ret_from = LOG;
	if (said && sftpgo_version_of(sv_of(said), ret))
		return true;
	*ret_from = API;
	return version_of_api(root, ret);
}
