/* Whom a trial may be made as, what it would set off, and what is left of one that was killed. */
#include "products/sftpgo/account.h"
#include "products/sftpgo/trial.h"
#include "products/sftpgo/trial_fit.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/event.h"
#include "engine/step.h"
#include "io/file.h"

extern const struct step_kind step_login_trial;

static json_t *doc(const char *text)
{
	json_t *ret = NULL;
	struct err e = ERR_INIT;
	autofree char *copy = xstrdup(text);

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	assert_ok(json_parse(sv_of(copy), "a test", &ret, &e), &e);
	return ret;
}

static bool fires(const char *conditions, const char *user)
{
	autofree char *text = xasprintf("{'status':1,'trigger':1,'name':'r','conditions':{%s}}", conditions);
	autojson json_t *rule = doc(text);

	return trial_fires_on_files(rule, user);
}

static void a_rule_of_file_events_fires_for_whom_it_names(void **state)
{
	assert_true(fires("'fs_events':['upload']", "anna"));
	assert_true(fires("'fs_events':['pre-delete']", "anna"));
	assert_false(fires("'fs_events':['mkdir','rename']", "anna"));
	assert_false(fires("'fs_events':['upload'],'options':{'names':[{'pattern':'b*'}]}", "anna"));
	assert_true(fires("'fs_events':['upload'],'options':{'names':[{'pattern':'b*'},{'pattern':'an[mn]?'}]}", "anna"));
	assert_true(fires("'fs_events':['upload'],'options':{'names':[{'pattern':'b*','inverse_match':true}]}", "anna"));
	assert_false(fires("'fs_events':['upload'],'options':{'protocols':['FTP','DAV']}", "anna"));
	assert_true(fires("'fs_events':['upload'],'options':{'protocols':['SFTP']}", "anna"));
	/* What cannot be judged is taken to be met. */
	assert_true(fires("'fs_events':['upload'],'options':{'fs_paths':[{'pattern':'/in/**'}],'min_size':100000}", "anna"));
}

static void others_do_not_fire_on_files(void **state)
{
	autojson json_t *off = doc("{'status':0,'trigger':1,'conditions':{'fs_events':['upload']}}");
	autojson json_t *other = doc("{'status':1,'trigger':2,'conditions':{'provider_events':['add'],'fs_events':['upload']}}");

	assert_false(trial_fires_on_files(off, "anna"));
	assert_false(trial_fires_on_files(other, "anna"));
}

static void a_rule_of_objects_fires_when_an_account_is_made(void **state)
{
	autojson json_t *all = doc("{'status':1,'trigger':2,'conditions':{'provider_events':['delete']}}");
	autojson json_t *of = doc("{'status':1,'trigger':2,'conditions':{'provider_events':['add'],'options':"
				  "{'names':[{'pattern':'boss'}],'provider_objects':['user']}}}");
	autojson json_t *folders = doc("{'status':1,'trigger':2,'conditions':{'provider_events':['add'],'options':"
				       "{'provider_objects':['folder']}}}");
	autojson json_t *updates = doc("{'status':1,'trigger':2,'conditions':{'provider_events':['update']}}");

	assert_true(trial_fires_on_account(all, "admin"));
	assert_false(trial_fires_on_account(of, "admin"));
	assert_true(trial_fires_on_account(of, "boss"));
	assert_true(trial_fires_on_account(of, NULL));
	assert_false(trial_fires_on_account(folders, "admin"));
	assert_false(trial_fires_on_account(updates, "admin"));
}

static bool hears(const char *conditions)
{
	autojson json_t *c = doc(conditions);

	assert_false(hears_saved_events(1, c));
	return hears_saved_events(2, c);
}

static void who_hears_that_a_rule_is_saved(void **state)
{
	assert_true(hears("{'provider_events':['add','update']}"));
	assert_true(hears("{'provider_events':['update'],'options':{'provider_objects':['user','event_rule']}}"));
	assert_true(hears("{'provider_events':['update'],'options':{'provider_objects':['event_action']}}"));
	assert_false(hears("{'provider_events':['update'],'options':{'provider_objects':['user']}}"));
	assert_false(hears("{'provider_events':['add','delete']}"));
}

