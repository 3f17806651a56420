# Bad migration files, bad plans, bad values: exit 2, the key named, a way out named.

bats_require_minimum_version 1.5.0
load common

migration() { cat >m.yaml; }

refused() { # words that stand in the message
	[ "$status" -eq 2 ] || { echo "status $status: $output $err"; return 1; }
	local word
	for word; do [[ $err == *"$word"* ]] || { echo "'$word' is not in: $err"; return 1; }; done
}

@test "a migration file that is not there" {
	cg check -f none.yaml
	refused "none.yaml" "crossgrade init"
}

@test "a migration file that is a directory" {
	mkdir m.yaml
	cg check -f m.yaml
	refused "m.yaml"
}

@test "broken YAML is told with its line" {
	printf 'product: questdb\nsource: {root: "/x\n' | migration
	cg check -f m.yaml
	refused "m.yaml" "line"
}

@test "anchors, tags and duplicate keys are refused" {
	printf 'product: questdb\nproduct: questdb\n' | migration
	cg check -f m.yaml
	refused "line 2" "second time"
	printf 'product: &a questdb\nname: *a\n' | migration
	cg check -f m.yaml
	refused "m.yaml"
}

@test "an unknown key names the nearest known one" {
	printf 'product: questdb\nsource: {rot: /x}\n' | migration
	cg plan -f m.yaml
	refused "rot" "root"
}

@test "an unknown product names the nearest known one" {
	cg plan qestdb
	refused "qestdb" "did you mean 'questdb'?"
}

@test "a product that is not the file's" {
	printf 'product: other\n' | migration
	cg plan questdb -f m.yaml
	refused "'questdb' is asked for" "other"
}

@test "a scalar where a mapping belongs" {
	printf 'product: questdb\nsource: /var/lib/questdb\n' | migration
	cg plan -f m.yaml
	refused "source"
	cg plan -f m.yaml --root /x
	refused "source" "mapping"
	printf '[1, 2]\n' | migration
	cg plan -f m.yaml
	refused "mapping"
}

@test "a relative path in the file, but not in a flag" {
	printf 'product: questdb\nsource: {root: var/lib/questdb}\n' | migration
	cg plan -f m.yaml
	refused "source.root" "absolute"
	cg check questdb --root nowhere
	refused "$work/nowhere" "No such file"
}

@test "a secret does not belong in the file" {
	printf 'product: questdb\nsource: {login: {user: admin, password: hunter2}}\n' | migration
	cg plan -f m.yaml
	refused "password_file"
	[[ $err != *hunter2* ]]
}

@test "an edition, a store and a gate there are not" {
	cg plan questdb --to-edition enterprize
	refused "enterprize" "enterprise"
	cg plan questdb --store s3://bucket
	refused "s3://bucket" "file:///"
	cg plan questdb --gate maybe
	refused "maybe" "verify"
}

@test "spans and sizes that are none" {
	cg status --timeout soon
	refused "soon" "10m"
	cg status --io-limit lots
	refused "lots" "50M"
}

@test "a very large migration file" {
	{ echo 'product: questdb'; head -c 3000000 /dev/zero | tr '\0' '#'; } | migration
	cg plan -f m.yaml
	refused "m.yaml"
}

@test "plans that are none" {
	cg apply none.json --yes
	refused "none.json"
	echo '{}' >p.json
	cg apply ./p.json --yes
	refused "p.json" "not a plan"
	head -c 1000 /dev/urandom >p.json
	cg apply p.json --yes
	refused "p.json"
}

@test "a plan that was edited" {
	printf '{"schema":"crossgrade/plan/1","steps":[],"digest":"%064d"}' 0 >p.json
	cg apply p.json --yes
	refused "digest"
}

@test "facts that are none" {
	echo '{"schema":"crossgrade/facts/2"}' >f.json
	cg verify questdb --against f.json
	refused "f.json"
	cg verify questdb
	refused "nothing to compare with"
}

@test "a restore point's name does not leave its home" {
	a_root
	for id in ../x /etc .; do
		cg backup prune questdb "$id" --root "$work/root" --yes
		refused "is not the id of a restore point"
	done
	cg backup show
	refused "no restore point is named"
}

@test "two subjects at once" {
	printf 'product: questdb\n' | migration
	cg apply plan.json -f m.yaml --yes
	refused "at once"
	cg rollback some-run --from /x
	refused "at once"
}

@test "an account to try a login with is made by apply, of its own plan" {
	cg apply plan.json --probe-account --yes
	refused "--probe-account would be more"
	cg verify --probe-account
	refused "verify changes nothing"
	a_root
	cg check questdb --root "$work/root" --probe-account
	refused "probe_account"
}

@test "control characters of others do not reach the terminal" {
	cg check questdb --root "$(printf '/x\033]0;owned\007')"
	[[ $err != *$'\033'* ]]
	[[ $err == *'\x1b]0;owned'* ]]
}

