/* Docker containers, alone or of a Compose project: what docker says of them. */
#include "svc/service.h"

#include "base/mem.h"
#include "io/json.h"
#include "svc/container.h"
#include "svc/docker.h"
#include "svc/kinds.h"

#define IDS_MAX 500
#define ANSWER_MAX ((size_t)4 << 20)

#define LABEL_PROJECT "com.docker.compose.project"
#define LABEL_SERVICE "com.docker.compose.service"

/* The only one of a list that docker answers with. */
static int only_one(const char *const *argv, const char *name, json_t **ret, struct err *e)
{
	autojson json_t *list = NULL;

	if (docker_json(argv, DOCKER_WITHIN, &list, e) < 0)
		return -(int)e->kind;
	if (json_array_size(list) != 1)
		return err_set(e, ERR_FORMAT, "docker knows %zu of the name '%s'",
			       json_array_size(list), name);
	*ret = json_incref(json_array_get(list, 0));
	return 0;
}

#define NAME "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

int container_inspect(const char *name, json_t **ret, struct err *e)
{
	const char *argv[] = { "docker", "container", "inspect", "--", name, NULL };
	autofree char *path = xasprintf("/containers/%s/json", name);
	int r = *name && !name[strspn(name, NAME)] ? docker_get(path, ret, e) : 1;

	return r == 1 ? only_one(argv, name, ret, e) : r;
}

int image_inspect(const char *reference, json_t **ret, struct err *e)
{
	const char *argv[] = { "docker", "image", "inspect", "--", reference, NULL };
	autofree char *path = xasprintf("/images/%s/json", reference);
	int r = *reference && !reference[strspn(reference, NAME "/:@")] ? docker_get(path, ret, e) : 1;

	return r == 1 ? only_one(argv, reference, ret, e) : r;
}

int volume_inspect(const char *name, json_t **ret, struct err *e)
{
	const char *argv[] = { "docker", "volume", "inspect", "--", name, NULL };

	return only_one(argv, name, ret, e);
}

const char *volume_is_mounted_as(const json_t *volume)
{
	const char *driver = json_str(volume, "Driver", "local");
	const json_t *options = json_object_get(volume, "Options");

	if (strcmp(driver, "local") != 0)
		return driver;
	return *json_str(options, "device", "") ? json_str(options, "type", "none") : NULL;
}