/* What trial_user() says of them, as "home /srv/anna", "no_files ...", with "by code, " before it of two factors, "encrypted, " of a home that is. */
static char *says(const char *user, const char *group)
{
	autojson json_t *u = doc(user), *g = group ? doc(group) : NULL, *is = trial_user(u, g);
	const char *key = json_object_iter_key(json_object_iter(is));

	return xasprintf("%s%s%s %s", json_bool(is, "two_factor", false) ? "by code, " : "",
			 json_bool(is, "encrypted", false) ? "encrypted, " : "", key, json_str(is, key, ""));
}

static void expect(const char *user, const char *group, const char *want)
{
	autofree char *is = says(user, group);

	if (strncmp(is, want, strlen(want)) != 0)
		fail_msg("%s: wanted '%s', is '%s'", user, want, is);
}

/* What the configuration says would be told of an account of ours; "" nothing. */
static void told_by(const char *(*hook)(const struct sftpgo_config *), const char *config, const char *want)
{
	char dir[] = "/tmp/trial.XXXXXX";
	autosftpgoconfig struct sftpgo_config c = { 0 };
	struct sftpgo_config_where where = { .config_dir = dir };
	autojson json_t *text = doc(config);
	struct err e = ERR_INIT;
	autofree char *file = NULL;

	assert_non_null(mkdtemp(dir));
	file = xasprintf("%s/sftpgo.json", dir);
	assert_int_equal(json_dump_file(text, file, 0), 0);
	assert_ok(sftpgo_config_read(&where, &c, &e), &e);
	assert_string_equal(hook(&c) ?: "", want);
	assert_int_equal(unlink(file) || rmdir(dir), 0);
}

static void told(const char *config, const char *want)
{
	told_by(trial_hook_on_account, config, want);
}

static void a_hook_hears_that_a_rule_is_saved(void **state)
{
	told_by(hook_on_saved_events, "{}", "");
	told_by(hook_on_saved_events, "{'data_provider':{'actions':{'hook':'/x','execute_on':['update'],'execute_for':['user']}}}", "");
	told_by(hook_on_saved_events, "{'data_provider':{'actions':{'hook':'/x','execute_on':['update'],'execute_for':['event_rule']}}}",
		"data_provider.actions.hook");
	told_by(hook_on_saved_events, "{'data_provider':{'actions':{'hook':'/x','execute_on':['add'],'execute_for':['event_rule']}}}", "");
}

static void an_account_of_ours_is_shown_to_no_hook(void **state)
{
	told("{}", "");
	told("{'common':{'post_connect_hook':'/x'}}", "");
	told("{'data_provider':{'actions':{'hook':'/x','execute_on':['update'],'execute_for':['user']}}}", "");
	told("{'data_provider':{'actions':{'hook':'/x','execute_on':['add'],'execute_for':['user']}}}", "data_provider.actions.hook");
	told("{'data_provider':{'external_auth_hook':'/x'}}", "data_provider.external_auth_hook");
	told("{'data_provider':{'pre_login_hook':'/x'}}", "data_provider.pre_login_hook");
	told("{'data_provider':{'check_password_hook':'/x'}}", "data_provider.check_password_hook");
	told("{'data_provider':{'post_login_hook':'https://example.com'}}", "data_provider.post_login_hook");
}

#define ANNA "'username':'anna','status':1,'home_dir':'/srv/anna'"

static void a_user_is_tried_as_far_as_he_may(void **state)
{
	expect("{" ANNA ",'permissions':{'/':['*']}}", NULL, "home /srv/anna");
	expect("{" ANNA ",'permissions':{'/':['list','upload','download','delete_files']}}", NULL, "home /srv/anna");
	expect("{" ANNA ",'permissions':{'/':['list','upload','download']}}", NULL, "no_files it may not");
	expect("{" ANNA ",'permissions':{'/':['*']},'filesystem':{'provider':4}}", NULL, "encrypted, home /srv/anna");
	expect("{" ANNA ",'permissions':{'/':['*']},'filesystem':{'provider':1}}", NULL, "no_files its files");
	expect("{'username':'anna','home_dir':'/srv/anna'}", NULL, "no_login it is switched off");
	expect("{" ANNA ",'filters':{'denied_protocols':['SSH']}}", NULL, "no_login it may not use SFTP");
	expect("{" ANNA ",'permissions':{'/':['*']},'filters':{'totp_config':{'enabled':true,'protocols':['SSH']}}}", NULL,
	       "by code, home /srv/anna");
	expect("{" ANNA ",'permissions':{'/':['*']},'filters':{'totp_config':{'enabled':true,'protocols':['HTTP']}}}", NULL,
	       "home /srv/anna");
	expect("{" ANNA ",'permissions':{'/':['list']},'filters':{'totp_config':{'enabled':true,'protocols':['SSH']}}}", NULL,
	       "by code, no_files it may not");
}

