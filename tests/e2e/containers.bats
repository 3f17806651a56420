# QuestDB 9.0.3 and SFTPGo 2.6.4 in Docker: a lone container on a named volume, a Compose service on a folder. Looked at; then QuestDB
# is moved to 9.3.4 and back under a writer, SFTPGo to 2.7.5 under uploads. The daemon has a network of its own; nothing is pulled: the images are empty roots with the host's programs mounted.
load common
load sftpgo

bats_require_minimum_version 1.5.0

setup_file() {
	[ "$(id -u)" = 0 ] || { absent "needs root" || absence; return; }
	command -v dockerd >/dev/null || { absent "no dockerd" || absence; return; }
	lab=$(mktemp -d /var/tmp/crossgrade-e2e.XXXXXX)
	export lab DOCKER_HOST=unix://$lab/docker.sock DOCKER_CONFIG=$lab/docker
	qdb_fetch 9.0.3 >/dev/null && qdb_fetch 9.3.4 >/dev/null || { absent "no QuestDB 9.0.3 or 9.3.4" || absence; return; }
	java=$(dirname "$(dirname "$(realpath "$(command -v java)")")")
	export java
	ls -d /sys/fs/cgroup/*/docker >"$lab/cgroups" 2>/dev/null || true
	# shellcheck disable=SC2016 # for the inner shell
	unshare -n sh -c 'ip link set lo up; exec dockerd --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid" -H "unix://$0/docker.sock"' \
		"$lab" >"$lab/dockerd.out" 2>&1 3>&- 4>&- &
	wait_for docker_ready || { absent "dockerd does not run here: $(tail -n 1 "$lab/dockerd.out")" || absence; return; }
	dockerd=$(cat "$lab/pid")
	export dockerd
	compose_plugin
	image 9.0.3
	image 9.3.4
	lone_start quest quest-data: 19000
}

# A test that failed leaves its writer at work.
teardown() {
	local pid
	for pid in "${lab-/nonexistent}"/*/clients.pid; do
		[ ! -f "$pid" ] || writer_off "$(basename "${pid%/*}")"
	done
}

teardown_file() {
	[ -n "${lab-}" ] || return 0
	local all group
	uploads_stop
	all=$(docker container ls --all --quiet)
	# shellcheck disable=SC2086
	[ -z "$all" ] || docker container rm --force --volumes $all >/dev/null 2>&1
	[ ! -f "$lab/hang.pid" ] || kill "$(cat "$lab/hang.pid")"
	registry_end
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

wait_for() { # COMMAND...: at most three minutes, for a machine that others use, too
	local i
	for ((i = 0; i < 900; i++)); do
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

# image VERSION: the vendor's command line on an empty root, with the jar of that version.
image() {
	local root=$lab/image words
	mkdir -p "$root"/{usr,app,tmp,etc,var/lib/questdb}
	[ -L "$root/bin" ] || ln -s usr/bin usr/lib usr/lib64 "$root/"
	cp "$(qdb_fetch "$1")" "$root/app/questdb.jar"
	words=$(server | sed 's/ /", "/g')
	tar -C "$root" -c . | docker import --change "CMD [\"$words\"]" - "questdb/questdb:$1" >/dev/null
}

# What the vendor's image runs.
server() { echo "$java/bin/java" $QDB_JVM -Dcontainerized=true -Xmx512m -XX:+UseParallelGC --add-exports java.base/jdk.internal.math=io.questdb \
	-p /app/questdb.jar -m io.questdb/io.questdb.ServerMain -d /var/lib/questdb; }

# lone_start NAME VOLUME PORT: VOLUME as docker has it, "" in front of the path for one without a name.
lone_start() {
	docker run --detach --name "$1" --restart unless-stopped --publish "127.0.0.1:$3:9000" $(printf -- ' --env %s' $QDB_EXTRA_DEFAULT $QDB_EXTRA) \
		--volume "$2/var/lib/questdb" --volume /usr:/usr:ro --volume /etc/java-17-openjdk:/etc/java-17-openjdk:ro \
		questdb/questdb:9.0.3 >/dev/null
	wait_for answers "$3"
}

answers() { nsenter -t "$dockerd" -n curl -sf -o /dev/null --max-time 2 "http://127.0.0.1:$1/ping"; }
root_of() { docker volume inspect --format '{{.Mountpoint}}' "${1:-quest-data}"; }
fact() { json "d['facts']['$1']['value']$2"; }

# Where the published ports are.
inside() { nsenter -t "$dockerd" -n "$@"; }

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

# No registry can be asked from here: the daemon tries, while the server runs.
@test "without an image to move to it is blocked with a remedy; one that cannot be had stops nothing" {
	keep_state
	cg check questdb --root "$(root_of)"
	exits 3
	[[ $output == *'no target.image is named'* ]]
	[[ $output == *'name target.image with its tag'* ]]
	migration "$(root_of)" questdb/questdb:9.9.9
	cg check -f "$lab/migration.yaml"
	exits 0
	[[ $output == *'the image is not on this host, and its registry could not be asked from here'* ]]
	cg apply -f "$lab/migration.yaml" --yes
	exits 5
	[[ $output$stderr == *"pull 'questdb/questdb:9.9.9'"* ]]
	migration "$(root_of)" questdb/questdb:9.0.3
	cg plan -f "$lab/migration.yaml"
	exits 0
	[[ $output == *'nothing to do'* ]]
	untouched
}

@test "with a docker that hangs, it is still known as a container, in time" {
	python3 -c "import signal, socket; s = socket.socket(socket.AF_UNIX); s.bind('$lab/hang.sock'); s.listen(64); signal.pause()" 3>&- 4>&- &
	hang=$!
	echo $hang >"$lab/hang.pid"
	wait_for test -S "$lab/hang.sock"
	DOCKER_HOST=unix://$lab/hang.sock cg check questdb --root "$(root_of)" 
	exits 3
	[[ $output == *'docker: '*docker* ]]
	docker stop quest >/dev/null
	DOCKER_HOST=unix://$lab/hang.sock cg check questdb --root "$(root_of)" 
	exits 3
	[[ $output == *'did not end in time'* ]]
	# It has not answered yet.
	kill "$hang"
	rm "$lab/hang.sock" "$lab/hang.pid"
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
	[ "$(fact container.now "['status']")" = exited ]
	[ "$(fact container "['ports']['9000/tcp']")" = 127.0.0.1:19000 ]
	cg check questdb --root "$(root_of)" 
	exits 3
	[[ $output == *'no target.image is named'* ]]
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
	    environment: [$(echo $QDB_EXTRA_DEFAULT $QDB_EXTRA | sed 's/ /, /g')]
	    ports: ["127.0.0.1:19001:9000"]
	    volumes: ["./data:/var/lib/questdb", "/usr:/usr:ro", "/etc/java-17-openjdk:/etc/java-17-openjdk:ro"]
	  beside:
	    image: questdb/questdb:9.0.3
	    command: [sleep, infinity]
	    stop_signal: SIGKILL
	    volumes: ["/usr:/usr:ro"]
	EOF
	docker compose --project-directory "$lab/shop" up --detach 2>&1
	wait_for answers 19001
	cg inspect questdb --root "$lab/shop/data" --output json
	exits 0
	[ "$(fact service.kind)" = compose ]
	[ "$(fact service.config)" = "{'kind': 'compose', 'project': 'shop', 'service': 'db'}" ]
	[ "$(fact server.version)" = 9.0.3 ]
	[ "$(fact container "['restart']")" = always ]
	cg check questdb --root "$lab/shop/data" 
	exits 3
	[[ $output == *'a Compose service of docker'* ]]
	docker compose --project-directory "$lab/shop" stop 2>&1
	cg inspect questdb --root "$lab/shop/data" --output json
	exits 0
	[ "$(fact service.kind)" = compose ]
	[ "$(fact container.now "['status']")" = exited ]
}

# ---- QuestDB, moved

# migration ROOT IMAGE [ARCHIVE]
migration() {
	cat >"$lab/migration.yaml" <<-EOF
	crossgrade: 1
	product: questdb
	source: {root: "$1"}
	target: {image: "$2"${3:+, image_archive: "$3"}}
	EOF
}

version_on() { nsenter -t "$dockerd" -n curl -s --max-time 60 "http://127.0.0.1:$1/settings" | grep -o '"release.version":"[^"]*"' | cut -d'"' -f4; }
runs() { [ "$(version_on "$1")" = "$2" ] || { echo "port $1 is $(version_on "$1"), not $2"; return 1; }; }
id_of() { docker container inspect --format '{{.Id}}' "$1"; }
image_of() { docker container inspect --format '{{.Config.Image}}' "$1"; }
policy_of() { docker container inspect --format '{{.HostConfig.RestartPolicy.Name}}' "$1"; }

# shellcheck disable=SC2034 # of common.bash
writer_on() { INSIDE=$dockerd http=$1 lab=$lab/$1; mkdir -p "$lab"; clients_start; lab=${lab%/*}; }
writer_off() { lab=$lab/$1; clients_stop; lab=${lab%/*}; }
all_rows() { # PORT [SAVED]
	nsenter -t "$dockerd" -n "$WRITER" check --port "$1" --log "$lab/$1/acknowledged" ${2:+--saved "$2"}
}

@test "a lone container with a named volume, its image from a file, there and back" {
	local old
	docker start quest >/dev/null
	wait_for answers 19000
	old=$(id_of quest)
	docker save --output "$lab/image.tar" questdb/questdb:9.3.4
	docker rmi questdb/questdb:9.3.4 >/dev/null
	writer_on 19000
	migration "$(root_of)" questdb/questdb:9.3.4 "$lab/image.tar"
	cg apply -f "$lab/migration.yaml" --yes
	exits 0
	runs 19000 9.3.4
	[ "$(image_of quest) $(policy_of quest)" = 'questdb/questdb:9.3.4 unless-stopped' ]
	[ "$(docker container inspect --format '{{.Name}} {{.State.Status}}' "$old" | sed 's/-2.* / /')" = '/quest.crossgrade exited' ]
	all_rows 19000
	# Without a gate what is written between the export and the stop is in the world that is set aside alone.
	writer_off 19000
	cg rollback --yes --save-new-writes "$lab/saved"
	exits 0
	[[ $stderr == *"new world's data, which is set aside whole below '"*"': QuestDB 9.3.4 (open-source) reads it"* ]]
	runs 19000 9.0.3
	[ "$(id_of quest) $(policy_of quest)" = "$old unless-stopped" ]
	run ! docker image inspect questdb/questdb:9.3.4
	all_rows 19000 "$lab/saved"
	docker load --quiet --input "$lab/image.tar" >/dev/null
	docker rm --force quest >/dev/null
}

@test "a lone container with a volume without a name, killed while the new one is made, forward" {
	local volume
	lone_start plain '' 19002
	volume=$(docker container inspect --format '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}}{{end}}{{end}}' plain)
	writer_on 19002
	migration "$(root_of "$volume")" questdb/questdb:9.3.4
	nsenter -t "$dockerd" -n "$BATS_TEST_DIRNAME/../tools/kill_at.py" container:begin 60 \
		"$CG" --state-dir "$lab/state" apply -f "$lab/migration.yaml" --yes --output jsonl
	cg resume --yes
	exits 0
	runs 19002 9.3.4
	[ "$(docker container inspect --format '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}}{{end}}{{end}}' plain)" = "$volume" ]
	[ "$(policy_of plain)" = unless-stopped ]
	writer_off 19002
	all_rows 19002
	cg finalize --yes
	exits 0
	docker rm --force plain >/dev/null
}

# ---- a registry that wants a login

PULLED=$REGISTRY/questdb/questdb:9.3.4

# crossgrade's docker, which sends it a signal as it begins to pull.
signalled() { # SIGNAL
	printf '#!/bin/bash\n[ "$1 $2" != "image pull" ] || kill -%s $PPID\nexec docker "$@"\n' "$1" >"$lab/signalling"
	chmod 755 "$lab/signalling"
	CROSSGRADE_DOCKER=$lab/signalling cg apply -f "$lab/migration.yaml" --yes
}

@test "an image of a registry that wants a login: without one, with a wrong one, interrupted: nothing stops" {
	docker compose version >/dev/null 2>&1 || skip "$(sed 's/^skip: //' "$lab/no-compose")"
	registry_begin questdb/questdb:9.3.4 || skip "$(sed 's/^skip: //' "$lab/no-registry")"
	docker compose --project-directory "$lab/shop" start 2>&1
	wait_for answers 19001
	keep_state shop-db-1
	migration "$lab/shop/data" "$PULLED"
	cg apply -f "$lab/migration.yaml" --yes
	exits 3
	[[ $stderr == *"its registry says: "*'no basic auth credentials'* ]]
	printf '{"auths": {"%s": {"auth": "%s"}}}' "$REGISTRY" "$(printf tests:wrong | base64)" >"$DOCKER_CONFIG/config.json"
	cg apply -f "$lab/migration.yaml" --yes
	exits 3
	# Docker's own word, for a login that the registry does not take, too.
	[[ $stderr == *"its registry says: docker: no such manifest"* ]]
	cg check -f "$lab/migration.yaml"
	[[ $output == *"'docker login'"* ]]
	login
	signalled INT
	exits 130
	run ! docker image inspect "$PULLED"
	untouched shop-db-1
}

@test "a Compose service whose image is a text of the file, pulled after a kill in the pull, there and back; no other container is touched" {
	local beside image=$PULLED written="'$PULLED'"
	docker compose version >/dev/null 2>&1 || skip "$(sed 's/^skip: //' "$lab/no-compose")"
	docker compose --project-directory "$lab/shop" start 2>&1
	wait_for answers 19001
	beside=$(id_of shop-beside-1)
	cp "$lab/shop/compose.yaml" "$lab/shop.was"
	writer_on 19001
	[ -f "$lab/registry.pid" ] || image=questdb/questdb:9.3.4 written=$image
	migration "$lab/shop/data" "$image"
	if [ "$image" = "$PULLED" ]; then
		signalled KILL
		exits 137
		cg resume --yes
	else
		cg apply -f "$lab/migration.yaml" --yes
	fi
	exits 0
	runs 19001 9.3.4
	[ "$(image_of shop-db-1) $(policy_of shop-db-1)" = "$image always" ]
	[ "$(diff "$lab/shop.was" "$lab/shop/compose.yaml" | grep '^[<>]')" = "$(printf '<     image: questdb/questdb:9.0.3\n>     image: %s' "$written")" ]
	[ "$(id_of shop-beside-1)" = "$beside" ]
	writer_off 19001
	all_rows 19001
	cg rollback --yes --save-new-writes "$lab/saved-shop"
	exits 0
	runs 19001 9.0.3
	cmp "$lab/shop.was" "$lab/shop/compose.yaml"
	[ "$(image_of shop-db-1) $(policy_of shop-db-1)" = 'questdb/questdb:9.0.3 always' ]
	[ "$(id_of shop-beside-1)" = "$beside" ]
	run ! docker image inspect "$PULLED"
	all_rows 19001 "$lab/saved-shop"
}

@test "a Compose service whose image is a variable of .env, killed while Compose makes it anew, back" {
	docker compose version >/dev/null 2>&1 || skip "$(sed 's/^skip: //' "$lab/no-compose")"
	# shellcheck disable=SC2016 # for Compose
	sed -i 's|image: questdb/questdb:9.0.3|image: questdb/questdb:${QDB_TAG:-9.0.3}|' "$lab/shop/compose.yaml"
	printf "# the database's tag\nQDB_TAG='9.0.3'\n" >"$lab/shop/.env"
	cp "$lab/shop/.env" "$lab/env.was"
	sed -i '/^  beside/,/image/s|:\${QDB_TAG:-9.0.3}|:9.0.3|' "$lab/shop/compose.yaml"
	migration "$lab/shop/data" questdb/questdb:9.3.4
	nsenter -t "$dockerd" -n "$BATS_TEST_DIRNAME/../tools/kill_at.py" container:begin 300 \
		"$CG" --state-dir "$lab/state" apply -f "$lab/migration.yaml" --yes --output jsonl
	cg rollback --yes
	exits 0
	runs 19001 9.0.3
	cmp "$lab/env.was" "$lab/shop/.env"
	docker container inspect --format '{{.State.Status}}' shop-beside-1 | grep -qx running
	[ "$(docker ps --all --quiet --filter label=com.docker.compose.service=db | wc -l)" = 1 ]
	[ "$(policy_of shop-db-1)" = always ]
	all_rows 19001 "$lab/saved-shop"
	docker compose --project-directory "$lab/shop" down 2>&1
}

# ---- SFTPGo

# sftpgo_image VERSION: as the vendor's have them, the configuration in /etc/sftpgo, all else in the working directory /var/lib/sftpgo,
# files of users in /srv/sftpgo.
sftpgo_image() {
	local built at=$lab/sftp-image name
	built=$(sftpgo_build "$1") || return
	mkdir -p "$at"/{usr,opt/sftpgo,etc/sftpgo,var/lib/sftpgo,srv/sftpgo,tmp}
	[ -L "$at/lib64" ] || ln -s usr/lib usr/lib64 "$at/"
	cp -r "$built"/{sftpgo,templates,static,openapi} "$at/opt/sftpgo"
	SFTP_PORT=2022 HTTP_PORT=8080 SRV=/srv/sftpgo "$TOOLS/sftpgo_config.py" "$built/sftpgo.json" /nowhere | sed 's/"127.0.0.1"/""/' |
		sed -E 's#"(templates_path|static_files_path|openapi_path)": "#&/opt/sftpgo/#' >"$at/etc/sftpgo/sftpgo.json"
	tar -C "$at" -c . | docker import --change 'CMD ["/opt/sftpgo/sftpgo", "serve"]' --change 'WORKDIR /var/lib/sftpgo' \
		--change 'ENV SFTPGO_LOG_FILE_PATH=""' - "drakkan/sftpgo:v$1" >/dev/null
}

sftpgo_images() {
	if [ ! -f "$lab/sftp-images" ]; then
		sftpgo_image 2.6.4 && sftpgo_image 2.7.5 && touch "$lab/sftp-images" || skip "no SFTPGo 2.6.4 or 2.7.5"
	fi
}

# sftpgo_at NAME HTTP SFTP: what the functions for a server ask of it.
sftpgo_at() {
	INSIDE=$dockerd root=$lab/$1
	[ -f "$root.server" ] || printf 'http=%s\nsftp=%s\nadmin=admin\npassword=pass-admin\nsrv=/srv/sftpgo\n' "$2" "$3" >"$root.server"
	[ -f "$root.key" ] || ssh-keygen -q -t ed25519 -N '' -C tests -f "$root.key"
}
sftpgo_up() { sftpgo_answers "$(sftpgo_ask "$root" http)" "$(sftpgo_ask "$root" sftp)" 2>/dev/null; }
sftpgo_filled() {
	wait_for sftpgo_up && inside_net bash -c '. "$0" seed "$@"' "$BATS_TEST_DIRNAME/../real/sftpgo.sh" "$root" 20 &&
		sftpgo_dump "$root" >"$lab/before.json"
}
sftpgo_is() { # VERSION: at once, but a busy machine takes its time to answer
	inside_net curl -sf -o /dev/null --max-time 60 "http://127.0.0.1:$(sftpgo_ask "$root" http)/healthz" && sftpgo_serves "$1"
}
setting() { fact conf "['settings']['$1']['value']"; }

sftpgo_migration() { # ROOT IMAGE [MORE]: more of the source
	printf 'crossgrade: 1\nproduct: sftpgo\nsource: {root: "%s"%s}\ntarget: {image: "%s"}\n' "$1" "${3-}" "$2" >"$lab/migration.yaml"
}

sftpgo_lone() {
	mkdir -p "$lab/srv"
	docker run --detach --tty --name sftp --restart unless-stopped --publish 127.0.0.1:18080:8080 --publish 127.0.0.1:12022:2022 \
		--env SFTPGO_DATA_PROVIDER__NAME=/var/lib/sftpgo/data.db --env SFTPGO_DEFAULT_ADMIN_USERNAME=admin \
		--env SFTPGO_DEFAULT_ADMIN_PASSWORD=pass-admin --volume sftp-state:/var/lib/sftpgo --volume "$lab/srv:/srv/sftpgo" \
		--volume /usr:/usr:ro drakkan/sftpgo:v2.6.4 >/dev/null
	sftpgo_at sftp 18080 12022
}

@test "SFTPGo: a lone container, with the configuration of its image and a database by its own path" {
	sftpgo_images
	sftpgo_lone
	sftpgo_filled
	keep_state sftp
	cg inspect --output json
	exits 0
	[ "$(json "[i['root'] for i in d['instances'] if i['by'] == 'docker: sftp']")" = "['$(root_of sftp-state)']" ]
	cg inspect sftpgo --root "$(root_of sftp-state)" --output json
	exits 0
	valid facts
	[ "$(fact service.kind) $(fact install.kind)" = 'container container' ]
	[ "$(fact server.version) $(fact server.edition)" = '2.6.4 open-source' ]
	[ "$(fact install.container "['root']") $(fact install.container "['conf_of_image']")" = '/var/lib/sftpgo True' ]
	[ "$(fact conf "['settings']['data_provider.name']['from']")" = environment ]
	[ "$(fact provider.file)" = "$(root_of sftp-state)/data.db" ]
	[ "$(fact provider.schema)" = 29 ]
	[ "$(fact scope.roots "['root']['path']")" = "$(root_of sftp-state)" ]
	cg check sftpgo --root "$(root_of sftp-state)"
	exits 3
	[[ $output == *'no target.image is named'* ]]
	untouched sftp
}

@test "SFTPGo: what lies in the container itself is named before it is lost" {
	[ -f "$lab/sftp.server" ] || skip "no SFTPGo 2.6.4"
	sftpgo_at sftp
	docker exec sftp /usr/bin/touch /etc/sftpgo/sftpgo.json /etc/sftpgo/kept
	sftpgo_rest "$root" POST /api/v2/users '{"username": "adrift", "status": 1, "password": "pass-adrift", "permissions": {"/": ["*"]}, "home_dir": "/home/adrift"}' >/dev/null
	sftpgo_migration "$(root_of sftp-state)" drakkan/sftpgo:v2.7.5
	cg check -f "$lab/migration.yaml"
	exits 3
	[[ $output == *'/home/adrift, users adrift'*'in no volume'* ]]
	[[ $output == */etc/sftpgo/kept*'changed in the container itself'* ]]
	sftpgo_rest "$root" DELETE /api/v2/users/adrift >/dev/null
	cg check -f "$lab/migration.yaml"
	exits 3
	[[ $output == *'/etc/sftpgo/sftpgo.json, the configuration'* ]]
	docker rm --force sftp >/dev/null
}

