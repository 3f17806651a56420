# The tests' SeaTable by itself, then moved by crossgrade.
load common
load seatable

bats_require_minimum_version 1.5.0

setup_file() { seatable_begin 6.1 developer 6.1.0 || absence; }
teardown_file() { seatable_end; }

image_is() { sed -i "s|^SEATABLE_IMAGE=.*|SEATABLE_IMAGE='seatable/seatable-$1'|" "$home/seatable-compose/.env"; }
states() { docker container ls --all --quiet | xargs docker inspect --format '{{.Id}} {{.State.StartedAt}}' | sort; }

@test "Developer on the layout of 6.1: it answers, by the proxy too, and its health is known" {
	is developer 6.1.0
	[ "$(inside curl -s -m 60 http://127.0.0.1/dtable-server/ping/)" = '{"ret": "pong"}' ]
	inside curl -sk -m 60 --resolve seatable.test:443:127.0.0.1 https://seatable.test/server-info/ | grep -q developer
	within 120 eval '[ "$(docker inspect --format "{{.State.Health.Status}}" seatable-server mariadb redis | sort -u)" = healthy ]'
	docker exec redis redis-cli ping | grep -q NOAUTH
}

@test "the database's password is set: a wrong one is refused, the configured one is not" {
	[ "$(sql 'select count(*) from ccnet_db.EmailUser where is_staff')" = 1 ]
	PASSWORD=wrong run sql 'select 1'
	[[ $output == *1045* ]]
}

@test "logins: who knows no password gets no token" {
	[ -n "$(token_of admin@seatable.test pass-admin)" ]
	[ "$(inside curl -s -m 60 -o /dev/null -w '%{http_code}' -d username=admin@seatable.test -d password=x http://127.0.0.1/api2/auth-token/)" = 400 ]
}

@test "crossgrade finds it, tells it, judges a switch by minor and licence, and touches nothing" {
	states >"$lab/was"
	cg inspect
	exits 0
	[[ $output == *seatable*developer*6.1.0*"$home/seatable-compose"* ]]
	SEATABLE_IMAGE=seatable/of-this-shell:1 cg inspect seatable --root "$home/seatable-compose" --output json
	exits 0
	valid facts
	[[ $output != *'pa$$-db'* ]]
	[ "$(json "d['facts']['image.configured']['value']['reference']")" = seatable/seatable-developer:6.1.0 ]
	[ "$(json "d['facts']['env.shadowed']['value']")" = "['SEATABLE_IMAGE']" ]
	[ "$(json "d['facts']['server.says']['value']")" = "{'edition': 'developer edition', 'version': '6.1.0'}" ]
	[ "$(json "d['facts']['layout.kind']['value']")" = modern ]
	json "[v for v in d['facts']['data.volumes']['value']['mariadb'] if v['at'] == '/var/lib/mysql' and v['bytes'] > 1000000 and v['files'] > 50][0]"
	[[ $(json "list(d['facts']['data.volumes']['value'])") != *seatable-server* ]]
	goal enterprise 6.1.8
	cg check -f "$lab/goal.yaml"
	exits 3
	[[ $output == *license* ]]
	"$REAL" license "$lab/license.txt"
	goal enterprise 6.1.8 "license_file: $lab/license.txt"
	cg check -f "$lab/goal.yaml"
	exits 0
	goal enterprise 6.1.8 "license_file: $lab/license.txt" "restore_point: {store: 'file://$lab/not/there/yet'}"
	cg check -f "$lab/goal.yaml"
	exits 0
	goal enterprise 6.2.12 "license_file: $lab/license.txt"
	cg check -f "$lab/goal.yaml"
	exits 3
	[[ $output == *'crosses minor releases'* ]]
	states | cmp - "$lab/was"
}

@test "a component that was added and started is nothing against a switch; a label that was edited and not is told" {
	goal enterprise 6.1.8 "license_file: $lab/license.txt"
	cp "$home/seatable-compose/.env" "$lab/env.was"
	cp "$home/seatable-compose/seatable-server.yml" "$lab/yml.was"
	printf 'services:\n  beside:\n    image: redis:latest\n    container_name: beside\n' >"$home/seatable-compose/beside.yml"
	sed -i "s/^COMPOSE_FILE=.*/COMPOSE_FILE='caddy.yml,seatable-server.yml,beside.yml'/" "$home/seatable-compose/.env"
	compose up --detach
	[[ $(docker inspect --format '{{json .Config.Labels}}' seatable-server) != *beside.yml* ]]
	cg check -f "$lab/goal.yaml"
	exits 0
	[[ $output == *"made from '"*"beside.yml'"* && $output != *"was edited since"* ]]
	sed -i 's/max-age=31536000/max-age=600/' "$home/seatable-compose/seatable-server.yml"
	cg check -f "$lab/goal.yaml"
	exits 0
	[[ $output == *seatable.pending*"was edited since"* ]]
	docker rm --force beside >/dev/null
	cp "$lab/env.was" "$home/seatable-compose/.env"
	cp "$lab/yml.was" "$home/seatable-compose/seatable-server.yml"
}

