#include "products/sftpgo/account.h"

#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "io/file.h"
#include "products/sftpgo/rest.h"
#include "products/sftpgo/talk.h"

#define VALID_FOR  (3600 * NS_PER_S)
#define SETTLES    (5 * NS_PER_S)
#define AGAIN      (200 * NS_PER_MS)
#define TEXT_MAX   (64 << 10)
#define FOLDER     0700

char *account_name(const char *run) { return xasprintf("crossgrade-probe-%s", run); }

char *account_home(const struct account *a)
{
	autofree char *name = account_name(a->run);

	return xasprintf("%s/%s", json_str(a->place, "below", ""), name);
}

static char *path_of(const struct account *a)
{
	autofree char *name = account_name(a->run);

	return rest_path("/api/v2/users/", name);
}

/* ---- the folder ---- */

static int open_below(const struct account *a, struct dir *ret, struct err *e)
{
	return dir_open(json_str(a->place, "below", ""), ret, e);
}

static int make_folder(const struct account *a, struct err *e)
{
	struct file_attr attr = { .mode = FOLDER, .uid = (uid_t)json_int(a->place, "uid", 0), .gid = (gid_t)json_int(a->place, "gid", 0) };
	autofree char *name = account_name(a->run);
	autodir struct dir below = DIR_NONE, home = DIR_NONE;

	fault_point("account.folder");
	if (open_below(a, &below, e) < 0 || dir_make(&below, name, FOLDER, e) < 0 || dir_open_at(&below, name, &home, e) < 0 ||
	    file_set_attr(home.fd, attr, name, e) < 0)
		return -(int)e->kind;
	return dir_sync(&below, "", e);
}

static int has_folder(const struct account *a, struct err *e)
{
	autofree char *name = account_name(a->run);
	autodir struct dir below = DIR_NONE;

	if (open_below(a, &below, e) >= 0)
		return dir_has(&below, name, e);
	if (e->kind != ERR_ABSENT)
		return -(int)e->kind;
	err_clear(e);
	return 0;
}

static int remove_folder(const struct account *a, struct err *e)
{
	autofree char *name = account_name(a->run);
	autodir struct dir below = DIR_NONE;

	fault_point("account.remove");
	if (open_below(a, &below, e) < 0 || dir_remove_tree(&below, name, e) < 0)
		return -(int)e->kind;
	return dir_sync(&below, "", e);
}

/* ---- the user ---- */

static int random_password(struct secret *ret, struct err *e)
{
	unsigned char bytes[32];
	/* Password rules may want one of each. */
	char text[4 + 2 * sizeof bytes + 1] = "Aa1-";
	int r;

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return err_set(e, ERR_IO, "no random bytes for a password");
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(text + 4 + 2 * i, 3, "%02x", bytes[i]);
	r = secret_set(ret, text, strlen(text), e);
	secret_wipe(bytes, sizeof bytes);
	secret_wipe(text, sizeof text);
	return r;
}

/* Addresses from which this host reaches its own server. */
static json_t *own_addresses(const struct site *s)
{
	const char *host = talk_host(s, "sftp");
	bool loopback = !strncmp(host, "127.", 4) || !strcmp(host, "::1");

	return loopback ? json_pack("[ss]", "127.0.0.0/8", "::1/128")
			: json_pack("[o]", json_sprintf("%s/%s", host, strchr(host, ':') ? "128" : "32"));
}

/* The password is written in by hand: it stays in one buffer, which is wiped. */
static int user_text(const struct site *s, const struct account *a, const struct secret *password, struct buf *ret, struct err *e)
{
	autofree char *name = account_name(a->run), *home = account_home(a);
	autojson json_t *user =
		json_pack("{ss so si sI s{s[ssss]} s{so s[sss]} ss}", "username", name, "home_dir", json_text(home), "status", 1,
			  "expiration_date", (json_int_t)((clock_wall_ns() + VALID_FOR) / NS_PER_MS), "permissions", "/", "list",
			  "upload", "download", "delete", "filters", "allowed_ip", own_addresses(s), "denied_protocols", "FTP", "DAV",
			  "HTTP", "description", "made by crossgrade to try a login, and removed at once");

	json_canonical(user, ret);
	if (buf_check(ret, "the account", e) < 0)
		return -(int)e->kind;
	ret->len--;     /* the closing brace */
	buf_addf(ret, ",\"password\":\"%s\"}", password->bytes);
	return buf_check(ret, "the account", e);
}

static int post_user(struct rest *api, const struct site *s, const struct account *a, const struct secret *password, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	int r = user_text(s, a, password, &text, e);

	fault_point("account.make");
	if (r >= 0)
		r = rest_post(api, "/api/v2/users", buf_sv(&text), e);
	secret_wipe(text.data, text.len);
	return r;
}

/* An administrator may put whom he makes into groups, which bring their own home and permissions. */
static int is_alone(struct rest *api, const struct account *a, struct err *e)
{
	autofree char *path = path_of(a);
	autojson json_t *user = NULL;

	if (rest_get(api, path, &user, e) < 0)
		return -(int)e->kind;
	if (!json_array_size(json_object_get(user, "groups")))
		return 0;
	err_set(e, ERR_REFUSED, "the administrator of 'login' puts the users he makes into groups");
	return err_hint(e, "name another administrator, or an account of your own in settings.probe_users");
}

/* 1: it was there, 0: it was not. */
static int delete_user(struct rest *api, const struct account *a, struct err *e)
{
	autofree char *path = path_of(a);

	fault_point("account.drop");
	if (rest_delete(api, path, e) >= 0)
		return 1;
	if (e->kind != ERR_ABSENT)
		return -(int)e->kind;
	err_clear(e);
	return 0;
}

/* A server goes on with the request of a client that was killed, and hashes the password (bcrypt) before it makes the account: "there is
 * none" is believed once it has said so for a while. */
static int delete_settled(struct rest *api, const struct account *a, struct err *e)
{
	struct deadline until = deadline_in(SETTLES);
	int there;

	while (!(there = delete_user(api, a, e)) && !deadline_passed(until))
		clock_sleep_ns(AGAIN);
	return there;
}

/* ---- both ---- */

int account_make(const struct site *s, const struct account *a, struct secret *ret_password, struct err *e)
{
	autosecret struct secret password = { 0 };
	autorest struct rest api = { 0 };

	if (random_password(&password, e) < 0 || rest_login(s, &api, e) < 0 || make_folder(a, e) < 0 ||
	    delete_user(&api, a, e) < 0 || post_user(&api, s, a, &password, e) < 0 || is_alone(&api, a, e) < 0)
		return err_wrap(e, "make an account to log in with");
	*ret_password = password;
	password = (struct secret){ 0 };
	return 0;
}

int account_drop(const struct site *s, const struct account *a, bool without_server, struct err *e)
{
	autorest struct rest api = { 0 };
	int has = has_folder(a, e);

	if (has <= 0)
		return has;
	if (rest_login(s, &api, e) < 0 || (without_server ? delete_user(&api, a, e) : delete_settled(&api, a, e)) < 0) {
		if (!without_server)
			return err_wrap(e, "remove the account that was made to log in with");
		err_clear(e);
	}
	return remove_folder(a, e);
}
