/* Those who fetch packages for a manager from repositories, apt (apt.c) or dnf (dnf.c), behind one interface: what a file that names
 * repositories says, and packages by their own tools, which check signatures, on a configuration of our own. Nothing that they keep
 * of this host is read or changed but how it reaches the world: proxies, certificates, passwords. They work in a directory
 * below /var/tmp that ends with the struct.
 *
 *	autofront struct front f = FRONT_NONE;
 *	if (ops->parse(text, "vendor.list", &entries, e) < 0 || ops->judge(entries, &keyring, e) < 0 ||
 *	    front_open(ops, entries, buf_sv(&keys), 10 * 60 * NS_PER_S, &f, e) < 0 ||
 *	    ops->version(&f, "sftpgo", "2.7.5", version, e) < 0 || ops->fetch(&f, "sftpgo", version, &into, &name, e) < 0) ... */
#pragma once

#include "base/clock.h"
#include "io/cmd.h"
#include "io/dir.h"
#include "io/json.h"

#define FRONT_VERSION_MAX 128

struct front {
	const struct front_ops *ops;
	struct dir              room;
	struct deadline         until;
	char                    arch[32];
};

struct front_ops {
	const char *name;               /* "apt" */
	const char *folder;             /* where files that name repositories go: "/etc/apt/sources.list.d" */
	const char *const *others;      /* files and folders in which there may be some, too; NULL-ended */
	const char *mixed;              /* a file that may name some among other things; NULL: there is none */
	const char *const *endings;     /* what it reads in folders, by the end of its name; NULL-ended */
	const char *naming;             /* what it wants of a name, in words */

	/* ---- a file that names repositories. An entry is {"uris": [..], ..}; those that are switched off are left out */
	/* name: of the file. ERR_FORMAT when it could not be read by those either, with the line. */
	int (*parse)(struct sv text, const char *name, json_t **ret, struct err *e);
	/* Would it check what it takes from these, all of it by one set of keys? Into ret_keyring (borrowed) the file they lie in, NULL
	 * when in none of this host. ERR_REFUSED: a signature is not asked for, or by no key, or a password stands in
	 * it; ERR_ABSENT: no packages come from it. */
	int (*judge)(const json_t *entries, const char **ret_keyring, struct err *e);

	/* ---- fetching */
	/* By front_open(): the room furnished, the index read. ERR_REFUSED: its signature is not by one of the keys, or none; ERR_ABSENT:
	 * nothing there is for this machine; ERR_IO: it cannot be had. */
	int (*begin)(struct front *f, const json_t *entries, struct sv keys, struct err *e);
	/* The version of that package that is `want`, or `want` with a revision of the package behind it ("2.7.5" is 2.7.5-1), the
	 * newest. ERR_ABSENT names those that there are. */
	int (*version)(const struct front *f, const char *package, const char *want, char ret[FRONT_VERSION_MAX], struct err *e);
	/* Into that directory under a name of its own, heap. ERR_CHANGED when what comes is not what the index says; ERR_REFUSED when
	 * it is not signed by one of the keys. */
	int (*fetch)(const struct front *f, const char *package, const char *version, const struct dir *into, char **ret_name,
		     struct err *e);
};

extern const struct front_ops front_apt, front_dnf;

#define FRONT_NONE { .room = DIR_NONE }
#define autofront  cleanup_with(front_close)

/* ERR_TIMEOUT, here and in what follows, once `within_ns` is over for all of it. */
int  front_open(const struct front_ops *ops, const json_t *entries, struct sv keys, int64_t within_ns, struct front *ret, struct err *e)
	must_check;
void front_close(struct front *f);

/* Would it read a file of that name in one of its folders? */
bool front_reads(const struct front_ops *ops, const char *name);
/* "h" of "https://user:password@h:8080/x"; empty where it names none. */
struct sv front_host(const char *uri);

/* ---- for those behind the interface */
#define FRONT_SAID_MAX ((size_t)1 << 20)
#define FRONT_FILES    "files"          /* of the room: what was fetched, and nothing else */
/* A server that does not answer is given up after this long, twice; the deadline bounds it all. */
#define FRONT_ANSWER_S "20"

/* A tool of theirs with these variables, in that directory, by the deadline. */
int front_run(const struct front *f, const char *const *argv, const char *const *env, const char *cwd, struct cmd_result *ret,
	      struct err *e) must_check;
/* What it says with status 0, appended; -kind with its own words else. */
int front_ask(const struct front *f, const char *const *argv, const char *const *env, struct buf *ret, struct err *e) must_check;
/* The first line in it that begins so and holds that word, without its beginning; empty when none does. */
struct sv front_line(struct sv said, const char *begin, const char *word);
int front_say(struct err *e, enum err_kind kind, const char *what, struct sv line);     /* -kind: "what: line" */
/* Does a host stand in it with a password? */
bool front_has_password(const char *uri);
/* Of the version "1:2.7.5-1~x" "2.7.5" is the release: the epoch and the package's own revision are nobody's who reads release notes. */
bool front_is_release(struct sv version, const char *want);
/* The one file in FRONT_FILES becomes `name` in `into`; of that digest, or of any where sha256 is NULL. */
int front_take(const struct front *f, const char *sha256, const struct dir *into, const char *name, struct err *e) must_check;
/* The one file in FRONT_FILES: its path, heap. */
int front_file(const struct front *f, char **ret, struct err *e) must_check;
