# A machine that starts again in the middle of a run, with a real systemd and crossgrade-resume.service: whatever the unit is called,
# the old server serves after it (before the point of no return) or the new one (after it), nothing is held or gated any more, and
# `status` says so. The server is a stand-in: what is tried is who starts it, and when.
load common
bats_require_minimum_version 1.5.0

SYSTEMD=$BATS_TEST_DIRNAME/../systemd
DOUBLE=$CROSSGRADE_BUILD/tests/fakes/questdb-double
UNIT=series.service

setup_file() {
	[ "$(id -u)" = 0 ] || { absent "needs root" || absence; return; }
	lab=$(mktemp -d /var/tmp/crossgrade-boot.XXXXXX)
	export lab
	root_tree || { absence; return; }
	export tree
	mkdir "$lab/units" "$lab/units/multi-user.target.wants"
	install_server
	install_units
	cp -a "$lab/world" "$lab/template"
}

teardown_file() {
	[ ! -e "$lab/init" ] || lose_power
	[ -z "$lab" ] || rm -rf "$lab"
}

setup() {
	present
	[ ! -e "$lab/init" ] || lose_power
	rm -rf "$lab/world" "$lab/state" "$lab/units/$UNIT.d"
	cp -a "$lab/template" "$lab/world"
	mkdir "$lab/state"
	boot
	wait_serves
}

start_again() {
	lose_power
	boot
	wait_serves
}

install_server() {
	mkdir "$lab/world"
	"$DOUBLE" make-install "$lab/world/opt" --version 9.0.3
	mkdir -p "$lab/jvm/bin"
	mv "$lab/world/opt/bin/java" "$lab/jvm/bin/java"
	mv "$lab/world/opt/release" "$lab/jvm/release"
	"$DOUBLE" make-jar "$lab/questdb-9.3.4.jar" --version 9.3.4
	"$DOUBLE" init "$lab/world/root" --tables 4 --version 9.0.3 --http 127.0.0.1:9000 --min 127.0.0.1:9003
}

# The product's unit; the installed boot service; and one that needs the first, which says whether that ran when it was started.
install_units() {
	local unit
	cat >"$lab/units/$UNIT" <<-END
		[Unit]
		Description=a time series server
		[Service]
		ExecStart=$lab/jvm/bin/java -DQuestDB-Runtime-66535 -p $lab/world/opt/questdb.jar -m io.questdb/io.questdb.ServerMain -d $lab/world/root
		Restart=on-failure
		SuccessExitStatus=143
	END
	cat >"$lab/units/reader.service" <<-END
		[Unit]
		Requires=$UNIT
		After=$UNIT
		[Service]
		Type=oneshot
		ExecStart=/bin/sh -c 'systemctl is-active $UNIT >$lab/reader'
	END
	sed "s#@bindir@#$CROSSGRADE_BUILD/src/cli#" "$BATS_TEST_DIRNAME/../../contrib/systemd/crossgrade-resume.service" \
		>"$lab/units/crossgrade-resume.service"
	for unit in "$UNIT" reader.service crossgrade-resume.service; do
		ln -s "../$unit" "$lab/units/multi-user.target.wants/$unit"
	done
}

# What outlives a boot is the lab, the state directory and /etc/systemd/system.
boot() {
	local said
	cat /proc/sys/kernel/random/uuid >"$lab/boot_id"
	rm -f "$lab/reader"
	said=$("$SYSTEMD/boot.sh" "$tree" "$CROSSGRADE_BUILD" "$lab" "/etc/systemd/system=$lab/units" "/var/lib/crossgrade=$lab/state" \
		"/proc/sys/kernel/random/boot_id=$lab/boot_id" 3>&- 4>&-) || skip "no systemd boots here"
	echo "${said%% *}" >"$lab/init"
	export INSIDE=${said%% *} http=9000
}

# Nobody is told: every process of it is gone at once, and all that was in memory.
lose_power() {
	local init group i
	init=$(cat "$lab/init")
	rm "$lab/init"
	group=$(sed -n 's/^0:://p' "/proc/$init/cgroup" | cut -d/ -f2)
	kill -9 "$init"
	for ((i = 0; i < 100; i++)); do
		find "/sys/fs/cgroup/unified/$group" "/sys/fs/cgroup/$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
		[ -e "/sys/fs/cgroup/unified/$group" ] || [ -e "/sys/fs/cgroup/$group" ] || return 0
		sleep 0.1
	done
}

wait_serves() {
	local i
	for ((i = 0; i < 600; i++)); do
		! curl -s -o /dev/null --max-time 2 http://127.0.0.1:9000/ping || return 0
		sleep 0.1
	done
	inside journalctl -b --no-pager | tail -n 40
	return 1
}

apply_killed_at() { # STEP:STATE
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" "$1" 0 nsenter -t "$INSIDE" -a -r -w "$CG" apply questdb --root "$lab/world/root" \
		--artifact "$lab/questdb-9.3.4.jar" --accept questdb.art-glibc --accept questdb.store-place --yes --output jsonl
}

