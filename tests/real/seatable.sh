#!/bin/bash
# A SeaTable installation for tests: Docker, Compose, MariaDB, Redis and Caddy are real, the server's image is a stand-in (tests/fakes/seatable).
#
#   seatable.sh images                              make the images once, print their archive
#   seatable.sh library python|node                 fetch the vendor's client library once, print the interpreter, or the folder for NODE_PATH
#   seatable.sh daemon LAB                          a Docker engine with a network of its own, and the images in it
#   seatable.sh again LAB                           end the engine and begin another, as an update does; who calls does not wait for it
#   seatable.sh env LAB                             DOCKER_HOST, DOCKER_CONFIG and dockerd: `eval "$(seatable.sh env LAB)"`
#   seatable.sh make HOME LAYOUT EDITION VERSION    an installation of one release's shape: HOME/{seatable-compose,seatable-server,mariadb,caddy}
#   seatable.sh license FILE [KEY=VALUE...]         a licence for three users and a year, with other lines as said
#   seatable.sh up HOME                             start it, and wait until it is ready
#   seatable.sh ready HOME [SECONDS]                wait only
#   seatable.sh down HOME                           as the vendor says it: docker compose down
#   seatable.sh end LAB                             everything in it, and the engine
#
# A second program under test reaches the published ports, 80 and 443, with `nsenter -t $dockerd -n`; so do curl and clients. make, up, ready and
# down want the environment that `env` prints. What a server's image does wrong is said in HOME/seatable-server/stand-in, a line an edition:
# `enterprise never-ready`, `all flush=1`; the words stand in tests/fakes/seatable/image/server/stand_in/words.py.
# Exit 77: something needed is absent, the reason on stderr.
set -u

SEATABLE_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
seatable_skip() { echo "skip: $*" >&2; exit 77; }
# shellcheck source=tests/real/seatable_images.sh
. "$SEATABLE_HERE/seatable_images.sh"

# ---- the engine

SEATABLE_DNS=192.0.2.53		# of those for documentation (RFC 5737): nobody's

seatable_wait() { # seconds COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep "${PAUSE:-0.1}"
	done
}

seatable_env() { # lab
	printf 'export DOCKER_HOST=unix://%s/docker.sock DOCKER_CONFIG=%s/config dockerd=%s\n' "$1" "$1" "$(cat "$1/pid" 2>/dev/null)"
}

