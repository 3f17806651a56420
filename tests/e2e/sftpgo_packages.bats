# SFTPGo as a Debian package under a real systemd, booted in namespaces: 2.6.4 to 2.7.5 and back, dpkg killed on the way.
load common
load sftpgo
bats_require_minimum_version 1.5.0

CONF=/etc/sftpgo/sftpgo.json
ALTERED=/usr/share/sftpgo/templates/email/reset-password.html
ROOT_MORE="postgresql-client-15 mariadb-client"

# dpkg's own helpers, so that it can be killed where it hurts: while it unpacks, and while it configures. What `kill` holds is
# done once: "dpkg", or "both" with crossgrade too. With `asks`, a maintainer script tells once what it was told, and tries as the
# timers of packages do to install something meanwhile.
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
		if [ -e $lab/asks ]; then
			rm $lab/asks
			echo "\$NEEDRESTART_SUSPEND \$DEBIAN_FRONTEND" >$lab/told
			env -u DPKG_FRONTEND_LOCKED apt-get --yes install sftpgo >>$lab/told 2>&1
		fi
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

# Both vendors' repositories, signed with a key each, under the vendors' own names: the network inside is its own. $lab/enterprise.list
# and its keyring are what the operator brings; the other is the one this host was installed from.
OSS=/etc/apt/sources.list.d/sftpgo.list
KEYS=/usr/share/keyrings/sftpgo-archive-keyring.gpg
# plugins_deb VERSION OUT: those of the vendor are programs that the server starts, in a package of their own.
plugins_deb() {
	local tree=$lab/plugins
	mkdir -p "$tree/DEBIAN" "$tree/usr/bin"
	printf '#!/bin/sh\n: %s\n' "$1" >"$tree/usr/bin/sftpgo-plugin-pubsub"
	chmod 755 "$tree/usr/bin/sftpgo-plugin-pubsub"
	printf '%s\n' 'Package: sftpgo-plugins' "Version: $1-1" "Architecture: $(dpkg --print-architecture)" 'Maintainer: x' 'Description: x' \
		>"$tree/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$tree" "$2" >/dev/null && rm -r "$tree"
}

vendors() {
	local key tool=$TOOLS/apt_repository.sh
	for key in oss enterprise; do "$tool" key "$lab/$key-key" || return; done
	"$tool" make "$lab/web/apt" "$lab/oss-key" "$lab/old.deb" "$lab/plugins-old.deb" &&
		"$tool" make "$lab/web/enterprise" "$lab/enterprise-key" "$lab/new.deb" "$lab/plugins-new.deb" || return
	echo "deb [signed-by=$KEYS] http://download.sftpgo.com/enterprise stable main" >"$lab/enterprise.list"
	echo "deb [signed-by=$KEYS] http://oss.sftpgo.com/apt stable main" | inside tee $OSS >"$lab/oss.list"
	inside cp "$lab/oss-key/keyring.gpg" $KEYS
	vendors_serve || return
	inside rm /etc/apt/sources.list
	inside apt-get -qq update
}

# goal NAME VERSION [TARGET...]: $lab/NAME.yaml, a move to that release from the new vendor's repository; more of the file on stdin.
goal() {
	printf 'product: sftpgo\nsource: {root: /etc/sftpgo}\ntarget: {package: {version: %s, repository: {file: %s, keyring: %s}}}\n' "$2" \
		"${3-$lab/enterprise.list}" "${4-$lab/enterprise-key/keyring.gpg}" >"$lab/$1.yaml"
	cat >>"$lab/$1.yaml"
}

# The files and keys of one vendor, byte for byte, and no trace of the other's.
repository_of() {
	local file=$OSS
	[ "$1" = oss ] || file=/etc/apt/sources.list.d/enterprise.list
	[ "$(inside find /etc/apt/sources.list.d -type f)" = $file ]
	inside cmp "$lab/$1.list" $file
	inside cmp "$lab/$1-key/keyring.gpg" $KEYS
}