# database_at PATH ROOT WANT VOLUME...: the check of a server with its database there is blocked in these words.
database_at() {
	local path=$1 want=$3 volume volumes=()
	for volume in "${@:4}"; do volumes+=(--volume "$volume"); done
	docker run --detach --name astray --env SFTPGO_DATA_PROVIDER__NAME="$path" --env SFTPGO_DEFAULT_ADMIN_USERNAME=admin \
		--env SFTPGO_DEFAULT_ADMIN_PASSWORD=pass-admin --volume /usr:/usr:ro "${volumes[@]}" drakkan/sftpgo:v2.6.4 >/dev/null
	wait_for docker exec astray /usr/bin/test -s "$path"
	sftpgo_migration "$2" drakkan/sftpgo:v2.7.5
	cg check -f "$lab/migration.yaml"
	exits 3
	[[ $output == *"$want"* ]]
	docker rm --force astray >/dev/null
}

@test "SFTPGo: a database that would not be there after the stop, or not with all its files, is named" {
	[ -f "$lab/sftp.server" ] || skip "no SFTPGo 2.6.4"
	docker volume create astray
	database_at /opt/sftpgo/own.db "$(root_of astray)" 'it lies in no volume of the container' astray:/var/lib/sftpgo
	touch "$lab/one.db"
	database_at /var/lib/sftpgo/one.db "$(root_of astray)" 'mount its folder' astray:/var/lib/sftpgo "$lab/one.db:/var/lib/sftpgo/one.db"
	mkdir "$lab/device"
	docker volume create --opt type=none --opt o=bind --opt device="$lab/device" fleeting
	database_at /var/lib/sftpgo/sftpgo.db "$lab/device" 'docker mounts this volume (none) only while a container runs' fleeting:/var/lib/sftpgo
}