seatable_answers() { [ -s "$1/pid" ] && DOCKER_HOST=unix://$1/docker.sock docker version; }

seatable_engine() { # lab [command before it...]
	setsid "${@:2}" dockerd --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" -H "unix://$1/docker.sock" --dns "$SEATABLE_DNS" \
		>>"$1/dockerd.out" 2>&1 </dev/null 3>&- 4>&- 8>&- &
}

# To be called where its network is.
seatable_again() { # lab
	local pid
	pid=$(cat "$1/pid") && kill "$pid" && seatable_wait 60 seatable_gone "$pid" && seatable_engine "$1"
}

# An engine without images. Its network namespace has what it publishes, and nothing of this machine's.
seatable_dockerd() { # lab
	local lab=$1
	[ "$(id -u)" = 0 ] || seatable_skip "needs root"
	command -v dockerd >/dev/null || seatable_skip "no dockerd"
	command -v docker >/dev/null || seatable_skip "no docker"
	mkdir -p "$lab/config/cli-plugins"
	ls -d /sys/fs/cgroup/*/docker >"$lab/cgroups" 2>/dev/null || true
	# shellcheck disable=SC2016 # for the inner shell
	seatable_engine "$lab" unshare -n sh -c 'ip link set lo up; ip address add "$1" dev lo; shift; exec "$@"' sh "$SEATABLE_DNS"
	seatable_wait 120 seatable_answers "$lab" || {
		local why
		why=$(tail -n 1 "$lab/dockerd.out")
		kill "$(cat "$lab/pid" 2>/dev/null)" 2>/dev/null
		seatable_skip "dockerd does not run here: $why"
	}
	setsid nsenter -t "$(cat "$lab/pid")" -n "$SEATABLE_HERE/../tools/no_names.py" "$SEATABLE_DNS" >>"$lab/dockerd.out" 2>&1 </dev/null 3>&- 4>&- 8>&- &
	echo $! >"$lab/names.pid"
}

seatable_daemon() { # lab
	local images plugin lab
	mkdir -p "$1" && lab=$(realpath "$1") || return
	images=$(seatable_images) && plugin=$("$SEATABLE_HERE/compose.sh" fetch) || exit
	seatable_dockerd "$lab" || exit
	cp "$plugin" "$lab/config/cli-plugins/" && DOCKER_HOST=unix://$lab/docker.sock docker load --quiet --input "$images" >/dev/null
}

seatable_gone() { ! kill -0 "$1" 2>/dev/null; }

seatable_end() { # lab
	local pid lab group
	lab=$(realpath "$1") || return
	pid=$(cat "$lab/pid" 2>/dev/null)
	[ ! -f "$lab/names.pid" ] || kill "$(cat "$lab/names.pid")" 2>/dev/null
	if [ -n "$pid" ]; then
		DOCKER_HOST=unix://$lab/docker.sock docker container ls --all --quiet |
			DOCKER_HOST=unix://$lab/docker.sock xargs -r docker container rm --force --volumes >/dev/null 2>&1
		kill "$pid"
		seatable_wait 30 seatable_gone "$pid" || kill -9 "$pid"
	fi
	awk -v lab="$lab/" 'index($2, lab) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
	for group in /sys/fs/cgroup/*/docker; do
		grep -qxF "$group" "$lab/cgroups" 2>/dev/null || rmdir "$group" 2>/dev/null || true
	done
	rm -rf "$lab/data" "$lab/exec"
}

# ---- an installation

seatable_license() { # file [key=value...]
	local file=$1 key
	local -A line=([Name]='Tests Ltd' [Licencetype]=User [LicenceKEY]=0123456789abcdef [ProductID]='SeaTable server'
		[Expiration]=$(date -d '+1 year' +%F) [MaxUsers]=3 [Mode]=subscription [Hash]=$(printf 'ab%.0s' {1..256}))
	shift
	for key; do line[${key%%=*}]=${key#*=}; done
	install -m 600 /dev/null "$file" && echo '#SeaTable server licence' >"$file"
	for key in Name Licencetype LicenceKEY ProductID Expiration MaxUsers Mode Hash; do
		[ -z "${line[$key]}" ] || printf '%s = "%s"\n' "$key" "${line[$key]}" >>"$file"
	done
}

# A licence for Enterprise; for Developer an empty file in its place, as the vendor's documentation has it.
seatable_make() { # home layout edition version
	local home layout=$SEATABLE_FAKES/layouts/$2 dir
	[ -d "$layout" ] || { echo "seatable.sh: no layout '$2'" >&2; return 2; }
	case $3 in developer | enterprise) ;; *) echo "seatable.sh: no edition '$3'" >&2; return 2 ;; esac
	home=$(realpath -m "$1")
	[ "$2" != legacy ] || { seatable_make_legacy "$home" "$3" "$4"; return; }
	dir=$home/seatable-compose
	mkdir -p "$dir" "$home/seatable-server" && cp -r "$layout/." "$dir" && mv "$dir/env" "$dir/.env" && chmod 600 "$dir/.env" || return
	sed -i -e "s|\"/opt/|\"$home/|" -e 's|interval: 20s|interval: 3s|' -e 's|start_period: .*|start_period: 300s|' "$dir"/*.yml || return
	sed -i "4i SEATABLE_IMAGE='seatable/seatable-$3:$4'" "$dir/.env" || return
	case $3 in
	enterprise) seatable_license "$dir/seatable-license.txt" ;;
	*) : >"$dir/seatable-license.txt" ;;
	esac
}

# Before 4.3: one yml, everything below one folder, the licence in the volume.
seatable_make_legacy() { # home edition version
	mkdir -p "$1/seatable/seatable-data/seatable" &&
		sed -e "s|\"/opt/|\"$1/|" -e "s|seatable/seatable-enterprise:.*|seatable/seatable-$2:$3|" "$SEATABLE_FAKES/layouts/legacy/docker-compose.yml" \
			>"$1/seatable/docker-compose.yml" && seatable_license "$1/seatable/seatable-data/seatable/seatable-license.txt"
}

# As from a shell that went there, which keeps the way that it took: by a link, perhaps.
seatable_compose() { env -C "$1/seatable-compose" PWD="$1/seatable-compose" docker compose --progress quiet "${@:2}"; }

# As far as the documentation has it: every service answers its own ping, and the server says what it is.
seatable_pings() {
	local url
	for url in 8000/server-info/ 8000/api2/ping/ 5000/ping/ 7777/ping/ 7780/api/v2/ping/ 80/server-info/; do
		echo "case \${server_version}$url in 4.*7780/*) ;; *) curl -fsS -m 10 http://127.0.0.1:$url || exit ;; esac"
	done | docker exec -i seatable-server sh
}

# Who asks takes more of a processor than who answers.
seatable_ready() { PAUSE=0.5 seatable_wait "${2:-180}" seatable_pings || { seatable_pings >&2; docker logs --tail 8 seatable-server >&2; return 1; }; }
seatable_up() { seatable_compose "$1" up --detach && seatable_ready "$1"; }

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	case ${1-} in
	images | library | daemon | again | env | make | license | up | ready | end) "seatable_$1" "${@:2}" ;;
	down) seatable_compose "$2" down ;;
	*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2 ;;
	esac
fi
