# A unit of a real systemd, booted in namespaces: 9.0.3 to 9.3.4 and back, the server running as a user of its own.
load common
bats_require_minimum_version 1.5.0

SYSTEMD=$BATS_TEST_DIRNAME/../systemd
JAVA_HOME_17=/usr/lib/jvm/java-17-openjdk-amd64

boot() {
	local tree said
	root_tree || return
	said=$("$SYSTEMD/boot.sh" "$tree" "$CROSSGRADE_BUILD" "$lab" /usr/lib/jvm /etc/java-17-openjdk 3>&- 4>&-) || { absent "no systemd boots here"; return; }
	export INSIDE=${said%% *}
}

by_unit() { # INSTALL ROOT
	[ -x $JAVA_HOME_17/bin/java ] || { absent "no Java 17 in $JAVA_HOME_17"; return; }
	boot || return
	chmod 755 "$lab"
	mkdir "$2"
	inside useradd --system questdb
	inside chown -R questdb: "$lab/data"
	inside tee /etc/systemd/system/questdb.service >/dev/null <<-END
		[Unit]
		Description=QuestDB
		After=network.target
		[Service]
		User=questdb
		Environment=QDB_HTTP_BIND_TO=127.0.0.1:9000 QDB_HTTP_MIN_BIND_TO=127.0.0.1:9003 QDB_PG_NET_BIND_TO=127.0.0.1:8812
		Environment=QDB_LINE_TCP_NET_BIND_TO=127.0.0.1:9009 $QDB_EXTRA_DEFAULT
		Environment=$QDB_EXTRA
		ExecStart=$JAVA_HOME_17/bin/java $QDB_JVM -DQuestDB-Runtime-66535 -Dcontainerized=false -Xmx1g -ea -Dnoebug -XX:+UseParallelGC --add-exports java.base/jdk.internal.math=io.questdb -p $1/questdb.jar -m io.questdb/io.questdb.ServerMain -d $2 -n
		Restart=on-failure
		RestartSec=1
		SuccessExitStatus=143
		[Install]
		WantedBy=multi-user.target
	END
	inside systemctl daemon-reload
	inside systemctl enable --now questdb.service
	printf 'pid=%s\nhttp=9000\nmin=9003\npg=8812\nilp=9009\nroot=%s\n' "$INSIDE" "$2" >"$2.server"
	touch "$2.out"
	qdb_wait "$2"
}

setup_file() { START=by_unit lab_begin 9.0.3 400 && rows_keep && clients_start || absence; }
teardown_file() {
	clients_stop
	[ -z "${INSIDE-}" ] || "$SYSTEMD/stop.sh" "$INSIDE"
	unset INSIDE
	lab_end
}

unit_says() { inside systemctl show -P "$1" questdb.service; }

@test "inspect sees the unit, its user and its version" {
	cg inspect questdb --root "$root" --output json
	exits 0
	valid facts
	[ "$(json 'd["facts"]["service.kind"]["value"]')" = systemd ]
	[ "$(json 'd["facts"]["server.user"]["value"]')" = questdb ]
}

@test "apply moves the unit; it stays enabled, runs as its user, and may be restarted" {
	cg apply $(subject) --yes
	exits 0
	serves 9.3.4
	rows_same
	rows_whole
	[ "$(unit_says ActiveState)" = active ]
	[ "$(unit_says UnitFileState)" = enabled ]
	[ "$(inside ps -o user= -p "$(unit_says MainPID)")" = questdb ]
	[ -z "$(find "$root" -path '*/.crossgrade*' -prune -o ! -user "$(stat -c %u "$root")" -print | head -n 1)" ]
	inside systemctl restart questdb.service
	qdb_wait "$root"
	serves 9.3.4
}

@test "rollback saves the new writes and brings the old unit back" {
	cg rollback --yes --save-new-writes "$lab/saved"
	exits 0
	serves 9.0.3
	rows_same
	rows_whole "$lab/saved"
	[ "$(unit_says ActiveState)" = active ]
	[ -z "$(unit_says DropInPaths)" ]
}

no_jobs() { [ -z "$(inside systemctl list-jobs --no-legend)" ]; }

# Who needs the unit is stopped before it and takes his time: until then the server serves, and its stop is queued.
@test "killed while a unit that needs the server stops: the server goes on, and is not killed by force either" {
	local pid
	inside tee /etc/systemd/system/reader.service >/dev/null <<-END
		[Unit]
		Requires=questdb.service
		After=questdb.service
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/bin/true
		ExecStop=/bin/sh -c 'until [ -e /run/reader-ends ]; do sleep 0.1; done'
	END
	inside systemctl daemon-reload
	inside systemctl start reader.service
	pid=$(unit_says MainPID)
	cg plan $(subject) -o "$lab/plan.json"
	exits 0
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" stop:begin 3000 \
		nsenter -t "$INSIDE" -a -r -w "$CG" --state-dir "$lab/state" apply "$lab/plan.json" --yes --output jsonl
	[ "$(inside systemctl show -P ActiveState reader.service)" = deactivating ]
	[ "$(unit_says ActiveState)" = active ]
	{ sleep 3; inside touch /run/reader-ends; } 3>&- 4>&- &
	cg rollback --yes --force
	exits 0
	within 60 no_jobs
	[ "$(inside systemctl show -P ActiveState reader.service)" = inactive ]
	[ "$(unit_says ActiveState)" = active ]
	[ "$(unit_says MainPID)" = "$pid" ]
	[ -z "$(unit_says DropInPaths)" ]
	serves 9.0.3
	rows_same
	rows_whole "$lab/saved"
	inside rm /etc/systemd/system/reader.service
	inside systemctl daemon-reload
}

@test "killed in the window: nobody can start the server, then forward" {
	cg plan $(subject) -o "$lab/plan.json"
	exits 0
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" backup-final:begin 0 \
		nsenter -t "$INSIDE" -a -r -w "$CG" --state-dir "$lab/state" apply "$lab/plan.json" --yes --output jsonl
	inside systemctl start questdb.service || true
	[ "$(unit_says ActiveState)" = inactive ]
	cg resume --yes
	exits 0
	serves 9.3.4
	rows_same
	rows_whole "$lab/saved"
	[ -z "$(unit_says DropInPaths)" ]
}
