/* login_trial: log in over SFTP as the accounts that the operator named, and as one that is made for it and removed; list their folders
 * on remote storage; where nothing listens for it send a small file, read it back and remove it. Before the stop it says what works;
 * behind the gate, or after it, the same must work at the new server. One more that the old server encrypted is left for the new one to
 * read; a way back before that, or who gives it up, removes it from the disk, and the account's quota has it until it is counted again.
 * params {"users":[{"user","password_file"|"private_key_file","home"|absent: no file,"encrypted"|absent,"two_factor"|absent,
 * "remote":[path]|absent}],
 * "account": account.h|absent,"host_key"|absent,"within","then": "seen" of the step before, who is missing there is not tried|absent,
 * "then_folders": "folders" of it,"then_kept": "kept" of it};
 * undo record {"name": of the files, each user's with his number behind it}: made up anew, so that whatever has that name is ours; the
 * account has its name of the run.
 * result {"seen":{user: "file"|"list"|"login"},"folders":{user:[path] that could be listed},"kept":{user:{"name","sha256"}: a file
 * that is left},"host_key": that was presented,"notes":[text]}. */
#include "engine/step.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "engine/event.h"
#include "products/sftpgo/account.h"
#include "products/sftpgo/trial.h"
#include "products/sftpgo/trial_fit.h"

#define AGAIN     (500 * NS_PER_MS)
#define FAILS_FOR (5 * NS_PER_S) /* what a server says that failed may be storage far away that hiccups */

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const json_t *users = json_object_get(params, "users"), *one;
	size_t i;

	buf_adds(ret, "try the login of");
	json_array_foreach((json_t *)users, i, one)
		buf_addf(ret, "%s '%s'%s", i ? "," : "", json_str(one, "user", "?"), json_str(one, "home", NULL) ? " with a file" : "");
	if (json_object_get(params, "account"))
		buf_addf(ret, "%s an account made for it and removed", json_array_size(users) ? " and" : "");
	return buf_check(ret, "the description", e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	uint64_t random;

	if (getrandom(&random, sizeof random, 0) != sizeof random)
		return err_set(e, ERR_IO, "no random bytes for a name");
	*ret_undo = json_pack("{so}", "name", json_sprintf(".crossgrade-probe-%016llx", (unsigned long long)random));
	return 0;
}

/* Each user has a name of his own: homes may be shared, and a file that was left for one is not another's to remove. */
static char *file_of(const char *name, size_t i) { return xasprintf("%s-%zu", name, i); }

/* ---- one account ---- */

struct trying {
	struct ctx *c;
	struct site *site;
	const char *name;               /* of the file */
	char host_key[SFTP_HOST_KEY];   /* "": not known yet */
	const json_t *then;             /* what worked before; NULL: this is before */
	const json_t *then_folders;     /* which folders could be listed then */
	const json_t *then_kept;        /* files that were left then */
	char lost[256];                 /* one of those that cannot be listed or read, and why; "" none */
	bool fails;                     /* it was let in, and the server says that it fails to list its home */
	struct deadline until;
	json_t *seen, *folders, *kept, *notes;
	json_t *read;                   /* whose file that was left has been read */
};

static void note(struct trying *t, json_t *text /* stolen */)
{
	json_array_append(t->notes, text);
	event_emit(t->c->events, "note", json_pack("{so}", "text", text));
}

static bool is_no_answer(const struct err *e)
{
	return e->kind == ERR_TIMEOUT || e->kind == ERR_IO || e->kind == ERR_BUSY;
}

static int list_folder(struct trying *t, struct trial *link, const char *path, struct err *e)
{
	struct deadline failing = deadline_in(FAILS_FOR);

	while (trial_list(link, path, e) < 0) {
		if (e->kind != ERR_BUSY || deadline_passed(failing) || deadline_passed(t->until))
			return -(int)e->kind;
		err_clear(e);
		clock_sleep_ns(AGAIN);
	}
	return 0;
}

static bool is_answer(const struct err *e) { return e->kind == ERR_BUSY || !is_no_answer(e); }

