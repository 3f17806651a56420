#include "products/seatable/merged.h"

#include "io/json.h"
#include "products/seatable/pending.h"
#include "products/seatable/yml.h"
#include "unit.h"

/* As Compose 2.26.1 prints it for the vendor's files of 6.1.8, shortened. */
static const char modern[] =
	"{\"name\":\"seatable-compose\",\"services\":{"
	"\"caddy\":{\"container_name\":\"caddy\",\"image\":\"lucaslorentz/caddy-docker-proxy:2.12.0-alpine\",\"ports\":["
	"{\"mode\":\"ingress\",\"target\":80,\"published\":\"80\",\"protocol\":\"tcp\"},"
	"{\"mode\":\"ingress\",\"host_ip\":\"127.0.0.1\",\"target\":443,\"published\":\"443\",\"protocol\":\"tcp\"}]},"
	"\"mariadb\":{\"container_name\":\"mariadb\",\"image\":\"mariadb:11.8.5-noble\",\"environment\":{\"MYSQL_ROOT_PASSWORD\":\"pa$$w0rd\"}},"
	"\"seatable-server\":{\"container_name\":\"seatable-server\",\"image\":\"seatable/seatable-enterprise:6.1.8\",\"environment\":{"
	"\"SEATABLE_MYSQL_DB_HOST\":\"mariadb\",\"SEATABLE_MYSQL_DB_PASSWORD\":\"pa$$w0rd\",\"JWT_PRIVATE_KEY\":\"k\",\"TIME_ZONE\":\"Europe/Berlin\","
	"\"ENABLE_PYTHON_SCRIPT\":\"false\",\"EMPTY\":null},\"volumes\":["
	"{\"type\":\"bind\",\"source\":\"/opt/seatable-server\",\"target\":\"/shared\",\"bind\":{\"create_host_path\":true}},"
	"{\"type\":\"bind\",\"source\":\"/opt/seatable-compose/seatable-license.txt\",\"target\":\"/shared/seatable/seatable-license.txt\",\"bind\":{}},"
	"{\"type\":\"volume\",\"source\":\"x\",\"target\":\"/x\"}]}}}";

static json_t *config_of(const char *text)
{
	struct err e = ERR_INIT;
	json_t *config = NULL;

	assert_ok(json_parse(sv_of(text), "config", &config, &e), &e);
	return config;
}

static void the_modern_layout(void **state)
{
	autojson json_t *config = config_of(modern), *binds = sea_merged_binds(config, "seatable-server"), *doors = sea_merged_published(config);

	assert_string_equal(sea_merged_server(config), "seatable-server");
	assert_string_equal(sea_merged_image(config, "seatable-server"), "seatable/seatable-enterprise:6.1.8");
	assert_string_equal(sea_merged_database(config, "seatable-server"), "mariadb");
	assert_string_equal(sea_merged_layout(config, "seatable-server", true), "modern");
	assert_int_equal(json_object_size(binds), 2);
	assert_true(json_bool(json_object_get(binds, "/shared"), "create_host_path", false));
	assert_false(json_bool(json_object_get(binds, "/shared/seatable/seatable-license.txt"), "create_host_path", true));
	assert_string_equal(json_string_value(json_array_get(json_object_get(doors, "caddy"), 0)), "0.0.0.0:80/tcp");
	assert_string_equal(json_string_value(json_array_get(json_object_get(doors, "caddy"), 1)), "127.0.0.1:443/tcp");
}

/* None of what is taken out of it is a secret. */
static void no_fact_is_a_password(void **state)
{
	autojson json_t *config = config_of(modern),
			*all = json_pack("[o o o]", sea_merged_environment(config, "seatable-server"), sea_merged_services(config),
					 sea_merged_binds(config, "seatable-server"));
	autofree char *text = json_dumps(all, 0);

	assert_null(strstr(text, "w0rd"));
	assert_null(strstr(text, "JWT"));
	assert_non_null(strstr(text, "Europe/Berlin"));
}

static void the_legacy_layout(void **state)
{
	autojson json_t *config = config_of("{\"name\":\"seatable\",\"services\":{\"db\":{\"container_name\":\"seatable-mysql\",\"image\":\"mariadb:10.11\"},"
					    "\"seatable\":{\"container_name\":\"seatable\",\"image\":\"seatable/seatable-enterprise:4.1.9\","
					    "\"environment\":{\"DB_HOST\":\"db\",\"DB_ROOT_PASSWD\":\"x\"}}}}");

	assert_string_equal(sea_merged_server(config), "seatable");
	assert_string_equal(sea_merged_database(config, "seatable"), "db");
	assert_string_equal(sea_merged_layout(config, "seatable", false), "legacy");
}

