package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Texts of configurations: tokens between what only looks like one.

var tokenNames = []string{"Name", "Event", "Status", "StatusString", "ErrorString", "VirtualPath", "EscapedVirtualPath", "VirtualDirPath",
	"FsPath", "VirtualTargetPath", "VirtualTargetDirPath", "TargetName", "FsTargetPath", "ObjectName", "ObjectBaseName", "Ext", "ObjectType",
	"FileSize", "Elapsed", "Protocol", "IP", "Role", "Email", "Timestamp", "DateTime", "Year", "Month", "Day", "Hour", "Minute", "UID",
	"ObjectData", "ObjectDataString", "Metadata", "MetadataString", "IDPField", "RetentionReports"}

var lookalikes = []string{"{{ Name }}", "{{name}}", "{{Bogus}}", "{{.Bogus}}", "{{Name}}", "{{.Name}}", "{{ .Name }}", "{{Name}", "{{Name }}",
	"{{{Name}}}", "{{{.Name}}}", "{{{{Name}}}}", "{{{{.Name}}}}", "{{if eq .Status 1}}A{{else}}B{{end}}", "{{ if .Name }}x{{ end }}", "{{",
	"{{{", "}}", "}}}", "{{- 1 -}}", "{{/* c */}}", `{{"{{"}}`, "{{`", "{{.", "{{.}}", "{{}}", "{ {", "{{\n}}", "{{IDPField}}", "{{.IDPField}}",
	"{{$v}}", "{{template \"x\"}}", "{{#each x}}", "{%", "${{Name}}"}

func (h hostile) token(r release) string {
	name := h.pick(tokenNames)
	if name == "IDPField" {
		name += h.pick(append([]string{"absent", ""}, claimNames...))
	}
	return r.token(name)
}

// Only what a JSON dump can hold.
func (h hostile) literal() string {
	if s := h.pick(scraps); utf8.ValidString(s) {
		return s
	}
	return " "
}

func (h hostile) text(r release) string {
	var b strings.Builder
	for n := 1 + h.Intn(6); n > 0; n-- {
		switch k := h.Intn(20); {
		case k < 11:
			b.WriteString(h.token(r))
		case k < 17:
			b.WriteString(h.literal())
		default:
			b.WriteString(h.pick(lookalikes))
		}
	}
	return b.String()
}

func (h hostile) texts(r release) []string {
	var list []string
	for n := 1 + h.Intn(2); n > 0; n-- {
		list = append(list, h.text(r))
	}
	return list
}

// As a person would write a body: quoted where it is a string, bare where it is a number or an object.
func (h hostile) jsonText(r release) string {
	var b strings.Builder
	for n := 1 + h.Intn(4); n > 0; n-- {
		name := h.pick(tokenNames)
		switch name {
		case "Status", "FileSize", "Elapsed", "Timestamp", "ObjectData", "Metadata":
			fmt.Fprintf(&b, `"%s":%s,`, name, r.token(name))
		default:
			literal, _ := json.Marshal(h.literal())
			fmt.Fprintf(&b, `"%s":"%s%s",`, name, strings.Trim(string(literal), `"`), h.token(r))
		}
	}
	return "{" + strings.TrimSuffix(b.String(), ",") + "}"
}

// As the release keeps it: clean when it is saved.
func (h hostile) pathText(r release) string {
	s := ""
	for n := 1 + h.Intn(3); n > 0; n-- {
		s += "/" + h.pick([]string{h.token(r), h.text(r), "archive", h.token(r) + "-" + h.token(r), "a b", "x*", "[a]",
			h.token(r) + "?"})
	}
	return r.cleanPath(s)
}

func (h hostile) reportsOr(text string) string {
	return h.pick([]string{text, text, text, reports, "{{.RetentionReports}}", "/{{.RetentionReports}}", reports + " "})
}

var hosts = []string{"http://127.0.0.1:8080", "https://hooks.example.com", "https://user@example.com", "http://[::1]:80", "https://{{Name}}.example.com",
	"https://{{.Name}}.example.com"}
var queries = []string{"", "", "", "?x=1", "?x={{Name}}", "?x={{.Name}}&y=%7B%7B", "?", "#f", "?q={{", "?a=b c"}

