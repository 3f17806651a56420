# QuestDB 9.0.3 and SFTPGo 2.6.4 in Docker: a lone container on a named volume, a Compose service on a folder. Looked at, never
# touched. The daemon has a network of its own; nothing is pulled: the images are empty roots with the host's programs mounted.
load common
load sftpgo

bats_require_minimum_version 1.5.0

setup_file() {
	[ "$(id -u)" = 0 ] || { absent "needs root" || absence; return; }
	command -v dockerd >/dev/null || { absent "no dockerd" || absence; return; }
	lab=$(mktemp -d /var/tmp/crossgrade-e2e.XXXXXX)
	export lab DOCKER_HOST=unix://$lab/docker.sock DOCKER_CONFIG=$lab/docker
	jar=$(qdb_fetch 9.0.3) || { absent "no QuestDB 9.0.3" || absence; return; }
	java=$(dirname "$(dirname "$(realpath "$(command -v java)")")")
	export jar java
	ls -d /sys/fs/cgroup/*/docker >"$lab/cgroups" 2>/dev/null || true
	# shellcheck disable=SC2016 # for the inner shell
	unshare -n sh -c 'ip link set lo up; exec dockerd --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid" -H "unix://$0/docker.sock"' \
		"$lab" >"$lab/dockerd.out" 2>&1 3>&- 4>&- &
	wait_for docker_ready || { absent "dockerd does not run here: $(tail -n 1 "$lab/dockerd.out")" || absence; return; }
	dockerd=$(cat "$lab/pid")
	export dockerd
	compose_plugin
	image
	qdb_archive 9.3.4 "$lab/new.tar.gz"
	lone_start
}

teardown_file() {
	[ -n "${lab-}" ] || return 0
	local all group
	all=$(docker container ls --all --quiet)
	# shellcheck disable=SC2086
	[ -z "$all" ] || docker container rm --force --volumes $all >/dev/null 2>&1
	[ -z "${dockerd-}" ] || kill "$dockerd"
	wait_for gone
	# What it binds within its own folder it leaves where mounts are nobody else's.
	awk -v lab="$lab/" 'index($2, lab) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
	# Only those that were not there before.
	for group in /sys/fs/cgroup/*/docker; do
		grep -qxF "$group" "$lab/cgroups" || rmdir "$group" 2>/dev/null || true
	done
	rm -rf "$lab"
}

gone() { ! kill -0 "${dockerd-0}" 2>/dev/null; }
docker_ready() { docker version >/dev/null 2>&1 && [ -s "$lab/pid" ]; }

wait_for() { # COMMAND...: at most a minute
	local i
	for ((i = 0; i < 300; i++)); do
		"$@" && return 0
		sleep 0.2
	done
	return 1
}

compose_plugin() {
	local program
	mkdir -p "$DOCKER_CONFIG/cli-plugins"
	! docker compose version >/dev/null 2>&1 || return 0
	program=$("$BATS_TEST_DIRNAME/../real/compose.sh" fetch 2>"$lab/no-compose") && cp "$program" "$DOCKER_CONFIG/cli-plugins/"
	return 0
}

image() {
	mkdir -p "$lab/image/usr" "$lab/image/app" "$lab/image/tmp" "$lab/image/etc" "$lab/image/var/lib/questdb"
	ln -s usr/bin usr/lib usr/lib64 "$lab/image/"
	tar -C "$lab/image" -c . | docker import - questdb/questdb:9.0.3 >/dev/null
}

# What the vendor's image runs, as one command line.
server() { echo "$java/bin/java" -Dcontainerized=true -Xmx512m -XX:+UseParallelGC --add-exports java.base/jdk.internal.math=io.questdb \
	-p /app/questdb.jar -m io.questdb/io.questdb.ServerMain -d /var/lib/questdb; }

