# Every document is what its schema says.

bats_require_minimum_version 1.5.0
load common

@test "the schemas are schemas" {
	output=''
	valid schemas
}

@test "instances" {
	cg inspect --output json
	[ "$status" -eq 0 ]
	valid instances
}

@test "explanations of all sorts" {
	for id in 9 service_stop questdb.disk-backup deletes-trees sftpgo.events.no-backslash; do
		cg explain "$id" --output json
		[ "$status" -eq 0 ]
		valid explanation
	done
}

@test "every exit code is explained" {
	for code in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 130; do
		cg explain "$code"
		[ "$status" -eq 0 ]
		[ -n "$output" ]
	done
	cg explain 14
	[ "$status" -eq 2 ]
}

@test "status and an empty list of restore points" {
	cg status --output json
	valid status
}

@test "init writes a private file that check accepts, once" {
	a_root
	cg init questdb --root "$work/root" --to-edition enterprise --artifact new.tar.gz --make-password pw -o m.yaml --output json
	[ "$status" -eq 0 ]
	valid run
	[ "$(stat -c %a m.yaml)" = 600 ]
	[ "$(stat -c %a pw)" = 600 ]
	[ "$(wc -c <pw)" -eq 33 ]
	[[ $output != *"$(cat pw)"* ]]
	! grep -qF "$(cat pw)" m.yaml || false
	grep -qF "\"$work/new.tar.gz\"" m.yaml
	echo x >new.tar.gz
	cg check -f m.yaml
	[ "$status" -ne 2 ]
	cg init questdb --root "$work/root" -o m.yaml
	[ "$status" -eq 1 ]
	[[ $err == *"m.yaml"* ]]
}

@test "init names the keys of that product, and no other's" {
	a_root
	cg init questdb --root "$work/root" -o m.yaml --yes
	[ "$status" -eq 0 ]
	grep -q '#access: closed' m.yaml
	! grep -qi sftpgo m.yaml || false
	! grep -q license_file m.yaml || false
	sed -i 's/^  #\(stop_timeout\|drain\)/  \1/' m.yaml
	cg check -f m.yaml
	[ "$status" -ne 2 ]
}

@test "init says what is still missing" {
	a_root
	cg init questdb --root "$work/root" --to-edition enterprise
	[ "$status" -eq 0 ]
	[[ $output == *"what you still must bring:"*"settings.admin"*"target.artifact"* ]]
}

@test "facts, checks and plan of a root that is there" {
	a_root
	cg inspect questdb --root "$work/root" --output json --save facts.json
	[ "$status" -eq 0 ] || skip "not inspected: $output"
	valid facts
	[ "$(stat -c %a facts.json)" = 600 ]
	cg check questdb --root "$work/root" --output json
	[[ $status -eq 0 || $status -eq 3 ]]
	valid checks
	cg backup list questdb --root "$work/root" --output json
	[ "$status" -eq 0 ]
	valid restore-points
}
