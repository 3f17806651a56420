#include "products/seatable/checks.h"

#include <string.h>

bool sea_goes_to(const struct facts *now, const struct goal *to, const char *edition, const char *id, struct results *ret)
{
	struct sea_change c;

	sea_change_of(now, to, &c);
	if (!c.from.edition || !c.to.edition) {
		unsure_of(now, c.from.edition ? SEA_TO_EDITION : SEA_EDITION, id, ret);
		return false;
	}
	if (strcmp(edition, SEA_DEVELOPER) ? c.to_enterprise : c.to_developer)
		return true;
	not_asked(id, strcmp(edition, SEA_DEVELOPER) ? "not from Developer to Enterprise" : "not from Enterprise to Developer", ret);
	return false;
}

bool sea_has_env(const struct facts *now, const char *id, struct results *ret)
{
	const json_t *env;

	if (!need_if_any(now, SEA_ENV, SEA_ROOT, id, ret, &env))
		return false;
	if (!env)
		not_asked(id, "there is no .env", ret);
	return env;
}

/* clang-format off */
const struct check seatable_checks[] = {
	{ "seatable.docker",            seatable_check_docker, .judges = SEA_DOCKER },
	{ "seatable.compose",           seatable_check_compose, .judges = SEA_COMPOSE },
	{ "seatable.swarm",             seatable_check_swarm },
	{ "seatable.env",               seatable_check_env, .judges = SEA_ENV_IMAGE },
	{ "seatable.config",            seatable_check_config, .judges = SEA_SERVICES },
	{ "seatable.layout",            seatable_check_layout, .judges = SEA_SERVER },
	{ "seatable.cluster",           seatable_check_cluster },
	{ "seatable.split-server",      seatable_check_split_server },
	{ "seatable.compose-files",     seatable_check_compose_files, .judges = SEA_FILES },
	{ "seatable.env-bash",          seatable_check_env_bash },
	{ "seatable.env-shadowed",      seatable_check_env_shadowed },
	{ "seatable.env-duplicates",    seatable_check_env_duplicates },
	{ "seatable.env-image",         seatable_check_env_image },
	{ "seatable.env-mode",          seatable_check_env_mode },
	{ "seatable.env-writable",      seatable_check_env_writable },
	{ "seatable.image-pinned",      seatable_check_image_pinned },
	{ "seatable.env-alone",         seatable_check_env_alone, .judges = SEA_TO_MOVED },
	{ "seatable.project",           seatable_check_project },
	{ "seatable.running",           seatable_check_running, .judges = SEA_UP },
	{ "seatable.healthy",           seatable_check_healthy },
	{ "seatable.images",            seatable_check_images, .judges = SEA_RUNNING },
	{ "seatable.pending",           seatable_check_pending },
	{ "seatable.edition",           seatable_check_edition, .judges = SEA_EDITION },
	{ "seatable.edition-agrees",    seatable_check_edition_agrees },
	{ "seatable.version-agrees",    seatable_check_version_agrees },
	{ "seatable.source-tag",        seatable_check_source_tag },
	{ "seatable.companions",        seatable_check_companions },
	{ "seatable.connections",       seatable_check_connections },
	{ "seatable.gate",              seatable_check_gate },
	{ "seatable.probe",             seatable_check_probe, .judges = SEA_CLIENT },
	{ "seatable.version",           seatable_check_version },
	{ "seatable.nothing",           seatable_check_nothing },
	{ "seatable.target-version",    seatable_check_target_version, .judges = SEA_TO_VERSION },
	{ "seatable.target-edition",    seatable_check_target_edition, .judges = SEA_TO_EDITION },
	{ "seatable.target-image",      seatable_check_target_image, .judges = SEA_TO_IMAGE },
	{ "seatable.target-content",    seatable_check_target_content },
	{ "seatable.target-platform",   seatable_check_target_platform },
	{ "seatable.default-image",     seatable_check_default_image },
	{ "seatable.step-back",         seatable_check_step_back },
	{ "seatable.license",           seatable_check_license },
	{ "seatable.license-form",      seatable_check_license_form },
	{ "seatable.license-term",      seatable_check_license_term },
	{ "seatable.license-seats",     seatable_check_license_seats },
	{ "seatable.license-place",     seatable_check_license_place, .judges = SEA_LICENSE },
	{ "seatable.license-file",      seatable_check_license_file },
	{ "seatable.license-back",      seatable_check_license_back },
	{ "seatable.conf",              seatable_check_conf, .judges = SEA_DATA_CONF },
	{ "seatable.conf-syntax",       seatable_check_conf_syntax },
	{ "seatable.data-mount",        seatable_check_data_mount, .judges = SEA_DATA },
	{ "seatable.nginx",             seatable_check_nginx },
	{ "seatable.plugins",           seatable_check_plugins },
	{ "seatable.old-conf",          seatable_check_old_conf },
	{ "seatable.database",          seatable_check_database, .judges = SEA_DB_LOGIN },
	{ "seatable.schemas",           seatable_check_schemas, .judges = SEA_DB_SCHEMAS },
	{ "seatable.engines",           seatable_check_engines },
	{ "seatable.redis",             seatable_check_redis, .judges = SEA_REDIS },
	{ "seatable.flush",             seatable_check_flush },
	{ "seatable.restore-point",     seatable_check_restore_point },
	{ "seatable.room",              seatable_check_room },
	{ "seatable.docker-room",       seatable_check_docker_room },
	{ "seatable.store",             seatable_check_store },
	{ "seatable.access",            seatable_check_access },
	{ "seatable.watchers",          seatable_check_watchers },
	{ "seatable.neighbours",        seatable_check_neighbours },
	{ "seatable.clock",             seatable_check_clock },
	{ "seatable.jobs",              seatable_check_jobs },
	{ "seatable.storage",           seatable_check_storage, .judges = SEA_STORAGE },
	{ "seatable.teams",             seatable_check_teams },
	{ "seatable.local-admin",       seatable_check_local_admin },
	{ "seatable.sso-users",         seatable_check_sso_users },
	{ "seatable.archives",          seatable_check_archives },
	{ "seatable.apps",              seatable_check_apps },
	{ "seatable.roles",             seatable_check_roles },
	{ "seatable.permissions",       seatable_check_permissions },
	{ "seatable.lost-features",     seatable_check_lost_features },
	{ NULL, NULL },
};
