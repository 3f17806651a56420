/* What the checks of SFTPGo share (engine/need.h besides). What the plan itself puts right is a NOTE; checks of editions follow the
 * goal's direction. The table is sftpgo_checks[] in checks.c. */
#pragma once

#include "engine/check.h"
#include "engine/need.h"
#include "products/sftpgo/sftpgo.h"

#define CHECK(name) void sftpgo_check_##name(const struct facts *now, const struct goal *to, struct results *ret)

#define DOTTED_SCHEMA 32        /* the step to it saves every event action anew, with a dot in each placeholder */

/* From open source to Enterprise? false after UNSURE, or PASS where it does not. */
bool goes_to_enterprise(const struct facts *now, const struct goal *to, const char *id, struct results *ret);
/* A copy of a Windows host's folder? Then a NOTE, that a person looks there, and of what; true. */
bool left_to_hand(const struct facts *now, const char *id, const char *what, struct results *ret);
/* Value of a key of the configuration, NULL when it is not known; "" for a text. Borrowed. */
const json_t *conf_value(const struct facts *now, const char *key);
const char *conf_text(const struct facts *now, const char *key);

/* checks_server.c: who runs now, and what follows it */
CHECK(source_version);
CHECK(source_edition);
CHECK(schema);
CHECK(schema_right);
CHECK(target_version);
CHECK(healthy);
CHECK(one_server);
CHECK(service);
CHECK(starter);

/* checks_container.c: a server in a container */
CHECK(container);
CHECK(container_data);

/* checks_crossing.c: the login, and the way to Enterprise */
CHECK(login);
CHECK(transfers);
CHECK(license);
CHECK(event_rules);

/* checks_trial.c: logins that are tried */
CHECK(probe_users);
CHECK(probe_account);
CHECK(probe_rule);

/* checks_target.c: the new build and the way back */
CHECK(artifact);
CHECK(more_artifacts);
CHECK(signature);
CHECK(artifact_version);
CHECK(install_kind);
CHECK(old_package);
CHECK(restore_point);
CHECK(scope);
CHECK(room);
CHECK(gate);

/* checks_repository.c: where the new packages come from */
CHECK(target_repository);

/* checks_database.c: the data provider and its copy */
CHECK(driver);
CHECK(dump);
CHECK(tied);
CHECK(role);

/* checks_conf.c: configuration and data provider */
CHECK(conf);
CHECK(nodes);
CHECK(update_mode);
CHECK(loaddata);
CHECK(secrets);

/* checks_events.c: event actions */
CHECK(placeholders);
CHECK(braces);
CHECK(tokens);
CHECK(path_patterns);
CHECK(delete_actions);
CHECK(http_user);
CHECK(identity_actions);
CHECK(recipients);
CHECK(commands);

/* checks_accounts.c: administrators, users, names */
CHECK(names);
CHECK(super_admin);
CHECK(admin_permissions);
CHECK(admin_groups);
CHECK(login_methods);
CHECK(backslashes);
CHECK(symlinks);

/* checks_storage.c: where files lie, and secrets */
CHECK(target_features);
CHECK(gcs_credentials);
CHECK(plain_secrets);
CHECK(old_secrets);
CHECK(kms);

/* checks_keys.c: keys of the configuration, and programs they name */
CHECK(retention_hook);
CHECK(conf_format);
CHECK(ssh_commands);
CHECK(removed_keys);
CHECK(waking_keys);
CHECK(ignored_keys);
CHECK(hooks);
CHECK(plugins);
CHECK(acme);
CHECK(roles);
CHECK(timezone);

/* checks_host.c: the host, and what else an edition brings */
CHECK(owner);
CHECK(write_ahead_log);
CHECK(ports);
CHECK(repositories);
CHECK(conffiles);
CHECK(altered_files);
CHECK(fips);
CHECK(edition_changes);