# The server's root is inside; what a test keeps of it lies in $lab.
by_package() {
	root=$lab/package
	export root
	printf 'pid=%s\nconf=/etc/sftpgo\nadmin=admin\npassword=pass-admin\nsrv=/srv/sftpgo\nhttp=8080\nsftp=2022\n' "$INSIDE" >"$root.server"
	: >"$root.out"
	traps
	inside mkdir -p /etc/sftpgo/env.d
	printf '%s\n' SFTPGO_DATA_PROVIDER__CREATE_DEFAULT_ADMIN=true SFTPGO_DEFAULT_ADMIN_USERNAME=admin \
		SFTPGO_DEFAULT_ADMIN_PASSWORD=pass-admin SFTPGO_COMMON__EVENT_MANAGER__ENABLED_COMMANDS=/usr/bin/true |
		inside tee /etc/sftpgo/env.d/tests.env >/dev/null
	inside dpkg -i "$lab/old.deb" "$lab/plugins-old.deb" >"$lab/dpkg.log" 2>&1 || { cat "$lab/dpkg.log"; return 1; }
	inside cp $CONF $lab/pristine.json
	inside sed -i 's/"upload_mode": 0/"upload_mode": 1/' $CONF
	inside cp $CONF $lab/edited.json
	! cmp -s "$lab/pristine.json" "$lab/edited.json" || return
	inside systemctl restart sftpgo.service
	inside dpkg --set-selections <<<"sftpgo hold"
	sftpgo_wait "$root" && inside_net bash -c '. "$0" seed "$@"' "$BATS_TEST_DIRNAME/../real/sftpgo.sh" "$root" 1000
}

setup_file() {
	sftpgo_needed || { [ -n "$ABSENT" ]; return; }
	command -v dpkg-deb >/dev/null || { ABSENT='no dpkg-deb'; return 0; }
	sftpgo_lab_made
	"$BATS_TEST_DIRNAME/../real/sftpgo_deb.sh" 2.6.4 "$lab/old.deb" && "$BATS_TEST_DIRNAME/../real/sftpgo_deb.sh" 2.7.5 "$lab/new.deb" ||
		return
	plugins_deb 2.6.4 "$lab/plugins-old.deb" && plugins_deb 2.7.5 "$lab/plugins-new.deb" || return
	sftpgo_boot /etc /var/lib || return 0
	vendors && by_package && sftpgo_dump "$root" >"$lab/before.json" && uploads_start user-00010 user-00020
}
setup() { [ -z "${ABSENT-}" ] || skip "$ABSENT"; }
teardown_file() {
	uploads_stop
	argv_watch_end
	vendors_end
	package_databases_end
	[ -z "${INSIDE-}" ] || "$SYSTEMD/stop.sh" "$INSIDE"
	[ -z "${lab-}" ] || rm -rf "$lab"
}

CACHED=/var/cache/apt/archives/sftpgo_2.6.4-1_amd64.deb
plugins_are() { [ "$(inside dpkg-query -W -f '${Version}' sftpgo-plugins)" = "$1-1" ] && inside grep -q ": $1" /usr/bin/sftpgo-plugin-pubsub; }
subject() { echo sftpgo --root /etc/sftpgo --artifact "$lab/new.deb"; }
unit_says() { inside systemctl show -P "$1" sftpgo.service; }

installed() { [ "$(inside dpkg-query -W -f '${Version} ${db:Status-Abbrev}' sftpgo)" = "$1-1 hi " ]; } # VERSION: and held

# world VERSION CONFIGURATION: that package, whole, serves; the configuration's bytes, hold and capability are as they were.
world() {
	sftpgo_wait "$root"
	sftpgo_serves "$1"
	sftpgo_objects
	installed "$1"
	inside cmp $CONF "$2"
	inside getcap /usr/bin/sftpgo | grep -q cap_net_bind_service=ep
	[ -z "$(inside dpkg -V sftpgo | grep '5.* /usr/')" ]
	[ "$(unit_says ActiveState) $(unit_says UnitFileState)" = "active enabled" ]
	[ -z "$(unit_says DropInPaths)" ]
	[ "$(inside stat -c %U:%a $CONF)" = sftpgo:640 ]
}
uploads_home() { echo "/proc/$INSIDE/root/srv/sftpgo/data"; }

@test "inspect sees the package, and check where it can be had again" {
	cg inspect $(subject) --output json
	exits 0
	valid facts
	[ "$(json 'd["facts"]["install.kind"]["value"]')" = package ]
	[ "$(json 'd["facts"]["server.running"]["value"]')" = True ]
	[ "$(json 'd["facts"]["install.package"]["value"]["version"]')" = 2.6.4-1 ]
	cg check $(subject) -v
	exits 0
	[[ $output == *"2.6.4-1 by download"* ]]
	inside cp "$lab/old.deb" $CACHED
	cg check $(subject) -v
	exits 0
	[[ $output == *"2.6.4-1 by $CACHED"* ]]
	inside rm $CACHED
}

# stays ARTIFACT WORDS: apply is blocked by it and says so; nothing of the old world moved.
stays() {
	local pid
	pid=$(unit_says MainPID)
	blocked 2.6.4 "blocked by sftpgo.artifact*$2" sftpgo --root /etc/sftpgo --artifact "$1"
	[ "$(unit_says MainPID)" = "$pid" ]
	installed 2.6.4
	inside cmp $CONF "$lab/edited.json"
}

