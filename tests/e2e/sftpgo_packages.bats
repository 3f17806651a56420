# SFTPGo as a Debian package under a real systemd, booted in namespaces: 2.6.4 to 2.7.5 and back, dpkg killed on the way.
load common
load sftpgo
bats_require_minimum_version 1.5.0

CONF=/etc/sftpgo/sftpgo.json

# dpkg's own helpers, so that it can be killed where it hurts: while it unpacks, and while it configures. What `kill` holds is
# done once: "dpkg", or "both" with crossgrade too.
traps() {
	inside mv /usr/bin/dpkg-deb /usr/bin/dpkg-deb.real
	inside mv /usr/sbin/setcap /usr/sbin/setcap.real
	inside tee /usr/bin/dpkg-deb >/dev/null <<-END
		#!/bin/sh
		case "\$*" in *--fsys-tarfile*)
			if [ -e $lab/unpack ]; then
				read -r whom <$lab/unpack; rm $lab/unpack
				dpkg-deb.real "\$@" | head -c 20000000
				[ \$whom = dpkg ] || kill -9 \$(ps -o ppid= -p \$PPID)
				kill -9 \$PPID; exit 1
			fi ;;
		esac
		exec dpkg-deb.real "\$@"
	END
	inside tee /usr/sbin/setcap >/dev/null <<-END
		#!/bin/sh
		if [ -e $lab/configure ]; then
			read -r whom <$lab/configure; rm $lab/configure
			dpkg=\$(ps -o ppid= -p \$PPID)
			[ \$whom = dpkg ] || kill -9 \$(ps -o ppid= -p \$dpkg)
			kill -9 \$dpkg; exit 1
		fi
		exec setcap.real "\$@"
	END
	inside chmod 755 /usr/bin/dpkg-deb /usr/sbin/setcap
}

# The server's root is inside; what a test keeps of it lies in $lab.
by_package() {
	root=$lab/package
	export root
	printf 'pid=%s\nconf=/etc/sftpgo\nadmin=admin\npassword=pass-admin\nsrv=/srv/sftpgo\nhttp=8080\nsftp=2022\n' "$INSIDE" >"$root.server"
	: >"$root.out"
	traps
	inside cp "$lab/old.deb" /var/cache/apt/archives/sftpgo_2.6.4-1_amd64.deb
	inside mkdir -p /etc/sftpgo/env.d
	printf '%s\n' SFTPGO_DATA_PROVIDER__CREATE_DEFAULT_ADMIN=true SFTPGO_DEFAULT_ADMIN_USERNAME=admin \
		SFTPGO_DEFAULT_ADMIN_PASSWORD=pass-admin SFTPGO_COMMON__EVENT_MANAGER__ENABLED_COMMANDS=/usr/bin/true |
		inside tee /etc/sftpgo/env.d/tests.env >/dev/null
	inside dpkg -i "$lab/old.deb" >"$lab/dpkg.log" 2>&1 || { cat "$lab/dpkg.log"; return 1; }
	inside cp $CONF $lab/pristine.json
	inside sed -i 's/"upload_mode": 0/"upload_mode": 1/' $CONF
	inside cp $CONF $lab/edited.json
	! cmp -s "$lab/pristine.json" "$lab/edited.json" || return
	inside systemctl restart sftpgo.service
	inside dpkg --set-selections <<<"sftpgo hold"
	sftpgo_wait "$root" && inside_net bash -c '. "$0" seed "$@"' "$BATS_TEST_DIRNAME/../real/sftpgo.sh" "$root" 100
}

setup_file() {
	sftpgo_needed || { [ -n "$ABSENT" ]; return; }
	command -v dpkg-deb >/dev/null || { ABSENT='no dpkg-deb'; return 0; }
	sftpgo_lab_made
	"$BATS_TEST_DIRNAME/../real/sftpgo_deb.sh" 2.6.4 "$lab/old.deb" && "$BATS_TEST_DIRNAME/../real/sftpgo_deb.sh" 2.7.5 "$lab/new.deb" ||
		return
	sftpgo_boot /etc /var/lib || return 0
	by_package && sftpgo_dump "$root" >"$lab/before.json" && uploads_start user-00010 user-00020
}
setup() { [ -z "${ABSENT-}" ] || skip "$ABSENT"; }
teardown_file() {
	uploads_stop
	[ -z "${INSIDE-}" ] || "$SYSTEMD/stop.sh" "$INSIDE"
	[ -z "${lab-}" ] || rm -rf "$lab"
}

subject() { echo sftpgo --root /etc/sftpgo --artifact "$lab/new.deb"; }
unit_says() { inside systemctl show -P "$1" sftpgo.service; }

