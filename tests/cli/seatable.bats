# SeaTable's .env, COMPOSE_FILE and database as people leave them: what cannot work is refused before anything stops, what Compose takes is taken. Docker
# is the stand-in of tests/fakes/docker; what Compose itself reads of such files is compared by tests/unit/conf/oracle_compose.py.

bats_require_minimum_version 1.5.0
load common

setup() {
	work=$(mktemp -d)
	cd "$work" || return 1
	export NO_COLOR=1 CROSSGRADE_DOCKER=$DOCKER_CLIENT DOCKER_CONFIG=$work/docker
	unset XDG_STATE_HOME
	home=$work/seatable-compose
	"$FAKES/docker/seatable_project.py" "$work"
	"$FAKES/docker/dockerd" </dev/null >"$work/dockerd.out" 2>&1 3>&- &
	dockerd=$!
	until "$CROSSGRADE_DOCKER" info >/dev/null 2>&1; do
		kill -0 $dockerd || { cat "$work/dockerd.out"; return 1; }
		sleep 0.02
	done
	a_license >"$work/license.txt"
	goal
}

teardown() {
	kill "$dockerd"
	cd /
	rm -rf "$work"
}

# With $AS, as somebody who may do less.
cg() {
	# shellcheck disable=SC2086 # words
	run --separate-stderr ${AS-} "$CROSSGRADE" --state-dir "$work/state" "$@" </dev/null
	# shellcheck disable=SC2154 # bats sets it
	err=$stderr
}

a_license() {
	printf '#SeaTable server licence\nName = "Tests"\nLicencetype = "User"\nLicenceKEY = "1"\nProductID = "SeaTable server"\n'
	printf 'Expiration = "%s"\nMaxUsers = "3"\nMode = "subscription"\nHash = "%0512d"\n' "$(date -d '+1 year' +%F)" 0
}

goal() {
	printf 'product: seatable\nsource: {root: %s}\ntarget: {edition: enterprise, version: 6.1.8}\nsettings: {license_file: %s/license.txt}\n' \
		"$home" "$work" >m.yaml
}

# All of the installation, and what the stand-in of docker keeps.
world() { find "$work/seatable-compose" "$work/seatable-server" "$DOCKER_CONFIG" -printf '%p %y %m %l\n' -type f ! -perm 000 -exec sha256sum {} + | sort; }

# A switch is refused with 3, by one check and what cannot be judged because of it, in these words, and nothing was touched.
refused() { # CHECK WORD...
	local id=$1 word was
	shift
	was=$(world)
	cg apply -f m.yaml --yes
	[ "$status" -eq 3 ] || { echo "status $status: $output $err"; return 1; }
	[[ $err =~ "blocked by $id: "[^$'\n']*$'\n' && ${BASH_REMATCH[0]} != *seatable.*seatable.* ]] || { echo "$err"; return 1; }
	for word; do [[ $err == *"$word"* ]] || { echo "'$word' is not in: $err"; return 1; }; done
	[ "$(world)" = "$was" ] || { diff <(echo "$was") <(world); return 1; }
}

# A switch is planned, and its edit is of the assignment that wins.
planned() {
	local line
	cg plan -f m.yaml
	[ "$status" -eq 0 ] || { echo "status $status: $output $err"; return 1; }
	for line in "-SEATABLE_IMAGE=seatable/seatable-developer:6.1.0" "+SEATABLE_IMAGE='seatable/seatable-enterprise:6.1.8'"; do
		[[ $output == *"$line"* ]] || { echo "'$line' is not in: $output"; return 1; }
	done
}

@test ".env as it should be" {
	planned
}

@test ".env: line ends of Windows, a byte order mark, export, no last line end" {
	sed -i 's/$/\r/' "$home/.env"
	planned
	printf '\xef\xbb\xbf' | cat - "$home/.env" >x && cat x >"$home/.env"
	planned
	sed -i 's/SEATABLE_IMAGE/export SEATABLE_IMAGE/' "$home/.env"
	planned
	truncate -s -2 "$home/.env"
	planned
}

