# tools/demo.sh, SeaTable: Developer to Enterprise and back. Docker, Compose, MariaDB, Redis and Caddy are real, the server is a stand-in.
# shellcheck shell=bash disable=SC2034,SC2154 # demo.sh uses and sets them
# shellcheck source=tests/real/seatable.sh
. tests/real/seatable.sh

cat <<-END
	SeaTable's own images are not to be had here: a stand-in answers in the server's place, with the API, the databases and the log lines
	that are known of it. Docker, Compose, MariaDB, Redis, the proxy and the vendor's client library are real. What is seen of the server
	below is seen of the stand-in.
END

PACKAGES=seatable
OLD=6.1.0 NEW=6.1.8
url=http://127.0.0.1
client=$here/tests/tools/seatable_client.py
back=(--yes) # the data is kept: nothing that was written since goes

writes() { clients_begin "${inside[@]}" "$python" "$client" write --url $url --base "$lab/base" --log "$lab/base.log"; }
everything_is_there() {
	"${inside[@]}" "$python" "$client" check --url $url --base "$lab/base" --log "$lab/base.log" || die "rows or files are missing"
}
is() { # edition version
	local says
	says=$("${inside[@]}" curl -s -m 5 $url/server-info/)
	[ "$says" = "{\"version\": \"$2\", \"edition\": \"$1 edition\"}" ] || die "this is not $1 $2: $says"
	echo "$says"
}
others() { docker inspect --format '{{.Name}} {{.Id}}' mariadb redis caddy; }
others_are_the_same() {
	others | cmp - "$lab/others" || die "another container was made anew"
	echo "mariadb, redis and caddy are the containers they were"
}

demo_begin() {
	say "SeaTable Developer $OLD in the vendor's layout of 6.1 (the first time its images are made: some minutes)"
	python=$(seatable_library python) || die "the vendor's client library is not to be had"
	(seatable_daemon "$lab/docker") || die "no Docker engine with these images is to be had"
	eval "$(seatable_env "$lab/docker")"
	inside=(nsenter -t "$dockerd" -n)
	if ! seatable_make "$lab/opt" 6.1 developer $OLD || ! seatable_up "$lab/opt"; then
		die "the old server does not serve"
	fi
	is developer $OLD
	"${inside[@]}" "$python" "$client" seed --url $url --login admin@seatable.test --password pass-admin --base "$lab/base" ||
		die "the old server takes no base"
	seatable_license "$lab/seatable-license.txt"
	cat >"$lab/migration.yaml" <<-END
	crossgrade: 1
	product: seatable
	source: {root: $lab/opt/seatable-compose}
	target: {edition: enterprise, version: $NEW}
	settings: {license_file: $lab/seatable-license.txt, dump: running}
	END
	others >"$lab/others"
	writes
	for _ in $(seq 600); do grep -q live- "$lab/base.log" && break; sleep 0.1; done
	grep -q live- "$lab/base.log" || die "no client was served within a minute"
	echo "a client writes rows and attachments; what the server took is kept in a list"
}
demo_subject() { echo -f migration.yaml; }

demo_forth() {
	sleep 1
	say "every row and attachment that was acknowledged, read back from Enterprise $NEW"
	is enterprise $NEW
	clients_end
	everything_is_there
	others_are_the_same

	say "the client writes on, and we go back to Developer $OLD"
	writes
	sleep 2
}

demo_back() {
	sleep 1
	say "every row and attachment again, those written to Enterprise, too: a way back within a minor release keeps the data"
	clients_end
	is developer $OLD
	everything_is_there
	others_are_the_same
}

demo_end() { [ ! -d "$lab/docker" ] || seatable_end "$lab/docker"; }