lone_start() {
	# shellcheck disable=SC2046
	docker run --detach --name quest --restart unless-stopped --publish 127.0.0.1:19000:9000 --env QDB_TELEMETRY_ENABLED=false \
		--volume quest-data:/var/lib/questdb --volume "$jar:/app/questdb.jar:ro" --volume /usr:/usr:ro \
		--volume /etc/java-17-openjdk:/etc/java-17-openjdk:ro questdb/questdb:9.0.3 $(server) >/dev/null
	wait_for answers 19000
}

answers() { nsenter -t "$dockerd" -n curl -sf -o /dev/null --max-time 2 "http://127.0.0.1:$1/ping"; }
root_of() { docker volume inspect --format '{{.Mountpoint}}' "${1:-quest-data}"; }
fact() { json "d['facts']['$1']['value']$2"; }

# crossgrade where the published ports are.
# shellcheck disable=SC2154 # bats sets them
cg() {
	run --separate-stderr nsenter -t "$dockerd" -n "$CG" --state-dir "$lab/state" "$@" </dev/null
	echo "crossgrade $* -> $status"
	echo "$output" | tail -n 20
	echo "$stderr" | tail -n 20
}

state_of() { docker inspect --format '{{.State.Status}} {{.State.StartedAt}} {{.RestartCount}}' "${1:-quest}"; }
untouched() { [ "$(state_of "$@")" = "$(cat "$lab/was")" ]; }
keep_state() { state_of "$@" >"$lab/was"; }

@test "a lone container is found by its root on this host, and told apart" {
	keep_state
	cg inspect --output json
	exits 0
	valid instances
	[ "$(json "[i['root'] for i in d['instances'] if i['by'] == 'docker: quest']")" = "['$(root_of)']" ]
	cg inspect
	[[ $output == *9.0.3*container*'docker: quest'*running* ]]
	cg inspect questdb --root "$(root_of)" --output json
	exits 0
	valid facts
	[ "$(fact service.kind)" = container ]
	[ "$(fact install.kind)" = container ]
	[ "$(fact server.version)" = 9.0.3 ]
	[ "$(fact server.edition)" = open-source ]
	[ "$(fact container "['root']")" = /var/lib/questdb ]
	[ "$(fact container "['restart']")" = unless-stopped ]
	[ "$(fact container "['ports']['9000/tcp']")" = 127.0.0.1:19000 ]
	[ "$(fact service.restarts)" = True ]
	untouched
}

@test "it is blocked with a remedy: switching containers is not built" {
	cg check questdb --root "$(root_of)" --artifact "$lab/new.tar.gz"
	exits 3
	[[ $output == *'switching containers is not built yet'* ]]
	[[ $output == *'keep this container as it is'* ]]
	cg plan questdb --root "$(root_of)" --artifact "$lab/new.tar.gz"
	exits 3
	[[ $stderr == *questdb.container* ]]
	cg apply questdb --root "$(root_of)" --artifact "$lab/new.tar.gz" --yes
	exits 3
	untouched
}

@test "with a docker that hangs, it is still known as a container, in time" {
	local began=$SECONDS
	python3 -c "import socket, time; s = socket.socket(socket.AF_UNIX); s.bind('$lab/hang.sock'); s.listen(64); time.sleep(90)" 3>&- 4>&- &
	hang=$!
	wait_for test -S "$lab/hang.sock"
	DOCKER_HOST=unix://$lab/hang.sock cg check questdb --root "$(root_of)" --artifact "$lab/new.tar.gz"
	exits 3
	[[ $output == *'switching containers is not built yet'* ]]
	[ $((SECONDS - began)) -lt 40 ]
	docker stop quest >/dev/null
	DOCKER_HOST=unix://$lab/hang.sock cg check questdb --root "$(root_of)" --artifact "$lab/new.tar.gz"
	exits 3
	[[ $output == *'did not end in time'* ]]
	kill "$hang"
	rm "$lab/hang.sock"
}