static void a_primary_group_stands_over_the_user(void **state)
{
	static const char anna[] = "{" ANNA ",'permissions':{'/':['*']}}";

	expect(anna, "{'user_settings':{'home_dir':'/data/%username%/in'}}", "home /data/anna/in");
	expect(anna, "{'user_settings':{'home_dir':'/data/%role%'}}", "no_files where its home");
	expect(anna, "{'user_settings':{'permissions':{'/':['list']}}}", "no_files it may not");
	expect(anna, "{'user_settings':{'permissions':{'/in':['list']}}}", "home /srv/anna");
	expect(anna, "{'user_settings':{'filesystem':{'provider':1}}}", "no_files its files");
	expect(anna, "{'user_settings':{'filesystem':{'provider':4}}}", "encrypted, home /srv/anna");
}

static int settings(const char *text, struct err *e)
{
	autojson json_t *users = doc(text), *all = json_pack("{sO}", "probe_users", users);
	struct goal g = { .settings = all };

	err_clear(e);
	return trial_settings(&g, e);
}

static void settings_name_files_and_no_secrets(void **state)
{
	struct err e = ERR_INIT;

	assert_ok(settings("[{'user':'anna','password_file':'/root/pw'},{'user':'ben','private_key_file':'/root/key'}]", &e), &e);
	assert_int_equal(settings("[{'user':'anna','password':'secret'}]", &e), -ERR_USAGE);
	assert_null(strstr(e.msg, "secret'"));
	assert_int_equal(settings("[{'user':'anna'}]", &e), -ERR_USAGE);
	assert_int_equal(settings("[{'user':'anna','password_file':'/a','private_key_file':'/b'}]", &e), -ERR_USAGE);
	assert_int_equal(settings("[{'user':'anna','password_file':'pw'}]", &e), -ERR_USAGE);
	assert_int_equal(settings("[{'password_file':'/root/pw'}]", &e), -ERR_USAGE);
	assert_int_equal(settings("{'user':'anna'}", &e), -ERR_USAGE);
	assert_int_equal(settings("['anna']", &e), -ERR_USAGE);
}

static void put_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void put(const char *dir, const char *name)
{
	autofree char *path = xasprintf("%s/%s", dir, name);

	put_text(path, "");
}

static bool has(const char *dir, const char *name)
{
	autofree char *path = xasprintf("%s/%s", dir, name);

	return !access(path, F_OK);
}

static void what_a_kill_left_is_removed_and_nothing_else(void **state)
{
	static const char name[] = ".crossgrade-probe-0123456789abcdef-0", bare[] = ".crossgrade-probe-0123456789abcdef", half[] = ".sftpgo-upload.0123456789abcdefghij."
										    ".crossgrade-probe-0123456789abcdef-0",
			  theirs[] = ".sftpgo-upload.0123456789abcdefghij.letter";
	char home[] = "/tmp/trial.XXXXXX";
	autojson json_t *params = NULL, *undo = json_pack("{ss}", "name", bare);
	struct ctx ctx = { 0 };
	struct err e = ERR_INIT;

	assert_non_null(mkdtemp(home));
	put(home, name);
	put(home, bare); /* as builds of before called it */
	put(home, half);
	put(home, theirs);
	put(home, ".crossgrade-probe-0123456789abcdef-1");
	params = json_pack("{s[{ss ss}{ss}]}", "users", "user", "anna", "home", home, "user", "ben");
	assert_ok(step_login_trial.undo(&ctx, params, undo, &e), &e);
	assert_ok(step_login_trial.undo(&ctx, params, undo, &e), &e);
	assert_false(has(home, name) || has(home, bare) || has(home, half));
	assert_true(has(home, theirs) && has(home, ".crossgrade-probe-0123456789abcdef-1"));
	assert_ok(trial_clean("/nowhere/at/all", name, &e), &e);
}

