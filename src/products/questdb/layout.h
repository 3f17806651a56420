/* How a QuestDB installation stands on this host: who runs it, from where, over which data.
 *
 * The owner of a root is the holder of its DB/tables.d.lock; command lines only say what it was
 * started with. A stopped installation is read from its unit, or from what the migration file
 * names. */
#pragma once

#include "io/proc.h"
#include "products/questdb/conf.h"
#include "svc/service.h"
#include "svc/unitfile.h"

/* What a command line says. Borrowed from argv but for the modules. */
struct launch_line {
	const char *java;       /* argv[0], or NULL when it is a script */
	const char *script;     /* ".../questdb.sh", or NULL */
	const char *main_class; /* "io.questdb/io.questdb.ServerMain", NULL: not named here */
	const char *jar;        /* of -p, --module-path or -cp */
	const char *root;       /* of -d */
	json_t *modules;        /* [str], sorted: those opened, exported or given native access */
};
bool launch_line_parse(char *const *argv, struct launch_line *ret); /* false: starts no QuestDB */
void launch_line_done(struct launch_line *l);
/* Edition by main class: "enterprise", "open-source", NULL when it is neither. */
const char *edition_of_main(const char *main_class);

struct layout {
	char *root, *db;      /* canonical */
	char *db_rel;         /* DB below ROOT; NULL when it lies elsewhere */
	char *lock;           /* path of tables.d.lock */
	struct proc proc;     /* of the running server; id.pid 0 when stopped */
	struct unitfile unit; /* name NULL: none */
	char **argv, **env; /* what starts it: of the unit, else of the process; NULL: not known */
	struct launch_line line; /* of argv; of the process where there is no unit */
	char *main_class;        /* as running, else as the launcher names it; NULL */
	char *launch_main;       /* as the launcher names it */
	char *launch_file;       /* file that names it, or NULL */
	char *script;            /* questdb.sh, or NULL */
	char *install, *install_link, *jar, *java;
	const char *kind; /* "runtime", "no-jre", "container", "unknown" */
	json_t *service;  /* config for service_open() */
	struct svc_state svc;
	json_t *container; /* container_about() and "root", as it calls it; "error": why docker told nothing.
			      NULL: none */
	struct conf conf;
	char conf_error[256];
	char conf_sha[65]; /* "" when there is no server.conf */
};
#define autolayout cleanup_with(layout_done)

/* source: `source` of the migration file (install, service), may be NULL. Looks only. */
int layout_of(const char *root, const json_t *source, struct layout *ret, struct err *e) must_check;
void layout_done(struct layout *l);
/* Of a stopped server that nothing else starts: is the root a container's? ERR_TIMEOUT when docker does not answer. */
int layout_ask_docker(struct layout *l, struct err *e) must_check;

/* Is there anything of that name in the directory? */
bool layout_has(const char *dir, const char *rel);
/* Of a container's description, as it is named inside: by its command, else where the vendor's image has it. Heap, NULL: none. */
char *layout_container_root(const json_t *seen) must_check;

/* Canonical roots of this host's installations, sorted: of processes, units, containers and the usual places. */
typedef VEC(char *) root_list;
int layout_roots(root_list *ret, struct err *e) must_check;
void root_list_done(root_list *r);