static int list_ids(char *argv[IDS_MAX], struct buf *text, struct err *e)
{
	static const char *const ls[] = { "docker",     "container", "ls",      "--all",
					  "--no-trunc", "--format",  "{{.ID}}", NULL };
	struct sv rest;
	int n = 0;

	if (docker_run(ls, DOCKER_WITHIN, text, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(text);
	while (rest.n && n < IDS_MAX) {
		struct sv id = sv_trim(sv_line(&rest));

		if (id.n)
			argv[n++] = sv_dup(id);
	}
	return n;
}

int container_all(json_t **ret, struct err *e)
{
	autobuf struct buf ids = BUF_MAX(ANSWER_MAX);
	const char *argv[4 + IDS_MAX + 1] = { "docker", "container", "inspect", "--" };
	char *id[IDS_MAX];
	int n = list_ids(id, &ids, e), r = n;

	for (int i = 0; i < n; i++)
		argv[4 + i] = id[i];
	if (n == 0)
		*ret = json_array();
	else if (n > 0)
		r = docker_json(argv, DOCKER_WITHIN, ret, e);
	for (int i = 0; i < n; i++)
		free(id[i]);
	return r < 0 ? r : 0;
}

static enum svc_run run_of(const char *status)
{
	static const struct {
		const char *name;
		enum svc_run run;
	} names[] = {
		{ "running", SVC_RUNNING },     { "created", SVC_STOPPED },
		{ "exited", SVC_STOPPED },      { "dead", SVC_FAILED },
		{ "restarting", SVC_STARTING }, { "removing", SVC_STOPPING },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(status, names[i].name))
			return names[i].run;
	return SVC_UNKNOWN;
}

/* As `docker update --restart` wants it. */
void container_policy_of(const json_t *seen, char ret[CONTAINER_POLICY_MAX])
{
	const json_t *p = json_object_get(json_object_get(seen, "HostConfig"), "RestartPolicy");
	const char *name = json_str(p, "Name", "");
	int64_t most = json_int(p, "MaximumRetryCount", 0);

	if (most > 0)
		snprintf(ret, CONTAINER_POLICY_MAX, "%s:%lld", name, (long long)most);
	else
		snprintf(ret, CONTAINER_POLICY_MAX, "%s", *name ? name : "no");
}

int container_state_of(const json_t *seen, struct svc_state *ret, struct err *e)
{
	const char *name = json_str(seen, "Name", "");
	json_t *state = NULL, *host = NULL;
	struct svc_state st = { 0 };
	const char *status = NULL, *policy;

	if (json_want_obj(seen, "State", &state, e) < 0 ||
	    json_want_str(state, "Status", &status, e) < 0 ||
	    json_want_obj(seen, "HostConfig", &host, e) < 0)
		return err_wrap(e, "read docker's answer");
	policy = json_str(json_object_get(host, "RestartPolicy"), "Name", "");
	name += name[0] == '/';
	st.run = run_of(status);
	st.enabled = !strcmp(policy, "always") || !strcmp(policy, "unless-stopped");
	st.restarts = policy[0] && strcmp(policy, "no") != 0;
	container_policy_of(seen, st.policy);
	snprintf(st.by, sizeof st.by, "docker: %.100s", name);
	snprintf(st.detail, sizeof st.detail, "%s, exit status %d, restart %s", status,
		 (int)json_int(state, "ExitCode", 0), policy[0] ? policy : "no");
	st.id.pid = (pid_t)json_int(state, "Pid", 0);
	if (st.id.pid && process_start_ticks(st.id.pid, &st.id.start_ticks, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		st.id = (struct process_id){ 0 };
	}
	*ret = st;
	return 0;
}

json_t *container_config_of(const json_t *seen)
{
	const json_t *labels = json_object_get(json_object_get(seen, "Config"), "Labels");
	const char *project = json_str(labels, LABEL_PROJECT, NULL);
	const char *service = json_str(labels, LABEL_SERVICE, NULL);
	const char *name = json_str(seen, "Name", "");

	if (project && service)
		return json_pack("{s:s,s:s,s:s}", "kind", "compose", "project", project, "service",
				 service);
	return json_pack("{s:s,s:s}", "kind", "container", "name", name + (name[0] == '/'));
}

/* Published ports; a stopped container has those that it will have. */
static json_t *ports_of(const json_t *seen)
{
	const json_t *now = json_object_get(json_object_get(seen, "NetworkSettings"), "Ports"),
		     *list;
	json_t *ports = json_object();
	const char *port;

	if (!json_object_size(now))
		now = json_object_get(json_object_get(seen, "HostConfig"), "PortBindings");
	json_object_foreach((json_t *)now, port, list)
	{
		const json_t *first = json_array_get(list, 0);
		const char *ip = json_str(first, "HostIp", "");

		if (first)
			json_object_set_new(ports, port,
					    json_sprintf("%s:%s", *ip ? ip : "0.0.0.0",
							 json_str(first, "HostPort", "")));
	}
	return ports;
}

/* Of its first network. */
static const char *address_of(const json_t *seen)
{
	const json_t *nets = json_object_get(json_object_get(seen, "NetworkSettings"), "Networks"),
		     *net;
	const char *name, *mode = json_str(json_object_get(seen, "HostConfig"), "NetworkMode", "");

	if (!strcmp(mode, "host"))
		return "127.0.0.1";
	json_object_foreach(
	    (json_t *)nets, name,
	    net) if (*json_str(net, "IPAddress", "")) return json_str(net, "IPAddress", "");
	return NULL;
}

json_t *container_about(const json_t *seen)
{
	const json_t *policy =
	    json_object_get(json_object_get(seen, "HostConfig"), "RestartPolicy");
	const char *name = json_str(seen, "Name", "");
	json_t *about = container_config_of(seen), *args = json_object_get(seen, "Args");
	json_t *more = json_pack(
	    "{ss so ss ss ss s[s] so ss? sb}", "name", name + (name[0] == '/'), "id",
	    json_sprintf("%.12s", json_str(seen, "Id", "")), "image",
	    json_str(json_object_get(seen, "Config"), "Image", "?"), "status",
	    json_str(json_object_get(seen, "State"), "Status", "?"), "restart",
	    *json_str(policy, "Name", "") ? json_str(policy, "Name", "") : "no", "command",
	    json_str(seen, "Path", ""), "ports", ports_of(seen), "address", address_of(seen),
	    "host_network", (int)container_is_on_host_of(seen));

	if (json_is_array(args))
		json_array_extend(json_object_get(more, "command"), args);
	json_object_update(about, more);
	json_decref(more);
	return about;
}

static void move_to(json_t *to, json_t *from, const char *key)
{
	json_t *value = json_object_get(from, key);

	if (!value)
		return;
	json_object_set(to, key, value);
	json_object_del(from, key);
}

json_t *container_take_passing(json_t *about)
{
	json_t *passing = json_object();

	move_to(passing, about, "status");
	if (json_object_size(json_object_get(about, "ports")))
		move_to(passing, about, "address");
	return passing;
}

/* Heap: the address; NULL: it is not published. */
static char *put_published(const json_t *ports, const char *name, json_t *probe)
{
	autofree char *inside = xasprintf("%d/tcp", (int)json_int(probe, name, 0));
	const char *at = json_str(ports, inside, ""), *colon = strrchr(at, ':');
	autofree char *host = colon ? xstrndup(at, (size_t)(colon - at)) : NULL;
	uint64_t port;

	json_object_del(probe, name);
	if (!colon || !sv_u64(sv_of(colon + 1), &port))
		return NULL;
	json_object_set_new(probe, name, json_integer((json_int_t)port));
	return !strcmp(host, "0.0.0.0") || !strcmp(host, "::") ? xstrdup("127.0.0.1") : take_ptr(host);
}

static void put_all_published(const json_t *ports, const char *const *names, size_t n, json_t *probe)
{
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		autofree char *host = put_published(ports, names[i], probe), *own = xasprintf("%s_host", names[i]);

		json_object_del(probe, own);
		if (host && first)
			json_object_set_new(probe, "host", json_string(host));
		else if (host && strcmp(host, json_str(probe, "host", "")) != 0)
			json_object_set_new(probe, own, json_string(host));
		first &= !host;
	}
}

static void put_address(const char *address, const char *const *names, size_t n, json_t *probe)
{
	json_object_set_new(probe, "host", json_string(address));
	for (size_t i = 0; i < n; i++) {
		autofree char *own = xasprintf("%s_host", names[i]);

		json_object_del(probe, own);
	}
}

void container_reach(const json_t *about, const char *const *names, size_t n, json_t *probe)
{
	const json_t *ports = json_object_get(about, "ports");
	const char *address = json_str(about, "address", NULL);

	/* Of this host's network: as the server has them. */
	if (json_bool(about, "host_network", false) && *json_str(probe, "host", ""))
		return;
	if (!json_object_size(ports) && address)
		put_address(address, names, n, probe);
	else
		put_all_published(ports, names, n, probe);
}

json_t *container_config(const char *id)
{
	autojson json_t *seen = NULL;
	struct err e = ERR_INIT;

	if (container_inspect(id, &seen, &e) < 0)
		return json_pack("{s:s,s:s}", "kind", "container", "name", id);
	return container_config_of(seen);
}

/* A name that docker could take for an option or a pattern is none. */
static int want_name(const json_t *config, const char *key, const char **ret, struct err *e)
{
	const char *name = json_str(config, key, "");

	if (!name[0] || name[0] == '-' || name[strspn(name, NAME)])
		return err_set(e, ERR_USAGE, "'%s' of the service is to be a name of docker's",
			       key);
	*ret = name;
	return 0;
}

static int container_open(struct service *s, struct err *e)
{
	const char *name = NULL;

	if (want_name(s->config, "name", &name, e) < 0)
		return -(int)e->kind;
	s->name = xasprintf("container %s", name);
	return 0;
}

static int compose_open(struct service *s, struct err *e)
{
	const char *project = NULL, *service = NULL;

	if (want_name(s->config, "project", &project, e) < 0 ||
	    want_name(s->config, "service", &service, e) < 0)
		return -(int)e->kind;
	s->name = xasprintf("service %s of project %s", service, project);
	return 0;
}

/* Of the containers of a Compose service the one that runs, else the newest: while one is made anew there are two. */
static int choose(struct sv rest, char ret_id[65], struct err *e)
{
	size_t running = 0;

	ret_id[0] = '\0';
	while (rest.n) {
		struct sv status = sv_trim(sv_line(&rest)), id = sv_word(&status);
		bool runs = sv_starts(status, "Up") || sv_starts(status, "Restarting");

		if (id.n && (!ret_id[0] || (runs && !running)))
			snprintf(ret_id, 65, SV_FMT, SV_ARG(id));
		running += runs;
	}
	if (running > 1)
		return err_set(e, ERR_REFUSED, "more than one container of it runs");
	return ret_id[0] ? 0 : err_set(e, ERR_ABSENT, "it has no container");
}

/* As `docker container ls` shows them. */
static void lines_of(const json_t *list, struct buf *ret)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)list, i, one)
		buf_addf(ret, "%s %s\n", json_str(one, "Id", ""), json_str(one, "Status", ""));
}

