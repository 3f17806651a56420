# crossgrade convert sftpgo-events: what is written, what is refused, and that no other byte moves.

bats_require_minimum_version 1.5.0
load common

# A dump of 2.6: four actions, three rules, an account with odd spelling around them.
dump() {
	cat >dump.json <<-'END'
		{"users":[ {"username" : "u\u00e9","n":1.50e+3, "x":"{{Name}}"} ],"event_actions":[
		{"id":1,"name":"chat","type":1,"options":{"http_config":{"endpoint":"https://chat.example/hook","method":"POST",
		 "headers":[{"key":"Content-Type","value":"text/plain"},{"key":"X-Token","value":"s3cret {{Name}}"}],"body":"{{Name}} put {{VirtualPath}}"}}},
		{"id":2,"name":"nothing","type":3,"options":{"email_config":{"recipients":["a@example.com"],"subject":"hello","body":"x"}}},
		{"id":3,"name":"object","type":1,"options":{"http_config":{"endpoint":"https://x.example/","method":"POST","body":"{{ObjectData}}"}}},
		{"id":4,"name":"clean","type":9,"options":{"fs_config":{"type":3,"mkdirs":["/done/{{Event}}"]}}}],
		"event_rules" : [{"name":"up","status":1,"trigger":1,"conditions":{"fs_events":["upload"]},"actions":[{"name":"chat","order":1},{"name":"clean","order":2}]},
		{"name":"changed","status" : 1 ,"trigger":2,"conditions":{"provider_events":["add"]},"actions":[{"name":"object","order":1}]},
		{"name":"old","status":0,"trigger":2,"conditions":{"provider_events":["add"]},"actions":[{"name":"object","order":1}]}],
		"configs":{ } ,"version":16 }
	END
}
convert() { cg convert sftpgo-events dump.json -o out.json --from-version 2.6.4 "$@"; }
ends() { [ "$status" -eq "$1" ] || { echo "status $status: $output $err"; return 1; }; }
told() { local word; for word; do [[ $err == *"$word"* ]] || { echo "'$word' is not in: $err"; return 1; }; done; }
out() { python3 -c "import json; d = json.load(open('out.json')); print($1)"; }
nothing_left() { [ ! -e out.json ] && [ -z "$(find . -name '.crossgrade-*')" ]; }

@test "texts become templates, and no other byte moves" {
	dump
	convert
	ends 0
	[ "$(stat -c %a out.json)" = 600 ]
	[ "$(out "d['event_actions'][0]['options']['http_config']['body']")" = '{{ .Name }} put {{ .VirtualPath }}' ]
	[ "$(out "d['event_actions'][3]['options']['fs_config']['mkdirs']")" = "['/done/{{ .Event }}']" ]
	[ "$(out "d['version']")" = 17 ]
	# Lines of which nothing was to be changed.
	diff dump.json out.json >moved || true
	[ "$(grep -c '^<' moved)" -eq 5 ]
	! grep -E '^[<>].*(users|nothing|"old"|fs_events|recipients)' moved || false
}

@test "an action that is not the same is held back: its active rule is set inactive, and named" {
	dump
	convert --output json
	ends 0
	valid translation
	[ "$(json "[a['name'] for a in d['actions'] if a['held']]")" = "['object']" ]
	[ "$(json "[(r['name'], r['set_inactive']) for r in d['rules'] if r['because']]")" = "[('changed', True), ('old', False)]" ]
	[ "$(out "[r['status'] for r in d['event_rules']]")" = '[1, 0, 0]' ]
	grep -q '"status" : 0 ,' out.json
}

