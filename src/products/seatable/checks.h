/* What the checks of SeaTable share (engine/need.h besides). What the plan itself puts right is a NOTE; checks of editions follow the
 * goal's direction. The table is seatable_checks[] in checks.c. Numbers "CG-..." in sheet.yaml are of facts/seatable 8. */
#pragma once

#include "engine/check.h"
#include "engine/need.h"
#include "products/seatable/seatable.h"

#define CHECK(name) void seatable_check_##name(const struct facts *now, const struct goal *to, struct results *ret)

/* From one edition to the other? false after UNSURE, or PASS where it does not. */
bool sea_goes_to(const struct facts *now, const struct goal *to, const char *edition, const char *id, struct results *ret);
/* A modern layout's .env was read? false after UNSURE, or PASS for an installation without one. */
bool sea_has_env(const struct facts *now, const char *id, struct results *ret);

/* checks_host.c: docker and the host */
CHECK(docker);
CHECK(compose);
CHECK(swarm);
CHECK(restore_point);
CHECK(room);
CHECK(docker_room);
CHECK(watchers);
CHECK(neighbours);
CHECK(clock);
CHECK(jobs);

/* checks_project.c: the directory of the project and what Compose makes of it */
CHECK(layout);
CHECK(cluster);
CHECK(env);
CHECK(env_bash);
CHECK(env_shadowed);
CHECK(env_duplicates);
CHECK(env_image);
CHECK(env_mode);
CHECK(env_writable);
CHECK(compose_files);
CHECK(config);
CHECK(image_pinned);
CHECK(env_alone);
CHECK(project);
CHECK(split_server);

/* checks_server.c: who runs now */
CHECK(running);
CHECK(healthy);
CHECK(images);
CHECK(pending);
CHECK(edition);
CHECK(edition_agrees);
CHECK(version_agrees);
CHECK(source_tag);
CHECK(companions);
CHECK(connections);
CHECK(probe);

/* checks_guard.c: what stands between others and the run */
CHECK(gate);
CHECK(access);
CHECK(store);

/* checks_target.c: what is wanted, and whether there is a way */
CHECK(version);
CHECK(nothing);
CHECK(target_version);
CHECK(target_edition);
CHECK(target_image);
CHECK(target_content);
CHECK(target_platform);
CHECK(default_image);
CHECK(step_back);

/* checks_license.c: licences, by the day */
CHECK(license);
CHECK(license_form);
CHECK(license_term);
CHECK(license_seats);
CHECK(license_place);
CHECK(license_file);
CHECK(license_back);

/* checks_data.c: data folder and databases */
CHECK(conf);
CHECK(conf_syntax);
CHECK(data_mount);
CHECK(nginx);
CHECK(plugins);
CHECK(old_conf);
CHECK(database);
CHECK(schemas);
CHECK(engines);
CHECK(redis);
CHECK(flush);

/* checks_losses.c: what Developer Edition lacks */
CHECK(storage);
CHECK(teams);
CHECK(local_admin);
CHECK(sso_users);
CHECK(archives);
CHECK(apps);
CHECK(roles);
CHECK(permissions);
CHECK(lost_features);
