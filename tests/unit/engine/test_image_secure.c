/* An image that cannot be pulled: what the operator is told to do, by docker's words. */
#include "engine/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "svc/docker.h"
#include "unit/unit.h"

#define LOGIN "'docker login' to its registry, or bring the image as a file: target.image_archive"
#define BY_FILE "bring the image as a file: target.image_archive"

extern const struct step_kind step_image_secure;

static char base[] = "/tmp/crossgrade-image-XXXXXX";

static char *in_base(const char *name)
{
	return xasprintf("%s/%s", base, name);
}

static void put(const char *name, const char *text)
{
	autofree char *path = in_base(name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fchmod(fileno(f), 0700), 0);
	assert_int_equal(fclose(f), 0);
}

/* A docker that has no image, and says these words to a pull. */
static int setup(void **state)
{
	autofree char *program = NULL;

	assert_non_null(mkdtemp(base));
	put("docker", "#!/bin/sh\n[ \"$2\" = inspect ] && echo \"Error: No such image: $3\" >&2 || cat \"${0%/*}/words\" >&2\nexit 1\n");
	program = in_base("docker");
	assert_int_equal(setenv("CROSSGRADE_DOCKER", program, 1), 0);
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "docker", "words" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		autofree char *path = in_base(names[i]);

		assert_int_equal(unlink(path), 0);
	}
	return rmdir(base);
}

static void a_login_is_named_where_it_is_what_was_missed(void **state)
{
	static const struct {
		const char *words, *hint;
	} cases[] = {
		{ "Error response from daemon: pull access denied for acme/db, repository does not exist or may require 'docker login': "
		  "denied: requested access to the resource is denied", LOGIN },
		{ "Error response from daemon: Head \"https://example.com/v2/db/manifests/2\": unauthorized: authentication required", LOGIN },
		{ "Error response from daemon: Head \"https://example.com/v2/db/manifests/2\": no basic auth credentials", LOGIN },
		{ "Error response from daemon: manifest for acme/db:2 not found: manifest unknown: manifest unknown",
		  "the registry has no such tag: look at its name and version, or bring the image as a file: target.image_archive" },
		{ "Error response from daemon: Get \"https://example.com/v2/\": dial tcp: lookup example.com: no such host", BY_FILE },
		{ "Error response from daemon: Get \"https://example.com/v2/\": net/http: request canceled while waiting for connection", BY_FILE },
		{ "permission denied while trying to connect to the Docker daemon socket",
		  "run as root, or as a member of the group of the daemon's socket" },
		{ "open /root/.docker/config.json: permission denied", BY_FILE },
		{ "Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?",
		  "start the Docker daemon, or name it with DOCKER_HOST" },
		{ "failed to register layer: write /x: No space left on device",
		  "make room where docker keeps its images and containers: 'docker system df' shows what takes it" },
	};
	autojson json_t *params = json_pack("{ss}", "image", "acme/db:2"), *undo = json_pack("{sn}", "had");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ctx ctx = { 0 };
		struct err e = ERR_INIT;
		json_t *result = NULL;

		put("words", cases[i].words);
		assert_true(step_image_secure.apply(&ctx, params, undo, &result, &e) < 0);
		assert_string_equal(e.hint, cases[i].hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_is_named_where_it_is_what_was_missed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
