/* libcurl, loaded when it is first needed: it brings some fifty libraries and 10 ms of start-up
 * that most verbs never use. The prototypes are those of its own header. */
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/err.h"

struct curl_calls {
	typeof(curl_global_init) *global_init;
	typeof(curl_easy_init) *easy_init;
	typeof(curl_easy_setopt) *easy_setopt;
	typeof(curl_easy_perform) *easy_perform;
	typeof(curl_easy_getinfo) *easy_getinfo;
	typeof(curl_easy_strerror) *easy_strerror;
	typeof(curl_easy_reset) *easy_reset;
	typeof(curl_easy_cleanup) *easy_cleanup;
	typeof(curl_slist_append) *slist_append;
	typeof(curl_slist_free_all) *slist_free_all;
};

/* The loaded library, the same for every thread and never unloaded. ERR_ABSENT when it is not
 * installed. */
int curl_load(const struct curl_calls **ret, struct err *e) must_check;
