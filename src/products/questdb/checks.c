#include "products/questdb/checks.h"

#include "products/questdb/questdb.h"

bool need_crossing(const struct facts *now, const struct change *c, const char *id,
		   struct results *ret)
{
	if (c->crossing != CROSS_UNKNOWN)
		return true;
	if (!c->from_edition)
		unsure_of(now, QF_EDITION, id, ret);
	else
		unsure_of(now, QF_TARGET_EDITION, id, ret);
	return false;
}

/* clang-format off */
const struct check questdb_checks[] = {
	{ "questdb.src-edition",        check_src_edition, .judges = QF_EDITION },
	{ "questdb.src-version",        check_src_version, .judges = QF_VERSION },
	{ "questdb.table-version",      check_table_version },
	{ "questdb.ver-pair",           check_ver_pair },
	{ "questdb.ver-major",          check_ver_major },
	{ "questdb.run-owner",          check_run_owner },
	{ "questdb.lock",               check_lock, true },
	{ "questdb.lock-shared",        check_lock_shared, true },
	{ "questdb.container",          check_container, true },
	{ "questdb.kubernetes",         check_kubernetes, true },
	{ "questdb.service-restart",    check_service_restart, true },
	{ "questdb.service-kind",       check_service_kind, true },
	{ "questdb.unit-main",          check_unit_main },
	{ "questdb.unit-modules",       check_unit_modules },
	{ "questdb.answers",            check_answers, .judges = QF_ANSWERS },
	{ "questdb.login",              check_login, .judges = QF_LOGIN },
	{ "questdb.crash",              check_crash },
	{ "questdb.timers",             check_timers },

	{ "questdb.art-form",           check_art_form },
	{ "questdb.art-integrity",      check_art_integrity, .judges = QF_ARTIFACT },
	{ "questdb.art-edition",        check_art_edition },
	{ "questdb.art-version",        check_art_version },
	{ "questdb.art-arch",           check_art_arch },
	{ "questdb.art-glibc",          check_art_glibc },
	{ "questdb.java-version",       check_java_version },
	{ "questdb.install-form",       check_install_form },
	{ "questdb.install-shared",     check_install_shared },

	{ "questdb.root-layout",        check_root_layout },
	{ "questdb.root-links",         check_root_links },
	{ "questdb.root-mounts",        check_root_mounts },
	{ "questdb.db-identity",        check_db_identity },
	{ "questdb.cp-active",          check_cp_active },
	{ "questdb.cp-stale",           check_cp_stale },
	{ "questdb.trigger",            check_trigger },
	{ "questdb.snap-id",            check_snap_id },
	{ "questdb.shared-dir",         check_shared_dir },
	{ "questdb.shared-path",        check_shared_path },

	{ "questdb.fs-type",            check_fs_type },
	{ "questdb.fs-support",         check_fs_support },
	{ "questdb.fs-ftype",           check_fs_ftype },
	{ "questdb.fs-ro",              check_fs_ro, true },
	{ "questdb.fs-noexec",          check_fs_noexec },
	{ "questdb.restore-point",      check_restore_point },
	{ "questdb.store-place",        check_store_place },
	{ "questdb.disk-backup",        check_disk_backup },
	{ "questdb.disk-way-back",      check_disk_way_back },
	{ "questdb.disk-headroom",      check_disk_headroom },
	{ "questdb.disk-inodes",        check_disk_inodes },

	{ "questdb.wal-suspended",      check_wal_suspended },
	{ "questdb.wal-drain",          check_wal_drain },
	{ "questdb.wal-orphan",         check_wal_orphan },
	{ "questdb.mv-invalid",         check_mv_invalid },
	{ "questdb.tbl-nonwal",         check_tbl_nonwal },
	{ "questdb.tbl-ttl",            check_tbl_ttl },
	{ "questdb.tbl-parquet",        check_tbl_parquet },
	{ "questdb.tbl-convert",        check_tbl_convert },
	{ "questdb.tbl-todo",           check_tbl_todo },
	{ "questdb.tbl-detached",       check_tbl_detached },
	{ "questdb.tbl-unreadable",     check_tbl_unreadable },
	{ "questdb.tbl-broken",         check_tbl_broken },
	{ "questdb.tbl-incomplete",     check_tbl_incomplete },
	{ "questdb.tbl-transplant",     check_tbl_transplant },
	{ "questdb.tbl-name",           check_tbl_name },

	{ "questdb.conf-parse",         check_conf_parse, .judges = QF_CONF },
	{ "questdb.conf-env",           check_conf_env },
	{ "questdb.conf-strict",        check_conf_strict },
	{ "questdb.conf-way-back",      check_conf_way_back },
	{ "questdb.conf-deprecated",    check_conf_deprecated },
	{ "questdb.conf-readonly",      check_conf_readonly },
	{ "questdb.conf-uncarried",     check_conf_uncarried },
	{ "questdb.settings-uncarried", check_settings_uncarried },
	{ "questdb.ports",              check_ports },

	{ "questdb.lim-nofile",         check_lim_nofile },
	{ "questdb.lim-mmap",           check_lim_mmap },
	{ "questdb.fd-estimate",        check_fd_estimate },
	{ "questdb.mem",                check_mem },
	{ "questdb.gate",               check_gate },
	{ "questdb.clock",              check_clock },

	{ "questdb.edition-back",       check_edition_back },
	{ "questdb.enterprise-marks",   check_enterprise_marks },
	{ "questdb.auth-default",       check_auth_default },
	{ "questdb.auth-file",          check_auth_file },
	{ "questdb.auth-access",        check_auth_access },
	{ "questdb.auth-clients",       check_auth_clients },
	{ "questdb.auth-mapping",       check_auth_mapping },
	{ "questdb.health-probe",       check_health_probe },
	{ "questdb.tls-pem",            check_tls_pem },
	{ "questdb.tls-clients",        check_tls_clients },
	{ "questdb.repl-string",        check_repl_string },
	{ "questdb.repl-store",         check_repl_store },
	{ "questdb.repl-shared",        check_repl_shared },
	{ "questdb.repl-id",            check_repl_id },
	{ "questdb.repl-clock",         check_repl_clock },
	{ NULL, NULL },
};
/* clang-format on */
