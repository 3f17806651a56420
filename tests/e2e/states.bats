# What only a running server knows, and a server that does not run: 9.0.3 with a suspended table, then found stopped.
load common
bats_require_minimum_version 1.5.0

# Only a server in dev mode suspends a table when asked.
setup_file() { QDB_EXTRA="$QDB_EXTRA QDB_DEV_MODE_ENABLED=true" lab_begin 9.0.3 400 && rows_keep || absence; }
teardown_file() { lab_end; }

answers() {
	local i
	for ((i = 0; i < 600; i++)); do
		! curl -sf -o /dev/null --max-time 2 "http://127.0.0.1:$http/ping" || return 0
		sleep 0.1
	done
}

verdict() { json "[c['verdict'] for c in d['checks'] if c['id'] == 'questdb.$1'][0]"; }

@test "a suspended table blocks by name, with the server's own words, whatever is accepted" {
	qdb_do "$root" "alter table trades suspend wal with 28, 'no room for it'"
	cg check $(subject) --output json
	exits 3
	valid checks
	[ "$(verdict wal-suspended)" = block ]
	[[ $(json '[(c["subject"], c["seen"]) for c in d["checks"] if c["id"] == "questdb.wal-suspended"]') == *"table trades"*"DISK FULL"*"no room for it"* ]]
	cg apply $(subject) --yes --accept questdb.wal-suspended --accept questdb.tbl-unreadable
	exits 3
	serves 9.0.3
}

@test "resumed, nothing is left of it" {
	qdb_do "$root" "alter table trades resume wal"
	qdb_drain "$root"
	cg check $(subject) --deep --output json
	exits 0
	[ "$(verdict wal-suspended)" = pass ]
}

# How it is started can no more be seen: the operator says it. Ports stand in server.conf, no environment has them.
say_how() {
	local pg min ilp
	eval "$(qdb_env "$root")"
	# shellcheck disable=SC2154 # min, pg and ilp are of qdb_env
	echo >>"$root/conf/server.conf"		# its last line has no end
	printf '%s=127.0.0.1:%s\n' http.net.bind.to "$http" http.min.net.bind.to "$min" pg.net.bind.to "$pg" \
		line.tcp.net.bind.to "$ilp" >>"$root/conf/server.conf"
	cat >"$lab/start" <<-END
		#!/bin/sh
		exec setsid -f "$lab/data/opt/bin/questdb.sh" start -d "$root" >>"$root.out" 2>&1 </dev/null
	END
	cat >"$lab/stop" <<-END
		#!/bin/sh
		pkill -TERM -f -- '-d $root( |\$)' || true
	END
	chmod 755 "$lab/start" "$lab/stop"
	cat >"$lab/migration.yaml" <<-END
		product: questdb
		source:
		  root: $root
		  install: $lab/data/opt
		  service: {kind: command, start: [$lab/start], stop: [$lab/stop]}
		target: {artifact: $new}
	END
}

@test "of a stopped server some things are not known, and that stops a run" {
	say_how
	qdb_stop "$root"
	cg check -f "$lab/migration.yaml" --deep --output json
	exits 3
	[ "$(verdict wal-suspended)" = unsure ]
	[ "$(verdict tbl-unreadable)" = unsure ]
	[ "$(json '[c["id"] for c in d["checks"] if c["verdict"] == "block"]')" = "[]" ]
	json '"\n".join(sorted({c["id"] for c in d["checks"] if c["verdict"] == "unsure"}))' >"$lab/unsure"
	cg apply -f "$lab/migration.yaml" --yes
	exits 3
	! pgrep -f -- "-d $root( |\$)" || false
}

@test "a run on a stopped server ends with the new one serving, every row there" {
	cg apply -f "$lab/migration.yaml" --yes $(sed 's/^/--accept /' "$lab/unsure")
	exits 0
	serves 9.3.4
	rows_same
	cg report --output json
	valid report
	[[ "$(json 'd["level"]')" == *"files of "* && "$(json 'd["level"]')" != *"F2 of"* ]]
}

@test "and back: what was found stopped is left stopped" {
	cg rollback --yes
	exits 0
	! pgrep -f -- "-d $root( |\$)" || false
	cg inspect questdb --root "$root" --output json
	[ "$(json 'd["facts"]["server.running"]["value"]')" = False ]
	"$lab/start"
	answers
	serves 9.0.3
	rows_same
}
