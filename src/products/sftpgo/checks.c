#include "products/sftpgo/checks.h"

/* clang-format off */
const struct check sftpgo_checks[] = {
	{ "sftpgo.source-version",      sftpgo_check_source_version },
	{ "sftpgo.source-edition",      sftpgo_check_source_edition },
	{ "sftpgo.schema",              sftpgo_check_schema },
	{ "sftpgo.target-version",      sftpgo_check_target_version },
	{ "sftpgo.healthy",             sftpgo_check_healthy },
	{ "sftpgo.one-server",          sftpgo_check_one_server, true },
	{ "sftpgo.service",             sftpgo_check_service, true },
	{ "sftpgo.starter",             sftpgo_check_starter, true },
	{ "sftpgo.artifact",            sftpgo_check_artifact },
	{ "sftpgo.artifact-version",    sftpgo_check_artifact_version },
	{ "sftpgo.install-kind",        sftpgo_check_install_kind },
	{ "sftpgo.restore-point",       sftpgo_check_restore_point },
	{ "sftpgo.scope",               sftpgo_check_scope },
	{ "sftpgo.room",                sftpgo_check_room },
	{ "sftpgo.gate",                sftpgo_check_gate },
	{ "sftpgo.conf",                sftpgo_check_conf },
	{ "sftpgo.driver",              sftpgo_check_driver },
	{ "sftpgo.nodes",               sftpgo_check_nodes },
	{ "sftpgo.update-mode",         sftpgo_check_update_mode },
	{ "sftpgo.loaddata",            sftpgo_check_loaddata },
	{ "sftpgo.secrets",             sftpgo_check_secrets },
	{ NULL, NULL },
};