/* Before, those that can be listed; after, those that could. Without an answer nothing is proved. */
static void try_folders(struct trying *t, struct trial *link, const char *user, const json_t *folders)
{
	const json_t *then = json_object_get(t->then_folders, user), *path;
	json_t *listed = json_array();
	size_t i;

	json_array_foreach((json_t *)folders, i, path)
	{
		const char *name = json_string_value(path);
		struct err why = ERR_INIT;

		if (t->then && !json_lists(then, name))
			continue;
		if (deadline_passed(t->until))
			err_set(&why, ERR_TIMEOUT, "no time is left for it");
		if (why.kind == ERR_OK && list_folder(t, link, name, &why) >= 0)
			json_array_append(listed, (json_t *)path);
		else if (t->then && is_answer(&why))
			snprintf(t->lost, sizeof t->lost, "'%s' could be listed, and cannot: %s", name, why.msg);
		else
			note(t, json_sprintf("'%s' of '%s' is not listed, and not proved: %s", name, user, why.msg));
	}
	json_object_set_new(t->folders, user, listed);
}

/* It is removed from the disk whatever the server says. */
static void end_kept(struct trying *t, struct trial *link, const char *user, const char *name)
{
	struct err why = ERR_INIT;

	json_object_set_new(t->read, user, json_true());
	note(t, json_sprintf("a file that the old release encrypted for '%s' was read equal", user));
	if (trial_remove(link, name, &why) < 0)
		note(t, json_sprintf("the server did not remove it, so that a quota of '%s' may count it until it is counted again: %s", user,
				     why.msg));
}

/* What the old server encrypted. A file that is gone from the disk was read by a trial that was killed, or somebody removed it. */
static void read_kept(struct trying *t, struct trial *link, const char *user, const char *home)
{
	const json_t *kept = json_object_get(t->then_kept, user);
	const char *name = json_str(kept, "name", ""), *digest = json_str(kept, "sha256", "");
	autofree char *path = xasprintf("%s/%s", home, name);
	struct deadline failing = deadline_in(FAILS_FOR);
	struct err why = ERR_INIT;

	if (!kept || json_object_get(t->read, user))
		return;
	if (access(path, F_OK) < 0)
		err_set(&why, ERR_TIMEOUT, "it is gone");
	while (why.kind == ERR_OK && trial_kept(link, name, digest, &why) < 0 && why.kind == ERR_BUSY && !deadline_passed(failing) &&
	       !deadline_passed(t->until)) {
		err_clear(&why);
		clock_sleep_ns(AGAIN);
	}
	if (why.kind == ERR_OK)
		end_kept(t, link, user, name);
	else if (is_answer(&why))
		snprintf(t->lost, sizeof t->lost, "a file that the old release encrypted could be read, and cannot: %s", why.msg);
	else
		note(t, json_sprintf("a file that the old release encrypted for '%s' is not read, and not proved: %s", user, why.msg));
}

static int try_file(struct trying *t, struct trial *link, const char *home, char ret_kept[DIGEST_TEXT], struct err *e)
{
	struct err cleaning = ERR_INIT;
	int r = trial_file(link, t->name, ret_kept, e);

	if ((!ret_kept || r < 0) && trial_clean(home, t->name, &cleaning) < 0 && r >= 0) {
		*e = cleaning;
		return -(int)e->kind;
	}
	return r;
}

/* What the server refuses is no fault of the login. */
static int note_refusal(struct trying *t, const char *what, struct err *e)
{
	if (e->kind != ERR_REFUSED)
		return -(int)e->kind;
	note(t, json_sprintf("%s: %s", what, e->msg));
	err_clear(e);
	return 0;
}

/* Of what is encrypted one more stays for the new server; what the old one does with a removal is known by then. */
static int leave_file(struct trying *t, struct trial *link, const char *user, const char *home, struct err *e)
{
	char digest[DIGEST_TEXT] = "";

	if (try_file(t, link, home, digest, e) < 0)
		return note_refusal(t, "no file is left for the new server", e);
	json_object_set_new(t->kept, user, json_pack("{ss ss}", "name", t->name, "sha256", digest));
	return 0;
}

/* Once: what it ended with is "file", "list" of its home, "login" alone, or the error. A file that the server does not let the account
 * send is no fault of the login; that it comes back as another is. */
static int try_once(struct trying *t, const struct trial_as *as, const json_t *of, const char **ret, struct err *e)
{
	const char *home = json_str(of, "home", NULL);
	bool leave = !t->then && json_bool(of, "encrypted", false) && !json_object_get(t->kept, as->user);
	autotrial struct trial link = { 0 };

	t->fails = false;
	t->lost[0] = '\0';
	if (trial_open(t->site, as, t->host_key[0] ? t->host_key : NULL, &link, e) < 0) {
		t->fails = e->kind == ERR_BUSY;
		return -(int)e->kind;
	}
	snprintf(t->host_key, sizeof t->host_key, "%s", trial_host_key(&link));
	*ret = link.listed ? "list" : "login";
	try_folders(t, &link, as->user, json_object_get(of, "remote"));
	if (!home || !link.listed)
		return 0;
	read_kept(t, &link, as->user, home);
	/* What a killed trial left would have to be overwritten, which is a permission of its own. */
	if (trial_clean(home, t->name, e) < 0)
		return -(int)e->kind;
	if (try_file(t, &link, home, NULL, e) >= 0)
		*ret = "file";
	else if (note_refusal(t, "no file was tried", e) < 0)
		return -(int)e->kind;
	return leave ? leave_file(t, &link, as->user, home, e) : 0;
}