@test "an artifact that is not there, or no file at all" {
	local verb
	for verb in check plan "apply --yes"; do
		# shellcheck disable=SC2086
		cg $verb questdb --root "$PWD" --artifact none.tar.gz
		refused "none.tar.gz" "No such file" "name the archive"
		# shellcheck disable=SC2086
		cg $verb questdb --root "$PWD" --artifact /dev/null
		refused "/dev/null" "neither a file nor a directory"
	done
}

@test "facts to compare with, and no installation" {
	echo '{}' >facts.json
	cg verify --against facts.json
	refused "--against" "--root"
}

# By the goal alone: in the middle of a run neither the server nor its configuration need be there.
@test "an unfinished run, told before anything is looked at" {
	local product verb
	mkdir -p root/db .crossgrade-root
	echo junk >new.jar
	printf '{"state_dir": "/lost", "run": "20260101-000000-abcd", "plan": "x", "point": "%s/.crossgrade-root/20260101-000000-abcd"}' "$PWD" \
		>.crossgrade-root/run.json
	for product in questdb sftpgo; do
		for verb in "plan --artifact new.jar" "apply --yes --artifact new.jar" "backup create"; do
			# shellcheck disable=SC2086
			cg $verb $product --root root
			[ "$status" -eq 6 ] || { echo "$verb $product: $status $output $err"; return 1; }
			[[ $err == *"20260101-000000-abcd"*"rollback --from"* ]] || { echo "$err"; return 1; }
		done
		cg check $product --root root --artifact new.jar --output json
		[ "$status" -eq 6 ] || { echo "check $product: $status $output $err"; return 1; }
		[ $product = sftpgo ] || valid checks
		[[ $err == *"an unfinished run exists"*"20260101-000000-abcd"* ]]
	done
}

@test "a root that is not there, or no directory" {
	local verb
	echo x >file
	for verb in check plan "apply --yes" inspect "backup create" "backup list"; do
		# shellcheck disable=SC2086
		cg $verb questdb --root none
		refused "none" "No such file" "crossgrade inspect"
		# shellcheck disable=SC2086
		cg $verb questdb --root file
		refused "file" "Not a directory"
	done
	cg inspect --root none
	refused "none" "No such file"
}

@test "a directory that is not the product's" {
	local product
	mkdir empty
	for product in questdb sftpgo seatable; do
		cg check $product --root empty
		[ "$status" -eq 1 ] || { echo "$product: $status $output $err"; return 1; }
		[[ $err == *"there is no "*" in '$PWD/empty'"*"started with"* ]] || { echo "$err"; return 1; }
	done
	cg init sftpgo --root "$PWD/empty"
	[ "$status" -eq 1 ]
	[ ! -e migration.yaml ]
}

@test "a state directory that is a file" {
	echo x >file
	cg --state-dir file status
	refused "--state-dir" "not a directory"
}

@test "a digest that is none" {
	mkdir root
	cg plan questdb --root root --sha256 abc
	refused "target.sha256" "abc" "64"
}

@test "a service of a kind without what the kind needs" {
	mkdir root
	cg plan questdb --root root --service-kind systemd
	refused "source.service" "unit"
}

@test "a report of a run that is not there" {
	cg report 20260101-000000-abcd
	[ "$status" -eq 2 ] || { echo "status $status: $err"; return 1; }
}

@test "every verb names the word it does not understand" {
	local verb
	while read -r verb; do
		# shellcheck disable=SC2086
		cg $verb --no-such-option
		[ "$status" -eq 2 ] || { echo "$verb: $status $output $err"; return 1; }
		[[ $err == *"--no-such-option"* && -z $output ]] || { echo "$verb: $output $err"; return 1; }
		# shellcheck disable=SC2086
		cg $verb --state-dir
		[ "$status" -eq 2 ] || { echo "$verb: $status $output $err"; return 1; }
		[[ $err == *"--state-dir"* ]]
		# shellcheck disable=SC2086
		cg $verb one two three four
		[ "$status" -eq 2 ] || { echo "$verb: $status $output $err"; return 1; }
	done < <("$CROSSGRADE" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z ]*[a-z]\)  .*/\1/p')
}

@test "the verbs of a run refuse a name that is none" {
	for verb in resume rollback verify finalize report; do
		cg "$verb" "../../etc/passwd" --yes
		[[ $status -eq 1 || $status -eq 2 ]] || { echo "$verb: $status $output $err"; return 1; }
		[ -n "$err" ]
	done
	cg explain no-such-thing
	[ "$status" -eq 2 ]
	cg inspect no-such-product
	[ "$status" -eq 2 ]
	cg init no-such-product
	[ "$status" -eq 2 ]
}
