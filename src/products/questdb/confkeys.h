/* Which keys of server.conf a release knows. A release refuses to start on a key it does not know
 * as soon as config.validation.strict is true, which every server.conf extracted from a release
 * sets (seen on 7.4.2 to 9.3.4). */
#pragma once

#include "products/questdb/version.h"

enum conf_key {
	CONF_KNOWN,   /* deprecated ones too: they are accepted */
	CONF_UNKNOWN, /* refused under strict validation; obsolete ones too (9.3.4, seen) */
	CONF_UNSURE   /* known before or after, or the release was never seen */
};

enum conf_key conf_key_in(const char *edition, enum core_by by, struct version core,
			  const char *key);
bool conf_key_enterprise(const char *key); /* acl.*, tls.*, replication.*, ... */
bool conf_key_uncarried(const char *key);  /* what crossgrade does not carry across editions yet */
