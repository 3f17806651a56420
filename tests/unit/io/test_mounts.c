/* Tables of mounts, as the kernel writes them. */
#include "io/mounts.h"

#include "../unit.h"
#include "base/mem.h"

#define TABLE                                                                                     \
	"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"                                  \
	"30 22 0:40 /export /mnt/on\\040share rw shared:7 master:2 - nfs4 server:/export rw,hard\n" \
	"31 22 8:2 /a\\134b /srv/disk rw - xfs /dev/sdb2 rw\n"                                     \
	"32 22 0:41 / /home/me/cloud rw - fuse.sshfs me@there: rw\n"                              \
	"33 22 8:3 / /srv/stick rw - fuseblk /dev/sdc1 rw\n"

static void a_line_each(void **state)
{
	struct sv table = sv_of(TABLE);
	struct mount m = { 0 };

	assert_true(mount_next(&table, &m));
	assert_string_equal(m.dev, "8:1");
	assert_string_equal(m.type, "ext4");
	mount_done(&m);
	assert_true(mount_next(&table, &m));
	assert_string_equal(m.root, "/export");
	assert_string_equal(m.point, "/mnt/on share");
	assert_string_equal(m.type, "nfs4");
	mount_done(&m);
	assert_true(mount_next(&table, &m));
	assert_string_equal(m.root, "/a\\b");
	assert_string_equal(m.type, "xfs");
	mount_done(&m);
	for (int i = 0; i < 2; i++) {
		assert_true(mount_next(&table, &m));
		mount_done(&m);
	}
	assert_false(mount_next(&table, &m));
}

static void remote(const char *table, const char *path, const char *at)
{
	autofree char *found = mounts_remote(sv_of(table), path);

	assert_string_equal(found ? found : "none", at ? at : "none");
}

#define AUTOMOUNT "40 22 0:50 / /data rw - autofs systemd-1 rw\n"
#define DISK      "41 40 8:17 / /data rw - ext4 /dev/sdb1 rw\n"

static void what_another_answers_for(void **state)
{
	remote(TABLE, "/mnt/on share", "/mnt/on share");
	remote(TABLE, "/mnt/on share/db", "/mnt/on share");
	remote(TABLE, "/mnt", "/mnt/on share");
	remote(TABLE, "/mnt/on", NULL);
	remote(TABLE, "/home/me", "/home/me/cloud");
	remote(TABLE, "/srv", NULL);
	remote("22 1 0:3 / / rw - nfs server:/root rw\n", "/srv", NULL);
	remote(AUTOMOUNT DISK, "/data/db", NULL);
	remote(DISK AUTOMOUNT, "/data/db", "/data");
	remote(AUTOMOUNT DISK "42 40 0:40 / /data/db rw - nfs4 server:/db rw\n", "/data", "/data/db");
	remote("", "/srv", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_each),
		cmocka_unit_test(what_another_answers_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