# world VERSION CONFIGURATION: that package, whole, serves; the configuration's bytes, hold and capability are as they were.
world() {
	sftpgo_wait "$root"
	sftpgo_serves "$1"
	sftpgo_objects
	[ "$(inside dpkg-query -W -f '${Version} ${db:Status-Abbrev}' sftpgo)" = "$1-1 hi " ]
	inside cmp $CONF "$2"
	inside getcap /usr/bin/sftpgo | grep -q cap_net_bind_service=ep
	[ -z "$(inside dpkg -V sftpgo | grep '5.* /usr/')" ]
	[ "$(unit_says ActiveState) $(unit_says UnitFileState)" = "active enabled" ]
	[ -z "$(unit_says DropInPaths)" ]
	[ "$(inside stat -c %U:%a $CONF)" = sftpgo:640 ]
}
uploads_whole() { "$TOOLS/sftp_writer.py" check --log "$lab/uploaded" --home "/proc/$INSIDE/root/srv/sftpgo/data"; }

@test "inspect sees the package, and check where it can be had again" {
	cg inspect $(subject) --output json
	exits 0
	valid facts
	[ "$(json 'd["facts"]["install.kind"]["value"]')" = package ]
	[ "$(json 'd["facts"]["server.running"]["value"]')" = True ]
	[ "$(json 'd["facts"]["install.package"]["value"]["version"]')" = 2.6.4-1 ]
	cg check $(subject) -v
	exits 0
	[[ $output == *"/var/cache/apt/archives/sftpgo_2.6.4-1_amd64.deb"* ]]
}

@test "a damaged package, one of another machine: found before anything stops" {
	head -c "$(($(stat -c %s "$lab/new.deb") / 2))" "$lab/new.deb" >"$lab/short.deb"
	cg check sftpgo --root /etc/sftpgo --artifact "$lab/short.deb"
	exits 3
	mkdir -p "$lab/foreign/DEBIAN"
	printf '%s\n' 'Package: sftpgo' 'Version: 2.7.5-1' 'Architecture: m68k' 'Maintainer: x' 'Description: x' >"$lab/foreign/DEBIAN/control"
	dpkg-deb -b "$lab/foreign" "$lab/foreign.deb" >/dev/null
	cg check sftpgo --root /etc/sftpgo --artifact "$lab/foreign.deb"
	exits 3
	[[ $output$stderr == *m68k* ]]
}

@test "without the old package there is no way back, and no run" {
	inside mv /var/cache/apt/archives/sftpgo_2.6.4-1_amd64.deb "$lab/elsewhere.deb"
	cg apply $(subject) --yes
	exits 3
	[[ $stderr == *sftpgo.old-package* ]]
	inside mv "$lab/elsewhere.deb" /var/cache/apt/archives/sftpgo_2.6.4-1_amd64.deb
}

@test "apply installs the package behind the hold; an edited configuration file stays" {
	cg apply $(subject) --yes
	exits 0
	world 2.7.5 "$lab/edited.json"
	inside test -f $CONF.dpkg-dist
	uploads_whole
	inside systemctl restart sftpgo.service
	world 2.7.5 "$lab/edited.json"
}

@test "rollback installs the old package over it, and the old database" {
	cg rollback --yes
	exits 0
	world 2.6.4 "$lab/edited.json"
	inside test ! -e $CONF.dpkg-dist
	uploads_whole
}

@test "dpkg killed while it unpacks: the run turns back by itself" {
	echo dpkg >"$lab/unpack"
	cg apply $(subject) --yes
	exits 5
	[ ! -e "$lab/unpack" ]
	world 2.6.4 "$lab/edited.json"
	inside test ! -e $CONF.dpkg-dist
}

@test "dpkg and crossgrade killed while it unpacks: rollback" {
	echo both >"$lab/unpack"
	cg apply $(subject) --yes
	exits 137
	[ ! -e "$lab/unpack" ]
	inside systemctl start sftpgo.service || true
	[ "$(unit_says ActiveState)" = inactive ]
	cg rollback --yes
	exits 0
	world 2.6.4 "$lab/edited.json"
}

@test "both killed while it configures, the configuration file never edited: resume, and back" {
	inside cp "$lab/pristine.json" $CONF
	inside systemctl restart sftpgo.service
	sftpgo_wait "$root"
	echo both >"$lab/configure"
	cg apply $(subject) --yes
	exits 137
	[ ! -e "$lab/configure" ]
	[ "$(unit_says ActiveState)" = inactive ]
	cg resume --yes
	exits 0
	world 2.7.5 "$lab/pristine.json"
	inside test -f $CONF.dpkg-dist
	uploads_whole
	cg rollback --yes
	exits 0
	world 2.6.4 "$lab/pristine.json"
	inside test ! -e $CONF.dpkg-dist
	uploads_whole
}
