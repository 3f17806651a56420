/* Doors by configuration, which of them would feel a question, and what is seen of them. What real servers show: tests/e2e. */
#include "products/sftpgo/outside.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/place.h"
#include "net/double.h"
#include "products/sftpgo/talk.h"
#include "svc/container.h"

static void read_config(const struct place *p, const char *text, struct sftpgo_config *ret)
{
	struct sftpgo_config_where where = { .config_dir = p->path };
	struct err e = ERR_INIT;

	put_file(p, "sftpgo.json", text);
	assert_ok(sftpgo_config_read(&where, ret, &e), &e);
}

/* A socket of this process on loopback. */
static int listen_here(uint16_t *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof at;

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

/* ---- of a container ---- */

static void doors_of_a_container(void **state)
{
	autojson json_t *all = json_loads("{\"sftp\":[{\"host\":\"\",\"port\":2022}],\"http\":[{\"host\":\"\",\"port\":8080}]}", 0, NULL);
	autojson json_t *bridge = json_loads("{\"ports\":{\"2022/tcp\":\"0.0.0.0:12022\"},\"address\":\"172.17.0.2\"}", 0, NULL);
	autojson json_t *alone = json_loads("{\"ports\":{\"2022/tcp\":\"10.0.0.7:12022\"},\"address\":null}", 0, NULL);
	autojson json_t *host = json_loads("{\"ports\":{},\"address\":\"127.0.0.1\",\"host_network\":true}", 0, NULL);
	door_list doors = { 0 };

	doors_list(all, &doors);
	assert_int_equal(doors.n, 2);
	doors_find(host, &doors);
	assert_string_equal(doors.v[0].at, "127.0.0.1");
	assert_int_equal(doors.v[0].at_port, 2022);
	doors_find(bridge, &doors);
	assert_string_equal(doors.v[0].at, "127.0.0.1");
	assert_int_equal(doors.v[0].at_port, 12022);
	assert_string_equal(doors.v[1].at, "172.17.0.2");
	assert_int_equal(doors.v[1].at_port, 8080);
	doors_find(alone, &doors);
	assert_string_equal(doors.v[0].at, "10.0.0.7");
	assert_int_equal(doors.v[1].at_port, 0);
	/* As the server has them, by which they are known before and after. */
	assert_string_equal(doors.v[0].name, "sftp *:2022");
	assert_int_equal(doors.v[0].port, 2022);
	vec_done(&doors);
}

/* The administrators' page for this host alone, SFTP for the world. */
static void doors_at_two_addresses(void **state)
{
	static const char *const names[] = { "http", "https", "sftp" };
	autosftpgoconfig struct sftpgo_config c = { 0 };
	autojson json_t *bridge = json_loads("{\"ports\":{\"8080/tcp\":\"127.0.0.1:18080\",\"2022/tcp\":\"203.0.113.5:12022\"}}", 0, NULL);
	autojson json_t *both = json_loads("{\"ports\":{\"8080/tcp\":\"0.0.0.0:18080\",\"2022/tcp\":\"127.0.0.1:12022\"}}", 0, NULL);
	autojson json_t *host = json_loads("{\"ports\":{},\"address\":\"127.0.0.1\",\"host_network\":true}", 0, NULL);
	struct site s = { 0 };

	read_config(*state,
		    "{\"sftpd\":{\"bindings\":[{\"port\":2022,\"address\":\"192.0.2.7\"}]},"
		    "\"httpd\":{\"bindings\":[{\"port\":8080,\"address\":\"127.0.0.1\"}]}}",
		    &c);
	s.doc = json_pack("{so}", "probe", doors_probe(&c));
	container_reach(host, names, ARRAY_LEN(names), json_object_get(s.doc, "probe"));
	assert_string_equal(talk_host(&s, "http"), "127.0.0.1");
	assert_string_equal(talk_host(&s, "sftp"), "192.0.2.7");
	container_reach(both, names, ARRAY_LEN(names), json_object_get(s.doc, "probe"));
	assert_string_equal(talk_host(&s, "sftp"), "127.0.0.1");
	json_decref(s.doc);
	s.doc = json_pack("{so}", "probe", doors_probe(&c));
	container_reach(bridge, names, ARRAY_LEN(names), json_object_get(s.doc, "probe"));
	assert_string_equal(talk_host(&s, "http"), "127.0.0.1");
	assert_string_equal(talk_host(&s, "sftp"), "203.0.113.5");
	assert_int_equal(json_int(json_object_get(s.doc, "probe"), "sftp", 0), 12022);
	json_decref(s.doc);
}

/* ---- by configuration ---- */

static void doors_by_name(void **state)
{
	autosftpgoconfig struct sftpgo_config c = { 0 };
	autojson json_t *all = NULL;
	door_list doors = { 0 };

	read_config(*state,
		    "{\"sftpd\":{\"bindings\":[{\"port\":2022,\"address\":\"\"}]},"
		    "\"httpd\":{\"web_root\":\"/files\",\"bindings\":[{\"port\":8080,\"address\":\"127.0.0.1\",\"enable_web_client\":false},"
		    "{\"address\":\"/run/http.sock\"}]},"
		    "\"ftpd\":{\"bindings\":[{\"port\":2121,\"tls_mode\":1},{\"port\":990,\"tls_mode\":2}]},"
		    "\"webdavd\":{\"bindings\":[{\"port\":0}]},"
		    "\"telemetry\":{\"bind_port\":10000,\"bind_address\":\"::\",\"certificate_file\":\"a.crt\",\"certificate_key_file\":\"a.key\"}}",
		    &c);
	all = doors_of(&c);
	doors_list(all, &doors);
	assert_int_equal(doors.n, 5);
	assert_string_equal(doors.v[0].name, "sftp *:2022");
	assert_string_equal(doors.v[0].host, "127.0.0.1");
	assert_null(doors.v[0].pages);
	assert_string_equal(doors.v[1].name, "http 127.0.0.1:8080");
	assert_string_equal(json_str(doors.v[1].pages, "WebAdmin", ""), "/files/web/admin/login");
	assert_string_equal(json_str(doors.v[1].pages, "REST", ""), "/api/v2/version");
	assert_int_equal(json_object_size(doors.v[1].pages), 2);
	assert_false(doors.v[2].tls);
	assert_string_equal(doors.v[3].name, "ftp *:990");
	assert_true(doors.v[3].tls);
	assert_string_equal(doors.v[4].name, "telemetry :::10000");
	assert_string_equal(doors.v[4].host, "::1");
	assert_true(doors.v[4].tls);
	vec_done(&doors);
}

static void who_would_feel_it(void **state)
{
	static const struct {
		const char *common;
		bool banner, healthz;
	} cases[] = {
		{ "", true, true },
		{ "\"post_connect_hook\":\"/usr/bin/true\"", false, true },
		{ "\"rate_limiters\":[{\"average\":0}]", true, true },
		{ "\"rate_limiters\":[{\"average\":10,\"protocols\":[\"SSH\"]}]", false, true },
		{ "\"rate_limiters\":[{\"average\":10,\"protocols\":[\"HTTP\",\"DAV\"]}]", true, false },
		{ "\"defender\":{\"enabled\":true,\"score_no_auth\":2}", false, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofree char *text = xasprintf("{\"common\":{%s}}", cases[i].common);
		autosftpgoconfig struct sftpgo_config c = { 0 };
		autojson json_t *probe = NULL;

		read_config(*state, text, &c);
		probe = doors_probe(&c);
		assert_int_equal(json_bool(probe, "banner", !cases[i].banner), cases[i].banner);
		assert_int_equal(json_bool(probe, "healthz", !cases[i].healthz), cases[i].healthz);
	}
}

/* ---- looked at ---- */

static void the_process_that_listens(void **state)
{
	uint16_t port, other;
	int fd = listen_here(&port);
	autojson json_t *all = NULL, *mine = NULL, *anybodys = NULL, *others = NULL;
	autofree char *name = xasprintf("sftp 127.0.0.1:%u", port);
	struct err e = ERR_INIT;
	door_list doors = { 0 };

	close(listen_here(&other));
	all = json_pack("{s[{sssi}{sssi}]}", "sftp", "host", "127.0.0.1", "port", port, "host", "127.0.0.1", "port", other);
	doors_list(all, &doors);
	assert_ok(outside_listens(&doors, getpid(), &mine, &e), &e);
	assert_ok(outside_listens(&doors, 0, &anybodys, &e), &e);
	assert_ok(outside_listens(&doors, getppid(), &others, &e), &e);
	assert_int_equal(json_array_size(mine), 1);
	assert_true(json_lists(mine, name));
	assert_true(json_equal(mine, anybodys));
	assert_int_equal(json_array_size(others), 0);
	vec_done(&doors);
	close(fd);
}

static bool was_connected_to(int fd)
{
	int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (peer >= 0)
		close(peer);
	return peer >= 0;
}

static struct site site_of(const char *key, uint16_t port)
{
	return (struct site){ .doc = json_pack("{s{si ss sb sb}}", "probe", key, port, "host", "127.0.0.1", "banner", 0, "healthz", 0) };
}

/* Readiness and the prober hear no less of it: somebody listens, or nobody does. */
static void what_would_be_felt_is_not_asked(void **state)
{
	static const char *const keys[] = { "sftp", "http", "https" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		uint16_t port;
		int fd = listen_here(&port);
		struct site s = site_of(keys[i], port);
		struct err e = ERR_INIT;
		struct probe seen;

		assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
		assert_ok(sftpgo_probe(&s, true, 60 * NS_PER_S, &seen, &e), &e);
		assert_true(seen.serving);
		assert_false(was_connected_to(fd));
		close(fd);
		assert_ok(sftpgo_probe(&s, true, 60 * NS_PER_S, &seen, &e), &e);
		assert_false(seen.serving);
		json_decref(s.doc);
	}
}

/* Where every door of HTTP asks for a client's certificate, one is only seen to listen, by readiness, too. */
static void http_for_members(void **state)
{
	static const char one[] = "{\"port\":8443,\"enable_https\":true,\"client_auth_type\":1}";
	static const struct {
		const char *other;
		int port;
	} cases[] = { { "", 8443 }, { ",{\"port\":9443,\"enable_https\":true}", 9443 }, { ",{\"port\":8080,\"client_auth_type\":1}", 8080 } };
	uint16_t port;
	int fd = listen_here(&port);
	struct site s = { .doc = json_pack("{s{si ss sb}}", "probe", "https", port, "host", "127.0.0.1", "members", 1) };
	struct err e = ERR_INIT;
	struct probe seen;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofree char *text = xasprintf("{\"httpd\":{\"bindings\":[%s%s]}}", one, cases[i].other);
		autosftpgoconfig struct sftpgo_config c = { 0 };
		autojson json_t *probe = NULL;

		read_config(*state, text, &c);
		probe = doors_probe(&c);
		assert_int_equal(json_int(probe, json_object_get(probe, "http") ? "http" : "https", 0), cases[i].port);
		assert_int_equal(json_bool(probe, "members", false), !*cases[i].other);
	}
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	assert_ok(sftpgo_probe(&s, false, 60 * NS_PER_S, &seen, &e), &e);
	assert_true(seen.serving);
	assert_false(was_connected_to(fd));
	close(fd);
	json_decref(s.doc);
}

static void says_500(int fd)
{
	static const char answer[] = "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

	(void)!write(fd, answer, sizeof answer - 1);
}

/* Whatever HTTP says, no migration is under way any more; a closed port tells nothing. */
static void what_speaks_http_has_its_data_open(void **state)
{
	struct double_server d = double_start(says_500);
	struct site s = { .doc = json_pack("{s{si ss}}", "probe", "http", d.port, "host", "127.0.0.1") };
	struct err e = ERR_INIT;
	struct probe seen;

	assert_ok(sftpgo_probe(&s, false, 60 * NS_PER_S, &seen, &e), &e);
	assert_true(seen.data_open && !seen.serving);
	double_stop(&d);
	assert_ok(sftpgo_probe(&s, false, 60 * NS_PER_S, &seen, &e), &e);
	assert_false(seen.data_open);
	json_decref(s.doc);
}

static void says_nothing(int fd) { (void)!read(fd, &(char){ 0 }, 1); }

/* Of a server without HTTP: what takes a connection and never says who it is migrates no more. */
static void a_mute_door_has_its_data_open(void **state)
{
	struct double_server d = double_start(says_nothing);
	struct site s = { .doc = json_pack("{s{si ss}}", "probe", "sftp", d.port, "host", "127.0.0.1") };
	struct err e = ERR_INIT;
	struct probe seen;

	assert_ok(sftpgo_probe(&s, false, NS_PER_S / 10, &seen, &e), &e);
	assert_true(seen.data_open && !seen.serving);
	double_stop(&d);
	assert_ok(sftpgo_probe(&s, false, NS_PER_S / 10, &seen, &e), &e);
	assert_false(seen.data_open);
	json_decref(s.doc);
}

static int *requests; /* shared with the child */

static void says_ok(int fd)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

	++*requests;
	(void)!write(fd, answer, sizeof answer - 1);
}