@test ".env: the image twice, and its name in a value of several lines" {
	sed -i "1i SEATABLE_IMAGE='seatable/seatable-enterprise:5.0.7'" "$home/.env"
	planned
	cg check -f m.yaml
	[[ $output == *'assigned 2 times; line 2 wins'* ]]
	printf "NOTE='one\nSEATABLE_IMAGE=two\nthree'\n" | cat - "$home/.env" >x && cat x >"$home/.env"
	planned
	cg check -f m.yaml
	[[ $output == *'assigned 2 times; line 5 wins, and it alone is edited'* ]]
}

@test ".env: the image twice, and target.image default: all that would be in its way go, and are shown" {
	sed -i 's/version: 6.1.8/&, image: default/' m.yaml
	cg plan -f m.yaml
	[ "$status" -eq 0 ]
	[[ $output == *"@@ one assignment @@"* ]]
	sed -i "1i SEATABLE_IMAGE='seatable/seatable-enterprise:5.0.7'" "$home/.env"
	cg check -f m.yaml
	[[ $output == *'assigned 2 times; line 2 wins, and all are taken out'* ]]
	cg plan -f m.yaml
	[ "$status" -eq 0 ]
	[[ $output == *"@@ every assignment @@"*-SEATABLE_IMAGE=seatable/seatable-enterprise:5.0.7*-SEATABLE_IMAGE=seatable/seatable-developer:6.1.0* ]]
	[[ $output != *+SEATABLE_IMAGE* ]]
}

@test "variables of the shell that Compose would take: told, and not taken" {
	export SEATABLE_IMAGE=nobody/has-it:1 COMPOSE_FILE=seatable-server.yml COMPOSE_PROFILES=other COMPOSE_PROJECT_NAME=other
	planned
	cg check -f m.yaml
	[[ $output == *'variable SEATABLE_IMAGE'* && $output == *'variable COMPOSE_PROFILES'* && $output == *'variable COMPOSE_PROJECT_NAME'* ]]
	[[ $output != *'variable COMPOSE_FILE'* ]]
}

@test ".env: a quote that does not end, a name with a blank" {
	sed -i "s/'seatable.test'/'seatable.test/" "$home/.env"
	refused seatable.env "line"
	sed -i "s/'seatable.test/'seatable.test'/; s/^MARIADB_PASSWORD/MARIADB PASSWORD/" "$home/.env"
	refused seatable.env "line 5"
}

@test ".env: a link, and one of two names" {
	mv "$home/.env" "$work/env"
	ln -s "$work/env" "$home/.env"
	refused seatable.env-writable "it is a link"
	rm "$home/.env"
	ln "$work/env" "$home/.env"
	refused seatable.env-writable "hard links"
}

@test ".env: nobody may read it, a folder, a pipe" {
	chmod 000 "$home/.env"
	[ "$(id -u)" != 0 ] || AS='setpriv --bounding-set=-dac_override,-dac_read_search'
	refused seatable.env "Permission denied"
	rm -f "$home/.env"
	mkdir "$home/.env"
	refused seatable.env "not a regular file"
	rmdir "$home/.env"
	mkfifo "$home/.env"
	refused seatable.env "not a regular file"
}

@test "COMPOSE_FILE: a file that is not there, blanks, nothing between two separators" {
	sed -i "s/^COMPOSE_FILE=.*/COMPOSE_FILE='seatable-server.yml,gone.yml'/" "$home/.env"
	refused seatable.compose-files "file 'gone.yml'" "not there"
	sed -i "s/^COMPOSE_FILE=.*/COMPOSE_FILE='seatable-server.yml, more.yml'/" "$home/.env"
	echo 'services:' >"$home/more.yml"
	refused seatable.compose-files "file ' more.yml'" "blanks"
	sed -i "s/^COMPOSE_FILE=.*/COMPOSE_FILE='seatable-server.yml,,'/" "$home/.env"
	refused seatable.compose-files "empty"
}