@test "a stopped container is found, too" {
	docker stop quest >/dev/null
	keep_state
	cg inspect --output json
	exits 0
	[ "$(json "[(i['root'], i['running']) for i in d['instances'] if i['by'] == 'docker: quest']")" = "[('$(root_of)', False)]" ]
	cg inspect questdb --root "$(root_of)" --output json
	exits 0
	[ "$(fact service.kind)" = container ]
	[ "$(fact container "['status']")" = exited ]
	[ "$(fact container "['ports']['9000/tcp']")" = 127.0.0.1:19000 ]
	cg check questdb --root "$(root_of)" --artifact "$lab/new.tar.gz"
	exits 3
	[[ $output == *'switching containers is not built yet'* ]]
	untouched
}

@test "a Compose service on a folder of the host" {
	docker compose version >/dev/null 2>&1 || skip "$(sed 's/^skip: //' "$lab/no-compose")"
	mkdir "$lab/shop"
	cat >"$lab/shop/compose.yaml" <<-EOF
	services:
	  db:
	    image: questdb/questdb:9.0.3
	    pull_policy: never
	    restart: always
	    command: [$(server | sed 's/ /, /g')]
	    environment: {QDB_TELEMETRY_ENABLED: "false"}
	    ports: ["127.0.0.1:19001:9000"]
	    volumes: ["./data:/var/lib/questdb", "$jar:/app/questdb.jar:ro", "/usr:/usr:ro", "/etc/java-17-openjdk:/etc/java-17-openjdk:ro"]
	EOF
	docker compose --project-directory "$lab/shop" up --detach 2>&1
	wait_for answers 19001
	cg inspect questdb --root "$lab/shop/data" --output json
	exits 0
	[ "$(fact service.kind)" = compose ]
	[ "$(fact service.config)" = "{'kind': 'compose', 'project': 'shop', 'service': 'db'}" ]
	[ "$(fact server.version)" = 9.0.3 ]
	[ "$(fact container "['restart']")" = always ]
	cg check questdb --root "$lab/shop/data" --artifact "$lab/new.tar.gz"
	exits 3
	[[ $output == *'a Compose service of docker'* ]]
	docker compose --project-directory "$lab/shop" stop 2>&1
	cg inspect questdb --root "$lab/shop/data" --output json
	exits 0
	[ "$(fact service.kind)" = compose ]
	[ "$(fact container "['status']")" = exited ]
}

# ---- SFTPGo

# As the vendor's image has them: the configuration in /etc/sftpgo of the image, all else in the working directory /var/lib/sftpgo.
sftpgo_image() {
	built=$(sftpgo_build 2.6.4) || return
	mkdir -p "$lab/sftp-image/usr" "$lab/sftp-image/opt/sftpgo" "$lab/sftp-image/etc/sftpgo" "$lab/sftp-image/var/lib/sftpgo" \
		"$lab/sftp-image/tmp"
	ln -s usr/lib usr/lib64 "$lab/sftp-image/"
	sftpgo_document data.db 17 >"$lab/sftp-image/etc/sftpgo/sftpgo.json"
	tar -C "$lab/sftp-image" -c . | docker import - drakkan/sftpgo:v2.6.4 >/dev/null
}

# A configuration that is known by its idle timeout.
sftpgo_document() { # DATABASE TIMEOUT
	printf '{"common": {"idle_timeout": %s}, "smtp": {"templates_path": "/opt/sftpgo/templates"}, "data_provider": {"name": "%s"},
		"httpd": {"bindings": [{"port": 8080, "enable_web_admin": false, "enable_web_client": false, "render_openapi": false}]}}\n' "$2" "$1"
}