@test "rows that lie nowhere but in operation_log survive a restart under the vendor's clients" {
	misbehave all flush=3600
	clients_begin
	within 120 grep -q '^file.*live' "$base.log"
	run grep -rqs 'live-' "$home/seatable-server/seatable/storage-data"
	[ "$status" -eq 1 ]
	docker restart --time 2 seatable-server >/dev/null
	"$REAL" ready "$home"
	misbehave all
	nothing_lost
	echo "row nobody nothing 0" >"$lab/lie"
	run python_client check --log "$lab/lie"
	[ "$status" -eq 1 ]
}

@test "crossgrade moves it to Enterprise, its image from a file, under the clients, and back with what they wrote since" {
	within 120 eval '[ "$(docker inspect --format "{{.State.Health.Status}}" seatable-server)" = healthy ]'
	docker inspect --format '{{.Id}}' mariadb redis caddy >"$lab/others"
	docker save --output "$lab/image.tar" seatable/seatable-enterprise:6.1.8
	docker rmi seatable/seatable-enterprise:6.1.8 >/dev/null
	goal enterprise "6.1.8, image_archive: $lab/image.tar" "license_file: $lab/license.txt"
	clients_begin
	cg apply -f "$lab/goal.yaml" --yes
	exits 0
	is enterprise 6.1.8
	docker inspect --format '{{.Id}}' mariadb redis caddy | cmp - "$lab/others"
	served_since
	cg rollback --yes
	exits 0
	served_since
	is developer 6.1.0
	docker inspect --format '{{.Id}}' mariadb redis caddy | cmp - "$lab/others"
	nothing_lost
	# That its container was made by itself is no edit.
	cg check -f "$lab/goal.yaml"
	exits 0
	[[ $output != *'was edited since'* ]]
	# What was loaded for the run went with it.
	run docker image inspect seatable/seatable-enterprise:6.1.8
	[ "$status" -ne 0 ]
	docker load --quiet --input "$lab/image.tar" >/dev/null
	rm "$lab/image.tar"
}

# Good at the check, run out at the start; the hook stands for the night between them. The file is the project's own, and the image the yml's.
@test "a licence that runs out between the check and the start turns back" {
	cp "$home/seatable-compose/.env" "$lab/env.was"
	"$REAL" license "$home/seatable-compose/seatable-license.txt"
	program expire <<<"$REAL license $home/seatable-compose/seatable-license.txt Expiration=2020-01-01"
	goal enterprise '6.1.8, image: default' '' "hooks: {before_stop: [$lab/expire]}"
	cg check -f "$lab/goal.yaml"
	exits 0
	cg apply -f "$lab/goal.yaml" --yes
	exits 5
	[[ $output$stderr == *'its licence has run out'* ]]
	is developer 6.1.0
	cmp "$lab/env.was" "$home/seatable-compose/.env"
	nothing_lost
}

@test "the same rows and files with Enterprise in Developer's place, and a limit of users" {
	"$REAL" license "$home/seatable-compose/seatable-license.txt" MaxUsers=3
	image_is enterprise:6.1.8
	"$REAL" up "$home"
	is enterprise 6.1.8
	nothing_lost
	token=$(token_of admin@seatable.test pass-admin)
	inside curl -s -H "Authorization: Token $token" http://127.0.0.1/api/v2.1/admin/sysinfo/ | grep -q '"license_maxusers": 3'
	inside curl -s -H "Authorization: Token $token" -d email=fourth@seatable.test -d password=x http://127.0.0.1/api/v2.1/admin/users/ |
		grep -q 'exceeds the limit'
	[ "$(cat "$home/seatable-server/seatable/conf/current_version.txt")" = 6.1.0 ]
}

@test "Enterprise without a valid licence stays up and answers nothing" {
	"$REAL" license "$home/seatable-compose/seatable-license.txt" "Expiration=$(date +%F)"
	began=$(date +%s)
	docker restart --time 2 seatable-server >/dev/null
	within 120 eval 'docker logs --since "$began" seatable-server 2>&1 | grep -q "SeaTable License Expired!"'
	[ "$(docker inspect --format '{{.State.Status}}' seatable-server)" = running ]
	run says
	[ "$status" -ne 0 ]
	rm "$home/seatable-compose/seatable-license.txt"
	compose down 2>/dev/null
	run compose up --detach
	[ "$status" -ne 0 ]
	[[ $output == *'bind source path does not exist'* ]]
}