/* Nobody answers at its doors. */
static struct site down_site(void)
{
	struct site s = { .doc = json_pack("{s{ss si}}", "probe", "host", "127.0.0.1", "http", 1),
			  .login = json_pack("{ss ss}", "user", "admin", "api_key_file", "/nowhere/key") };

	return s;
}

static void an_account_is_there_as_long_as_its_folder(void **state)
{
	struct site s = down_site();
	char below[] = "/tmp/trial.XXXXXX";
	struct err e = ERR_INIT;

	assert_non_null(mkdtemp(below));
	autojson json_t *place = json_pack("{ss si si}", "below", below, "uid", 0, "gid", 0);
	struct account a = { "20260101-000000-0001", place };
	autofree char *home = account_home(&a);

	/* None was made, so nobody is asked. */
	assert_ok(account_drop(&s, &a, false, &e), &e);
	assert_int_equal(mkdir(home, 0700), 0);
	put(home, ".crossgrade-probe-0123456789abcdef");
	put(below, "letter");
	assert_true(account_drop(&s, &a, false, &e) < 0);
	assert_false(access(home, F_OK));
	err_clear(&e);
	assert_ok(account_drop(&s, &a, true, &e), &e);
	assert_true(access(home, F_OK));
	assert_true(has(below, "letter"));
	json_decref(s.doc);
	json_decref(s.login);
}

/* "denied" is the server's word alone: by it a code may be missing. */
static void a_password_file_that_does_not_open_is_no_refusal(void **state)
{
	char path[] = "/tmp/trial.XXXXXX";
	struct site s = { .doc = json_pack("{s{ss si}}", "probe", "host", "127.0.0.1", "sftp", 1) };
	struct trial_as as = { .user = "anna", .password_file = path, .two_factor = true };
	struct trial t = { 0 };
	struct err e = ERR_INIT;
	uid_t me = geteuid();
	int r;

	close(mkstemp(path));
	assert_int_equal(chmod(path, me ? 0 : 0600), 0);
	assert_int_equal(me ? 0 : seteuid(65534), 0);
	r = trial_open(&s, &as, NULL, &t, &e);
	assert_int_equal(me ? 0 : seteuid(0), 0);
	assert_fails(r, &e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, path));
	assert_false(trial_lacks_code(&as, &e));
	unlink(path);
	json_decref(s.doc);
}

/* ---- a server that has one home for all ---- */

static char *shared;
static const char *fixed; /* of a name with this in it nothing is removed; NULL: everything */
static bool hiccup;       /* the next file is not answered for */

struct sftp {
	char unused;
};
/* The linker sends trial.c's calls here. */
int __wrap_sftp_new(const struct sftp_to *to, struct sftp **ret, struct err *e);
void __wrap_sftp_free(struct sftp *s);
const char *__wrap_sftp_host_key(const struct sftp *s);
int __wrap_sftp_list(struct sftp *s, const char *path, struct err *e);
int __wrap_sftp_put(struct sftp *s, const char *path, struct sv content, struct err *e);
int __wrap_sftp_get(struct sftp *s, const char *path, struct buf *ret, struct err *e);
int __wrap_sftp_remove(struct sftp *s, const char *path, struct err *e);

int __wrap_sftp_new(const struct sftp_to *to, struct sftp **ret, struct err *e)
{
	*ret = xcalloc(1, sizeof **ret);
	return 0;
}

void __wrap_sftp_free(struct sftp *s) { free(s); }

const char *__wrap_sftp_host_key(const struct sftp *s) { return "ssh-ed25519 SHA256:x"; }

int __wrap_sftp_list(struct sftp *s, const char *path, struct err *e) { return 0; }