@test "rules without their actions: the copies are judged, and what has none is set inactive and named" {
	cat >dump.json <<-'END'
		{"version":16,"event_rules":[
		{"name":"copied","status":1,"trigger":1,"actions":[{"name":"del","type":9,"options":{"fs_config":{"type":2,"deletes":["/x/{{ObjectName}}"]}}}]},
		{"name":"again","status":1,"trigger":1,"actions":[{"name":"del","type":9,"options":{"fs_config":{"type":2,"deletes":["/x/{{ObjectName}}"]}}}]},
		{"name":"fine","status":1,"trigger":1,"actions":[{"name":"dirs","type":9,"options":{"fs_config":{"type":3,"mkdirs":["/done/{{Event}}"]}}}]},
		{"name":"bare","status":1,"trigger":1,"actions":[{"name":"dirs","type":9,"options":{"fs_config":{"type":3,"mkdirs":["/done/{{Event}}"]}}},{"name":"elsewhere"}]}]}
	END
	convert
	ends 3
	[[ $output == *"Blocks: 1"*"del: deletes-trees, deletes-value"* ]]
	nothing_left
	convert --accept deletes-trees:del --accept deletes-value:del --output json
	ends 0
	valid translation
	[ "$(json "(d['lists']['set_inactive'], d['rules'][0]['unknown'], d['counts']['actions'])")" = "(['bare'], ['elsewhere'], 2)" ]
	[ "$(out "[r['status'] for r in d['event_rules']]")" = '[1, 1, 1, 0]' ]
	rm out.json
	# The copy does not hold it: the action is there, and is fine.
	sed -i 's/"version":16/"version":16,"event_actions":[{"name":"del","type":4},{"name":"dirs","type":4},{"name":"elsewhere","type":4}]/' dump.json
	convert
	ends 0
	[ "$(out "[r['status'] for r in d['event_rules']]")" = '[1, 1, 1, 1]' ]
	rm out.json
	convert --accept deletes-trees:nobody
	ends 2
}

@test "actions without rules: who uses what is held back is not known, and said" {
	dump
	python3 -c 'import json; d = json.load(open("dump.json")); del d["event_rules"]; json.dump(d, open("dump.json", "w"))'
	convert --report r.html
	ends 0
	[[ $output == *"Held back: "*object*"must be set inactive by hand"* ]] || { echo "$output"; return 1; }
	grep -q 'must be set inactive by hand' r.html
}

@test "what is agreed to is held back no longer" {
	dump
	convert --accept object
	ends 0
	[ "$(out "[r['status'] for r in d['event_rules']]")" = '[1, 1, 0]' ]
	rm out.json
	# Of one action alone, which must be there.
	convert --accept object:object --output json
	ends 0
	[ "$(json "(d['lists']['held'], d['lists']['set_inactive'])")" = "([], [])" ]
	rm out.json
	convert --accept object:chat --output json
	ends 0
	[ "$(json "d['lists']['held']")" = "[{'name': 'object', 'findings': ['object-data']}]" ]
	rm out.json
	convert --accept object:nobody
	ends 2
	told "no event action or rule of 'dump.json' has the name 'nobody'"
	convert --accept objct
	ends 2
	told "'objct'" "did you mean 'object'?"
	nothing_left
}

@test "--strict writes nothing unless all is exact, and the report is there all the same" {
	dump
	convert --strict --report r.html
	ends 3
	[[ $output == *"nothing was written"* ]]
	nothing_left
	grep -q 'not-translatable' r.html
	convert --strict --accept object
	ends 0
}

@test "a path that becomes a pattern of what to delete writes nothing without a word" {
	dump
	sed -i 's|"fs_config":{"type":3,"mkdirs":\["/done/{{Event}}"\]}|"fs_config":{"type":2,"deletes":["/done/*.tmp"]}|' dump.json
	convert
	ends 3
	[[ $output == *deletes-pattern* && $output == *"--accept"* ]]
	nothing_left
	convert --accept deletes-pattern --accept deletes-trees
	ends 0
}

