# SFTPGo as an .rpm, by Debian's own rpm and dnf, under a real systemd in a root of its own: 2.6.4 to 2.7.5 and back, rpm killed on
# the way.
load common
load sftpgo
bats_require_minimum_version 1.5.0

CONF=/etc/sftpgo/sftpgo.json
ROOT_MORE="rpm dnf dnf-plugins-core createrepo-c postgresql-client-15 mariadb-client"
REAL=$BATS_TEST_DIRNAME/../real
CACHE=/var/cache/dnf/sftpgo-0/packages
# Both vendors' repositories under the vendors' own names. $lab/enterprise.repo and its keyring are what the operator brings; the other
# is the one this host was installed from.
OSS=/etc/yum.repos.d/sftpgo.repo
KEYS=/etc/pki/rpm-gpg/RPM-GPG-KEY-sftpgo

# rpm can be killed where it hurts: while it unpacks, and in a scriptlet. What `kill` holds is done once: "rpm", or "both" with
# crossgrade too.
traps() {
	inside mv /usr/bin/rpm /usr/bin/rpm.real
	inside mv /usr/sbin/setcap /usr/sbin/setcap.real
	inside tee /usr/bin/rpm >/dev/null <<-END
		#!/bin/bash
		case "\$*" in *--upgrade*--quiet*)
			if [ -e $lab/unpack ]; then
				read -r whom <$lab/unpack; rm $lab/unpack
				(exec -a rpm rpm.real "\$@") &
				until compgen -G '/usr/bin/sftpgo;*' >/dev/null; do kill -0 \$! || exit 0; sleep 0.01; done
				kill -9 \$!
				[ \$whom = rpm ] || kill -9 \$PPID
				kill -9 \$\$
			fi ;;
		esac
		exec -a rpm rpm.real "\$@"
	END
	inside tee /usr/sbin/setcap >/dev/null <<-END
		#!/bin/sh
		if [ -e $lab/script ]; then
			read -r whom <$lab/script; rm $lab/script
			rpm=\$(ps -o ppid= -p \$PPID)
			[ \$whom = rpm ] || kill -9 \$(ps -o ppid= -p \$rpm)
			kill -9 \$rpm; exit 1
		fi
		exec setcap.real "\$@"
	END
	inside chmod 755 /usr/bin/rpm /usr/sbin/setcap
}

repo_file() { # URL
	printf '%s\n' '[sftpgo]' 'name=of the vendor' "baseurl=$1" gpgcheck=1 "gpgkey=file://$KEYS"
}

# web_repository NAME [FILE...]: $lab/web/NAME has these of $lab.
web_repository() {
	local to=$lab/web/$1 file
	rm -rf "$to" && mkdir -p "$to" || return
	for file in "${@:2}"; do ln "$lab/$file" "$to/$file"; done
	inside createrepo_c --quiet "$to"
}

# The new package is signed by one key, which rpm does not have; there is another.
signed() {
	export GNUPGHOME=$lab/gpg
	mkdir -m 700 "$GNUPGHOME"
	gpg --batch --quiet --passphrase '' --quick-gen-key lab rsa2048 sign never &&
		gpg --batch --quiet --passphrase '' --quick-gen-key other rsa2048 sign never || return
	rpmsign --define '__gpg /usr/bin/gpg' --define '_gpg_name lab' --addsign "$lab/new.rpm" >/dev/null || return
	gpg --armor --export lab >"$lab/lab.asc" && gpg --armor --export other >"$lab/other.asc"
	gpgconf --kill all
	unset GNUPGHOME
}

# Debian's rpm keeps its database in root's home; it knows nothing of what Debian itself brings.
distribution() {
	inside mkdir -p /etc/rpm /etc/yum.repos.d /etc/pki/rpm-gpg
	inside tee /etc/rpm/macros <<<'%_dbpath /var/lib/rpm' >/dev/null
	repo_file http://oss.sftpgo.com/yum | inside tee $OSS >"$lab/oss.repo"
	repo_file http://download.sftpgo.com/enterprise >"$lab/enterprise.repo"
	inside cp "$lab/other.asc" $KEYS
	web_repository enterprise old.rpm new.rpm && vendors_serve || return
	"$REAL/sftpgo_rpm.sh" base "$lab/base.rpm" >/dev/null && inside rpm --install "$lab/base.rpm"
}

