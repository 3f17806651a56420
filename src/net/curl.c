#include "net/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

#define CURL_LIBRARY "libcurl.so.4"

static struct curl_calls calls;
static char problem[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* POSIX lets a symbol's address be read as a function only through an object of that type. */
static bool bind_call(void *lib, const char *name, void *slot)
{
	void *found = dlsym(lib, name);

	if (!found) {
		snprintf(problem, sizeof problem, "%s has no '%s'", CURL_LIBRARY, name);
		return false;
	}
	memcpy(slot, &found, sizeof found);
	return true;
}

static bool bind_all(void *lib)
{
	return bind_call(lib, "curl_global_init", &calls.global_init) &&
	       bind_call(lib, "curl_easy_init", &calls.easy_init) &&
	       bind_call(lib, "curl_easy_setopt", &calls.easy_setopt) &&
	       bind_call(lib, "curl_easy_perform", &calls.easy_perform) &&
	       bind_call(lib, "curl_easy_getinfo", &calls.easy_getinfo) &&
	       bind_call(lib, "curl_easy_strerror", &calls.easy_strerror) &&
	       bind_call(lib, "curl_easy_reset", &calls.easy_reset) &&
	       bind_call(lib, "curl_easy_cleanup", &calls.easy_cleanup) &&
	       bind_call(lib, "curl_slist_append", &calls.slist_append) &&
	       bind_call(lib, "curl_slist_free_all", &calls.slist_free_all);
}

static void load(void)
{
	void *lib = dlopen(CURL_LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!lib) {
		const char *why = dlerror();

		snprintf(problem, sizeof problem, "load %s: %s", CURL_LIBRARY,
			 why ? why : "unknown reason");
		return;
	}
	if (bind_all(lib) && calls.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		snprintf(problem, sizeof problem, "%s does not start", CURL_LIBRARY);
}

int curl_load(const struct curl_calls **ret, struct err *e)
{
	pthread_once(&once, load);
	if (problem[0]) {
		err_set(e, ERR_ABSENT, "%s", problem);
		return err_hint(e, "install the package libcurl4");
	}
	*ret = &calls;
	return 0;
}
