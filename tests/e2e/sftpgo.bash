# Shared by the end-to-end tests with SFTPGo: a lab with a real server, clients that upload all the while, and the questions asked
# of both afterwards. Loaded after common.

# shellcheck source=tests/real/sftpgo.sh
. "$BATS_TEST_DIRNAME/../real/sftpgo.sh"

TOOLS=$BATS_TEST_DIRNAME/../tools

sftpgo_builds() { sftpgo_build 2.6.4 && sftpgo_build 2.7.5; }
sftpgo_needed() { needed sftpgo_builds; }

# sftpgo_lab [USERS]: $lab with a running, seeded 2.6.4 on $root, installed in $lab/opt, and 2.7.5 as an archive $new.
sftpgo_lab() {
	lab=$(mktemp -d /var/tmp/crossgrade-e2e.XXXXXX)
	chmod 755 "$lab"
	root=$lab/conf new=$lab/new.tar.xz
	export lab root new
	sftpgo_install 2.6.4 "$lab/opt" && sftpgo_archive 2.7.5 "$new" || return
	sftpgo_prepare "$lab/opt" "$root" "${1:-1000}" && sftpgo_start "$lab/opt" "$root" || return
	sftpgo_dump "$root" >"$lab/before.json"
}

sftpgo_lab_end() {
	[ -n "${lab-}" ] || return 0
	uploads_stop
	sftpgo_end "$root"
	rm -rf "$lab"
}

uploads_start() {
	"$TOOLS/sftp_writer.py" write --port "$(sftpgo_ask "$root" sftp)" --key "$root.key" --log "$lab/uploaded" \
		--users "$@" >"$lab/uploads.out" 2>&1 3>&- 4>&- </dev/null &
	echo $! >"$lab/uploads.pid"
}

uploads_stop() {
	local pid i
	[ -f "$lab/uploads.pid" ] || return 0
	pid=$(cat "$lab/uploads.pid")
	rm "$lab/uploads.pid"
	kill "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 150; i++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
}

# Every file that the server took whole is there, as it was sent.
uploads_whole() {
	"$TOOLS/sftp_writer.py" check --log "$lab/uploaded" --home "$lab/srv/data"
}

sftpgo_subject() { echo sftpgo --root "$root" --artifact "$new"; }

sftpgo_serves() { # VERSION: by its banner
	local said
	said=$(timeout 5 head -n 1 <"/dev/tcp/127.0.0.1/$(sftpgo_ask "$root" sftp)")
	case $said in SSH-2.0-SFTPGo_"$1"*) return 0 ;; esac
	echo "wanted $1, the banner says: $said"
	return 1
}

# The same objects as before, by the server's own dump.
sftpgo_objects() {
	sftpgo_dump "$root" >"$lab/after.json"
	"$TOOLS/sftpgo_dumps.py" --used "$lab/before.json" "$lab/after.json"
}
