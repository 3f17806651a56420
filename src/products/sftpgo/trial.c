#include "products/sftpgo/trial.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/fault.h"
#include "io/file.h"
#include "products/sftpgo/talk.h"
#include "products/sftpgo/transfers.h"
#include "svc/gate.h"

#define FILE_BYTES  1024
#define ENTRIES_MAX 100000
#define WITHIN      (20 * NS_PER_S)

/* ---- the login ---- */

/* What is read is a password, or a key that only has to be as closed as one: libssh2 reads it itself. */
static int read_secret(const struct trial_as *as, struct trial *t, struct err *e)
{
	autosecret struct secret key = { 0 };

	if (as->key_file)
		return file_read_secret(as->key_file, &key, e);
	if (as->password_file)
		return file_read_secret(as->password_file, &t->password, e);
	return secret_set(&t->password, as->password->bytes, as->password->len, e);
}

/* ERR_DENIED is the server's word alone: a file that cannot be opened is no login that was refused. */
static int take_secret(const struct trial_as *as, struct trial *t, struct err *e)
{
	if (read_secret(as, t, e) < 0 && e->kind == ERR_DENIED)
		e->kind = ERR_REFUSED;
	return -(int)e->kind;
}

static int sftp_door(const struct site *s, struct sftp_to *ret, struct err *e)
{
	ret->host = talk_host(s, "sftp");
	ret->port = (uint16_t)json_int(json_object_get(s->doc, "probe"), "sftp", 0);
	ret->mark = gate_mark();
	ret->within_ns = WITHIN;
	return ret->port ? 0 : err_set(e, ERR_ABSENT, "the server opens no SFTP port");
}

static int log_in(struct trial *t, struct err *e)
{
	if (sftp_list(t->link, "/", e) >= 0) {
		t->listed = true;
		return 0;
	}
	/* A server that presented its key and then refuses the directory has let the account in. */
	if (e->kind != ERR_REFUSED || !*sftp_host_key(t->link))
		return -(int)e->kind;
	err_clear(e);
	return 0;
}

int trial_open(const struct site *s, const struct trial_as *as, const char *host_key, struct trial *ret, struct err *e)
{
	struct sftp_to to = { .user = as->user, .key_file = as->key_file, .unasked = as->two_factor, .host_key = host_key };
	struct trial t = { 0 };

	if (sftp_door(s, &to, e) < 0 || take_secret(as, &t, e) < 0)
		return err_wrap(e, "log in as '%s'", as->user);
	/* The link borrows the password from where it will stay. */
	*ret = t;
	to.password = as->key_file ? NULL : &ret->password;
	if (sftp_new(&to, &ret->link, e) < 0 || log_in(ret, e) < 0) {
		trial_done(ret);
		return -(int)e->kind;
	}
	return 0;
}

bool trial_lacks_code(const struct trial_as *as, const struct err *why)
{
	return why->kind == ERR_DENIED && as->two_factor && as->password_file;
}

int trial_list(struct trial *t, const char *path, struct err *e) { return sftp_list(t->link, path, e); }

const char *trial_host_key(const struct trial *t) { return sftp_host_key(t->link); }

void trial_done(struct trial *t)
{
	sftp_free(t->link);
	secret_done(&t->password);
	*t = (struct trial){ 0 };
}

/* ---- the file ---- */

static int round_trip(struct trial *t, const char *path, char ret_digest[DIGEST_TEXT], struct err *e)
{
	autobuf struct buf back = BUF_MAX(2 * FILE_BYTES);
	char bytes[FILE_BYTES];
	struct sv sent = { bytes, sizeof bytes };

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return err_set(e, ERR_IO, "no random bytes to send");
	fault_point("trial.file");
	if (sftp_put(t->link, path, sent, e) < 0 || sftp_get(t->link, path, &back, e) < 0)
		return -(int)e->kind;
	if (back.len != sent.n || memcmp(back.data, sent.p, sent.n))
		return err_set(e, ERR_CHANGED, "the file that was sent came back as another");
	digest_text(sent, ret_digest);
	return 0;
}

int trial_file(struct trial *t, const char *name, char ret_kept[DIGEST_TEXT], struct err *e)
{
	autofree char *path = xasprintf("/%s", name);
	char digest[DIGEST_TEXT];
	int r = round_trip(t, path, ret_kept ? ret_kept : digest, e);
	struct err why = ERR_INIT;

	if (r >= 0 && ret_kept)
		return 0;
	fault_point("trial.remove");
	if (sftp_remove(t->link, path, &why) < 0 && r >= 0) {
		*e = why;
		return -(int)e->kind;
	}
	return r;
}

int trial_kept(struct trial *t, const char *name, const char *digest, struct err *e)
{
	autofree char *path = xasprintf("/%s", name);
	autobuf struct buf back = BUF_MAX(2 * FILE_BYTES);
	char is[DIGEST_TEXT];

	if (sftp_get(t->link, path, &back, e) < 0)
		return -(int)e->kind;
	digest_text(buf_sv(&back), is);
	if (strcmp(is, digest) != 0)
		return err_set(e, ERR_CHANGED, "it came back as another");
	return 0;
}

int trial_remove(struct trial *t, const char *name, struct err *e)
{
	autofree char *path = xasprintf("/%s", name);

	return sftp_remove(t->link, path, e);
}

int trial_clean(const char *home, const char *name, struct err *e)
{
	cleanup_with(dir_names_done) struct dir_names names = { 0 };
	autodir struct dir d = DIR_NONE;

	if (dir_open(home, &d, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	if (dir_unlink(&d, name, e) < 0 || dir_list(&d, "", ENTRIES_MAX, &names, e) < 0)
		return -(int)e->kind;
	vec_each (&names, it)
		if (transfer_left(it->name, name) && dir_unlink(&d, it->name, e) < 0)
			return -(int)e->kind;
	return dir_sync(&d, "", e);
}
