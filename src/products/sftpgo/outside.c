#include "products/sftpgo/outside.h"

#include <stdio.h>
#include <string.h>

#include "io/proc.h"
#include "net/http.h"
#include "net/ssh.h"
#include "net/tls.h"
#include "svc/gate.h"

#define ASK_WITHIN (5 * NS_PER_S)
#define PAGE_MAX   (4u << 20)
#define DOORS_MAX  64
#define FELT       "not asked, as a connection would be felt: by a hook at each one, a rate limit, or a defender"
#define UNREACHED  "the container publishes no such port, and has no address of its own"

static void say_why(char **why, const char *door, const char *text)
{
	if (!*why)
		*why = xasprintf("%s: %s", door, text);
}

static bool is_felt(const struct site *s, const char *what)
{
	return !json_bool(json_object_get(s->doc, "probe"), what, true);
}

/* ---- listening ---- */

static bool is_at(const struct proc_socket *s, const struct door *d)
{
	return s->listening && s->local_port == d->port &&
	       (!strcmp(s->local, d->host) || !strcmp(s->local, "0.0.0.0") || !strcmp(s->local, "::"));
}

/* 1 when the process has one of the sockets of this door. */
static int listens(const proc_sockets *all, const struct door *d, pid_t pid, struct err *e)
{
	vec_each (all, s) {
		uint64_t mine = 1;

		if (!is_at(s, d))
			continue;
		if (pid && proc_has_sockets(pid, &s->inode, 1, &mine, e) < 0)
			return -(int)e->kind;
		if (mine)
			return 1;
	}
	return 0;
}

int outside_listens(const door_list *doors, pid_t pid, json_t **ret, struct err *e)
{
	autojson json_t *names = json_array();
	uint16_t ports[DOORS_MAX];
	proc_sockets all = { 0 };
	size_t n = 0;
	int r;

	vec_each (doors, d)
		if (n < DOORS_MAX)
			ports[n++] = d->port;
	r = proc_tcp(pid, ports, n, &all, e);
	for (size_t i = 0; i < n && r >= 0; i++) {
		r = listens(&all, &doors->v[i], pid, e);
		if (r > 0)
			json_array_append_new(names, json_string(doors->v[i].name));
	}
	vec_done(&all);
	if (r < 0)
		return r;
	*ret = json_incref(names);
	return 0;
}

/* ---- host keys ---- */

json_t *outside_host_keys(const struct site *s, const door_list *doors, char **why)
{
	const struct door *sftp = NULL;
	json_t *all = json_object();
	struct err e = ERR_INIT;
	ssh_keys keys = { 0 };

	vec_each (doors, d)
		if (!sftp && !strcmp(d->kind, "sftp"))
			sftp = d;
	if (!sftp)
		return all;
	if (is_felt(s, "banner"))
		say_why(why, sftp->name, FELT);
	else if (!sftp->at_port)
		say_why(why, sftp->name, UNREACHED);
	else if (ssh_host_keys(sftp->at, sftp->at_port, gate_mark(), deadline_in(ASK_WITHIN), &keys, &e) < 0)
		say_why(why, sftp->name, e.msg);
	vec_each (&keys, key)
		json_object_set_new(all, key->type, json_string(key->fingerprint));
	vec_done(&keys);
	return all;
}

/* ---- certificates ---- */

static json_t *certificate_of(const struct door *d, enum tls_start how, struct err *e)
{
	struct tls_door door = { .host = d->at, .port = d->at_port, .mark = gate_mark(), .how = how };
	struct tls_certificate c = { 0 };

	if (tls_certificate(&door, deadline_in(ASK_WITHIN), &c, e) >= 0)
		return json_pack("{ss sI}", "sha256", c.sha256, "not_after", (json_int_t)c.not_after);
	return e->kind == ERR_ABSENT ? json_string("plain") : NULL;
}

/* What its configuration calls plain is not asked; a plain FTP door may speak TLS all the same. */
json_t *outside_certificates(const struct site *s, const door_list *doors, char **why)
{
	json_t *all = json_object(), *one;

	vec_each (doors, d) {
		bool ftp = !strcmp(d->kind, "ftp");
		struct err e = ERR_INIT;

		if (!strcmp(d->kind, "sftp"))
			continue;
		if (ftp && is_felt(s, "banner")) {
			say_why(why, d->name, FELT);
			continue;
		}
		if (!d->at_port && (d->tls || ftp)) {
			say_why(why, d->name, UNREACHED);
			continue;
		}
		if (!d->tls && !ftp)
			one = json_string("plain");
		else
			one = certificate_of(d, ftp && !d->tls ? TLS_AFTER_AUTH : TLS_AT_ONCE, &e);
		if (one)
			json_object_set_new(all, d->name, one);
		else
			say_why(why, d->name, e.msg);
	}
	return all;
}

/* ---- pages ---- */

static json_t *pages_of(const struct door *d, char **why)
{
	struct http h = { .port = d->at_port, .tls = d->tls, .mark = gate_mark() };
	json_t *all = json_object();
	const char *name;
	json_t *path;

	snprintf(h.host, sizeof h.host, "%s", d->at);
	json_object_foreach((json_t *)d->pages, name, path)
	{
		struct http_ask ask = { .method = "GET", .path = json_string_value(path), .within_ns = ASK_WITHIN, .max = PAGE_MAX };
		struct http_answer a = { 0 };
		struct err e = ERR_INIT;

		if (http_do(&h, &ask, &a, &e) < 0)
			say_why(why, d->name, e.msg);
		else
			json_object_set_new(all, name, json_integer(a.status));
		http_answer_done(&a);
	}
	return all;
}

json_t *outside_pages(const struct site *s, const door_list *doors, char **why)
{
	json_t *all = json_object();

	vec_each (doors, d) {
		if (!json_object_size(d->pages))
			continue;
		if (is_felt(s, "healthz"))
			say_why(why, d->name, FELT);
		else if (!d->at_port)
			say_why(why, d->name, UNREACHED);
		else
			json_object_set_new(all, d->name, pages_of(d, why));
	}
	return all;
}
