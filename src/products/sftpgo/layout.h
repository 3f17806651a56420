/* How an SFTPGo installation stands on this host: who runs it, from where, with which configuration directory.
 *
 * An installation is known by its configuration directory (its root here): it is what `serve -c` names, and host keys, env.d and,
 * by default, the database lie in it. The server holds no lock; it is the process of a program "sftpgo" that serves with this
 * directory. facts/sftpgo 1.1, 2.1. */
#pragma once

#include "io/proc.h"
#include "products/sftpgo/config.h"
#include "svc/service.h"
#include "svc/unitfile.h"

/* What a command line says; borrowed from argv. */
struct serve_line {
	const char *program;            /* argv[0] */
	const char *config_dir;         /* -c, --config-dir */
	const char *config_file;        /* --config-file */
	const char *log_file;           /* -l, --log-file-path; "": standard output */
};
bool serve_line_parse(char *const *argv, struct serve_line *ret);     /* false: it serves no SFTPGo */
/* The configuration directory that a server is started with: by the flag, else the environment, else where it is started. Heap;
 * NULL: not to be known. facts/sftpgo 1.1 */
char *serve_config_dir(const struct serve_line *line, char *const *env, const char *cwd);
/* The file that it logs to: by the flag, the environment, or as it comes, sftpgo.log; one that is not absolute lies in the
 * configuration directory. Heap; NULL: its standard output. src: internal/cmd/root.go, internal/service/service.go */
char *serve_log_file(const struct serve_line *line, char *const *env, const char *cwd);

struct layout {
	char *root;                     /* canonical configuration directory */
	struct proc proc;               /* of the running server; id.pid 0 when stopped */
	struct unitfile unit;           /* name NULL: none */
	char **argv, **env;             /* what starts it: of the process, else of the unit; NULL: not known */
	char *cwd;                      /* where it is started, NULL: not known */
	char *program;                  /* canonical; NULL: not known */
	char *named;                    /* the program, absolute, as the launcher names it */
	char *install, *install_link;   /* its directory, and the link through which it is named */
	const char *kind;               /* "package", "archive", "container", "windows": a copy of its folder, "unknown" */
	const char *folder_from;        /* who says where conf.folder is; NULL: no copy */
	json_t *package;                /* packager_owner(); NULL: of no package */
	json_t *service;                /* config for service_open() */
	struct svc_state svc;
	json_t *container;              /* container_about(); "error": why docker told nothing. NULL: none */
	json_t *stopped;                /* docker's word of one that does not run, by which its paths are known; NULL: none */
	json_t *seen;                   /* docker's word of the container, running or not; NULL: none, or docker told nothing */
	char *inside;                   /* the root as the container calls it; NULL: of no container */
	struct sftpgo_config conf;
	char conf_error[256];           /* "" when it could be read */
	int others;                     /* more processes that serve with the same directory */
};
#define autolayout cleanup_with(sftpgo_layout_done)

/* source: `source` of the migration file (install, service), may be NULL. Looks only. */
int  sftpgo_layout_of(const char *root, const json_t *source, struct layout *ret, struct err *e) must_check;
/* Only as far as the configuration is known, which must be readable. A stopped plain process has no environment any more: that of its
 * launch record (svc/launch.h, NULL: none) takes its place. */
int  sftpgo_layout_conf(const char *root, const json_t *source, const json_t *launch, struct layout *ret, struct err *e) must_check;
void sftpgo_layout_done(struct layout *l);

/* layout_container.c. What docker says of the container that the service is of, if it is of one, and as what it knows the root. */
void layout_read_container(struct layout *l);
/* The container that does not run and is started with the root, if docker knows such: its service, and what starts it. */
void layout_find_stopped(struct layout *l);
/* Calls back with the root, as this host calls it, of each container that does not run. */
void layout_each_stopped(void (*seen)(void *data, const json_t *container, const char *root), void *data);
char **layout_words(const json_t *list);        /* its texts; for words_free() */
/* The path that a key names, as the server calls it. Heap; NULL: it names none. */
char *layout_named(const struct layout *l, const char *key) must_check;
/* What the server calls `path`, absolute, as this host calls it. Heap; NULL: it lies in a container itself, or in memory. */
char *layout_here(const struct layout *l, const char *path) must_check;
/* The same of a file that must outlive the container, which shows on this host while it lies in one that runs, too. NULL: it does
 * not, and why. */
char *layout_kept(const struct layout *l, const char *path, const char **ret_why) must_check;
/* doors_probe(), as this host reaches what a container publishes. New reference. */
json_t *layout_probe(const struct layout *l) must_check;

/* The process that serves with this root, 0: none, or more than one. In a container the first process may be another. */
pid_t sftpgo_layout_server(const char *root);

/* Canonical roots of this host's installations, sorted. */
typedef VEC(char *) sftpgo_roots;
int  sftpgo_layout_roots(sftpgo_roots *ret, struct err *e) must_check;
void sftpgo_roots_done(sftpgo_roots *r);