# The server's root is inside; what a test keeps of it lies in $lab.
by_package() {
	root=$lab/package
	export root
	printf 'pid=%s\nconf=/etc/sftpgo\nadmin=admin\npassword=pass-admin\nsrv=/srv/sftpgo\nhttp=8080\nsftp=2022\n' "$INSIDE" >"$root.server"
	: >"$root.out"
	distribution || return
	inside mkdir -p /etc/sftpgo/env.d
	printf '%s\n' SFTPGO_DATA_PROVIDER__CREATE_DEFAULT_ADMIN=true SFTPGO_DEFAULT_ADMIN_USERNAME=admin \
		SFTPGO_DEFAULT_ADMIN_PASSWORD=pass-admin SFTPGO_COMMON__EVENT_MANAGER__ENABLED_COMMANDS=/usr/bin/true |
		inside tee /etc/sftpgo/env.d/tests.env >/dev/null
	inside rpm --install "$lab/old.rpm" >"$lab/rpm.log" 2>&1 || { cat "$lab/rpm.log"; return 1; }
	inside cp $CONF $lab/pristine.json
	inside sed -i 's/"upload_mode": 0/"upload_mode": 1/' $CONF
	inside cp $CONF $lab/edited.json
	! cmp -s "$lab/pristine.json" "$lab/edited.json" || return
	inside tee /etc/dnf/plugins/versionlock.list <<<'sftpgo-0:2.6.4-1.*' >/dev/null
	inside chmod 751 /srv/sftpgo
	inside systemctl enable --now sftpgo.service
	traps
	sftpgo_wait "$root" && inside_net bash -c '. "$0" seed "$@"' "$REAL/sftpgo.sh" "$root" 1000
}

