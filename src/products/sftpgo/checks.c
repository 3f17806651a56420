#include "products/sftpgo/checks.h"

#include <string.h>

#include "engine/container_move.h"
#include "products/sftpgo/crossing.h"

bool goes_to_enterprise(const struct facts *now, const struct goal *to, const char *id, struct results *ret)
{
	struct change c;

	sftpgo_change(now, to, &c);
	if (!c.from_edition || !c.to_edition) {
		unsure_of(now, c.from_edition ? SF_TARGET_EDITION : SF_EDITION, id, ret);
		return false;
	}
	if (crosses_to_enterprise(&c))
		return true;
	not_asked(id, "not from open source to Enterprise", ret);
	return false;
}

bool left_to_hand(const struct facts *now, const char *id, const char *what, struct results *ret)
{
	if (!sftpgo_by_hand(now))
		return false;
	results_add(ret, id, VERDICT_NOTE, NULL, "on the Windows host, which cannot be looked at from here: %s", what);
	return true;
}

const json_t *conf_value(const struct facts *now, const char *key)
{
	const json_t *settings = json_object_get(facts_get(now, SF_CONF), "settings");

	return json_object_get(json_object_get(settings, key), "value");
}

const char *conf_text(const struct facts *now, const char *key)
{
	const char *text = json_string_value(conf_value(now, key));

	return text ? text : "";
}

/* clang-format off */
const struct check sftpgo_checks[] = {
	{ "sftpgo.source-version",      sftpgo_check_source_version, .judges = SF_VERSION },
	{ "sftpgo.source-edition",      sftpgo_check_source_edition, .judges = SF_EDITION },
	{ "sftpgo.schema",              sftpgo_check_schema, .judges = SF_SCHEMA },
	{ "sftpgo.schema-right",        sftpgo_check_schema_right },
	{ "sftpgo.target-version",      sftpgo_check_target_version },
	{ "sftpgo.healthy",             sftpgo_check_healthy },
	{ "sftpgo.one-server",          sftpgo_check_one_server, true },
	{ "sftpgo.service",             sftpgo_check_service, true },
	{ "sftpgo.starter",             sftpgo_check_starter, true },
	{ "sftpgo.container",           sftpgo_check_container, .judges = FACT_IMAGE },
	{ "sftpgo.container-data",      sftpgo_check_container_data },
	{ "sftpgo.login",               sftpgo_check_login },
	{ "sftpgo.transfers",           sftpgo_check_transfers },
	{ "sftpgo.probe-users",         sftpgo_check_probe_users },
	{ "sftpgo.probe-account",       sftpgo_check_probe_account },
	{ "sftpgo.probe-rule",          sftpgo_check_probe_rule },
	{ "sftpgo.target-repository",   sftpgo_check_target_repository, .judges = SF_REPOSITORY },
	{ "sftpgo.artifact",            sftpgo_check_artifact, .judges = SF_ARTIFACT },
	{ "sftpgo.more-artifacts",      sftpgo_check_more_artifacts },
	{ "sftpgo.signature",           sftpgo_check_signature },
	{ "sftpgo.artifact-version",    sftpgo_check_artifact_version },
	{ "sftpgo.install-kind",        sftpgo_check_install_kind, .judges = SF_INSTALL },
	{ "sftpgo.old-package",         sftpgo_check_old_package },
	{ "sftpgo.restore-point",       sftpgo_check_restore_point },
	{ "sftpgo.scope",               sftpgo_check_scope, .judges = SF_SCOPE },
	{ "sftpgo.room",                sftpgo_check_room },
	{ "sftpgo.gate",                sftpgo_check_gate },
	{ "sftpgo.conf",                sftpgo_check_conf, .judges = SF_CONF },
	{ "sftpgo.driver",              sftpgo_check_driver, .judges = SF_DRIVER },
	{ "sftpgo.dump",                sftpgo_check_dump },
	{ "sftpgo.tied",                sftpgo_check_tied },
	{ "sftpgo.role",                sftpgo_check_role },
	{ "sftpgo.nodes",               sftpgo_check_nodes },
	{ "sftpgo.update-mode",         sftpgo_check_update_mode },
	{ "sftpgo.loaddata",            sftpgo_check_loaddata },
	{ "sftpgo.secrets",             sftpgo_check_secrets },
	{ "sftpgo.placeholders",         sftpgo_check_placeholders },
	{ "sftpgo.braces",               sftpgo_check_braces },
	{ "sftpgo.tokens",               sftpgo_check_tokens },
	{ "sftpgo.path-patterns",        sftpgo_check_path_patterns },
	{ "sftpgo.delete-actions",       sftpgo_check_delete_actions },
	{ "sftpgo.http-user",            sftpgo_check_http_user },
	{ "sftpgo.identity-actions",     sftpgo_check_identity_actions },
	{ "sftpgo.recipients",           sftpgo_check_recipients },
	{ "sftpgo.commands",             sftpgo_check_commands },
	{ "sftpgo.names",                sftpgo_check_names },
	{ "sftpgo.super-admin",          sftpgo_check_super_admin },
	{ "sftpgo.admin-permissions",    sftpgo_check_admin_permissions },
	{ "sftpgo.admin-groups",         sftpgo_check_admin_groups },
	{ "sftpgo.login-methods",        sftpgo_check_login_methods },
	{ "sftpgo.backslashes",          sftpgo_check_backslashes },
	{ "sftpgo.symlinks",             sftpgo_check_symlinks },
	{ "sftpgo.target-features",      sftpgo_check_target_features },
	{ "sftpgo.gcs-credentials",      sftpgo_check_gcs_credentials },
	{ "sftpgo.plain-secrets",        sftpgo_check_plain_secrets },
	{ "sftpgo.old-secrets",          sftpgo_check_old_secrets },
	{ "sftpgo.kms",                  sftpgo_check_kms },
	{ "sftpgo.retention-hook",       sftpgo_check_retention_hook },
	{ "sftpgo.conf-format",          sftpgo_check_conf_format },
	{ "sftpgo.ssh-commands",         sftpgo_check_ssh_commands },
	{ "sftpgo.removed-keys",         sftpgo_check_removed_keys },
	{ "sftpgo.waking-keys",          sftpgo_check_waking_keys },
	{ "sftpgo.ignored-keys",         sftpgo_check_ignored_keys },
	{ "sftpgo.hooks",                sftpgo_check_hooks },
	{ "sftpgo.plugins",              sftpgo_check_plugins },
	{ "sftpgo.acme",                 sftpgo_check_acme },
	{ "sftpgo.roles",                sftpgo_check_roles },
	{ "sftpgo.timezone",             sftpgo_check_timezone },
	{ "sftpgo.owner",                sftpgo_check_owner },
	{ "sftpgo.write-ahead-log",      sftpgo_check_write_ahead_log },
	{ "sftpgo.ports",                sftpgo_check_ports },
	{ "sftpgo.repositories",         sftpgo_check_repositories },
	{ "sftpgo.conffiles",            sftpgo_check_conffiles },
	{ "sftpgo.altered-files",        sftpgo_check_altered_files },
	{ "sftpgo.fips",                 sftpgo_check_fips },
	{ "sftpgo.edition-changes",      sftpgo_check_edition_changes },
	{ "sftpgo.license",             sftpgo_check_license },
	{ "sftpgo.event-rules",         sftpgo_check_event_rules },
	{ NULL, NULL },
};