sftpgo_answers_on() { [ "$(nsenter -t "$dockerd" -n curl -s --max-time 2 "http://127.0.0.1:$1/healthz")" = ok ]; }
setting() { fact conf "['settings']['$1']['value']"; }

@test "SFTPGo: a lone container, with the configuration of its image and a database by its own path" {
	sftpgo_image || skip "no SFTPGo 2.6.4"
	docker run --detach --name sftp --publish 127.0.0.1:18080:8080 --env SFTPGO_DATA_PROVIDER__NAME=/var/lib/sftpgo/data.db \
		--env SFTPGO_LOG_FILE_PATH= --volume sftp-state:/var/lib/sftpgo --volume "$built:/opt/sftpgo:ro" --volume /usr:/usr:ro \
		--workdir /var/lib/sftpgo drakkan/sftpgo:v2.6.4 /opt/sftpgo/sftpgo serve >/dev/null
	wait_for sftpgo_answers_on 18080
	keep_state sftp
	cg inspect --output json
	exits 0
	[ "$(json "[i['root'] for i in d['instances'] if i['by'] == 'docker: sftp']")" = "['$(root_of sftp-state)']" ]
	cg inspect sftpgo --root "$(root_of sftp-state)" --output json
	exits 0
	valid facts
	[ "$(fact service.kind) $(fact install.kind)" = 'container container' ]
	[ "$(fact server.version) $(fact server.edition)" = '2.6.4 open-source' ]
	[ "$(fact install.container "['root']")" = /var/lib/sftpgo ]
	[ "$(fact install.container "['image']")" = drakkan/sftpgo:v2.6.4 ]
	[ "$(setting common.idle_timeout)" = 17 ]
	[ "$(fact conf "['settings']['data_provider.name']['from']")" = environment ]
	[ "$(fact provider.file)" = "$(root_of sftp-state)/data.db" ]
	[ "$(fact provider.schema)" = 29 ]
	cg apply sftpgo --root "$(root_of sftp-state)" --artifact "$lab/new.tar.gz" --yes
	exits 3
	[[ $output$stderr == *sftpgo.install-kind* ]]
	untouched sftp
}

@test "SFTPGo: a container that does not run is found; what its image holds is not guessed" {
	[ -n "$(docker container ls --all --quiet --filter name=sftp)" ] || skip "no SFTPGo 2.6.4"
	docker stop sftp >/dev/null
	keep_state sftp
	cg inspect sftpgo --root "$(root_of sftp-state)" --output json
	exits 0
	[ "$(fact service.kind) $(fact install.container "['status']")" = 'container exited' ]
	[ "$(json "'conf' in d['facts']")" = False ]
	[[ $output == *'which file its image brings cannot be seen'* ]]
	untouched sftp
}

@test "SFTPGo: a Compose service on a folder of the host, running and stopped" {
	docker image inspect drakkan/sftpgo:v2.6.4 >/dev/null 2>&1 || skip "no SFTPGo 2.6.4"
	docker compose version >/dev/null 2>&1 || skip "no Compose plugin: $(tail -n 1 "$lab/apt/log")"
	mkdir -p "$lab/files/state"
	sftpgo_document sftpgo.db 18 >"$lab/files/state/sftpgo.json"
	cat >"$lab/files/compose.yaml" <<-EOF
	services:
	  sftp:
	    image: drakkan/sftpgo:v2.6.4
	    pull_policy: never
	    working_dir: /var/lib/sftpgo
	    command: [/opt/sftpgo/sftpgo, serve]
	    environment: {SFTPGO_LOG_FILE_PATH: ""}
	    ports: ["127.0.0.1:18081:8080"]
	    volumes: ["./state:/var/lib/sftpgo", "$(sftpgo_build 2.6.4):/opt/sftpgo:ro", "/usr:/usr:ro"]
	EOF
	docker compose --project-directory "$lab/files" up --detach 2>&1
	wait_for sftpgo_answers_on 18081
	for running in True False; do
		cg inspect sftpgo --root "$lab/files/state" --output json
		exits 0
		[ "$(fact service.config)" = "{'kind': 'compose', 'project': 'files', 'service': 'sftp'}" ]
		[ "$(fact server.running) $(setting common.idle_timeout)" = "$running 18" ]
		[ "$(fact provider.file)" = "$lab/files/state/sftpgo.db" ]
		docker compose --project-directory "$lab/files" stop 2>&1
	done
}