setup_file() {
	sftpgo_needed || { [ -n "$ABSENT" ]; return; }
	command -v rpmbuild >/dev/null || { ABSENT='no rpmbuild'; return 0; }
	sftpgo_lab_made
	"$REAL/sftpgo_rpm.sh" 2.6.4 "$lab/old.rpm" && "$REAL/sftpgo_rpm.sh" 2.7.5 "$lab/new.rpm" && signed || return
	sftpgo_boot /etc /var/lib || return 0
	by_package && sftpgo_dump "$root" >"$lab/before.json" && uploads_start user-00010 user-00020
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

subject() { echo sftpgo --root /etc/sftpgo --artifact "$lab/new.rpm"; }
unit_says() { inside systemctl show -P "$1" sftpgo.service; }

installed() { # VERSION: and locked
	[ "$(inside rpm -q sftpgo)" = "sftpgo-$1-1.x86_64" ]
	[ "$(inside cat /etc/dnf/plugins/versionlock.list)" = "sftpgo-0:$1-1.*" ]
}

# world VERSION CONFIGURATION: that package, whole, serves; the configuration's bytes, the lock and the capability are as they were.
world() {
	sftpgo_wait "$root"
	sftpgo_serves "$1"
	sftpgo_objects
	installed "$1"
	inside cmp $CONF "$2"
	inside getcap /usr/bin/sftpgo | grep -q cap_net_bind_service=ep
	[ -z "$(inside rpm -V sftpgo | grep '^..5\|^missing' | grep -v '  c ')" ]
	[ -z "$(inside find /usr/bin /usr/share /lib/systemd/system -name '*;????????')" ]
	[ "$(unit_says ActiveState) $(unit_says UnitFileState)" = "active enabled" ]
	[ -z "$(unit_says DropInPaths)" ]
	[ "$(inside stat -c %U:%a $CONF /srv/sftpgo /etc/sftpgo/env.d | xargs)" = "sftpgo:640 sftpgo:751 sftpgo:750" ]
}
uploads_home() { echo "/proc/$INSIDE/root/srv/sftpgo/data"; }

# The vendor's repository of now has these files of $lab.
repository() { web_repository yum "$@" && inside dnf --quiet makecache --refresh; }

# goal NAME VERSION [FILE [KEYRING]]: $lab/NAME.yaml, a move to that release from the new vendor's repository; more of the file on stdin.
goal() {
	printf 'product: sftpgo\nsource: {root: /etc/sftpgo}\ntarget: {package: {version: %s, repository: {file: %s, keyring: %s}}}\n' "$2" \
		"${3-$lab/enterprise.repo}" "${4-$lab/lab.asc}" >"$lab/$1.yaml"
	cat >>"$lab/$1.yaml"
}

# The file and keys of one vendor, byte for byte, and no trace of the other's.
repository_of() {
	local file=$OSS keys=other.asc
	[ "$1" = oss ] || file=/etc/yum.repos.d/enterprise.repo keys=lab.asc
	[ "$(inside find /etc/yum.repos.d -type f)" = $file ]
	inside cmp "$lab/$1.repo" $file
	inside cmp "$lab/$keys" $KEYS
}

@test "inspect sees the package; without the old one, which rpm cannot make again, there is no run" {
	cg inspect $(subject) --output json
	exits 0
	valid facts
	[ "$(json 'd["facts"]["install.package"]["value"]["manager"]')" = rpm ]
	[ "$(json 'd["facts"]["install.package"]["value"]["version"]')" = 2.6.4-1 ]
	[ "$(json 'd["facts"]["install.package"]["value"]["held"]')" = True ]
	cg apply $(subject) --yes
	exits 3
	[[ $stderr == *sftpgo.old-package* ]]
}

# refused NAME WORDS: no run (3), which says so; nothing of the old world moved.
refused() {
	local pid
	pid=$(unit_says MainPID)
	cg apply -f "$lab/$1.yaml" --yes
	exits 3
	[[ $stderr == *sftpgo.target-repository* && $stderr == *"$2"* ]]
	[ "$(unit_says MainPID)" = "$pid" ]
	repository_of oss
}

@test "a repository with a package of another key, of none, or not at all; one that is down, or unsigned as it pleases" {
	sed 's/gpgcheck=1/gpgcheck=0/' "$lab/enterprise.repo" >"$lab/trusting.repo"
	sed 's/com/com:81/' "$lab/enterprise.repo" >"$lab/down.repo"
	goal signature 2.7.5 "$lab/enterprise.repo" "$lab/other.asc" </dev/null
	refused signature "signed by no key of the keyring"
	goal unsigned 2.6.4 </dev/null
	refused unsigned "signed by nobody"
	goal version 2.7.9 </dev/null
	refused version "it has no sftpgo 2.7.9 for x86_64; it has 2.6.4-1, 2.7.5-1"
	goal trusting 2.7.5 "$lab/trusting.repo" </dev/null
	refused trusting "takes packages that nobody signed"
	goal down 2.7.5 "$lab/down.repo" </dev/null
	refused down "Curl error"
	goal from-repository 2.7.5 </dev/null
	cg apply -f "$lab/from-repository.yaml" --yes
	exits 3
	[[ $stderr == *sftpgo.old-package* ]]
}

# wrong.rpm: the new package with two bytes of its signature changed, which is the first entry of the header behind 96 bytes of lead.
tampered() {
	local entries
	inside rpmkeys --import "$lab/lab.asc"
	cp "$lab/new.rpm" "$lab/wrong.rpm"
	entries=$(od -An -t u1 -j 107 -N 1 "$lab/wrong.rpm")
	printf XX | dd of="$lab/wrong.rpm" bs=1 seek=$((112 + 16 * entries + 300)) conv=notrunc status=none
}

# stays ARTIFACT CHECK*WORDS: apply is blocked by that check and says so; nothing of the old world moved.
stays() {
	local pid
	pid=$(unit_says MainPID)
	printf 'product: sftpgo\nsource: {root: /etc/sftpgo, package_file: %s}\ntarget: {artifact: %s}\n' "$lab/old.rpm" "$1" >"$lab/stays.yaml"
	blocked 2.6.4 "blocked by sftpgo.$2" -f "$lab/stays.yaml"
	[ "$(unit_says MainPID)" = "$pid" ]
	installed 2.6.4
	inside cmp $CONF "$lab/edited.json"
}

@test "a damaged package, one of another machine, one tampered with: found before anything stops" {
	head -c "$(($(stat -c %s "$lab/new.rpm") / 2))" "$lab/new.rpm" >"$lab/short.rpm"
	stays "$lab/short.rpm" "artifact*does not verify"
	"$TOOLS/rpm_package.sh" sftpgo 2.7.5 "$lab/foreign.rpm" --target m68k
	stays "$lab/foreign.rpm" "artifact*m68k"
	tampered
	stays "$lab/wrong.rpm" "signature*this is not what was signed"
}

@test "apply installs the package of a repository behind the hold, with the old one downloaded; an edited file stays" {
	repository old.rpm
	cg check -f "$lab/from-repository.yaml" -v
	exits 0
	[[ $output == *"2.6.4-1 by download"* ]]
	[[ $output == *"by a key that rpm has"* ]]
	vendors_watched /etc/yum.repos.d
	cg apply -f "$lab/from-repository.yaml" --yes
	exits 0
	repository_of enterprise
	world 2.7.5 "$lab/edited.json"
	inside test -f $CONF.rpmnew
	uploads_whole
	inside systemctl restart sftpgo.service
	world 2.7.5 "$lab/edited.json"
}

@test "rollback installs the old package over it, the old database, and the old repository" {
	cg rollback --yes
	rm "$lab/watched"
	exits 0
	repository_of oss
	world 2.6.4 "$lab/edited.json"
	inside test ! -e $CONF.rpmnew
	uploads_whole
	vendors_never_both
}

@test "rpm killed while it unpacks: the run turns back by itself" {
	repository
	inside mkdir -p $CACHE
	inside cp "$lab/old.rpm" $CACHE/sftpgo-2.6.4-1.x86_64.rpm
	echo rpm >"$lab/unpack"
	cg apply $(subject) --yes
	exits 5
	[ ! -e "$lab/unpack" ]
	world 2.6.4 "$lab/edited.json"
	inside test ! -e $CONF.rpmnew
}

@test "rpm and crossgrade killed while it unpacks: rollback" {
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

@test "both killed in a scriptlet, the configuration file never edited: resume, and back" {
	inside cp "$lab/pristine.json" $CONF
	inside systemctl restart sftpgo.service
	sftpgo_wait "$root"
	echo both >"$lab/script"
	cg apply $(subject) --yes
	exits 137
	[ ! -e "$lab/script" ]
	[ "$(inside rpm -q sftpgo | wc -l)" = 2 ]
	[ "$(unit_says ActiveState)" = inactive ]
	cg resume --yes
	exits 0
	world 2.7.5 "$lab/pristine.json"
	inside test -f $CONF.rpmnew
	uploads_whole
	cg rollback --yes
	exits 0
	world 2.6.4 "$lab/pristine.json"
	inside test ! -e $CONF.rpmnew
	uploads_whole
}

@test "stand-in: the other edition's package over it, with a licence, and back" {
	local program
	stand_in_drawn 1
	stand_in_program
	"$REAL/sftpgo_rpm.sh" 2.7.5 "$lab/stand-in.rpm" "$program" 2.7.20260705-1
	inside cp $CONF "$lab/as-it-is.json"
	inside mkdir -p $CACHE
	inside cp "$lab/old.rpm" $CACHE/sftpgo-2.6.4-1.x86_64.rpm
	package_across_editions "$lab/stand-in.rpm"
	world 2.6.4 "$lab/as-it-is.json"
}

# One of the two, by lot; the campaign takes both.
@test "with the data in PostgreSQL or MariaDB: there and back" {
	local driver
	local -a drivers=(postgresql mysql)
	[ -n "${WHOLE-}" ] || drivers=("${drivers[SEED % 2]}")
	package_databases
	inside mkdir -p $CACHE
	inside cp "$lab/old.rpm" $CACHE/sftpgo-2.6.4-1.x86_64.rpm
	for driver in "${drivers[@]}"; do package_there_and_back $driver; done
}
