# shellcheck shell=bash
# Sourced by sftpgo.sh: real SFTPGo releases, built once from their public Go module into a cache outside the tree.
#
# A build is laid out as the vendor's own Linux archive: sftpgo, sftpgo.json, templates, static, openapi, sqlite, init,
# man, completions; and beside them pkgs, the vendor's packaging scripts. The release's go.sum begins ours: one of its modules
# is in no public checksum database, and no check had to be switched off. Left out: the cloud backends, for time and size.

SFTPGO_CACHE=${SFTPGO_CACHE:-$HOME/.cache/crossgrade-tests}
SFTPGO_MODULE=github.com/drakkan/sftpgo/v2
SFTPGO_TAGS=nogcs,nos3,noazblob,nometrics
SFTPGO_CFLAGS=-O1       # SQLite is one file of C: at -O2 it takes a minute, at -O1 a third of that
SFTPGO_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# shellcheck source=tests/real/server.sh
. "$SFTPGO_HERE/server.sh"

sftpgo_skip() { echo "skip: $*" >&2; exit 77; }

# at_least A B: version A is B or newer.
sftpgo_at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

sftpgo_go_fits() { # program
	local version
	version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
	sftpgo_at_least "${version#go}" 1.25.8
}

# Debian 13's backports have a Go that is new enough and needs nothing else: unpacked into the cache, never installed.
sftpgo_fetch_go() { # directory
	local dir=$1 work mirror
	command -v apt-get >/dev/null || sftpgo_skip "no Go 1.25.8 or newer, and no apt-get to fetch one"
	mirror=$(debian_mirror)
	[ -n "$mirror" ] || sftpgo_skip "no Go 1.25.8 or newer, and apt names no Debian mirror"
	mkdir -p "$SFTPGO_CACHE" && work=$(mktemp -d "$SFTPGO_CACHE/.go.XXXXXX") || return
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/tree"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie-backports main" >"$work/debian.list"
	if ! (cd "$work" && set -- -q -o "Dir::Etc::SourceList=$work/debian.list" -o Dir::Etc::SourceParts=- \
		-o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root &&
		apt-get "$@" update && apt-get "$@" download golang-1.26-go golang-1.26-src) >"$work/log" 2>&1; then
		tail -n 3 "$work/log" >&2
		rm -rf "$work"
		sftpgo_skip "no Go 1.25.8 or newer, and golang-1.26-go cannot be fetched"
	fi
	for deb in "$work"/*.deb; do dpkg-deb -x "$deb" "$work/tree" || return; done
	mv -T "$work/tree" "$dir" 2>/dev/null
	rm -rf "$work"
	[ -x "$dir/usr/lib/go-1.26/bin/go" ]
}

# Print a go that is new enough.
sftpgo_go() {
	local go dir=$SFTPGO_CACHE/go-1.26
	go=$(command -v go) && sftpgo_go_fits "$go" && { echo "$go"; return; }
	[ -d "$dir" ] || sftpgo_fetch_go "$dir" || return
	go=$dir/usr/lib/go-1.26/bin/go
	sftpgo_go_fits "$go" || sftpgo_skip "'$go' does not run"
	echo "$go"
}

# The server and all that its archive holds, into DIR. Writable copies: the module's own files are read-only.
sftpgo_make() { # version directory
	local version=$1 dir=$2 go source
	go=$(sftpgo_go) || exit
	command -v gcc >/dev/null || sftpgo_skip "no gcc, which SQLite in SFTPGo needs"
	cd "$SFTPGO_HERE/sftpgo-${version%.*}" || return
	export GOTOOLCHAIN=local CGO_CFLAGS=$SFTPGO_CFLAGS
	"$go" list -deps -tags "$SFTPGO_TAGS" "$SFTPGO_MODULE" >/dev/null 2>"$dir/log" ||
		{ tail -n 3 "$dir/log" >&2; sftpgo_skip "the modules of SFTPGo $version cannot be fetched"; }
	nice -n 10 "$go" build -trimpath -tags "$SFTPGO_TAGS" -ldflags "-s -w" -o "$dir/sftpgo" "$SFTPGO_MODULE" >&2 || return
	source=$("$go" list -m -f '{{.Dir}}' "$SFTPGO_MODULE") || return
	rm "$dir/log"
	cp -r "$source"/{LICENSE,NOTICE,sftpgo.json,templates,static,openapi,pkgs} "$dir" || return
	chmod -R u+w "$dir"
	echo "For documentation please take a look here: https://docs.sftpgo.com" >"$dir/README.txt"
	mkdir -p "$dir"/{init,sqlite,bash_completion,zsh_completion} && cp "$source/init/sftpgo.service" "$dir/init" || return
	cd "$dir" || return
	./sftpgo gen completion bash >bash_completion/sftpgo && ./sftpgo gen completion zsh >zsh_completion/_sftpgo &&
		./sftpgo gen man -d man/man1 >/dev/null && gzip -n man/man1/* &&
		(cd sqlite && ../sftpgo initprovider -c .. >/dev/null && mv ../sftpgo.db .)
}

# Print the directory of a built release. Two runs at once build it once.
sftpgo_build() {
	local version=$1 dir=$SFTPGO_CACHE/sftpgo-$1 made
	[ -f "$SFTPGO_HERE/sftpgo-${version%.*}/go.mod" ] &&
		grep -qx "require $SFTPGO_MODULE v$version" "$SFTPGO_HERE/sftpgo-${version%.*}/go.mod" ||
		sftpgo_skip "SFTPGo $version cannot be had, only 2.6.4 and 2.7.5"
	mkdir -p "$SFTPGO_CACHE" || return
	(
		flock 9
		[ -d "$dir" ] && exit
		made=$(mktemp -d "$SFTPGO_CACHE/.sftpgo.XXXXXX") || exit
		trap 'rm -rf "$made"' EXIT
		(sftpgo_make "$version" "$made") || exit
		chmod 755 "$made" && mv -T "$made" "$dir"
	) 9>"$SFTPGO_CACHE/sftpgo-$version.lock" || return
	echo "$dir"
}

# All of a release but what only packages need.
sftpgo_install() {
	local built
	built=$(sftpgo_build "$1") || exit
	mkdir -p "$2" && tar -C "$built" --exclude=./pkgs -cf - . | tar -C "$2" -xf -
}

# All of a release but what only packages need, packed: .tar.xz flat, as the vendor packs it, .tar.gz under one top directory, as
# repackaged archives are. Packed once, which takes its time: prints the file, which lies beside the build.
sftpgo_packed() { # version suffix
	local built file
	built=$(sftpgo_build "$1") || exit
	file=$built.$2
	(
		flock 9
		cd "$built" || exit
		[ ! "$file" -nt "$built" ] || exit 0
		case $2 in
		tar.xz) tar --anchored --exclude=pkgs -I 'xz -1 -T2' -cf "$file.new" -- * ;;
		*) tar --exclude=./pkgs --transform "s|^\.|sftpgo_v$1_linux_x86_64|" -I 'gzip -1' -cf "$file.new" . ;;
		esac && mv "$file.new" "$file"
	) 9>"$SFTPGO_CACHE/sftpgo-$1.lock" || return
	echo "$file"
}

sftpgo_archive() {
	local packed suffix=tar.gz
	[[ $2 != *.tar.xz ]] || suffix=tar.xz
	packed=$(sftpgo_packed "$1" $suffix) || exit
	cp "$packed" "$2"
}

# The files of a package: what the release's pkgs/build.sh lists, and its four edits of the configuration.
sftpgo_tree() { # build root program
	local built=$1 root=$2
	mkdir -p "$root"/{usr/bin,usr/share/{bash-completion/completions,man/man1,sftpgo,licenses/sftpgo},lib/systemd/system} \
		"$root"/{etc/sftpgo/env.d,srv/sftpgo,var/lib/sftpgo} || return
	cp "$3" "$root/usr/bin/sftpgo" && cp "$built/bash_completion/sftpgo" "$root/usr/share/bash-completion/completions" &&
		cp "$built"/man/man1/* "$root/usr/share/man/man1" && cp "$built/init/sftpgo.service" "$root/lib/systemd/system" &&
		cp -r "$built"/{templates,static,openapi} "$root/usr/share/sftpgo" &&
		cp "$built"/{LICENSE,NOTICE} "$root/usr/share/licenses/sftpgo" || return
	sed -e 's|sftpgo.db|/var/lib/sftpgo/sftpgo.db|' -e 's|"users_base_dir": "",|"users_base_dir": "/srv/sftpgo/data",|' \
		-e 's|"backups"|"/srv/sftpgo/backups"|' -e 's|"certs"|"/var/lib/sftpgo/certs"|' "$built/sftpgo.json" \
		>"$root/etc/sftpgo/sftpgo.json" || return
	chmod -R u=rwX,go=rX "$root" && chmod 755 "$root/usr/bin/sftpgo"
}
