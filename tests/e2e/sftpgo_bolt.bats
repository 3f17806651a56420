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

@test "and back" {
	cg rollback --yes
	exits 0
	sftpgo_serves 2.6.4
	sftpgo_objects
}