# What the start script makes of a licence: its words, or "started".
judged() {
	docker exec judge sh -c 'rm -f /opt/seatable/seatable-license.txt; TIME_ZONE=UTC /templates/seatable.sh start 2>/dev/null' | tail -n 1
}

@test "what the start makes of each kind of licence file" {
	local file=$lab/judge/seatable-license.txt tomorrow
	mkdir "$lab/judge"
	tomorrow=$(date -d '+2 days' +%F)
	docker run --detach --name judge --volume "$lab/judge:/shared/seatable" seatable/seatable-enterprise:6.1.8 sh -c \
		'mkdir -p /opt/seatable/pids /opt/seatable/logs; exec sleep infinity' >/dev/null
	[ "$(judged)" = 'Missing SeaTable License!' ]
	mkdir "$file"
	[ "$(judged)" = 'Missing SeaTable License!' ]
	rmdir "$file"
	: >"$file"
	[ "$(judged)" = 'SeaTable License Expired!' ]
	judge() { # words of the licence, then what is said
		"$REAL" license "$file" "${@:2}"
		[ -z "${CRLF-}" ] || sed -i 's/$/\r/' "$file"
		echo "${*:2} -> $(judged)"
		[ "$(judged)" = "$1" ]
	}
	judge 'SeaTable started' "Expiration=$tomorrow"
	judge 'SeaTable License Expired!' Expiration=2020-01-01
	judge 'SeaTable License Expired!' "Expiration=$(date -u +%F)"
	judge 'SeaTable License Expired!' Expiration=
	judge 'SeaTable started' Expiration=2020-01-01 Mode=life-time
	judge 'SeaTable License Expired!' Expiration=2020-01-01 Mode=life-time 'Name=Mode Design Ltd'
	CRLF=1 judge 'SeaTable started' "Expiration=$tomorrow"
	CRLF=1 judge 'SeaTable License Expired!' Expiration=2020-01-01 Mode=life-time
	docker rm --force judge >/dev/null
}

@test "a slow SIGTERM costs its grace and ends in a kill; an older minor answers with errors" {
	: >"$home/seatable-compose/seatable-license.txt"
	image_is developer:6.1.0
	misbehave all slow-stop=30
	"$REAL" up "$home"
	began=$EPOCHREALTIME
	docker stop --time 1 seatable-server >/dev/null
	[ "$(docker inspect --format '{{.State.ExitCode}}' seatable-server)" = 137 ]
	awk "BEGIN { exit !($EPOCHREALTIME - $began > 1) }"
	misbehave all
	image_is developer:5.3.0
	compose up --detach
	within 120 eval 'says | grep -q "Unknown column"'
}

# A file of one's own in COMPOSE_FILE, by which the server is of a profile that .env names, what nobody has is of one that it does not, and two services
# take .env whole. And .env as editors and templates leave it: a byte order mark, line ends of Windows, an export, the image twice, its name in another
# value, no last line end.
odd_env() {
	local env=$home/seatable-compose/.env
	cat >"$home/seatable-compose/custom-own.yml" <<-END
		services:
		  seatable-server: {environment: {OWN: "is there"}, profiles: [own], env_file: .env}
		  redis: {env_file: .env}
		  never: {image: "nobody/has-it:1", profiles: [other]}
	END
	sed -i -e "s/^SEATABLE_IMAGE=/export &/" -e "/^COMPOSE_FILE=/s/'$/,custom-own.yml'/" -e "\$a COMPOSE_PROFILES='own'" -e 's/$/\r/' "$env"
	{
		printf "\xef\xbb\xbfSEATABLE_IMAGE='seatable/seatable-developer:1.0.0'\n" && cat "$env"
		printf "NOTE='one\r\nSEATABLE_IMAGE=two\r\nthree'\r\nLAST=line"
	} >"$lab/odd" && cat "$lab/odd" >"$env"
}

# The installation on a btrfs of its own, or $lab/no-btrfs says why not.
on_btrfs() {
	mkdir "$home" && truncate -s 8G "$lab/disk"
	{ mkfs.btrfs -q "$lab/disk" && mount -o loop "$lab/disk" "$home"; } >"$lab/no-btrfs" 2>&1 && rm "$lab/no-btrfs"
}

# The project lies elsewhere, and is reached by a link.
by_link() {
	mv "$home/seatable-compose" "$home/lies-here"
	ln -s lies-here "$home/seatable-compose"
}