@test "SFTPGo: a lone container there and back under uploads; what was changed since is counted and saved" {
	local old
	[ -f "$lab/sftp.server" ] || skip "no SFTPGo 2.6.4"
	sftpgo_lone
	wait_for sftpgo_up
	old=$(id_of sftp)
	(umask 077 && printf pass-admin >"$lab/admin.pw")
	sftpgo_migration "$(root_of sftp-state)" drakkan/sftpgo:v2.7.5 ", login: {user: admin, password_file: $lab/admin.pw}"
	uploads_start user-00010 user-00020
	cg apply -f "$lab/migration.yaml" --yes
	exits 0
	sftpgo_is 2.7.5
	sftpgo_objects
	[ "$(image_of sftp) $(policy_of sftp)" = 'drakkan/sftpgo:v2.7.5 unless-stopped' ]
	cg report
	[[ $output != *'which keeps nothing that could be read'* && $output != *'is no file'* ]]
	sftpgo_rest "$root" POST /api/v2/users '{"username": "since", "status": 1, "password": "pass-since", "permissions": {"/": ["*"]}, "home_dir": "/srv/sftpgo/data/since"}' >/dev/null
	cg rollback --yes
	exits 9
	[[ $output$stderr == *'users since'* ]]
	cg rollback --yes --save-new-writes "$lab/saved-sftp"
	exits 0
	grep -q '"since"' "$lab"/saved-sftp/*/changes.json
	sftpgo_is 2.6.4
	[ "$(id_of sftp) $(policy_of sftp)" = "$old unless-stopped" ]
	sftpgo_objects
	uploads_stop
	uploads_whole
}

@test "SFTPGo: an image that does not start is turned back from by itself" {
	local old
	[ -f "$lab/sftp.server" ] || skip "no SFTPGo 2.6.4"
	sftpgo_at sftp
	old=$(id_of sftp)
	tar -C "$lab/sftp-image" -c --exclude ./opt . | docker import --change 'CMD ["/usr/bin/false"]' - drakkan/sftpgo:v2.7.6 >/dev/null
	sftpgo_migration "$(root_of sftp-state)" drakkan/sftpgo:v2.7.6
	cg apply -f "$lab/migration.yaml" --yes
	exits 5
	sftpgo_is 2.6.4
	[ "$(id_of sftp) $(policy_of sftp)" = "$old unless-stopped" ]
	sftpgo_objects
	docker stop sftp >/dev/null
	cg inspect sftpgo --root "$(root_of sftp-state)" --output json
	exits 0
	[ "$(fact service.kind) $(fact container.now "['status']")" = 'container exited' ]
	[ "$(json "'conf' in d['facts']")" = False ]
	[[ $output == *'which file its image brings cannot be seen'* ]]
	docker rm --force sftp >/dev/null
}

@test "SFTPGo: a Compose service on the host's network behind a gate, its database bolt, killed while it is made anew, forward and back" {
	[ -f "$lab/sftp-images" ] || skip "no SFTPGo 2.6.4 or 2.7.5"
	docker compose version >/dev/null 2>&1 || skip "$(sed 's/^skip: //' "$lab/no-compose")"
	mkdir -p "$lab/files/state"
	sed -e 's/"idle_timeout": [0-9]*/"idle_timeout": 18/' -e 's/"driver": "sqlite"/"driver": "bolt"/' \
		"$lab/sftp-image/etc/sftpgo/sftpgo.json" >"$lab/files/state/sftpgo.json"
	cat >"$lab/files/compose.yaml" <<-EOF
	services:
	  sftp:
	    image: drakkan/sftpgo:v2.6.4
	    pull_policy: never
	    restart: always
	    network_mode: host
	    environment: {SFTPGO_DEFAULT_ADMIN_USERNAME: admin, SFTPGO_DEFAULT_ADMIN_PASSWORD: pass-admin}
	    volumes: ["./state:/var/lib/sftpgo", "./srv:/srv/sftpgo", "/usr:/usr:ro"]
	EOF
	docker compose --project-directory "$lab/files" up --detach 2>&1
	sftpgo_at files/sftp 8080 2022
	sftpgo_filled
	cg inspect sftpgo --root "$lab/files/state" --output json
	exits 0
	[ "$(fact service.config)" = "{'kind': 'compose', 'project': 'files', 'service': 'sftp'}" ]
	[ "$(fact server.running) $(setting common.idle_timeout)" = 'True 18' ]
	[ "$(fact provider.driver) $(fact provider.file)" = "bolt $lab/files/state/sftpgo.db" ]
	[ "$(fact install.container "['conf_of_image']")" = False ]
	uploads_stop
	rm -f "$lab/uploaded"
	uploads_start user-00010
	sftpgo_migration "$lab/files/state" drakkan/sftpgo:v2.7.5
	nsenter -t "$dockerd" -n "$BATS_TEST_DIRNAME/../tools/kill_at.py" container:begin 100 \
		"$CG" --state-dir "$lab/state" apply -f "$lab/migration.yaml" --yes --output jsonl
	cg resume --yes
	exits 0
	sftpgo_is 2.7.5
	sftpgo_objects
	[ "$(image_of files-sftp-1) $(policy_of files-sftp-1)" = 'drakkan/sftpgo:v2.7.5 always' ]
	! command -v nft >/dev/null || { cg report && [[ $output == *gate* ]]; }
	nsenter -t "$dockerd" -n "$BATS_TEST_DIRNAME/../tools/kill_at.py" container:undo 100 \
		"$CG" --state-dir "$lab/state" rollback --yes --output jsonl
	cg rollback --yes
	exits 0
	sftpgo_is 2.6.4
	sftpgo_objects
	[ "$(image_of files-sftp-1) $(policy_of files-sftp-1)" = 'drakkan/sftpgo:v2.6.4 always' ]
	uploads_stop
	uploads_home() { echo "$lab/files/srv/data"; }
	uploads_whole
	docker compose --project-directory "$lab/files" stop 2>&1
	cg inspect sftpgo --root "$lab/files/state" --output json
	exits 0
	[ "$(fact server.running) $(setting common.idle_timeout)" = 'False 18' ]
}
