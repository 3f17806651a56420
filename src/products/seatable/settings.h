/* What the configuration files in the data folder say of features: dtable_web_settings.py (Python, of which assignments at the beginning
 * of a line count) and the .conf files beside it. Pure; no value that could be a secret is taken. Source: facts/seatable 1.6, 3.6, 5.5. */
#pragma once

#include <jansson.h>

#include "base/own.h"
#include "base/sv.h"

/* {"on": {KEY: true}: of those that name features, set to anything but False, None and nothing,"is_pro": bool|absent,"plugins_repo": n
 * assignments,"plugins_commented": it stands in a comment,"log_name": schema of DATABASES['operation_log']|absent,
 * "log_host": its server|absent}. New reference. */
json_t *sea_settings_of(struct sv text) must_check;
/* Value of a key in a section of a .conf file, trimmed; false: it is not there. section NULL: in any. */
bool sea_conf_says(struct sv text, const char *section, const char *key, struct sv *ret);

struct sea_sources {
	const json_t *settings;         /* sea_settings_of() */
	const json_t *environment;      /* SEA_ENVIRONMENT */
	const json_t *files;            /* SEA_FILES */
	struct sv events, storage, seafile;     /* dtable-events.conf, dtable-storage-server.conf, seafile.conf; n 0: none */
	const char *version;            /* of the release that wrote them; NULL: not known */
};
/* SEA_FEATURES and SEA_STORAGE; new references. */
json_t *sea_features_of(const struct sea_sources *s) must_check;
json_t *sea_storage_of(const struct sea_sources *s) must_check;
/* SEA_LOG_PLACE; NULL: operation_log is where it always was. Source: dtable-events db.py of 5.2 and config.py of 5.3, ENABLE_OPERATION_LOG_DB. */
json_t *sea_log_place_of(const struct sea_sources *s) must_check;
