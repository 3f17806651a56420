# Sourced by the scripts here: Debian packages by need, installed once, safe to repeat.
#   need_root WHAT; need_packages SET...          sets: build lint test real sftpgo databases containers seatable package demo bench

need_root() {
	[ "$(id -u)" -eq 0 ] && return 0
	echo "$1: must run as root (it installs packages, mounts file systems and starts servers)" >&2
	exit 2
}

need_list() {
	case $1 in
	build) echo gcc libc6-dev pkg-config meson ninja-build libcurl4-openssl-dev libssl-dev libsqlite3-dev libjansson-dev \
		libfyaml-dev libarchive-dev libxxhash-dev libsystemd-dev libsodium-dev libpq-dev libmariadb-dev ;;
	lint) echo git clang clang-format clang-tidy cppcheck shellcheck codespell mandoc libclang-rt-14-dev ;;
	test) echo libcmocka-dev bats scdoc python3 python3-jsonschema strace xfsprogs btrfs-progs e2fsprogs acl attr nftables \
		iproute2 patch rsync curl procps openssh-client gpg gpg-agent mmdebstrap openjdk-17-jdk-headless ;;
	sftpgo) echo gcc libc6-dev python3 curl openssl openssh-client sshpass procps rpm xz-utils ;;
	databases) echo postgresql-15 mariadb-server ;;
	containers) echo docker.io iptables curl ;;
	seatable) echo docker.io iptables iproute2 mmdebstrap curl python3-venv ;;
	package) echo build-essential debhelper pkgconf scdoc ;;
	real) echo maven openjdk-17-jre-headless curl ;;
	demo) echo python3 nftables procps util-linux ;;
	bench) echo rsync restic borgbackup zstd ;;
	*) echo "need.sh: unknown set '$1'" >&2; return 2 ;;
	esac
}

# No package starts its daemons while this runs: tests start their own, elsewhere.
need_install() {
	_policy=/usr/sbin/policy-rc.d
	if [ -e $_policy ]; then
		_policy=
	else
		printf '#!/bin/sh\nexit 101\n' >$_policy && chmod 755 $_policy
	fi
	DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
	set -- $?
	[ -z "$_policy" ] || rm -f "$_policy"
	return "$1"
}

need_packages() {
	_missing=
	for _set in "$@"; do
		for _p in $(need_list "$_set"); do
			dpkg-query -W -f '${db:Status-Status}' "$_p" 2>/dev/null | grep -qx installed || _missing="$_missing $_p"
		done
	done
	[ -n "$_missing" ] || return 0
	echo "installing:$_missing" >&2
	if ! command -v apt-get >/dev/null; then
		echo "apt-get is missing: this needs Debian 12 or a relative" >&2
		return 1
	fi
	_log=$(mktemp)
	# shellcheck disable=SC2086
	if apt-get -q update >"$_log" 2>&1 && need_install $_missing >>"$_log" 2>&1; then
		rm -f "$_log"
		return 0
	fi
	tail -n 20 "$_log" >&2
	rm -f "$_log"
	echo "could not be installed:$_missing" >&2
	return 1
}