/* A fault that may not be the server's is tried again until the time is up; an answer that says no more than that it failed, for less. */
static int try_account(struct trying *t, const struct trial_as *as, const json_t *of, const char **ret, struct err *e)
{
	struct deadline failing = deadline_in(FAILS_FOR);

	while (try_once(t, as, of, ret, e) < 0) {
		if (!is_no_answer(e) || deadline_passed(t->fails ? failing : t->until))
			return -(int)e->kind;
		if (t->c->cancel && atomic_load(&t->c->cancel->asked))
			return err_set(e, ERR_CANCELED, "interrupted");
		err_clear(e);
		clock_sleep_ns(AGAIN);
	}
	return 0;
}

/* Behind the gate a difference turns the run back; without an answer nothing is proved, and the deep comparison says so. */
static int judge(struct trying *t, const char *user, const char *now, struct err *why, struct err *e)
{
	const char *was = t->then ? json_str(t->then, user, "login") : NULL;

	if (!now && (why->kind == ERR_CANCELED || !was)) {
		*e = *why;
		return err_wrap(e, "%s", was ? "log in" : "a login that is to be proved does not work before anything changed");
	}
	if (!now && t->fails && was && strcmp(was, "login") != 0)
		return err_set(e, ERR_CHANGED, "user '%s': its home could be listed, and cannot: %s", user, why->msg);
	if (!now && is_no_answer(why)) {
		note(t, json_sprintf("the login of '%s' is not proved: %s", user, why->msg));
		return 0;
	}
	if (!now)
		return err_set(e, ERR_CHANGED, "user '%s': %s worked, and does not: %s", user,
			       !strcmp(was, "file") ? "login and a file" : "login", why->msg);
	if (was && !strcmp(was, "file") && strcmp(now, "file") != 0)
		return err_set(e, ERR_CHANGED, "user '%s': a file could be sent, read and removed, and cannot", user);
	if (was && !strcmp(was, "list") && !strcmp(now, "login"))
		return err_set(e, ERR_CHANGED, "user '%s': its home could be listed, and cannot", user);
	if (t->lost[0])
		return err_set(e, ERR_CHANGED, "user '%s': %s", user, t->lost);
	json_object_set_new(t->seen, user, json_string(now));
	note(t, json_sprintf("'%s' logged in%s%s", user, strcmp(now, "file") ? "" : "; a file was sent, read back equal and removed",
			     json_object_get(t->kept, user) ? "; one is left for the new server" : ""));
	return 0;
}

/* Whom the plan saw let in may be denied by now. What is missing in `seen` is not tried again. */
static int try_user(struct trying *t, const json_t *user, struct err *e)
{
	struct trial_as as = trial_of(user, user);
	const json_t *kept = json_object_get(t->then_kept, as.user);
	struct err why = ERR_INIT;
	const char *now = NULL;

	if (t->then && !json_object_get(t->then, as.user))
		return 0;
	if (try_account(t, &as, user, &now, &why) < 0)
		now = NULL;
	if (kept && trial_clean(json_str(user, "home", ""), json_str(kept, "name", ""), e) < 0)
		return -(int)e->kind;
	if (now || t->then || !trial_lacks_code(&as, &why))
		return judge(t, as.user, now, &why, e);
	note(t, json_sprintf("the login of '%s' is not proved: %s", as.user, TRIAL_NO_CODE));
	return 0;
}

/* ---- an account of our own ---- */

/* Whatever became of the login, it is removed. */
static int try_own(struct trying *t, const struct account *a, struct err *e)
{
	autofree char *name = account_name(a->run), *home = account_home(a);
	autojson json_t *of = json_pack("{so}", "home", json_text(home));
	autosecret struct secret password = { 0 };
	struct trial_as as = { .user = name, .password = &password };
	struct err why = ERR_INIT, dropping = ERR_INIT;
	const char *now = NULL;
	int r;

	t->fails = false;
	if (account_make(t->site, a, &password, &why) >= 0 && try_account(t, &as, of, &now, &why) < 0)
		now = NULL;
	r = account_drop(t->site, a, false, &dropping);
	if (judge(t, name, now, &why, e) < 0)
		return -(int)e->kind;
	if (r < 0) {
		*e = dropping;
		return -(int)e->kind;
	}
	note(t, json_sprintf("the account '%s' was made for it, and is removed", name));
	return 0;
}