# The server's container, as if its last `up` had been told so.
made_with() { # LABEL VALUE
	python3 - "$DOCKER_CONFIG/state.json" "$1" "$2" <<-'END'
		import json, sys
		state = json.load(open(sys.argv[1]))
		for one in state["containers"]:
		    if one["Name"] == "/seatable-server":
		        one["Config"]["Labels"]["com.docker.compose.project." + sys.argv[2]] = sys.argv[3]
		json.dump(state, open(sys.argv[1], "w"), indent=1, sort_keys=True)
	END
}

has_variable() { # NAME VALUE
	python3 - "$DOCKER_CONFIG/state.json" "$1" "$2" <<-'END'
		import json, sys
		state = json.load(open(sys.argv[1]))
		for one in state["containers"]:
		    if one["Name"] == "/seatable-server":
		        env = [line for line in one["Config"]["Env"] if not line.startswith(sys.argv[2] + "=")]
		        one["Config"]["Env"] = env + [sys.argv[2] + "=" + sys.argv[3]]
		json.dump(state, open(sys.argv[1], "w"), indent=1, sort_keys=True)
	END
}

@test "what was edited and never brought into force by up is named before the switch does it" {
	sed -i "s/'seatable.test'/'tables.test'/" "$home/.env"
	refused seatable.pending "variable SEATABLE_SERVER_HOSTNAME" "otherwise than the container"
	cg apply -f m.yaml --yes --accept seatable.pending --hold
	[ "$status" -eq 13 ] || { echo "status $status: $output $err"; return 1; }
	cg rollback
	has_variable SEATABLE_SERVER_HOSTNAME tables.test
	has_variable JWT_PRIVATE_KEY of-a-line-that-went
	refused seatable.pending "variable JWT_PRIVATE_KEY"
	[[ $output$err != *of-a-line-that-went* ]]
}

@test "a file of COMPOSE_FILE that pins the image: the edit would change nothing" {
	sed -i "s/^COMPOSE_FILE=.*/COMPOSE_FILE='seatable-server.yml,custom.yml'/" "$home/.env"
	printf 'services:\n  seatable-server:\n    image: seatable/seatable-developer:6.1.0\n' >"$home/custom.yml"
	made_with config_files "$home/seatable-server.yml,$home/custom.yml"
	refused seatable.image-pinned "custom.yml pins the server's image"
}

@test "a file more in COMPOSE_FILE than the container was made from: it is taken; another --env-file is refused" {
	sed -i "s/^COMPOSE_FILE=.*/COMPOSE_FILE='seatable-server.yml,custom.yml'/" "$home/.env"
	printf 'services:\n  seatable-server:\n    labels: {"of": "custom"}\n' >"$home/custom.yml"
	planned
	cg plan -f m.yaml -o plan.json
	[ "$(jq -c '[.. | .project? | .files? // empty] | unique' plan.json)" = "[[\"$home/seatable-server.yml\",\"$home/custom.yml\"]]" ]
	cg check -f m.yaml
	[[ $output == *"made from '$home/seatable-server.yml'; as with"*"$home/custom.yml'"* ]]
	made_with config_files "$home/seatable-server.yml,$home/custom.yml"
	cg check -f m.yaml
	[[ $output != *"was made from"* ]]
	made_with environment_file "$home/prod.env"
	refused seatable.project "variables of '$home/prod.env'"
	made_with environment_file "$home/.env"
	planned
}

@test "a directory that is reached by a link, as its containers were made from it: the same, and Compose is told it by that way" {
	mv "$work/seatable-compose" "$work/elsewhere"
	ln -s "$work/elsewhere" "$home"
	for root in "$home" "$work/elsewhere"; do
		sed -i "s|root: .*}|root: $root}|" m.yaml
		planned
		cg plan -f m.yaml -o plan.json
		[ "$(jq -r '[.. | .project? | .directory? // empty] | unique | .[]' plan.json)" = "$home" ]
		[ "$(jq -r '.site.main.roots // .sites.main.roots | .root' plan.json)" = "$work/elsewhere" ]
		cg check -f m.yaml
		[[ $output != *"was started from"* && $output != *"was made from"* && $output != *"mount /"* ]]
	done
	made_with working_dir "$work"
	refused seatable.project "was started from '$work', not from '$home'"
}