@test "a damaged package, one of another machine: found before anything stops" {
	head -c "$(($(stat -c %s "$lab/new.deb") / 2))" "$lab/new.deb" >"$lab/short.deb"
	stays "$lab/short.deb" "short.deb"
	mkdir -p "$lab/foreign/DEBIAN"
	printf '%s\n' 'Package: sftpgo' 'Version: 2.7.5-1' 'Architecture: m68k' 'Maintainer: x' 'Description: x' >"$lab/foreign/DEBIAN/control"
	dpkg-deb -b "$lab/foreign" "$lab/foreign.deb" >/dev/null
	stays "$lab/foreign.deb" m68k
}

@test "without the old package there is no way back, and no run" {
	inside mv $OSS /usr/bin/dpkg-repack "$lab/"
	cg apply $(subject) --yes
	exits 3
	[[ $stderr == *sftpgo.old-package* ]]
	inside mv "$lab/sftpgo.list" $OSS
	inside mv "$lab/dpkg-repack" /usr/bin/
}

# refused NAME WORDS: check and apply are blocked (3) and say so; nothing of the old world moved.
refused() {
	local pid
	pid=$(unit_says MainPID)
	cg apply -f "$lab/$1.yaml" --yes
	exits 3
	[[ $stderr == *sftpgo.target-repository* && $stderr == *"$2"* ]]
	[ "$(unit_says MainPID)" = "$pid" ]
	sftpgo_serves 2.6.4
	repository_of oss
}

# held PYTHON [ARGUMENT]: what it takes is taken, until the process of $lab/held.pid ends.
held() {
	rm -f "$lab/held"
	net_program -c "import signal, sys; $1; open(sys.argv[1], 'w').close(); signal.pause()" "$lab/held" "${@:2}" 3>&- 4>&- &
	echo $! >"$lab/held.pid"
	timeout 60 bash -c 'until [ -e "$0" ]; do sleep 0.05; done' "$lab/held"
}

@test "a repository whose signature is another's, is down, never answers, or has no such package" {
	cp "$lab/oss-key/keyring.gpg" "$lab/writable.gpg"
	chmod 666 "$lab/writable.gpg"
	sed 's/com/com:81/' "$lab/enterprise.list" >"$lab/down.list"
	sed 's/com/com:82/' "$lab/enterprise.list" >"$lab/silent.list"
	sed 's/signed-by/arch=m68k &/' "$lab/enterprise.list" >"$lab/foreign.list"
	sed 's/signed-by/trusted=yes &/' "$lab/enterprise.list" >"$lab/trusting.list"
	goal signature 2.7.5 "$lab/enterprise.list" "$lab/oss-key/keyring.gpg" </dev/null
	refused signature NO_PUBKEY
	goal keyring 2.7.5 "$lab/enterprise.list" "$lab/writable.gpg" </dev/null
	refused keyring "can be written by others than root"
	goal absent 2.7.5 "$lab/enterprise.list" "$lab/nowhere.gpg" </dev/null
	refused absent "No such file"
	goal trusting 2.7.5 "$lab/trusting.list" </dev/null
	refused trusting "takes packages that nobody signed"
	goal version 2.7.9 </dev/null
	refused version "it has no sftpgo 2.7.9 for amd64; it has 2.7.5-1"
	goal plugins "2.7.5, plugins: '1.0'" </dev/null
	refused plugins "target.package.plugins"
	goal foreign 2.7.5 "$lab/foreign.list" </dev/null
	refused foreign "no packages for amd64"
	goal down 2.7.5 "$lab/down.list" </dev/null
	refused down "Connection refused"
	held 'import socket; s = socket.create_server(("127.0.0.1", 82))'
	goal silent 2.7.5 "$lab/silent.list" <<<'settings: {download_timeout: 2s}'
	refused silent "did not answer in the time it has"
	kill "$(cat "$lab/held.pid")"
}

@test "somebody else installs packages: found before the stop" {
	local pid
	pid=$(unit_says MainPID)
	held 'import fcntl; f = open(sys.argv[2], "w"); fcntl.lockf(f, fcntl.LOCK_EX)' "/proc/$INSIDE/root/var/lib/dpkg/lock-frontend"
	goal locked 2.7.5 <<<'settings: {lock_timeout: 1s}'
	cg apply -f "$lab/locked.yaml" --yes
	kill "$(cat "$lab/held.pid")"
	exits 5
	[[ $output$stderr == *"somebody else installs packages"* ]]
	[ "$(unit_says MainPID)" = "$pid" ]
	world 2.6.4 "$lab/edited.json"
	repository_of oss
}