unit_says() { inside systemctl show -P "$1" "${2:-$UNIT}"; }

ended_in() { # VERSION STATE
	[ "$(unit_says Result crossgrade-resume.service)" = success ]
	serves "$1"
	[ "$(unit_says ActiveState)" = active ]
	[ "$(cat "$lab/reader")" = active ]
	[ -z "$(unit_says DropInPaths)" ]
	[ -z "$(ls "$lab/state/hold")" ]
	[ -z "$(inside nft list tables)" ]
	run inside "$CG" status --output json
	[ "$(json 'd["runs"][0]["state"]')" = "$2" ]
}

@test "killed before the stop: the old server, and the run is turned back" {
	apply_killed_at backup-live:begin
	start_again
	ended_in 9.0.3 closed-old
}

@test "killed in the window: the old server, started by the boot service, and who needs it waits for it" {
	apply_killed_at freeze:done
	grep -q '^After=crossgrade-resume.service' "$lab/units/$UNIT.d/50-crossgrade-hold.conf"
	start_again
	ended_in 9.0.3 closed-old
}

@test "killed after the point: the new server, and the run is finished" {
	apply_killed_at ready:begin
	start_again
	ended_in 9.3.4 closed-new
}

@test "killed on the way back, twice: the old server" {
	apply_killed_at ready:begin
	"$BATS_TEST_DIRNAME/../tools/kill_at.py" start:undone 0 nsenter -t "$INSIDE" -a -r -w "$CG" rollback --yes --output jsonl
	start_again
	ended_in 9.0.3 closed-old
}

# Its unit is gone: it was started by hand, and at boot nobody else starts it.
start_plain() {
	inside systemctl stop "$UNIT"
	rm "$lab/units/multi-user.target.wants/$UNIT" "$lab/units/multi-user.target.wants/reader.service"
	mv "$lab/units/$UNIT" "$lab/unit-away"
	inside systemctl daemon-reload
	inside setsid "$lab/jvm/bin/java" -DQuestDB-Runtime-66535 -p "$lab/world/opt/questdb.jar" -m io.questdb/io.questdb.ServerMain \
		-d "$lab/world/root" >/dev/null 2>&1 3>&- 4>&- &
	wait_serves
}
end_plain() {
	mv "$lab/unit-away" "$lab/units/$UNIT"
	ln -s "../$UNIT" "../reader.service" "$lab/units/multi-user.target.wants/"
}

@test "a plain server that the boot service started belongs to no unit: its held run goes on" {
	start_plain
	run inside "$CG" apply questdb --root "$lab/world/root" --artifact "$lab/questdb-9.3.4.jar" --accept questdb.art-glibc \
		--accept questdb.store-place --yes --hold
	echo "$output"
	[ "$status" -eq 13 ]
	start_again
	serves 9.0.3
	run inside "$CG" resume --yes
	echo "$output"
	end_plain
	[ "$status" -eq 0 ]
	serves 9.3.4
}

@test "without the boot service the server stays held until somebody ends the run" {
	apply_killed_at freeze:done
	rm "$lab/units/multi-user.target.wants/crossgrade-resume.service"
	lose_power
	boot
	ln -s ../crossgrade-resume.service "$lab/units/multi-user.target.wants/crossgrade-resume.service"
	[ "$(unit_says ActiveState)" = inactive ]
	run inside "$CG" status --output json
	[ "$(json 'd["runs"][0]["state"]')" = open ]
	inside "$CG" rollback --yes
	serves 9.0.3
	[ -z "$(unit_says DropInPaths)" ]
}

@test "a unit that does not stop is not killed, by systemd neither, until that is asked for" {
	local pid
	echo '{"stop":"ignore","when":"9.0.3"}' >"$lab/world/root/.double.json"
	sed -i '/^\[Service\]/a TimeoutStopSec=1' "$lab/units/$UNIT"
	inside systemctl daemon-reload
	pid=$(unit_says MainPID)
	cat >"$lab/migration.yaml" <<-END
		{"crossgrade": 1, "product": "questdb", "source": {"root": "$lab/world/root"},
		 "target": {"artifact": "$lab/questdb-9.3.4.jar"}, "settings": {"stop_timeout": "3s"}}
	END
	run inside "$CG" apply -f "$lab/migration.yaml" --accept questdb.art-glibc --accept questdb.store-place --yes
	echo "$output"
	[ "$status" -eq 7 ]
	[[ $output == *"kill -9 $pid"* ]]
	[ "$(unit_says MainPID)" = "$pid" ]
	inside kill -0 "$pid"
	inside "$CG" rollback --force --yes
	serves 9.0.3
	[ "$(unit_says MainPID)" != "$pid" ]
	[ -z "$(unit_says DropInPaths)" ]
	sed -i '/^TimeoutStopSec=/d' "$lab/units/$UNIT"
}