@test "what 'docker compose run' left is not the server, and a file of another directory is found by the way to it" {
	python3 - "$DOCKER_CONFIG/state.json" <<-'END'
		import copy, json, sys
		state = json.load(open(sys.argv[1]))
		left = copy.deepcopy(next(one for one in state["containers"] if one["Name"] == "/seatable-server"))
		left.update(Id="%064x" % 0xC0DE09, Name="/seatable-compose-seatable-server-run-1", Mounts=[])
		left["Config"]["Labels"]["com.docker.compose.oneoff"] = "True"
		left["Config"]["Env"] = []
		left["State"].update(Status="exited", Running=False)
		state["containers"] = [left] + state["containers"] + [left]
		json.dump(state, open(sys.argv[1], "w"), indent=1, sort_keys=True)
	END
	planned
	mkdir "$work/shared" "$work/far"
	echo 'services: {}' >"$work/shared/own.yml"
	sed -i "/^COMPOSE_FILE=/s/'$/,..\/shared\/own.yml'/" "$home/.env"
	mv "$home" "$work/far/home"
	ln -s "$work/far/home" "$home"
	planned
}

@test "no COMPOSE_FILE: the first of Compose's own names, and the first that overrides it" {
	sed -i '/^COMPOSE_FILE=/d' "$home/.env"
	mv "$home/seatable-server.yml" "$home/compose.yaml"
	made_with config_files "$home/compose.yaml"
	planned
	printf 'services:\n  seatable-server:\n    image: seatable/seatable-developer:6.1.0\n' >"$home/compose.override.yaml"
	refused seatable.image-pinned "compose.override.yaml pins the server's image"
}

@test ".env as the env_file of services: foreseen; SEATABLE_IMAGE in another place: refused" {
	local name value
	sed -i "s/^COMPOSE_FILE=.*/COMPOSE_FILE='seatable-server.yml,custom.yml'/" "$home/.env"
	printf 'services:\n  seatable-server:\n    env_file: .env\n  redis:\n    env_file: .env\n' >"$home/custom.yml"
	made_with config_files "$home/seatable-server.yml,$home/custom.yml"
	while IFS='=' read -r name value; do has_variable "$name" "${value//\'/}"; done <"$home/.env"
	planned
	[[ $output == *"in the environment of 'seatable-server', too"* && $output == *"in the environment of 'redis', too"* ]]
	cg check -f m.yaml
	[ "$status" -eq 0 ]
	[[ $output == *seatable.env-alone*'redis: its environment has SEATABLE_IMAGE'* ]]
	printf '    command: ${SEATABLE_IMAGE} --serve\n' >>"$home/custom.yml"
	refused seatable.env-alone "services.redis.command" "changes it, too"
	[[ $err != *s3cret* && $output != *s3cret* ]]
}

# The database's container, as docker's health check of it has it.
health() { # healthy | unhealthy
	python3 - "$DOCKER_CONFIG/state.json" "$1" <<-'END'
		import json, sys
		state = json.load(open(sys.argv[1]))
		for one in state["containers"]:
		    if one["Name"] == "/mariadb":
		        one["State"]["Health"] = {"Status": sys.argv[2], "FailingStreak": 3}
		json.dump(state, open(sys.argv[1], "w"), indent=1, sort_keys=True)
	END
}

@test "the database: another password, unhealthy, not running, another host's" {
	sed -i 's/"password": "s3cret"/"password": "other"/' "$DOCKER_CONFIG/databases.json"
	refused seatable.database "takes none of the passwords"
	sed -i 's/"password": "other"/"password": "s3cret"/' "$DOCKER_CONFIG/databases.json"
	health unhealthy
	refused seatable.database "the container of mariadb unhealthy"
	health healthy
	planned
	"$CROSSGRADE_DOCKER" container kill mariadb
	refused seatable.database "does not run"
	"$CROSSGRADE_DOCKER" container start mariadb
	echo "MARIADB_HOST='db.example.org'" >>"$home/.env"
	has_variable SEATABLE_MYSQL_DB_HOST db.example.org
	refused seatable.database "at db.example.org, in no container of this project"
}