@test "a configuration file that is edited after the plan: no run" {
	goal from-repository 2.7.5 </dev/null
	cg plan -f "$lab/from-repository.yaml" -o "$lab/plan.json"
	exits 0
	inside sed -i 's/"upload_mode": 1/"upload_mode": 2/' $CONF
	cg apply "$lab/plan.json" --yes
	exits 4
	inside sed -i 's/"upload_mode": 2/"upload_mode": 1/' $CONF
	world 2.6.4 "$lab/edited.json"
	repository_of oss
}

@test "apply installs the package of a repository behind the hold, with the old one downloaded; an edited file stays" {
	: >"$lab/asks"
	vendors_watched /etc/apt
	cg apply -f "$lab/from-repository.yaml" --yes
	exits 0
	grep -qx '1 noninteractive' "$lab/told"
	grep -q 'Could not get lock /var/lib/dpkg/lock-frontend' "$lab/told"
	repository_of enterprise
	plugins_are 2.7.5
	world 2.7.5 "$lab/edited.json"
	inside test -f $CONF.dpkg-dist
	uploads_whole
	inside systemctl restart sftpgo.service
	world 2.7.5 "$lab/edited.json"
}

@test "rollback installs the old package over it, the old database, and the old repository" {
	cg rollback --yes
	rm "$lab/watched"
	exits 0
	repository_of oss
	plugins_are 2.6.4
	world 2.6.4 "$lab/edited.json"
	inside test ! -e $CONF.dpkg-dist
	uploads_whole
	vendors_never_both
}

@test "dpkg killed while it unpacks: the run turns back by itself, with source.package_file" {
	printf 'product: sftpgo\nsource: {root: /etc/sftpgo, package_file: %s}\ntarget: {artifact: %s}\n' "$lab/old.deb" "$lab/new.deb" >"$lab/given.yaml"
	inside mv $OSS "$lab/"
	echo dpkg >"$lab/unpack"
	cg apply -f "$lab/given.yaml" --yes
	inside mv "$lab/sftpgo.list" $OSS
	exits 5
	[ ! -e "$lab/unpack" ]
	world 2.6.4 "$lab/edited.json"
	inside test ! -e $CONF.dpkg-dist
}

@test "dpkg and crossgrade killed while it unpacks: rollback, with the package of apt's cache" {
	inside cp "$lab/old.deb" $CACHED
	echo both >"$lab/unpack"
	cg apply $(subject) --yes
	exits 137
	[ ! -e "$lab/unpack" ]
	inside systemctl start sftpgo.service || true
	[ "$(unit_says ActiveState)" = inactive ]
	cg rollback --yes
	exits 0
	world 2.6.4 "$lab/edited.json"
	inside rm $CACHED
}

@test "both killed while it configures, a file never edited, the old package made again: resume, and back" {
	inside cp "$lab/pristine.json" $CONF
	inside systemctl restart sftpgo.service
	sftpgo_wait "$root"
	inside rm -r /var/lib/apt/lists
	echo both >"$lab/configure"
	cg apply -f "$lab/from-repository.yaml" --yes
	exits 137
	[ ! -e "$lab/configure" ]
	[ -z "$(inside find /etc/apt/sources.list.d -type f)" ]
	[ "$(unit_says ActiveState)" = inactive ]
	cg resume --yes
	exits 0
	repository_of enterprise
	world 2.7.5 "$lab/pristine.json"
	inside test -f $CONF.dpkg-dist
	uploads_whole
	cg rollback --yes
	exits 0
	world 2.6.4 "$lab/pristine.json"
	inside test ! -e $CONF.dpkg-dist
	uploads_whole
	repository_of oss
}

@test "stand-in: the other edition's package over it, with a licence, and back" {
	local program
	stand_in_drawn 0
	stand_in_program
	"$BATS_TEST_DIRNAME/../real/sftpgo_deb.sh" 2.7.5 "$lab/stand-in.deb" "$program" 2.7.20260705-1
	inside cp $CONF "$lab/as-it-is.json"
	package_across_editions "$lab/stand-in.deb"
	world 2.6.4 "$lab/as-it-is.json"
}

# One of the two, by lot, the one that the .rpm's tests leave.
@test "with the data in PostgreSQL or MariaDB, and a file of the package changed by hand: there and back" {
	local driver
	local -a drivers=(mysql postgresql)
	[ -n "${WHOLE-}" ] || drivers=("${drivers[SEED % 2]}")
	package_databases
	inside cp "$lab/edited.json" $CONF
	inside tee -a $ALTERED <<<'of the operator' >/dev/null
	inside cp $ALTERED "$lab/altered"
	cg check $(subject)
	exits 0
	[[ $output == *sftpgo.altered-files*$ALTERED* ]]
	for driver in "${drivers[@]}"; do
		package_there_and_back $driver
		inside cmp $ALTERED "$lab/altered"
	done
}
