# tools/demo.sh, SFTPGo: 2.6.4 to 2.7.5, both built from their public Go module.
# shellcheck shell=bash disable=SC2034,SC2154 # demo.sh uses and sets them
# shellcheck source=tests/real/sftpgo.sh
. tests/real/sftpgo.sh

PACKAGES="sftpgo"
OLD=2.6.4 NEW=2.7.5
writer=$here/tests/tools/sftp_writer.py

uploads() {
	clients_begin "$writer" write --port "$sftp" --key "$lab/conf.key" --log "$lab/uploaded" --users user-00010 user-00020 user-00030
}
version() {
	timeout 5 head -n 1 <"/dev/tcp/127.0.0.1/$sftp" | grep -q "SFTPGo_$1" || die "this is not $1"
}

demo_begin() {
	say "SFTPGo $OLD with 1000 users on SQLite, and $NEW as an archive (the first time both are built: some minutes)"
	sftpgo_install "$OLD" "$lab/opt" || die "SFTPGo $OLD is not to be had"
	sftpgo_archive "$NEW" "$lab/sftpgo-$NEW.tar.xz" || die "SFTPGo $NEW is not to be had"
	chmod 755 "$lab"
	if ! sftpgo_prepare "$lab/opt" "$lab/conf" 1000 || ! sftpgo_start "$lab/opt" "$lab/conf"; then
		die "the old server does not serve"
	fi
	sftp=$(sftpgo_ask "$lab/conf" sftp)
	sftpgo_dump "$lab/conf" >"$lab/before.json"
	uploads
	for _ in $(seq 600); do [ -s "$lab/uploaded" ] && break; sleep 0.1; done
	[ -s "$lab/uploaded" ] || die "no client was served within a minute"
	echo "serving SFTP on port $sftp, three clients upload; every file that was taken whole is kept in a list"
}
demo_subject() { echo sftpgo --root "$lab/conf" --artifact "$lab/sftpgo-$NEW.tar.xz"; }

demo_forth() {
	say "the same users, groups, shares and rules by the dump of $NEW, and every uploaded file"
	version "$NEW"
	sleep 1
	clients_end
	sftpgo_dump "$lab/conf" >"$lab/after.json"
	"$here/tests/tools/sftpgo_dumps.py" --used before.json after.json || die "the dumps differ"
	"$writer" check --log uploaded --home "$lab/srv/data" || die "files are missing"

	say "an administrator adds a folder, clients upload on, and we go back to $OLD"
	sftpgo_rest "$lab/conf" POST /api/v2/folders '{"name":"since-the-switch","mapped_path":"/srv/since"}' >/dev/null
	uploads
	sleep 2
}

demo_back() {
	say "the database of $OLD as it was; the new folder in what was saved aside; every uploaded file"
	version "$OLD"
	sleep 1
	clients_end
	sftpgo_dump "$lab/conf" >"$lab/after.json"
	"$here/tests/tools/sftpgo_dumps.py" --used before.json after.json || die "the dumps differ"
	grep -l since-the-switch "$lab"/written-since/*/changes.json || die "the new folder was not saved"
	"$writer" check --log uploaded --home "$lab/srv/data" || die "files are missing"
}

demo_end() { sftpgo_end "$lab/conf"; }