@test "operation_log in a schema of its own is found, and the plan dumps it as well; one that is nowhere is not passed over" {
	sed -i "s/^      TIME_ZONE: UTC/&\n      ENABLE_OPERATION_LOG_DB: 'true'/" "$home/seatable-server.yml"
	has_variable ENABLE_OPERATION_LOG_DB true
	cg check -f m.yaml
	[[ $output == *seatable.schemas*'which that is cannot be told'* ]]
	jq '.schemas.logs = {charset: "utf8mb4", collation: "utf8mb4_general_ci", tables: {operation_log: ["op_id", "dtable_uuid"]}, rows: {operation_log: [7]}}' \
		"$DOCKER_CONFIG/databases.json" >x && cat x >"$DOCKER_CONFIG/databases.json"
	refused seatable.schemas "'logs' is the only one that could be it"
	settings=$work/seatable-server/seatable/conf/dtable_web_settings.py
	echo "DATABASES = {'operation_log': {'NAME': 'logs', 'HOST': 'db2.example'}}" >>"$settings"
	refused seatable.schemas "at 'db2.example', and which that is cannot be told"
	sed -i "s/'db2.example'/'mariadb'/" "$settings"
	planned
	cg plan -f m.yaml -o plan.json
	[ "$(jq -c '[.. | .schemas? | arrays] | unique' plan.json)" = '[["ccnet_db","seafile_db","dtable_db","logs"]]' ]
	[ "$(jq -c '[.. | .log? | strings] | unique' plan.json)" = '["logs"]' ]
}

# A disk of its own, at that folder and in this call alone.
with_a_disk_at() {
	printf '#!/bin/sh\nmount -t tmpfs none %s && exec "$@"\n' "$1" >"$work/with-a-disk"
	chmod 755 "$work/with-a-disk"
	AS="unshare -m $work/with-a-disk"
}

@test "a data folder that is a link, a mount, or has one below it: not copied, and refused where a copy is asked for" {
	local data=$work/seatable-server/seatable
	mkdir -p "$work/seatable-server/big" "$data/seahub-data/avatars"
	ln -s ../big "$data/storage-data"
	cg check -f m.yaml
	[[ $output == *"a copy would not have all of 'storage-data': it is a link: folders are not copied"* ]] || { echo "$output"; return 1; }
	planned
	[[ $output == *'data folders are not copied'* ]]
	sed -i 's/settings: {/&folders: copy, /' m.yaml
	refused seatable.room "'storage-data': it is a link"
	sed -i 's/folders: copy/folders: none/' m.yaml
	cg check -f m.yaml
	[[ $output != *'would not have all'* ]]
	unshare -m true 2>/dev/null || return 0
	rm "$data/storage-data"
	mkdir "$data/storage-data"
	sed -i 's/folders: none, //' m.yaml
	with_a_disk_at "$data/storage-data"
	cg check -f m.yaml
	[[ $output == *"a copy would not have all of 'storage-data': it is a mount of its own: folders are not copied"* ]] || { echo "$output"; return 1; }
	with_a_disk_at "$data/seahub-data/avatars"
	cg check -f m.yaml
	[[ $output == *"a copy would not have all of 'seahub-data': 'avatars' in '$data/seahub-data' is a mount of its own: folders"* ]]
}

# One that nobody answers for: every look into it waits until the call is over.
with_a_share_at() {
	printf '#!/bin/sh\nexec 3<>/dev/fuse\nmount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none %s && exec timeout -s KILL 60 "$@"\n' "$1" >"$work/with-a-share"
	chmod 755 "$work/with-a-share"
	AS="unshare -m $work/with-a-share"
}

# What is told of MariaDB's folder.
measured() {
	cg inspect seatable --root "$home" --output json
	python3 -c 'import json, sys; print(json.load(sys.stdin)["facts"]["data.volumes"]["value"]["mariadb"][0].get(sys.argv[1]))' "$1" <<<"$output"
}

