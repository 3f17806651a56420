# SFTPGo's archive as a unit of a real systemd, booted in namespaces: a user of its own, an EnvironmentFile; 2.6.4 to 2.7.5 and back.
load common
load sftpgo
bats_require_minimum_version 1.5.0

by_unit() {
	inside useradd --system --home-dir "$lab/srv" sftpgo
	inside chown -R sftpgo: "$root" "$lab/srv"
	chmod 750 "$root"
	printf '%s\n' 'SFTPGO_LOG_LEVEL=info' >"$lab/sftpgo.env"
	inside tee /etc/systemd/system/sftpgo.service >/dev/null <<-END
		[Unit]
		Description=SFTPGo Server
		After=network.target
		[Service]
		User=sftpgo
		Group=sftpgo
		WorkingDirectory=$root
		Environment=SFTPGO_CONFIG_DIR=$root/
		Environment=SFTPGO_LOG_FILE_PATH=
		EnvironmentFile=-$lab/sftpgo.env
		ExecStart=$lab/opt/sftpgo serve
		Restart=always
		RestartSec=1s
		NoNewPrivileges=yes
		[Install]
		WantedBy=multi-user.target
	END
	inside systemctl daemon-reload
	inside systemctl enable --now sftpgo.service
	sftpgo_serve_file "$root" "$INSIDE"
	sftpgo_wait "$root"
}

setup_file() {
	sftpgo_needed || { [ -n "$ABSENT" ]; return; }
	sftpgo_files 1000 || return
	sftpgo_boot || return 0
	by_unit && sftpgo_dump "$root" >"$lab/before.json" && uploads_start user-00010 user-00020
}
setup() { [ -z "${ABSENT-}" ] || skip "$ABSENT"; }
teardown_file() {
	uploads_stop
	[ -z "${INSIDE-}" ] || "$SYSTEMD/stop.sh" "$INSIDE"
	[ -z "${lab-}" ] || rm -rf "$lab"
}

unit_says() { inside systemctl show -P "$1" sftpgo.service; }

@test "inspect sees the unit, its user and what its environment sets" {
	cg inspect sftpgo --root "$root" --output json
	exits 0
	valid facts
	[ "$(json 'd["facts"]["service.kind"]["value"]')" = systemd ]
	[ "$(json 'd["facts"]["server.version"]["value"]')" = 2.6.4 ]
}

@test "apply moves the unit; it stays enabled, runs as its user, and may be restarted" {
	cg apply $(sftpgo_subject) --yes
	exits 0
	sftpgo_serves 2.7.5
	sftpgo_objects
	[ "$(unit_says ActiveState)" = active ]
	[ "$(unit_says UnitFileState)" = enabled ]
	[ "$(inside ps -o user= -p "$(unit_says MainPID)")" = sftpgo ]
	[ -z "$(unit_says DropInPaths)" ]
	inside systemctl restart sftpgo.service
	sftpgo_wait "$root"
	sftpgo_serves 2.7.5
	uploads_whole
	# Its log is the journal.
	sftpgo_rest "$root" POST '/api/v2/eventrules/run/by%20hand'
	journal_says 'unable to execute'
	cg verify --output json
	[ "$(json '{x.get("rule") for x in d["differences"] if x["subject"].endswith("log")}')" = "{'sftpgo.event-failed'}" ]
}
# It takes a moment to get there.
journal_says() {
	local i
	for ((i = 0; i < 300; i++)); do
		inside journalctl -q -o cat -u sftpgo.service | grep -qF "$1" && return 0
		sleep 0.1
	done
	echo "the journal does not say '$1'"
	return 1
}

@test "rollback brings the old unit, its build and its database back" {
	cg rollback --yes
	exits 0
	sftpgo_serves 2.6.4
	sftpgo_objects
	uploads_whole
	[ "$(unit_says ActiveState)" = active ]
	[ -z "$(unit_says DropInPaths)" ]
	[ "$(stat -c %U:%a "$root/sftpgo.db")" = "$(stat -c %U:%a "$root/sftpgo.json" | cut -d: -f1):$(stat -c %a "$root/sftpgo.db")" ]
}

@test "killed in the window: nobody can start the server, then forward" {
	cg plan $(sftpgo_subject) -o "$lab/plan.json"
	exits 0
	"$TOOLS/kill_at.py" backup-final:begin 0 \
		nsenter -t "$INSIDE" -a -r -w "$CG" --state-dir "$lab/state" apply "$lab/plan.json" --yes --output jsonl
	inside systemctl start sftpgo.service || true
	[ "$(unit_says ActiveState)" = inactive ]
	cg resume --yes
	exits 0
	sftpgo_serves 2.7.5
	sftpgo_objects
	[ -z "$(unit_says DropInPaths)" ]
}