static void says_ssh(int fd) { (void)!write(fd, "SSH-2.0-SFTPGo_2.7.5\r\n", 22); }

/* A server that starts is asked every few milliseconds. Where each request to HTTP is counted against this host, it hears one. */
static void a_counted_door_is_asked_once(void **state)
{
	uint16_t closed;
	struct err e = ERR_INIT;
	struct probe seen;

	requests = mmap(NULL, sizeof *requests, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(requests != MAP_FAILED);
	close(listen_here(&closed));
	struct double_server web = double_start(says_ok), ssh = double_start(says_ssh);
	struct site s = { .doc = json_pack("{s{si si ss sb}}", "probe", "http", web.port, "sftp", closed, "host", "127.0.0.1", "healthz", 0) };

	for (int i = 0; i < 5; i++) {
		assert_ok(sftpgo_probe(&s, false, 60 * NS_PER_S, &seen, &e), &e);
		assert_true(seen.data_open && !seen.serving);
	}
	assert_int_equal(*requests, 0);
	json_object_set_new(json_object_get(s.doc, "probe"), "sftp", json_integer(ssh.port));
	assert_ok(sftpgo_probe(&s, false, 60 * NS_PER_S, &seen, &e), &e);
	assert_true(seen.serving);
	assert_string_equal(seen.version, "2.7.5");
	assert_int_equal(*requests, 1);
	double_stop(&web);
	double_stop(&ssh);
	munmap(requests, sizeof *requests);
	json_decref(s.doc);
}

static void nor_for_keys_certificates_and_pages(void **state)
{
	uint16_t port;
	int fd = listen_here(&port);
	struct site s = site_of("sftp", port);
	autojson json_t *all = json_pack("{s[{sssi}]s[{sssi}]s[{sssis{ss}}]}", "sftp", "host", "127.0.0.1", "port", port, "ftp", "host",
					 "127.0.0.1", "port", port, "http", "host", "127.0.0.1", "port", port, "pages", "REST", "/");
	autojson json_t *keys = NULL, *certificates = NULL, *pages = NULL;
	autofree char *keys_why = NULL, *certificates_why = NULL, *pages_why = NULL;
	door_list doors = { 0 };

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	doors_list(all, &doors);
	keys = outside_host_keys(&s, &doors, &keys_why);
	certificates = outside_certificates(&s, &doors, &certificates_why);
	pages = outside_pages(&s, &doors, &pages_why);
	assert_int_equal(json_object_size(keys) + json_object_size(pages), 0);
	assert_int_equal(json_object_size(certificates), 1);
	assert_non_null(strstr(pages_why, "would be felt"));
	assert_non_null(strstr(keys_why, "would be felt"));
	assert_non_null(strstr(certificates_why, "would be felt"));
	assert_false(was_connected_to(fd));
	vec_done(&doors);
	json_decref(s.doc);
	close(fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)
	const struct CMUnitTest tests[] = {
		T(doors_of_a_container),
		T(doors_at_two_addresses),
		T(doors_by_name),
		T(who_would_feel_it),
		T(http_for_members),
		T(the_process_that_listens),
		T(what_would_be_felt_is_not_asked),
		T(what_speaks_http_has_its_data_open),
		T(a_counted_door_is_asked_once),
		T(a_mute_door_has_its_data_open),
		T(nor_for_keys_certificates_and_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
