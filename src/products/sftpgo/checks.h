/* What the checks of SFTPGo share (engine/need.h besides). What the plan itself puts right is a NOTE; checks of editions follow the
 * goal's direction. The table is sftpgo_checks[] in checks.c. */
#pragma once

#include "engine/check.h"
#include "engine/need.h"
#include "products/sftpgo/sftpgo.h"

#define CHECK(name) void sftpgo_check_##name(const struct facts *now, const struct goal *to, struct results *ret)

/* checks_server.c: who runs now, and what follows it */
CHECK(source_version);
CHECK(source_edition);
CHECK(schema);
CHECK(target_version);
CHECK(healthy);
CHECK(one_server);
CHECK(service);
CHECK(starter);

/* checks_target.c: the new build and the way back */
CHECK(artifact);
CHECK(artifact_version);
CHECK(install_kind);
CHECK(restore_point);
CHECK(scope);
CHECK(room);
CHECK(gate);

/* checks_conf.c: configuration and data provider */
CHECK(conf);
CHECK(driver);
CHECK(nodes);
CHECK(update_mode);
CHECK(loaddata);
CHECK(secrets);