@test "a folder of another container: measured with a disk in it, and not looked into where a share that hangs is in it" {
	local kept=$work/mariadb
	unshare -m true 2>/dev/null || skip "no mounts of its own"
	mkdir -p "$kept/binlogs"
	printf '%0100d' 0 >"$kept/of-100"
	python3 - "$DOCKER_CONFIG/state.json" "$kept" <<-'END'
		import json, sys
		state = json.load(open(sys.argv[1]))
		for one in state["containers"]:
		    if one["Name"] == "/mariadb":
		        one["Mounts"] = [{"Type": "bind", "Source": sys.argv[2], "Destination": "/var/lib/mysql", "RW": True}]
		json.dump(state, open(sys.argv[1], "w"))
	END
	with_a_disk_at "$kept/binlogs"
	[ "$(measured bytes)" = 100 ]
	[ -c /dev/fuse ] || return 0
	with_a_share_at "$kept/binlogs"
	[ "$(measured unmeasured)" = "$kept/binlogs" ]
}

@test "archived rows: a db-data that cannot be looked at is not 'none', and is agreed to as a loss" {
	local data=$work/seatable-server/seatable
	sed -i 's/developer:6.1.0/other/; s/enterprise:6.1.8/developer:6.1.0/; s/other/enterprise:6.1.8/; s/version=6.1.0/other/; s/version=6.1.8/version=6.1.0/
		s/other/version=6.1.8/' "$home/.env" "$DOCKER_CONFIG/state.json"
	sed -i 's/developer/enterprise/; s/6.1.0/6.1.8/' "$DOCKER_CONFIG/server.json" "$data/conf/current_version.txt"
	a_license >"$home/seatable-license.txt"
	sed -i 's/edition: enterprise, version: 6.1.8/edition: developer, version: 6.1.0/; /^settings/d' m.yaml
	cg plan -f m.yaml
	[[ $output$err != *archived-rows* ]]
	mkdir "$work/seatable-server/big"
	ln -s ../big "$data/db-data"
	cg check -f m.yaml
	[[ $output == *"could not see 'data.archives': open directory '$data/db-data'"* ]] || { echo "$output $err"; return 1; }
	cg plan -f m.yaml
	[[ $output == *'archived rows could not be counted in db-data'* ]] || { echo "$output $err"; return 1; }
}

@test ".env: an access list, which its mode does not show" {
	command -v setfacl >/dev/null || skip "no setfacl"
	setfacl -m u:nobody:r "$home/.env" 2>/dev/null || skip "no access lists on this file system"
	cg check -f m.yaml
	[[ $output == *"$home/.env"*'access list'* ]]
	setfacl -b "$home/.env"
	cg check -f m.yaml
	[[ $output != *'access list:'* ]]
}

# The wanted image is not on this host any more, and in that list of what docker knows.
image_in() { # registry | nothing
	python3 - "$DOCKER_CONFIG/state.json" "$1" <<-'END'
		import json, sys
		state = json.load(open(sys.argv[1]))
		known = state["images"] + state.get("nothing", [])
		state["images"], state[sys.argv[2]] = known[:3], known[3:]
		json.dump(state, open(sys.argv[1], "w"), indent=1, sort_keys=True)
	END
}

@test "the image: in no registry, in one that has it" {
	image_in nothing
	refused seatable.target-image "its registry says" "no such manifest"
	image_in registry
	planned
	cg check -f m.yaml
	[[ $output == *'it is pulled before anything stops'* ]]
}

@test "a registry beyond a proxy: asked with the shell's; where it cannot be asked it is a warning, for the daemon may pull" {
	image_in registry
	sed -i '1s/{/{"proxy": "proxy.example:3128",/' "$DOCKER_CONFIG/state.json"
	planned
	cg check -f m.yaml
	[ "$status" -eq 0 ]
	[[ $output == *'could not be asked from here'*'i/o timeout'* ]]
	HTTPS_PROXY=proxy.example:3128 cg check -f m.yaml
	[[ $output == *'it is pulled before anything stops'* ]]
}
