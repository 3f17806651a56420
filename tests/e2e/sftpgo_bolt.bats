# SFTPGo 2.6.4 to 2.7.5 and back with bolt as data provider, whose file the running server holds locked.
load common
load sftpgo
bats_require_minimum_version 1.5.0

setup_file() {
	sftpgo_needed || { absence; return; }
	export SFTPGO_DRIVER=bolt
	sftpgo_lab 50
}
teardown_file() { sftpgo_lab_end; }

@test "there, with every object" {
	cg apply $(sftpgo_subject) --yes
	exits 0
	sftpgo_serves 2.7.5
	sftpgo_objects
}

# Without a login nobody can ask the old server to count the files of those who uploaded since.
@test "and back; whose quota could not be scanned is named" {
	sftpgo_upload user-00001 since
	cg rollback --yes
	exits 0
	sftpgo_serves 2.6.4
	sftpgo_objects
	[[ $stderr == *"quotas of 1 users and folders"*"were not scanned again"*"no login to the server is given"* ]]
	cg report --output json
	valid report
	[ "$(json '[d["subject"] for d in d["not_proved"] if d["what"] == "used quota"]')" = "['users user-00001']" ]
}