static int ask_api(const json_t *config, struct buf *ret, struct err *e)
{
	autofree char *project = xasprintf(LABEL_PROJECT "=%s", json_str(config, "project", ""));
	autofree char *service = xasprintf(LABEL_SERVICE "=%s", json_str(config, "service", ""));
	const char *labels[] = { project, service, NULL };
	autojson json_t *list = NULL;
	int r = docker_list(labels, &list, e);

	if (r == 0)
		lines_of(list, ret);
	return r;
}

static int ask_program(const json_t *config, struct buf *ret, struct err *e)
{
	autofree char *project =
	    xasprintf("label=" LABEL_PROJECT "=%s", json_str(config, "project", ""));
	autofree char *service =
	    xasprintf("label=" LABEL_SERVICE "=%s", json_str(config, "service", ""));
	const char *argv[] = { "docker",  "container",  "ls",    "--all",
			       "--no-trunc", "--filter", project, "--filter",
			       service,   "--format",   "{{.ID}} {{.Status}}", NULL };

	return docker_run(argv, DOCKER_WITHIN, ret, e);
}

/* By its labels: true for every version of Compose. */
static int find_container(const json_t *config, char ret_id[65], struct err *e)
{
	autobuf struct buf text = BUF_MAX(ANSWER_MAX);
	int r = ask_api(config, &text, e);

	if (r == 1)
		r = ask_program(config, &text, e);
	return r < 0 ? r : choose(buf_sv(&text), ret_id, e);
}

int container_of(const json_t *service, json_t **ret, struct err *e)
{
	char id[65];

	if (strcmp(json_str(service, "kind", ""), "compose") != 0)
		return container_inspect(json_str(service, "name", ""), ret, e);
	return find_container(service, id, e) < 0 ? -(int)e->kind : container_inspect(id, ret, e);
}

static const struct service_ops container_ops = {
	.name = "container",
	.state = container_state,
	.want = container_want,
	.hold = container_hold,
	.lift = container_lift,
	.know = container_know,
	.by_hand = true,
	.done = container_done,
};
static const char *const container_keys[] = { "name", NULL };
const struct service_kind kind_container = { .ops = &container_ops,
					     .keys = container_keys,
					     .open = container_open };

static const struct service_ops compose_ops = {
	.name = "compose",
	.state = container_state,
	.want = container_want,
	.hold = container_hold,
	.lift = container_lift,
	.know = container_know,
	.by_hand = true,
	.done = container_done,
};
static const char *const compose_keys[] = { "project", "service", NULL };
const struct service_kind kind_compose = { .ops = &compose_ops,
					   .keys = compose_keys,
					   .open = compose_open };
