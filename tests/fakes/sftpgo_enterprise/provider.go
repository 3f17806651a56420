package dataprovider

// The step to the schema that Enterprise's documentation names: made after the real migration, with the table that the
// development branch has there. Whether Enterprise's own 34 is this one is not known.

import (
	"database/sql"
	"errors"
	"os"
	"time"
)

const (
	standInSchema = 34
	standInSQLite = `CREATE TABLE "shares_groups_mapping" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
"share_id" integer NOT NULL REFERENCES "shares" ("id") ON DELETE CASCADE, "group_id" integer NOT NULL REFERENCES "groups" ("id")
ON DELETE CASCADE, "permissions" integer NOT NULL, CONSTRAINT "unique_share_group" UNIQUE ("share_id", "group_id"));`
	standInPGSQL = `CREATE TABLE "shares_groups_mapping" ("id" integer NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
"share_id" integer NOT NULL REFERENCES "shares" ("id") ON DELETE CASCADE, "group_id" integer NOT NULL REFERENCES "groups" ("id")
ON DELETE CASCADE, "permissions" integer NOT NULL, CONSTRAINT "unique_share_group" UNIQUE ("share_id", "group_id"));`
	standInMySQL = "CREATE TABLE `shares_groups_mapping` (`id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY," +
		"`share_id` integer NOT NULL, `group_id` integer NOT NULL, `permissions` integer NOT NULL);"
)

// These stand before the release's own, which build.sh gives another name.
func (p *SQLiteProvider) migrateDatabase() error {
	return standInMigrate(p.dbHandle, standInSQLite, p.migrateRelease)
}

func (p *PGSQLProvider) migrateDatabase() error {
	return standInMigrate(p.dbHandle, standInPGSQL, p.migrateRelease)
}

func (p *MySQLProvider) migrateDatabase() error {
	return standInMigrate(p.dbHandle, standInMySQL, p.migrateRelease)
}

func standInMigrate(db *sql.DB, step string, release func() error) error {
	if os.Getenv("STAND_IN") == "hang-migration" {
		time.Sleep(time.Hour)
	}
	var version int
	err := db.QueryRow("SELECT version FROM schema_version LIMIT 1").Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if version == standInSchema {
		return ErrNoInitRequired
	}
	if err := release(); err != nil && !errors.Is(err, ErrNoInitRequired) {
		return err
	}
	return sqlCommonExecSQLAndUpdateDBVersion(db, []string{step}, standInSchema, true)
}
