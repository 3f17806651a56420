package main

import (
	"encoding/json"
	"math/rand"
	"path"
	"strings"
	"time"
)

// Values and texts that a person would not think of, the same for the same seed.
type hostile struct{ *rand.Rand }

func (h hostile) pick(from []string) string { return from[h.Intn(len(from))] }
func (h hostile) one(in int) bool           { return h.Intn(in) == 0 }

var scraps = []string{"a", "report", "x y", "Kölner Straße", "日本", "🙂", "O'Neil", `say "hi"`, `back\slash`, `\\`, `\"`, `\u0041`,
	"<b>&amp;</b>", "&", "<script>", "%", "%20", "%2F", "100%", "%s%d", "%zz", "?q=1&r=2", "#frag", "+", "=", ";", ",", ":", "@",
	"{", "}", "{{", "}}", "{{{", "}}}", "{{Name}}", "{{.Name}}", "{{ .Name }}", "{{ if .Status }}", "{{end}}", "{{/* c */}}",
	"{{- ", " -}}", "{{`", "`", "$", "$v", "${HOME}", "$(id)", "|", "*", "[a]", "~", "\t", "\n", "\r\n", "\x01", "\x1f", "\x7f",
	"\u2028", "\u2029", "\ufeff", "\u202e", "\xff", "\xc3", "\xe2\x28\xa1", "\xed\xa0\x80", "null", "0", "-1", "true", ".", "..", "...",
	".tar.gz", ".", "1e9", "{}", "[]", `{"a":1}`, "<no value>", "Schedule", "On demand", "'", "''", `""`, "\u00a0", "e\u0301"}

func (h hostile) value() string {
	var b strings.Builder
	for n := h.Intn(5); n > 0; n-- {
		b.WriteString(h.pick(scraps))
	}
	if h.one(2000) {
		b.WriteString(strings.Repeat(h.pick(scraps), 20000))
	}
	return b.String()
}

func (h hostile) word() string {
	if s := h.value(); s != "" && !h.one(3) {
		return s
	}
	return h.pick([]string{"json", "kai", "mallory", "u1", "ops@example.com", "role-1", "ä b"})
}

// A virtual path as servers keep them: absolute, clean, and since 2.7 without a backslash, in the target too.
func (h hostile) path() string {
	s := "/"
	for n := h.Intn(4); n >= 0; n-- {
		s += h.word() + h.pick([]string{"/", "/", ".txt/", ".tar.gz/", "./"})
	}
	if h.one(12) {
		s = "/"
	}
	return path.Clean(strings.ReplaceAll(s, `\`, "-"))
}

func (h hostile) words(max int) []string {
	var list []string
	for n := h.Intn(max + 1); n > 0; n-- {
		list = append(list, h.word())
	}
	return list
}

func (h hostile) uid() string {
	id := make([]byte, 22)
	for i := range id {
		id[i] = "0123456789ABCDEFabcdef"[h.Intn(22)]
	}
	return string(id)
}

func (h hostile) when() time.Time {
	zone := time.FixedZone("", 60*(h.Intn(1560)-720))
	return time.Unix(h.Int63n(4102444800), h.Int63n(1e9)).In(zone)
}

var claimNames = []string{"mail", "nested.city", "a-b", "groups", "x y", "quota", "Ünï", "sub", `q"t`, `b\s`}

func (h hostile) claims(nul bool) map[string]any {
	made := map[string]any{}
	for _, name := range claimNames {
		switch h.Intn(6) {
		case 0:
		case 1:
			made[name] = []any{h.value(), h.value()}
		case 2:
			made[name] = float64(h.Intn(1000))
		default:
			made[name] = h.value()
		}
	}
	if nul {
		made["mail"] = "a\x00<b>"
	}
	return made
}

func (h hostile) metadata() map[string]string {
	made := map[string]string{}
	for n := h.Intn(3); n > 0; n-- {
		made[h.word()] = h.value()
	}
	return made
}

// JSON as both editions write it: compact, and safe inside HTML.
func (h hostile) object() string {
	b, _ := json.Marshal(map[string]any{"username": h.word(), "description": h.value(), "status": h.Intn(2)})
	return string(b)
}

func (h hostile) addresses() []string {
	return [][]string{nil, {h.word()}, {"u1@example.com"}, {"u1@example.com", h.word()}}[h.Intn(4)]
}

var fileEvents = []string{"upload", "first-upload", "pre-upload", "download", "first-download", "pre-download", "delete", "pre-delete",
	"rename", "mkdir", "rmdir", "copy", "ssh_cmd"}
var objectKinds = []string{"user", "folder", "group", "admin", "api_key", "share", "event_rule", "event_action"}

func (h hostile) event(t trigger) *event {
	e := &event{trigger: t, status: 1, rule: h.word(), actor: h.word(), uid: h.uid(), when: h.when(), errors: h.words(3), ip: "192.0.2.7",
		size: h.Int63() >> uint(h.Intn(63)), elapsed: h.Int63n(100000)}
	switch t {
	case onFile:
		h.file(e)
	case onProvider:
		h.provider(e)
	case onLogin:
		e.nul = h.one(8) // no other value can have one
		e.claims = h.claims(e.nul)
	default:
		h.ownerless(e)
	}
	return e
}

// Of schedules, by hand and the like: no user, and a status that earlier actions may have changed.
func (h hostile) ownerless(e *event) {
	if e.trigger != onIPBlocked {
		e.status = 1 + h.Intn(2)
	}
	switch h.Intn(8) {
	case 0:
		e.backup = "/srv/backups/backup_" + h.pick([]string{"Monday_3", "0_0", "Sunday_23"}) + ".json"
	case 1:
		e.retained = h.word()
	}
}

func (h hostile) file(e *event) {
	e.event, e.status, e.source = h.pick(fileEvents), 1+h.Intn(3), h.path()
	e.disk = "/srv/data" + e.source
	if e.event == "rename" || e.event == "copy" {
		e.target = h.path()
		e.diskTo = "/srv/data" + e.target
	}
	e.actorRole, e.addresses, e.metadata = h.value(), h.addresses(), h.metadata()
	e.protocol = h.pick([]string{"SFTP", "SCP", "SSH", "FTP", "DAV", "HTTP", "HTTPShare", "DataRetention", "EventAction", "OIDC"})
}

func (h hostile) provider(e *event) {
	e.event, e.kind, e.key = h.pick([]string{"add", "update", "delete"}), h.pick(objectKinds), h.word()
	e.object, e.objectAfter = h.object(), h.object()
	if h.one(2) {
		e.objectAfter = e.object
	}
	if e.actor = h.word(); h.one(4) {
		e.actor = h.pick([]string{"__self__", "__system__"})
	}
	e.actorRole, e.keyRole, e.actorIsAdmin = h.pick([]string{"", h.value()}), h.value(), h.one(2)
	if e.actor == "__system__" {
		e.actorRole = ""
	}
	switch e.kind {
	case "user", "admin":
		e.addresses = h.addresses()
	case "share":
		e.sharePath, e.addresses = h.path(), h.addresses()
	}
	if h.one(2) {
		e.key, e.keyRole = e.actor, e.actorRole
	}
}
