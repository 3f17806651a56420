# shellcheck shell=bash
# Sourced by seatable.sh: the images of the tests' SeaTable, and the vendor's two client libraries. Made once, kept in a cache outside the tree.
#
# One root of Debian's packages is below all images: real MariaDB, Redis, Memcached and Caddy. The server is the stand-in of
# tests/fakes/seatable/image: no SeaTable, and nothing seen with it is seen of SeaTable.

SEATABLE_CACHE=${SEATABLE_CACHE:-$HOME/.cache/crossgrade-tests/seatable}
SEATABLE_FAKES=$(cd "$(dirname "${BASH_SOURCE[0]}")/../fakes/seatable" && pwd)
SEATABLE_PACKAGES=mariadb-server,redis-server,memcached,caddy,python3,python3-pymysql,curl,ca-certificates,iproute2

# What is built: target of the Dockerfile, edition or "-", repository, versions; the last one is :latest, too.
seatable_tags() {
	cat <<-END
	mariadb - mariadb 10.11.7-jammy 11.4.3-noble 11.8.3-noble 11.8.5-noble
	redis - redis 7.2.4-bookworm 7.2.6-bookworm 7.2.7-bookworm 8.4.0-bookworm
	memcached - memcached 1.6.18
	caddy - lucaslorentz/caddy-docker-proxy 2.8.10-alpine 2.9.1-alpine 2.10.0-alpine 2.12.0-alpine
	server enterprise seatable/seatable-enterprise 4.1.9 4.4.9 4.4.10 5.1.9 5.3.12 6.1.7 6.1.8 6.2.12
	server developer seatable/seatable-developer 4.4.0 5.1.0 5.3.0 6.1.0 6.2.0
	END
}

# COMMAND... while nobody else makes the same; not at all when FILE is there.
seatable_once() { # file command...
	local file=$1
	shift
	[ ! -e "$file" ] || return 0
	mkdir -p "$SEATABLE_CACHE" || return
	(
		flock 8
		[ -e "$file" ] || "$@" "$file"
	) 8>"$SEATABLE_CACHE/$(basename "${file%%-[0-9a-f]*}").lock"
}

# mmdebstrap has sh write to a pipe by its number, and Debian's sh knows no descriptor above 9.
seatable_make_root() { # file
	local folder=/dev/shm
	command -v mmdebstrap >/dev/null || seatable_skip "mmdebstrap is not installed"
	[ "$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 2000000 ] 2>/dev/null || folder=$SEATABLE_CACHE
	TMPDIR=$folder timeout 600 nice -n 10 mmdebstrap --quiet --variant=minbase --format=tar --include="$SEATABLE_PACKAGES" \
		--aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		--customize-hook='rm -rf "$1"/usr/bin/*-embedded "$1"/usr/bin/mariabackup "$1"/var/lib/mysql/*' \
		bookworm "$1.new" >"$SEATABLE_CACHE/root.log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- || {
		rm -f "$1.new"
		seatable_skip "mmdebstrap made no root tree: $(grep '^E:' "$SEATABLE_CACHE/root.log" | head -n 1)"
	}
	mv "$1.new" "$1"
}

seatable_build() { # root archive
	local target edition repository version versions
	docker import "$1" crossgrade-tests/seatable-root || return
	while read -r target edition repository versions; do
		for version in $versions; do
			docker build --quiet --target "$target" --build-arg "EDITION=$edition" --build-arg "VERSION=$version" \
				--tag "$repository:$version" "$SEATABLE_FAKES/image" </dev/null || return
		done
		docker tag "$repository:$version" "$repository:latest" || return
	done < <(seatable_tags)
	# shellcheck disable=SC2046
	docker save --output "$2" $(docker image ls --filter dangling=false --format '{{.Repository}}:{{.Tag}}' | grep -v '^crossgrade-tests/')
}

seatable_make_images() { # file
	local root work
	root=$SEATABLE_CACHE/root-$(printf %s "$SEATABLE_PACKAGES" | sha256sum | cut -c 1-12).tar
	seatable_once "$root" seatable_make_root || exit
	work=$(mktemp -d "$SEATABLE_CACHE/build.XXXXXX") || return
	# shellcheck disable=SC2064 # what it is now
	trap "seatable_end '$work'; rm -rf '$work'" EXIT
	seatable_dockerd "$work" || exit
	eval "$(seatable_env "$work")"
	export DOCKER_BUILDKIT=0
	seatable_build "$root" "$1.new" >"$SEATABLE_CACHE/build.log" 2>&1 8>&- || { tail -n 3 "$SEATABLE_CACHE/build.log" >&2; return 1; }
	rm -f "$SEATABLE_CACHE"/images-*.tar
	mv "$1.new" "$1"
}

# Print the archive with all of them.
seatable_images() {
	local file
	[ "$(id -u)" = 0 ] || seatable_skip "needs root"
	file=$SEATABLE_CACHE/images-$( (cd "$SEATABLE_FAKES/image" && find . -type f ! -path '*__pycache__*' -print0 | sort -z | xargs -0 sha256sum
		echo "$SEATABLE_PACKAGES"; seatable_tags) | sha256sum | cut -c 1-12).tar
	seatable_once "$file" seatable_make_images || return
	echo "$file"
}

seatable_make_python() { # directory
	command -v python3 >/dev/null || seatable_skip "no python3"
	{ python3 -m venv "$1.new" && timeout 300 "$1.new/bin/pip" install --quiet --no-input --disable-pip-version-check seatable-api==4.0.0; } \
		>"$SEATABLE_CACHE/python.log" 2>&1 8>&- || {
		rm -rf "$1.new"
		seatable_skip "no seatable-api 4.0.0 by pip: $(tail -n 1 "$SEATABLE_CACHE/python.log")"
	}
	mv "$1.new" "$1"
}

seatable_make_node() { # directory
	command -v npm >/dev/null && command -v node >/dev/null || seatable_skip "no Node.js with npm"
	mkdir -p "$1.new" && timeout 300 npm install --prefix "$1.new" --no-audit --no-fund --silent seatable-api@1.0.46 \
		>"$SEATABLE_CACHE/node.log" 2>&1 8>&- || {
		rm -rf "$1.new"
		seatable_skip "no seatable-api 1.0.46 by npm: $(tail -n 1 "$SEATABLE_CACHE/node.log")"
	}
	mv "$1.new" "$1"
}

# Print the interpreter that has the vendor's Python library, or the folder that Node finds the other one in.
seatable_library() { # python|node
	case $1 in
	python) seatable_once "$SEATABLE_CACHE/python-4.0.0" seatable_make_python && echo "$SEATABLE_CACHE/python-4.0.0/bin/python3" ;;
	node) seatable_once "$SEATABLE_CACHE/node-1.0.46" seatable_make_node && echo "$SEATABLE_CACHE/node-1.0.46/node_modules" ;;
	*) return 2 ;;
	esac
}