# One of them, by lot, its folders as a snapshot where there can be one; WHOLE takes all.
@test "on layouts of other releases to Enterprise and back to Developer, under both clients" {
	local layout developer enterprise folders
	local -a shapes=("4.4 4.4.0 4.4.9" "5.1 5.1.0 5.1.9" "5.3 5.3.0 5.3.12" "6.2 6.2.0 6.2.12")
	local snapshot=${shapes[SEED % 4]%% *}
	[ -n "${WHOLE-}" ] || shapes=("${shapes[SEED % 4]}")
	compose down 2>/dev/null
	while read -r layout developer enterprise; do
		echo "layout $layout"
		home=$lab/$layout base=$lab/base-$layout folders=
		[ "$layout" != "$snapshot" ] || ! on_btrfs || folders=', folders: snapshot'
		"$REAL" make "$home" "$layout" developer "$developer"
		odd_env
		[ "$layout" != 5.1 ] || by_link
		"$REAL" up "$home" </dev/null
		seed
		token
		clients_begin
		goal enterprise "$enterprise" "license_file: $lab/license.txt, $(probe)$folders"
		cg apply -f "$lab/goal.yaml" --yes
		exits 0
		is enterprise "$enterprise"
		docker exec seatable-server printenv OWN
		[ "$(docker exec seatable-server printenv SEATABLE_IMAGE)" = "seatable/seatable-enterprise:$enterprise" ]
		[ "$(docker exec redis printenv SEATABLE_IMAGE)" = "seatable/seatable-developer:$developer" ]
		sed "s|/seatable-developer:$developer'|/seatable-enterprise:$enterprise'|" "$lab/odd" | cmp - "$home/seatable-compose/.env"
		served_since
		# By api-gateway, or before 5.3 by dtable-server, whoever writes meanwhile.
		cg verify
		[[ $output == *'compared and equal'* && $output != *'client, '* ]]
		goal developer "$developer" "${folders#, }"
		move
		exits 0
		is developer "$developer"
		[ -z "$folders" ] || btrfs filesystem du -s --raw "$home/seatable-server" | awk 'END { print $3 }' >"$lab/shared"
		cmp "$lab/odd" "$home/seatable-compose/.env"
		if [ -L "$home/seatable-compose" ]; then
			[[ $(docker inspect --format '{{json .Config.Labels}}' seatable-server) == *"$home/seatable-compose"* ]]
			cg rollback
			exits 0
			is enterprise "$enterprise"
		fi
		served_since
		nothing_lost
		[ -n "$(token_of user1@seatable.test pass-1)" ]
		"$REAL" down "$home" 2>/dev/null
	done < <(printf '%s\n' "${shapes[@]}")
}

@test "settings.folders: snapshot, on a btrfs: the copies of one of them share what they hold" {
	[ ! -f "$lab/no-btrfs" ] || skip "no btrfs: $(tail -n 1 "$lab/no-btrfs")"
	[ "$(cat "$lab/shared")" -gt 0 ]
}

@test "a folder in the licence's place is one in the volume, too, and then no file can be there" {
	home=$lab/trap
	"$REAL" make "$home" 5.1 developer 5.1.0
	rm "$home/seatable-compose/seatable-license.txt"
	mkdir "$home/seatable-compose/seatable-license.txt"
	compose up --detach
	[ -d "$home/seatable-server/seatable/seatable-license.txt" ]
	compose down 2>/dev/null
	rmdir "$home/seatable-compose/seatable-license.txt"
	"$REAL" license "$home/seatable-compose/seatable-license.txt"
	run compose up --detach
	[ "$status" -ne 0 ]
	[[ $output == *'not a directory'* ]]
}

# By the yml's own image, whatever the shell says.
@test "crossgrade takes such folders away and puts the licence there" {
	home=$lab/trap
	rm "$home/seatable-compose/seatable-license.txt"
	mkdir "$home/seatable-compose/seatable-license.txt"
	"$REAL" up "$home"
	goal enterprise '5.1.9, image: default' "license_file: $lab/license.txt"
	SEATABLE_IMAGE=nobody/has-it:1 COMPOSE_FILE=none.yml COMPOSE_PROJECT_NAME=other cg apply -f "$lab/goal.yaml" --yes
	exits 0
	is enterprise 5.1.9
	run grep SEATABLE_IMAGE "$home/seatable-compose/.env"
	[ "$status" -eq 1 ]
	cmp "$lab/license.txt" "$home/seatable-compose/seatable-license.txt"
	compose down 2>/dev/null
}

@test "the layout before 4.3 is told, judged, and left as it is" {
	home=$lab/legacy
	"$REAL" make "$home" legacy enterprise 4.1.9
	cg inspect seatable --root "$home/seatable" --output json
	exits 0
	[ "$(json "d['facts']['layout.kind']['value']")" = legacy ]
	printf 'product: seatable\nsource: {root: %s/seatable}\ntarget: {edition: developer, version: 4.1.0}\n' "$home" >"$lab/goal.yaml"
	cg apply -f "$lab/goal.yaml" --yes
	exits 3
	[[ $stderr == *'blocked by seatable.layout'* ]]
	cg check -f "$lab/goal.yaml"
	exits 3
	[[ $output == *'migrate the layout first'* ]]
}
