# Across editions: 9.0.3 open source to a stand-in for an Enterprise build, a real 9.3.4 behind a thin front. It is no
# QuestDB Enterprise; the moves of files, configuration, launcher and data are real.
load common
bats_require_minimum_version 1.5.0

setup_file() {
	lab_begin 9.0.3 400 && rows_keep && clients_start || { absence; return; }
	"$BATS_TEST_DIRNAME/../fakes/enterprise_archive.sh" "$CROSSGRADE_BUILD" 3.2.4 9.3.4 "$lab/enterprise.tar.gz"
	(umask 077; echo 'a password for tests' >"$lab/password")
	cat >"$lab/migration.yaml" <<-END
		crossgrade: 1
		product: questdb
		source: {root: $root}
		target: {edition: enterprise, artifact: $lab/enterprise.tar.gz}
		settings: {access: closed, admin: {user: dba, password_file: $lab/password}}
	END
}
teardown_file() { lab_end; }

@test "(stand-in) what somebody edited in the window is undone only when agreed to, and kept" {
	cg plan -f "$lab/migration.yaml" -o "$lab/plan.json"
	exits 0
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" server-conf:done 0 \
		"$CG" --state-dir "$lab/state" apply "$lab/plan.json" --yes --output jsonl
	echo 'query.timeout=77s' >>"$root/conf/server.conf"
	cg rollback --yes
	exits 1
	[[ $output == *"nothing changed"*"$root/conf/server.conf"* && $stderr == *"+query.timeout=77s"*--force* ]]
	grep -q '^acl.admin.password.file=' "$root/conf/server.conf"
	cg rollback --yes --force
	exits 0
	! grep -qE '^(query.timeout=77s|acl.admin.password.file=)' "$root/conf/server.conf" || false
	grep -q query.timeout=77s "$(sed -n "s/.*is kept in '\(.*\)'.*/\1/p" <<<"$stderr")"
	serves 9.0.3
	rows_same
	rows_whole
}

@test "(stand-in) open source becomes enterprise" {
	cg plan -f "$lab/migration.yaml" --output json
	exits 0
	valid plan
	cg apply -f "$lab/migration.yaml" --yes
	exits 0
	curl -s "http://127.0.0.1:$http/settings" | grep -q '"EE"'
	[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$http/exec?query=select%201")" = 401 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' -u 'dba:a password for tests' "http://127.0.0.1:$http/exec?query=select%201")" = 200 ]
	clients_stop
	! grep -rq 'a password for tests' "$lab/state" || { echo "the password is in the state directory"; false; }
}

@test "(stand-in) back to open source, whole" {
	cg rollback --yes --accept-loss new-writes
	exits 0
	serves 9.0.3
	rows_same
	rows_whole
}