int __wrap_sftp_put(struct sftp *s, const char *path, struct sv content, struct err *e)
{
	autofree char *file = xasprintf("%s%s", shared, path);
	FILE *f;

	if (hiccup && strstr(path, "probe-2")) {
		hiccup = false;
		return err_set(e, ERR_TIMEOUT, "no answer");
	}
	f = fopen(file, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
	fclose(f);
	return 0;
}

int __wrap_sftp_get(struct sftp *s, const char *path, struct buf *ret, struct err *e)
{
	autofree char *file = xasprintf("%s%s", shared, path);

	return file_read_path(file, ret, e);
}

int __wrap_sftp_remove(struct sftp *s, const char *path, struct err *e)
{
	autofree char *file = xasprintf("%s%s", shared, path);

	if (fixed && strstr(path, fixed))
		return err_set(e, ERR_REFUSED, "permission denied");
	return unlink(file) ? err_set(e, ERR_ABSENT, "there is no '%s'", path) : 0;
}

struct trials {
	char home[32], secret[32];
	struct site site;
	struct ctx c;
	json_t *before, *again; /* results */
};

static void trials_begin(struct trials *t)
{
	*t = (struct trials){ .home = "/tmp/trial.XXXXXX", .secret = "/tmp/trial.XXXXXX",
			      .site = { .name = (char *)"main", .doc = json_pack("{s{ss si}}", "probe", "host", "127.0.0.1", "sftp", 1) } };
	assert_non_null(mkdtemp(t->home));
	close(mkstemp(t->secret));
	put_text(t->secret, "secret");
	t->c = (struct ctx){ .sites = &t->site, .n_sites = 1, .events = events_new() };
	shared = t->home;
}

static json_t *user_of(const struct trials *t, const char *name, bool encrypted)
{
	return json_pack("{ss ss ss sb}", "user", name, "password_file", t->secret, "home", t->home, "encrypted", encrypted);
}

/* Before the stop, then at the new server, as the plan says; of files with these words in their names neither server removes any. */
static int try_servers(struct trials *t, json_t *users /* stolen */, const char *old, const char *new, struct err *e)
{
	autojson json_t *first = json_pack("{ss}", "name", ".crossgrade-probe-1"), *second = json_pack("{ss}", "name", ".crossgrade-probe-2");
	autojson json_t *params = json_pack("{so ss}", "users", users, "within", "20s");
	int r;

	fixed = old;
	assert_ok(step_login_trial.apply(&t->c, params, first, &t->before, e), e);
	json_object_set(params, "then", json_object_get(t->before, "seen"));
	json_object_set(params, "then_folders", json_object_get(t->before, "folders"));
	json_object_set(params, "then_kept", json_object_get(t->before, "kept"));
	fixed = new;
	r = step_login_trial.apply(&t->c, params, second, &t->again, e);
	fixed = NULL;
	return r;
}

static void try_both(struct trials *t, json_t *users /* stolen */)
{
	struct err e = ERR_INIT;

	assert_ok(try_servers(t, users, NULL, NULL, &e), &e);
}

static size_t notes_with(const json_t *result, const char *words)
{
	const json_t *notes = json_object_get(result, "notes"), *one;
	size_t i, n = 0;

	json_array_foreach((json_t *)notes, i, one) n += strstr(json_string_value(one), words) != NULL;
	return n;
}

/* Nothing is left in the home. */
static void trials_end(struct trials *t)
{
	assert_int_equal(rmdir(t->home) || unlink(t->secret), 0);
	json_decref(t->before);
	json_decref(t->again);
	json_decref(t->site.doc);
	events_free(t->c.events);
}

static void who_is_named_twice_leaves_one(void **state)
{
	struct trials t;

	trials_begin(&t);
	try_both(&t, json_pack("[oo]", user_of(&t, "anna", true), user_of(&t, "anna", true)));
	trials_end(&t);
}

static void a_home_of_two_has_a_file_for_each(void **state)
{
	static const bool second[] = { true, false };

	for (size_t i = 0; i < ARRAY_LEN(second); i++) {
		struct trials t;

		trials_begin(&t);
		try_both(&t, json_pack("[oo]", user_of(&t, "anna", true), user_of(&t, "ben", second[i])));
		assert_int_equal(notes_with(t.before, "left for the new server"), second[i] ? 2 : 1);
		assert_int_equal(notes_with(t.again, "was read equal"), second[i] ? 2 : 1);
		assert_int_equal(notes_with(t.again, "not proved"), 0);
		trials_end(&t);
	}
}

/* Clients wrote before the new server was asked, and the run stands: who accepts it as it is keeps no file of ours. */
static void who_gives_the_way_back_up_takes_the_file_away(void **state)
{
	autojson json_t *undo = json_pack("{ss}", "name", ".crossgrade-probe-1");
	autofree char *gone = NULL, *again = NULL;
	autojson json_t *params = NULL;
	struct err e = ERR_INIT;
	struct trials t;

	trials_begin(&t);
	params = json_pack("{s[oo] ss}", "users", user_of(&t, "anna", false), user_of(&t, "ben", true), "within", "20s");
	assert_ok(step_login_trial.apply(&t.c, params, undo, &t.before, &e), &e);
	assert_true(has(t.home, ".crossgrade-probe-1-1"));
	put(t.home, ".crossgrade-probe-1"); /* as builds of before called it */
	assert_ok(step_login_trial.give_up(&t.c, params, undo, &gone, &e), &e);
	assert_non_null(strstr(gone, "probe-1'"));
	assert_non_null(strstr(gone, "probe-1-1'"));
	assert_non_null(strstr(gone, ", left for a trial"));
	assert_ok(step_login_trial.give_up(&t.c, params, undo, &again, &e), &e);
	assert_null(again);
	/* A home that is not encrypted may be on a share that hangs, and the trial left nothing there. */
	json_object_set_new(json_array_get(json_object_get(params, "users"), 1), "encrypted", json_false());
	put(t.home, ".crossgrade-probe-1");
	assert_ok(step_login_trial.give_up(&t.c, params, undo, &again, &e), &e);
	assert_null(again);
	assert_true(has(t.home, ".crossgrade-probe-1"));
	assert_ok(step_login_trial.undo(&t.c, params, undo, &e), &e);
	assert_false(has(t.home, ".crossgrade-probe-1"));
	trials_end(&t);
}

/* What was read proves that the new server reads it, whatever comes after. */
static void a_left_file_that_was_read_is_proved(void **state)
{
	struct trials t;

	trials_begin(&t);
	hiccup = true;
	try_both(&t, json_pack("[o]", user_of(&t, "anna", true)));
	assert_false(hiccup);
	assert_int_equal(notes_with(t.again, "was read equal"), 1);
	assert_int_equal(notes_with(t.again, "not proved"), 0);
	trials_end(&t);
}

/* That a removal is refused is the new server's fault where the old one did not, in an encrypted home as in another. */
static void a_removal_that_the_old_server_refused_too_is_no_fault(void **state)
{
	static const struct {
		const char *old, *new;
		bool encrypted, fault;
	} cases[] = { { NULL, "probe-", true, true }, { NULL, "probe-", false, true }, { "probe-", "probe-", true, false } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = ERR_INIT;
		struct trials t;
		int r;

		trials_begin(&t);
		r = try_servers(&t, json_pack("[o]", user_of(&t, "anna", cases[i].encrypted)), cases[i].old, cases[i].new, &e);
		if (cases[i].fault)
			assert_fails(r, &e, ERR_CHANGED);
		else
			assert_ok(r, &e);
		assert_int_equal(notes_with(t.again, "was read equal"), !cases[i].fault);
		assert_int_equal(notes_with(t.again, "the server did not remove it"), !cases[i].fault);
		trials_end(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_of_file_events_fires_for_whom_it_names),
		cmocka_unit_test(others_do_not_fire_on_files),
		cmocka_unit_test(a_rule_of_objects_fires_when_an_account_is_made),
		cmocka_unit_test(who_hears_that_a_rule_is_saved),
		cmocka_unit_test(a_hook_hears_that_a_rule_is_saved),
		cmocka_unit_test(an_account_of_ours_is_shown_to_no_hook),
		cmocka_unit_test(a_user_is_tried_as_far_as_he_may),
		cmocka_unit_test(a_primary_group_stands_over_the_user),
		cmocka_unit_test(settings_name_files_and_no_secrets),
		cmocka_unit_test(what_a_kill_left_is_removed_and_nothing_else),
		cmocka_unit_test(an_account_is_there_as_long_as_its_folder),
		cmocka_unit_test(a_password_file_that_does_not_open_is_no_refusal),
		cmocka_unit_test(who_is_named_twice_leaves_one),
		cmocka_unit_test(a_home_of_two_has_a_file_for_each),
		cmocka_unit_test(a_left_file_that_was_read_is_proved),
		cmocka_unit_test(a_removal_that_the_old_server_refused_too_is_no_fault),
		cmocka_unit_test(who_gives_the_way_back_up_takes_the_file_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