func (h hostile) endpointText(r release) string {
	s := hosts[h.Intn(4)]
	if h.one(25) {
		s = h.pick(hosts)
	}
	for n := h.Intn(4); n > 0; n-- {
		s += "/" + h.pick([]string{h.token(r), h.token(r), "hook", "a" + h.token(r) + "b", "a-b", "v1", "(x)", "für alle", "a b", "a%2Fb", "%2520",
			h.token(r) + "." + h.token(r), "..", "", h.pick([]string{"100%25", "{{Bogus}}", "{{.Bogus}}", "{{ Name }}", "a%7Bb", "{", "*", "é"})})
	}
	return s + h.pick([]string{"", "", "/"}) + h.pick(queries)
}

var headerKeys = []string{"Content-Type", "content-type", "X-Event", "X-Path", "Authorization"}
var contentTypes = []string{"application/json", "Application/JSON; charset=utf-8", "text/plain", "application/vnd.api+json", "application/x-www-form-urlencoded"}

func (h hostile) headers(r release) []keyValue {
	var list []keyValue
	for n := h.Intn(3); n > 0; n-- {
		key := h.pick(headerKeys)
		value := h.text(r)
		if strings.EqualFold(key, "content-type") && !h.one(12) {
			value = h.pick(append([]string{"application/" + h.token(r)}, contentTypes...))
		}
		list = append(list, keyValue{key, value})
	}
	return list
}

func (h hostile) keyValues(r release, value func(release) string) []keyValue {
	var list []keyValue
	for n := 1 + h.Intn(2); n > 0; n-- {
		list = append(list, keyValue{h.pick([]string{"KEY", "path", "SFTPGO_X"}), value(r)})
	}
	return list
}

func (h hostile) body(r release) string {
	if h.one(2) {
		return h.jsonText(r)
	}
	return h.text(r)
}

func (h hostile) http(r release) *httpConfig {
	c := &httpConfig{Endpoint: h.endpointText(r), Headers: h.headers(r), Timeout: 10, Method: h.pick([]string{"POST", "POST", "PUT", "GET"})}
	if h.one(4) {
		c.Username = h.text(r)
	}
	if h.one(3) {
		c.Query = h.keyValues(r, h.text)
	}
	if c.Method == "GET" {
		return c
	}
	if h.one(3) {
		for n := 1 + h.Intn(2); n > 0; n-- {
			p := part{Name: fmt.Sprintf("p%d", n), Headers: h.headers(r)}
			if h.one(3) {
				p.Filepath = h.reportsOr(h.pathText(r))
			} else {
				p.Body = h.body(r)
			}
			c.Parts = append(c.Parts, p)
		}
		return c
	}
	c.Body = h.reportsOr(h.body(r))
	return c
}

func (h hostile) email(r release) *emailConfig {
	c := &emailConfig{Recipients: []string{"ops@example.com"}, Subject: h.text(r), Body: h.text(r)}
	if h.one(3) {
		c.Recipients = h.texts(r)
	}
	if h.one(4) {
		c.Bcc = h.texts(r)
	}
	if h.one(3) {
		c.Attachments = []string{h.reportsOr(h.pathText(r))}
	}
	if h.one(2) {
		c.ContentType = 1
	}
	return c
}

func (h hostile) fs(r release) *fsConfig {
	c := &fsConfig{Type: 1 + h.Intn(fsCopy)}
	paths := []string{h.pathText(r), h.pathText(r)}
	pairs := []keyValue{{h.pathText(r), h.pathText(r)}}
	switch c.Type {
	case fsRename:
		c.Renames = pairs
	case fsDelete:
		c.Deletes = paths
	case fsMkdirs:
		c.Mkdirs = paths
	case fsExist:
		c.Exist = paths
	case fsCompress:
		c.Compress = &compressConfig{h.pathText(r), paths}
	case fsCopy:
		c.Copy = pairs
	}
	return c
}

func (h hostile) action(r release) *action {
	a := &action{Name: "a"}
	switch h.Intn(9) {
	case 0, 1, 2, 3, 8:
		a.Type, a.Options.HTTP = typeHTTP, h.http(r)
	case 4:
		a.Type, a.Options.Command = typeCommand, &commandConfig{"/usr/bin/true", h.texts(r), 10, h.keyValues(r, h.text)}
	case 5:
		a.Type, a.Options.Email = typeEmail, h.email(r)
	case 6:
		a.Type, a.Options.FS = typeFS, h.fs(r)
	case 7:
		a.Type, a.Options.Account = typeAccount, &accountConfig{0, h.jsonText(r), h.jsonText(r)}
	}
	return a
}