@test "the report: a page or a document, with both texts and without secrets" {
	dump
	convert --report r.html
	ends 0
	[ "$(stat -c %a r.html)" = 600 ]
	grep -q '<mark class="exact">{{Name}}</mark> put' r.html
	[[ $output == *'{{Name}} put {{VirtualPath}}'*'| {{ .Name }} put {{ .VirtualPath }}'* ]]
	rm out.json
	convert --report r.json
	output=$(cat r.json)
	valid translation
	! grep -q s3cret r.html r.json || false
	[[ $output == *'"***"'* ]]
	# An address that is a password, and a secret of its own query.
	rm out.json
	sed -i 's|https://chat.example/hook|https://chat.example/bot1:AAbbCC-s3cret-s3cret/{{Name}}?sig=s3cret|' dump.json
	convert --report hidden.html
	ends 0
	[[ $output == *'https://chat.example/***/{{Name}}?sig=***'* && $output != *s3cret* ]]
	! grep -q s3cret hidden.html || false
	# Values in a body and behind an option.
	rm out.json
	sed -i 's|"body":"{{Name}} put|"body":"{\\"routing_key\\":\\"s3cret\\"} {{Name}} put|
		s|"name":"nothing","type":3,"options":{|"name":"nothing","type":2,"options":{"cmd_config":{"cmd":"/x","args":["--token","s3cret{{Name}}"]},|' dump.json
	convert --report body.html
	ends 0
	[[ $output == *'{"routing_key":"***"} {{Name}} put'* && $output == *'***{{Name}}'* && $output != *s3cret* ]]
	! grep -q s3cret body.html || false
}

@test "rules before actions, sections that are null, a dump without either" {
	echo '{"version":16,"event_rules":[{"name":"r","status":1,"trigger":2,"actions":[{"name":"a"}]}],"users":null,
	"event_actions":[{"name":"a","type":1,"options":{"http_config":{"endpoint":"http://x/","method":"POST","body":"{{ObjectData}}"}}}]}' >dump.json
	convert
	ends 0
	[ "$(out "d['event_rules'][0]['status']")" = 0 ]
	rm out.json
	echo '{"event_actions":null,"event_rules":[],"version":16}' >dump.json
	convert
	ends 0
	[ "$(cat out.json)" = '{"event_actions":null,"event_rules":[],"version":17}' ]
}

@test "files that are no dumps" {
	local text
	for text in '' 'hello' '[]' '{"a":1}' '{"version":16' '{"version":"16"}' '{"version":16} x' '{"version":16,"event_actions":{}}' \
		'{"version":16,"event_actions":[1]}' '{"version":16,"event_rules":[{"name":""}]}' '{"version":16,"version":16}' \
		'{"version":16,"event_actions":[{"name":"a","type":1},{"name":"a","type":1}]}'; do
		printf %s "$text" >dump.json
		convert
		[ "$status" -eq 2 ] || { echo "$status: $text: $output $err"; return 1; }
		nothing_left
	done
	told "two event actions have the name 'a'"
	head -c 4000000 /dev/urandom >dump.json
	convert
	ends 2
	rm dump.json
	convert
	ends 2
	told "dump.json" "No such file"
	mkfifo dump.json
	convert
	ends 2
	told "not a regular file"
}

@test "a string of gigabytes costs no memory, in an action it is refused" {
	{ printf '{"users":["'; head -c 60000000 /dev/zero | tr '\0' x; printf '"],"version":16}'; } >dump.json
	run bash -c 'ulimit -v 200000; "$0" convert sftpgo-events dump.json -o out.json --from-version 2.6.4 -q' "$CROSSGRADE"
	ends 0
	[ "$(stat -c %s out.json)" = "$(stat -c %s dump.json)" ]
	rm out.json
	{ printf '{"event_actions":[{"name":"'; head -c 6000000 /dev/zero | tr '\0' x; printf '"}],"version":16}'; } >dump.json
	convert
	ends 1
	told "event action 1" "larger than"
	nothing_left
}

@test "so does any number of actions and rules: those that are not told are counted" {
	python3 - <<-'END'
		import json
		actions = [{"name": f"action {n}", "type": 1, "options": {"http_config": {"endpoint": "https://h.example/", "method": "POST",
		            "body": "{{ObjectData}} {{Name}}"}}} for n in range(11000)]
		rules = [{"name": f"rule {n}", "status": 1, "trigger": 2, "conditions": {"provider_events": ["update"]}, "actions": [{"name": f"action {n % 11000}", "order": 1}]} for n in range(100000)]
		json.dump({"event_actions": actions, "event_rules": rules, "version": 16}, open("dump.json", "w"))
	END
	run bash -c 'ulimit -v 400000; "$0" convert sftpgo-events dump.json -o out.json --from-version 2.6.4 --report r.html --output json >told' "$CROSSGRADE"
	ends 0
	python3 - <<-'END'
		import json
		d = json.load(open("told"))
		n = d["counts"]
		assert (n["actions"], n["held"], n["rules_set_inactive"]) == (11000, 11000, 100000), n
		assert [len(d["lists"][name]) for name in ("held", "set_inactive")] == [10000, 10000]
		assert (len(d["actions"]) + n["not_shown"], len(d["rules"]) + n["rules_not_shown"]) == (11000, 100000)
		assert n["rules_not_shown"]
		assert {r["status"] for r in json.load(open("out.json"))["event_rules"]} == {0}
	END
	grep -q '<li>and 90000 more</li>' r.html
	[ "$(tail -n 1 r.html)" = '</html>' ]
}

@test "so does one action with nothing but placeholders" {
	python3 - <<-'END'
		import json
		action = {"name": "a", "type": 2, "options": {"cmd_config": {"cmd": "/bin/true", "args": ["{{UID}}"] * 300000 + ["{{Email}}"]}}}
		rule = {"name": "r", "status": 1, "trigger": 1, "conditions": {"fs_events": ["upload"]}, "actions": [{"name": "a", "order": 1}]}
		json.dump({"event_actions": [action], "event_rules": [rule], "version": 16}, open("dump.json", "w"))
	END
	run bash -c 'ulimit -v 400000; "$0" convert sftpgo-events dump.json -o out.json --from-version 2.6.4 --output json' "$CROSSGRADE"
	ends 0
	# The last of them holds it back all the same.
	[ "$(json "(d['lists']['held'][0]['findings'], d['counts']['not_shown'], d['lists']['set_inactive'])")" = "(['one-email'], 1, ['r'])" ]
}

@test "releases: needed, known, and that of the dump" {
	dump
	cg convert sftpgo-events dump.json -o out.json
	ends 2
	told "--from-version"
	for v in 2.5.1 3.0.0 2.7.20260705 new; do
		cg convert sftpgo-events dump.json -o out.json --from-version $v
		ends 2
	done
	cg convert sftpgo-events dump.json -o out.json --from-version 2.7.5
	ends 2
	told "version 16" "2.7 writes 17"
	nothing_left
}

@test "2.7 may have had local time: a dump does not tell, so somebody has to" {
	dump
	sed -i 's/{{\([A-Z]\)/{{.\1/g; s/"version":16/"version":17/; s/{{.Name}} put/{{.Hour}}/' dump.json
	cg convert sftpgo-events dump.json -o out.json --from-version 2.7.5 --output json
	ends 0
	[[ $(json "[a['name'] for a in d['actions'] if a['held']]") == *chat* ]]
	rm out.json
	cg convert sftpgo-events dump.json -o out.json --from-version 2.7.5 --accept utc --output json
	ends 0
	[[ $(json "[a['name'] for a in d['actions'] if a['held']]") != *chat* ]]
}

@test "nothing is written over" {
	dump
	cp dump.json same.json
	convert -o dump.json
	ends 2
	told "the file that is to be read"
	ln dump.json link.json
	convert --report link.json
	ends 2
	cmp dump.json same.json
	echo mine >out.json
	convert
	ends 1
	told "there already" "name another"
	[ "$(cat out.json)" = mine ]
	mkdir folder
	ln -s . here
	local same
	for same in a.json ./a.json folder/../a.json "$work/a.json" here/a.json; do
		convert -o a.json --report "$same"
		ends 2
		told "cannot be both"
		[ ! -e a.json ]
	done
}

@test "a report of the last time is written anew, nothing else is, and without its report there is no new file" {
	dump
	local report
	for report in r.html r.json; do
		convert --strict --report $report
		ends 3
		cp $report before
		convert --report $report
		ends 0
		! cmp -s before $report || false
		[ "$(stat -c %a $report)" = 600 ]
		rm out.json
		echo mine >$report
		convert --report $report
		ends 1
		told "$report' is there already"
		[ "$(cat $report)" = mine ]
		nothing_left
	done
}

@test "names of files that are no UTF-8" {
	dump
	local name=$'d\xff.json'
	mv dump.json "$name"
	cg convert sftpgo-events "$name" -o $'o\xff.json' --from-version 2.6.4 --report r.html --output json
	ends 0
	valid translation
	[ "$(json "(d['file'], d['out'][-7:], d['counts']['actions'])")" = "('d?.json', 'o?.json', 4)" ]
	[ -e $'o\xff.json' ]
	grep -q 'Event actions of d?.json' r.html
}

@test "--detailed-exitcode tells apart what waits for somebody's hand" {
	dump
	convert --detailed-exitcode
	ends 10
	rm out.json
	convert --detailed-exitcode --accept object
	ends 0
	rm out.json
	convert --detailed-exitcode --strict
	ends 3
	nothing_left
}

@test "what waits for somebody's hand is told last, and first in the page, by the names to agree by" {
	dump
	sed -i 's|"fs_config":{"type":3,"mkdirs":\["/done/{{Event}}"\]}|"fs_config":{"type":2,"deletes":["/done/*.tmp"]}|' dump.json
	convert --report r.html
	ends 3
	[[ $output == *"Blocks: 1"*"clean: deletes-trees, deletes-pattern"*"Held back: 1"*"object: object-data"*"Rules set inactive: 2"*up*changed*"nothing was written"* ]]
	python3 - <<-'END'
		page = open("r.html").read()
		at = [page.index(w) for w in ("<h2>Blocks: 1", '<li><a href="#a2">clean</a>: deletes-trees, deletes-pattern', "<h2>Held back: 1",
		      "<h2>Rules set inactive: 2", '<a href="#r0">up</a>', '<h2 id="a2">clean')]
		assert at == sorted(at), at
	END
}

@test "what a run saw of the target is used, and called seen" {
	dump
	sed -i 's/"fs_events":\["upload"\]/"provider_events":["add"]/; s/"status":1,"trigger":1/"status":1,"trigger":2/' dump.json
	convert --output json
	[[ $(json "[h['findings'] for h in d['lists']['held']]") == *provider-name* ]]
	rm out.json
	echo '{"schema":"crossgrade/report/1","product":"sftpgo","steps":[{"kind":"events_probe","settled":{"provider-name":true}}]}' >run.json
	convert --settled run.json --output json
	ends 0
	[[ $(json "[h['findings'] for h in d['lists']['held']]") != *provider-name* ]]
	[ "$(json "d['evidence']['seen'] > 0")" = True ]
	rm out.json
	echo '{}' >run.json
	convert --settled run.json
	ends 2
	told "no report of a run"
	nothing_left
}

@test "a closed pipe or a full one costs the answer, not the file" {
	dump
	local status=0 i
	for i in 1 2 3; do
		{ "$CROSSGRADE" --state-dir state convert sftpgo-events dump.json -o out.json --from-version 2.6.4 2>said || echo $? >failed; } |
			true
		[ ! -e failed ]
		[ "$(out "d['version']")" = 17 ]
		rm out.json
	done
	"$CROSSGRADE" --state-dir state convert sftpgo-events dump.json -o out.json --from-version 2.6.4 >/dev/full 2>said
	grep -q "write the answer" said
	[ "$(out "d['version']")" = 17 ]
	rm out.json
	# Before there is a file: nothing, and no 0.
	{ "$CROSSGRADE" --state-dir state convert sftpgo-events dump.json -o out.json --from-version 9 2>&1 || echo $? >failed; } | true
	[ -s failed ]
	nothing_left
}

@test "--help names what can be converted, with an example" {
	cg convert --help
	ends 0
	[[ $output == *"sftpgo-events"*"Example:"*"--from-version"* ]]
}

@test "ended meanwhile: nothing is left, not even half a file" {
	{ printf '{"users":["'; head -c 200000000 /dev/zero | tr '\0' x; printf '"],"version":16}'; } >dump.json
	"$CROSSGRADE" --state-dir "$work/state" convert sftpgo-events dump.json -o out.json --from-version 2.6.4 2>said &
	local pid=$! i
	# Until it writes, as its own open files tell.
	for ((i = 0; i < 6000; i++)); do
		! ls -l /proc/$pid/fd 2>/dev/null | grep -qF "$work/#" || break
		kill -0 $pid 2>/dev/null || break
		sleep 0.01
	done
	kill -TERM $pid 2>/dev/null || true
	i=0
	wait $pid || i=$?
	[ $i -ne 0 ] || skip "it was done before it could be ended"
	[ $i -eq 130 ]
	grep -q "nothing was changed" said
	nothing_left
}

@test "words that are missing or wrong" {
	dump
	cg convert
	ends 2
	told "sftpgo-events"
	cg convert sftpgo-rules dump.json -o out.json
	ends 2
	told "'sftpgo-rules'" "sftpgo-events"
	cg convert sftpgo-events dump.json --from-version 2.6.4
	ends 2
	told "-o OUT"
	cg convert sftpgo-events --from-version 2.6.4 -o out.json
	ends 2
	convert -o none/out.json
	ends 2
}

@test "a full disk leaves nothing behind" {
	mkdir small
	mount -t tmpfs -o size=64k none small 2>/dev/null || skip "no tmpfs can be mounted"
	{ printf '{"users":["'; head -c 200000 /dev/zero | tr '\0' x; printf '"],"version":16}'; } >dump.json
	convert -o small/out.json
	umount_left=$(find small -type f)
	umount small
	ends 1
	told "No space left"
	[ -z "$umount_left" ]
}

# To refresh: UPDATE_GOLDEN=1, and read the difference.
@test "the example: fifty actions and their report, as crossgrade makes them" {
	cd "$EXAMPLES/sftpgo-events" || return
	cg convert sftpgo-events dump.json -o "$work/enterprise.json" --from-version 2.6.6 --report "$work/report.html" \
		--accept deletes-trees --accept deletes-value
	ends 0
	[[ $output == *"50 event actions: "* ]]
	local f
	for f in enterprise.json report.html; do
		[ -z "${UPDATE_GOLDEN-}" ] || install -m 644 "$work/$f" "$f"
		cmp "$work/$f" "$f" || { diff "$f" "$work/$f" | head -n 20; return 1; }
	done
	python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); assert len(d["event_actions"]) == 50 and d["version"] == 17' enterprise.json
}
