/* What the checks of QuestDB share (engine/need.h besides). What the plan itself puts right is a
 * NOTE. The table is questdb_checks[] in checks.c. */
#pragma once

#include "engine/check.h"
#include "engine/need.h"
#include "products/questdb/change.h"

#define CHECK(name) \
	void check_##name(const struct facts *now, const struct goal *to, struct results *ret)

/* Edition or version of either side is not known: UNSURE said, false. */
bool need_crossing(const struct facts *now, const struct change *c, const char *id,
		   struct results *ret);

/* checks_server.c */
CHECK(src_edition);
CHECK(src_version);
CHECK(table_version);
CHECK(ver_pair);
CHECK(ver_major);
CHECK(run_owner);
CHECK(lock);
CHECK(lock_shared);
CHECK(container);
CHECK(kubernetes);
CHECK(service_restart);
CHECK(service_kind);
CHECK(unit_main);
CHECK(unit_modules);
CHECK(answers);
CHECK(login);
CHECK(crash);
CHECK(timers);

/* checks_artifact.c */
CHECK(art_form);
CHECK(art_integrity);
CHECK(art_edition);
CHECK(art_version);
CHECK(art_arch);
CHECK(art_glibc);
CHECK(java_version);
CHECK(install_form);
CHECK(install_shared);

/* checks_storage.c */
CHECK(root_layout);
CHECK(root_links);
CHECK(fs_ftype);
CHECK(root_mounts);
CHECK(db_identity);
CHECK(cp_active);
CHECK(cp_stale);
CHECK(trigger);
CHECK(snap_id);
CHECK(shared_dir);
CHECK(shared_path);

/* checks_room.c */
CHECK(fs_type);
CHECK(fs_support);
CHECK(fs_ro);
CHECK(fs_noexec);
CHECK(restore_point);
CHECK(store_place);
CHECK(disk_backup);
CHECK(disk_way_back);
CHECK(disk_headroom);
CHECK(disk_inodes);

/* checks_tables.c */
CHECK(wal_suspended);
CHECK(wal_drain);
CHECK(wal_orphan);
CHECK(mv_invalid);
CHECK(tbl_nonwal);
CHECK(tbl_ttl);
CHECK(tbl_parquet);
CHECK(tbl_convert);
CHECK(tbl_todo);
CHECK(tbl_detached);
CHECK(tbl_unreadable);
CHECK(tbl_broken);
CHECK(tbl_incomplete);
CHECK(tbl_transplant);
CHECK(tbl_name);

/* checks_config.c */
CHECK(conf_parse);
CHECK(conf_env);
CHECK(conf_strict);
CHECK(conf_way_back);
CHECK(conf_deprecated);
CHECK(conf_readonly);
CHECK(conf_uncarried);
CHECK(settings_uncarried);
CHECK(ports);

/* checks_host.c */
CHECK(lim_nofile);
CHECK(lim_mmap);
CHECK(fd_estimate);
CHECK(mem);
CHECK(gate);
CHECK(clock);

/* checks_edition.c */
/* Who is connected, of this host, too: [{"port","peer","connections"}]. New reference. */
json_t *questdb_clients(const struct facts *now) must_check;
CHECK(edition_back);
CHECK(enterprise_marks);
CHECK(auth_default);
CHECK(auth_file);
CHECK(auth_access);
CHECK(auth_clients);
CHECK(auth_mapping);
CHECK(health_probe);
CHECK(tls_pem);
CHECK(tls_clients);
CHECK(repl_string);
CHECK(repl_store);
CHECK(repl_shared);
CHECK(repl_id);
CHECK(repl_clock);
