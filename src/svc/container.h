/* What Docker says about a container, and a container made anew with another image. What ends in _of only thinks, so that a saved
 * answer can be read again. */
#pragma once

#include "svc/service.h"

/* By id or name. ERR_ABSENT: no such container; ERR_REFUSED: docker says no, or there is none to be asked. */
int container_inspect(const char *name, json_t **ret, struct err *e) must_check;
/* Every one that docker knows, running or not. */
int container_all(json_t **ret, struct err *e) must_check;
/* An image by its reference or id. ERR_ABSENT: it is not on this host. */
int image_inspect(const char *reference, json_t **ret, struct err *e) must_check;
int volume_inspect(const char *name, json_t **ret, struct err *e) must_check;
/* Docker mounts such a volume when a container of it starts, and takes the mount away with the last: its driver, or the type of its
 * device ("nfs", "none" for a folder). NULL: it is a folder of docker's, and stays. Borrowed. No other option is ever shown: one may
 * be a password. Source: docker docs, "docker volume create", local driver. */
const char *volume_is_mounted_as(const json_t *volume);
/* The one of a service {"kind":"compose"|"container",..}. */
int container_of(const json_t *service, json_t **ret, struct err *e) must_check;
int container_state_of(const json_t *seen, struct svc_state *ret, struct err *e) must_check;
#define CONTAINER_POLICY_MAX 64 /* of struct svc_state, too */
void container_policy_of(const json_t *seen, char ret[CONTAINER_POLICY_MAX]);
/* {"kind":"compose","project":..,"service":..} by its labels, else
 * {"kind":"container","name":..}. */
json_t *container_config_of(const json_t *seen);
/* What a person asks of it: container_config_of() and {"name","id","image","status","restart","command":[..],
 * "ports":{"9000/tcp":"0.0.0.0:9000"},"address": of its own network, or null,"host_network":
 * bool}. */
json_t *container_about(const json_t *seen);
/* Takes out of that what a restart of the container, or of this host, changes, and gives it: "status", and where ports are published
 * "address", by which nobody reaches it then. */
json_t *container_take_passing(json_t *about) must_check;
/* Of what is reached inside at "host" and these ports, what this host reaches: what a container publishes there, and the rest of it
 * not; with nothing published, by its own address. probe: {"host", name: port, name_"host": where that one is reached at
 * another address} of a site. */
void container_reach(const json_t *about, const char *const *names, size_t n, json_t *probe);

/* By its mounts: where a path of it lies on this host, and where one of this host lies in it. Heap; NULL: nowhere. */
char *container_outside(const json_t *seen, const char *inside);
char *container_inside(const json_t *seen, const char *outside);
/* Docker's word of the mount that a path of it lies on; NULL: it lies in the container itself. Borrowed. */
const json_t *container_mount(const json_t *seen, const char *inside);
/* Is what a running process calls `inside` the file that this host calls `outside`? */
bool container_shows(pid_t pid, const char *inside, const char *outside);
/* Its network is this host's: it publishes nothing, and what holds for ports of this host holds for its own. */
bool container_is_on_host_of(const json_t *seen);
/* The file in which docker keeps what it writes, an object {"log":..} a line; NULL: this log driver keeps none. Borrowed. */
const char *container_log_of(const json_t *seen);
/* What was made, changed or removed in the container itself, in none of its volumes, and would be lost with it: [path], sorted, of
 * a folder only what lies in it, at most 1000; what systems and mounts make there is left out. */
int container_changes(const json_t *seen, json_t **ret, struct err *e) must_check;
/* The same of what "docker container diff" says; only thinks. */
json_t *container_changes_of(const json_t *seen, struct sv said) must_check;
/* What a running process calls `inside`, as this host calls it: by the mounts of both, so docker is not asked. Heap; NULL: it does
 * not show here. */
char *container_path_here(pid_t pid, const char *inside);

/* ---- the same container with another image */

/* What the operator gave, and nothing that the old image brought: {"create": body of a request that makes it, "connect":
 * [{"network","config"}]: networks that come after it}. Volumes are named, those without a name of their own, too; the user stays,
 * whoever the new image would run as; it is not restarted by docker until somebody says so. `old` and `new`: image_inspect(). It can hold
 * passwords. ERR_REFUSED with the remedy for what cannot be made again: --rm, Swarm. */
int container_recipe_of(const json_t *seen, const json_t *old, const json_t *new, const char *image, const char *run, json_t **ret,
                        struct err *e) must_check;
/* The run that made it; NULL: none of ours. */
const char *container_maker_of(const json_t *seen);
/* Published at a port that docker draws by lot: it would be another one. */
bool container_draws_port_of(const json_t *seen);
/* Not started. ERR_EXISTS: the name is taken. */
int container_create(const char *name, const json_t *recipe, struct err *e) must_check;
/* Its networks that are not connected yet. */
int container_connect(const char *name, const json_t *recipe, struct err *e) must_check;
int container_rename(const char *id, const char *name, struct err *e) must_check;
/* A stopped one, and no volume of it. */
int container_remove(const char *id, struct err *e) must_check;
/* The last lines it wrote, both streams, as docker keeps them. */
int container_logs(const char *id, struct buf *ret, struct err *e) must_check;
/* The last of those since a moment, as docker writes one ("2026-11-22T08:00:00.123456789Z"), without their times. */
int container_logs_since(const char *id, const char *since, struct buf *ret, struct err *e) must_check;