static struct account account_of(const struct ctx *c, const json_t *params)
{
	const json_t *place = json_object_get(params, "account");

	return (struct account){ .run = c->run, .place = json_is_object(place) ? place : NULL };
}

/* ---- the step ---- */

static int try_all(struct trying *t, const json_t *params, const char *name, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(params, "users"), i, one)
	{
		autofree char *file = file_of(name, i);

		t->name = file;
		if (try_user(t, one, e) < 0)
			return -(int)e->kind;
	}
	t->name = name;
	struct account own = account_of(t->c, params);

	return own.place ? try_own(t, &own, e) : 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autojson json_t *seen = json_object(), *folders = json_object(), *kept = json_object(), *notes = json_array(), *read = json_object();
	struct trying t = { .c = c, .then = json_object_get(params, "then"),
			    .then_folders = json_object_get(params, "then_folders"), .then_kept = json_object_get(params, "then_kept"),
			    .seen = seen, .folders = folders, .kept = kept, .notes = notes, .read = read };
	int64_t within;

	snprintf(t.host_key, sizeof t.host_key, "%s", json_str(params, "host_key", ""));
	if (ctx_site_of(c, params, &t.site, e) < 0)
		return -(int)e->kind;
	if (!clock_parse_span(json_str(params, "within", "2m"), &within))
		return err_set(e, ERR_BUG, "'within' is not a span of time");
	t.until = deadline_in(within);
	if (try_all(&t, params, json_str(undo, "name", ""), e) < 0)
		return -(int)e->kind;
	*ret_result = json_pack("{sO sO sO ss sO}", "seen", seen, "folders", folders, "kept", kept, "host_key", t.host_key, "notes", notes);
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	/* A trial leaves nothing behind; its result says what was seen. */
	*ret = json_object_get(result, "seen") ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

/* The database that the restore point brings back never had it: a new server that is down need not be asked. */
static int drop_own(struct ctx *c, const json_t *params, struct err *e)
{
	struct account own = account_of(c, params);
	struct site *s;

	if (!own.place)
		return 0;
	return ctx_site_of(c, params, &s, e) < 0 ? -(int)e->kind : account_drop(s, &own, c->point_passed || c->force, e);
}

/* One user's home; in a run that an older build began the file's name is without his number. `gone`: a trial that was done left files that
 * are whole alone, in encrypted homes alone, and they are named in it; NULL: half sent ones as well, in any. */
static int clean_home(const json_t *user, const char *name, size_t i, struct buf *gone, struct err *e)
{
	autofree char *numbered = file_of(name, i);
	const char *home = json_str(user, "home", NULL), *files[] = { numbered, name };

	if (gone && !json_bool(user, "encrypted", false))
		return 0;
	for (size_t k = 0; home && k < ARRAY_LEN(files); k++) {
		autofree char *path = xasprintf("%s/%s", home, files[k]);

		if (gone && access(path, F_OK) < 0)
			continue;
		if (trial_clean(home, files[k], e) < 0)
			return -(int)e->kind;
		if (gone)
			buf_addf(gone, "%s'%s'", gone->len ? ", " : "", path);
	}
	return 0;
}

static int clean_homes(const json_t *params, const json_t *undo, struct buf *gone, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(params, "users"), i, one)
		if (clean_home(one, json_str(undo, "name", ""), i, gone, e) < 0)
			return -(int)e->kind;
	return 0;
}

/* What a kill left in a home, and the account that it did not remove. */
static int undo_trial(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return clean_homes(params, undo, NULL, e) < 0 ? -(int)e->kind : drop_own(c, params, e);
}

/* A file that was left, and that no new server came to read. */
static int give_up(struct ctx *c, const json_t *params, const json_t *undo, char **ret_gone, struct err *e)
{
	autobuf struct buf gone = BUF_MAX(64 << 10);

	*ret_gone = NULL;
	if (clean_homes(params, undo, &gone, e) < 0)
		return -(int)e->kind;
	if (gone.len)
		*ret_gone = xasprintf("%s, left for a trial; the quota may count it until it is counted again", buf_str(&gone));
	return 0;
}

const struct step_kind step_login_trial = { "login_trial", 1,      LIFE_DURABLE, describe, capture,
					    apply,         verify, undo_trial,   .give_up = give_up };