static void a_node_of_a_cluster(void **state)
{
	autojson json_t *config = config_of("{\"services\":{\"seatable-server\":{\"image\":\"seatable/seatable-enterprise:6.1.8\",\"environment\":{"
					    "\"SEATABLE_START_MODE\":\"cluster\",\"ENABLE_DTABLE_DB\":\"false\",\"ENABLE_DTABLE_WEB\":\"true\"}}}}"),
			*signs = sea_merged_cluster(config, "seatable-server");

	assert_int_equal(json_array_size(signs), 2);
	assert_string_equal(sea_merged_layout(config, "seatable-server", true), "cluster");
	assert_null(sea_merged_database(config, "seatable-server"));
}

static void the_database_by_any_of_its_names(void **state)
{
	static const char *const hosts[][2] = {
		{ "db", "db" }, { "maria", "db" }, { "dbhost", "db" }, { "old-name", "db" }, { "db.example.org", NULL }, { "front", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		autofree char *text = xasprintf("{\"services\":{\"db\":{\"container_name\":\"maria\",\"hostname\":\"dbhost\",\"networks\":{"
						"\"back\":null,\"front\":{\"aliases\":[\"old-name\"]}}},\"seatable-server\":{\"environment\":{"
						"\"SEATABLE_MYSQL_DB_HOST\":\"%s\"}}}}", hosts[i][0]);
		autojson json_t *config = config_of(text);
		const char *service = sea_merged_database(config, "seatable-server");

		assert_string_equal(service ? service : "none", hosts[i][1] ? hosts[i][1] : "none");
	}
}

/* Under another name, by its image alone; two of them are none. */
static void a_server_by_its_image(void **state)
{
	autojson json_t *one = config_of("{\"services\":{\"tables\":{\"image\":\"r.example/seatable/seatable-developer:6.1.0\"},\"x\":{\"image\":\"x\"}}}"),
			*two = config_of("{\"services\":{\"a\":{\"image\":\"seatable/seatable-developer:6.1.0\"},\"b\":{\"image\":\"seatable/seatable-ee:2\"}}}"),
			*none = config_of("{\"services\":{}}");

	assert_string_equal(sea_merged_server(one), "tables");
	assert_string_equal(sea_merged_layout(one, "tables", true), "unknown");
	assert_null(sea_merged_server(two));
	assert_null(sea_merged_server(none));
	assert_string_equal(sea_merged_layout(none, NULL, true), "unknown");
}

static void the_default_of_a_variable(void **state)
{
	static const char *const written[][2] = {
		{ "${SEATABLE_IMAGE:-seatable/seatable-enterprise:6.1.8}", "seatable/seatable-enterprise:6.1.8" },
		{ "${SEATABLE_IMAGE-a:1}", "a:1" },
		{ "${SEATABLE_IMAGE}", NULL },
		{ "${SEATABLE_IMAGE:?no image}", NULL },
		{ "${SEATABLE_IMAGE:-${OTHER:-a}}", NULL },
		{ "${SEATABLE_IMAGE:-a}:${TAG}", NULL },
		{ "${OTHER:-a:1}", NULL },
		{ "a:1", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(written); i++) {
		autofree char *is = sea_merged_default(written[i][0], "SEATABLE_IMAGE");

		assert_string_equal(is ? is : "none", written[i][1] ? written[i][1] : "none");
	}
	assert_null(sea_merged_default(NULL, "SEATABLE_IMAGE"));
}

static void which_file_has_the_image(void **state)
{
	static const char yml[] = "# seatable\nservices:\n  mariadb:\n    image: mariadb:11\n  seatable-server: # the server\n    environment:\n"
				  "      - A=1\n    image: ${SEATABLE_IMAGE:-x}\n  redis:\n    image: redis\n";
	static const char without[] = "services:\n  seatable-server:\n    labels: {a: b}\n  office:\n    image: office\nimage: none\n";

	assert_true(sea_yml_image(sv_of(yml), "seatable-server"));
	assert_false(sea_yml_image(sv_of(without), "seatable-server"));
	assert_false(sea_yml_image(sv_of(""), "seatable-server"));
	assert_true(sea_yml_has_tags(sv_of("  depends_on: !override []\n")));
	assert_false(sea_yml_has_tags(sv_of("a: b\n")));
}

static void who_clients_come_through(void **state)
{
	static const struct {
		const char *published, *proxy;
	} all[] = {
		{ "{\"caddy\": [\"0.0.0.0:80/tcp\", \"0.0.0.0:443/tcp\"]}", "caddy" },
		{ "{\"mariadb\": [\"127.0.0.1:3306/tcp\"], \"nginx\": [\"0.0.0.0:443/tcp\"]}", "nginx" },
		{ "{\"mariadb\": [\"127.0.0.1:3306/tcp\"]}", NULL },
		{ "{\"caddy\": [\"0.0.0.0:443/tcp\"], \"seatable-server\": [\"0.0.0.0:8000/tcp\"]}", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		json_t *published = json_loads(all[i].published, 0, NULL);
		const char *is = sea_merged_proxy(published, "seatable-server");

		assert_string_equal(is ? is : "none", all[i].proxy ? all[i].proxy : "none");
		json_decref(published);
	}
}

/* What a container has and what its files say: names of what differs. */
static void pends(const char *service, const char *seen, const char *image, const char *names)
{
	autojson json_t *files = config_of(service), *is = config_of(seen), *of = image ? config_of(image) : NULL,
			*found = sea_pending(files, is, of);
	autobuf struct buf text = BUF_MAX(4096);

	json_canonical(found, &text);
	assert_string_equal(buf_str(&text), names);
}

static void what_was_edited_since_the_last_up(void **state)
{
	static const char image[] = "{\"Config\":{\"Env\":[\"PATH=/bin\",\"server_version=6.1.8\"]}}";
	static const char service[] =
		"{\"environment\":{\"JWT_PRIVATE_KEY\":\"k\",\"EMPTY\":null},\"ports\":["
		"{\"target\":80,\"published\":\"8080\",\"protocol\":\"tcp\",\"host_ip\":\"127.0.0.1\"}],\"volumes\":["
		"{\"type\":\"bind\",\"source\":\"/a\",\"target\":\"/shared\"},{\"type\":\"bind\",\"source\":\"/n\",\"target\":\"/nginx\",\"read_only\":true},"
		"{\"type\":\"volume\",\"source\":\"x\",\"target\":\"/x\"}]}";
#define MOUNTS(nginx) \
	"\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/other\",\"Destination\":\"/shared\"}," nginx \
	"{\"Type\":\"volume\",\"Source\":\"/var/x\",\"Destination\":\"/x\"}]"
#define NGINX "{\"Type\":\"bind\",\"Source\":\"/n\",\"Destination\":\"/nginx\",\"RW\":false},"
#define PORTS(ip) "\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"" ip "\",\"HostPort\":\"8080\"}]}}"
#define ENV(list) "\"Config\":{\"Env\":[" list "\"PATH=/bin\",\"server_version=6.1.8\",\"HTTP_PROXY=p\"]}"

	pends(service, "{" ENV("\"JWT_PRIVATE_KEY=k\",") "," MOUNTS(NGINX) "," PORTS("127.0.0.1") "}", image, "[]");
	pends(service, "{" ENV("\"JWT_PRIVATE_KEY=old\",\"GONE=1\",") "," MOUNTS(NGINX) "," PORTS("127.0.0.1") "}", image,
	      "[\"variable JWT_PRIVATE_KEY\",\"variable GONE\"]");
	pends(service, "{" ENV("\"JWT_PRIVATE_KEY=k\",\"GONE=1\",") "," MOUNTS(NGINX) "," PORTS("127.0.0.1") "}", NULL, "[]");
	pends(service, "{" ENV("\"JWT_PRIVATE_KEY=k\",") "," MOUNTS("") "," PORTS("127.0.0.1") "}", image, "[\"mount /nginx\"]");
	pends(service, "{" ENV("\"JWT_PRIVATE_KEY=k\",") "," MOUNTS(NGINX "{\"Type\":\"bind\",\"Source\":\"/z\",\"Destination\":\"/z\"},") "," PORTS("") "}",
	      image, "[\"mount /z\",\"port 80/tcp\"]");
	pends("{\"volumes\":[{\"type\":\"bind\",\"source\":\"/own/ca/\",\"target\":\"/usr/ca/\"}]}",
	      "{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/own/ca\",\"Destination\":\"/usr/ca\",\"RW\":true}]}", NULL, "[]");
	/* By a link, and without. */
	pends("{\"volumes\":[{\"type\":\"bind\",\"source\":\"/dev/fd\",\"target\":\"/x\"}]}",
	      "{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/proc/self/fd\",\"Destination\":\"/x\",\"RW\":true}]}", NULL, "[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_modern_layout),         cmocka_unit_test(no_fact_is_a_password),
		cmocka_unit_test(the_legacy_layout),        cmocka_unit_test(a_node_of_a_cluster),
		cmocka_unit_test(the_database_by_any_of_its_names),       cmocka_unit_test(a_server_by_its_image),
		cmocka_unit_test(the_default_of_a_variable), cmocka_unit_test(which_file_has_the_image),
		cmocka_unit_test(who_clients_come_through), cmocka_unit_test(what_was_edited_since_the_last_up),
	};

	return cmocka_run_group_tests_name("merged", tests, NULL, NULL);
}
