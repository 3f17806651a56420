/* Those who install packages, dpkg (dpkg.c) or rpm (rpm.c), behind one interface: what a package's file is, what is installed, and
 * the manager itself, never asking and never in anybody's way: without a terminal, with old configuration files kept, and every
 * other program that installs packages (apt, dnf, their timers) locked out meanwhile.
 *
 * A manager that was killed leaves a package half done; to install the same or another version of it again is the way out of every
 * such state, for both managers, and is what the caller does. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "io/dir.h"
#include "svc/front.h"

struct packager {
	const struct packager_ops *ops;
	const char *inst;       /* "/": where files of packages lie */
	const char *admin;      /* its database: "/var/lib/dpkg" */
};

struct packager_ops {
	const char *name;       /* "dpkg" */
	const char *form;       /* of a package's file, and its ending: "deb" */
	const char *beside;     /* ending of what it lays beside a configuration file that it kept: ".dpkg-dist" */
	const char *half;       /* ending of a file that is unpacked, but not in place yet: ".dpkg-new"; NULL: sweep() knows them */
	const char *wanted;     /* what installed() says of want after an installation from a file: "install" */
	const struct front_ops *front; /* who downloads for it: apt */
	const char *repacker;   /* makes a package of what is installed: "dpkg-repack"; NULL: there is no such program */

	/* ---- a package's file; ERR_FORMAT, with the manager's words, when it is damaged or none */
	/* {"name","version","arch"}; where files have a signature in them, "signature": "good"|"unknown key"|"none"|"wrong". */
	int (*about)(const char *path, json_t **ret, struct err *e);
	int (*extract)(const char *path, const char *into, struct err *e);      /* its files into an empty directory of ours */
	int (*conffiles)(const char *path, json_t **ret, struct err *e);        /* [path]: configuration files it may bring */
	/* [path]: files and directories, these before theirs. dpkg has to unpack all of the package for it: not within the window. */
	int (*brings)(const char *path, json_t **ret, struct err *e);

	/* ---- this host */
	int (*database)(char **ret, struct err *e);                             /* where it is: for `admin`; heap */
	int (*arch)(char ret[32], struct err *e);                               /* as packages name it */
	/* Where a package {"name","version","arch"} can be had again, nothing fetched: {"how": "file","file"}, {"how": "download"} or
	 * {"how": "repack"}; NULL: nowhere. New reference. */
	json_t *(*had)(const json_t *package);
	int (*fetch)(const json_t *package, const char *how, const char *into, struct err *e); /* by "download" or "repack" */

	/* ---- what is installed */
	/* Name of the package that a file belongs to, heap; ERR_ABSENT: of none. */
	int (*owner)(const struct packager *p, const char *path, char **ret, struct err *e);
	/* {"name","version","arch","want","held","status","conffiles": [path]}; ERR_ABSENT when no file of it is installed. status is
	 * "installed" or a word for what is half done; held: it is to stay at its version, and want says so in the manager's form. */
	int (*installed)(const struct packager *p, const char *name, json_t **ret, struct err *e);
	/* One line for each file that is missing or not as packed, but configuration files. */
	int (*verify)(const struct packager *p, const char *name, struct buf *ret, struct err *e);
	/* [path] of the directories it brings, whose owner and mode it sets. NULL: it leaves those of directories that are there. */
	int (*folders)(const struct packager *p, const char *name, json_t **ret, struct err *e);
	/* Is it the very build in that file? The same version need not be. 1, 0, -kind; 1 where nothing could tell. */
	int (*is_build)(const struct packager *p, const char *name, const char *path, struct err *e);

	/* ---- at work */
	/* Remove what a manager that was killed while it unpacked that file left under names of its own. NULL: it does so itself. */
	int (*sweep)(const struct packager *p, const char *path, struct err *e);
	/* 1: a killed one left what its next installation clears away, though no package is half done. NULL: it leaves nothing. */
	int (*interrupted)(const struct packager *p, struct err *e);
	/* The lock of those who install packages, and no manager at work; a descriptor that holds it. ERR_BUSY after the deadline. */
	int (*lock)(const struct packager *p, struct deadline until, struct err *e);
	/* With the lock held; downgrades, too. files: NULL-ended. dry: only whether they could be (dependencies, conflicts); needs
	 * no lock. Durable on return. */
	int (*install)(const struct packager *p, const char *const *files, bool dry, int64_t within_ns, struct err *e);
	int (*purge)(const struct packager *p, const char *name, int64_t within_ns, struct err *e);
	int (*want)(const struct packager *p, const char *name, const char *want, struct err *e); /* as installed() said it */
};

extern const struct packager_ops packager_dpkg, packager_rpm;

const struct packager_ops *packager_named(const char *name);    /* "dpkg"; NULL: there is none */
const struct packager_ops *packager_of_form(const char *form);  /* "deb"; NULL: no package */

/* Of this host, the package that a file belongs to: {"manager","database","name","version","held"}. NULL: of none. New
 * reference. */
json_t *packager_owner(const char *path);

/* {path: SHA-256} of the configuration files that a package brings; `files`: where it was extracted. */
int packager_conffiles(const struct packager_ops *ops, const char *path, const struct dir *files, json_t **ret, struct err *e)
	must_check;

/* ---- for those behind the interface */
#define PACKAGER_ASK_WITHIN   (30 * NS_PER_S)
#define PACKAGER_FILES_WITHIN (300 * NS_PER_S)  /* to read all files of a package */
#define PACKAGER_FETCH_WITHIN (600 * NS_PER_S)
#define PACKAGER_SAID_MAX     ((size_t)4 << 20)
#define PACKAGER_FILES_MAX    16                /* packages at once */

/* A question, its answer appended to ret (or NULL). A status other than 0 is `no`, with its last words; a signal ERR_IO. */
int packager_ask(const char *const *argv, const char *const *env, struct buf *ret, enum err_kind no, int64_t within_ns,
		 struct err *e) must_check;
/* The manager at work: it lives on when we are killed, as one that ends by itself leaves less behind, and who comes next waits for
 * its lock. */
int packager_run(const char *const *argv, const char *const *env, struct sv in, int64_t within_ns, struct err *e) must_check;
/* A program that writes into the directory `into`. */
int packager_fetch(const char *const *argv, const char *into, struct err *e) must_check;
/* The lines of `dpkg --verify` or `rpm --verify`, which are of one form, but those of configuration files. */
int packager_verify(const char *const *argv, const char *const *env, struct buf *ret, struct err *e) must_check;
int packager_name_files(const char **argv, const char *const *files, struct err *e) must_check; /* at the end of an argv */
bool packager_lock_is_free(int fd);     /* a record lock on the whole file could be had */
/* Is the file at that path this very package? */
bool packager_is_file(const struct packager_ops *ops, const char *path, const json_t *package);
