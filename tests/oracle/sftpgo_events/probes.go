package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// A probe is an action in a rule of its own for each trigger, so that one that fails leaves the others as they are.
type probe struct {
	name   string
	action *action
	failed bool // after an action that the sink refused
}

func (b *bench) add(name string, a *action, failed bool) {
	a.Name = name
	b.probes = append(b.probes, probe{name, a, failed})
}

func (b *bench) addHTTP(name string, c *httpConfig, failed bool) {
	c.Headers = append(c.Headers, keyValue{"X-Probe", name})
	c.Timeout = 10
	b.add(name, &action{Type: typeHTTP, Options: options{HTTP: c}}, failed)
}

// All tokens there are, in all that is sent; then texts at random, after failures too.
func (b *bench) makeProbes() {
	r := b.release
	everything := ""
	for _, name := range tokenNames {
		everything += name + "=" + r.token(name) + "|"
	}
	post := func(name, body, contentType string) {
		b.addHTTP(name, &httpConfig{Endpoint: b.endpoint("/x"), Method: "POST", Body: body, Headers: []keyValue{{"Content-Type", contentType}}},
			false)
	}
	post("all-plain", everything, "text/plain")
	post("all-json", everything, "application/json")
	post("look-alikes", strings.Join(lookalikes, "|"), "text/plain")
	post("object", everything+"{{ObjectData}}", "text/plain")
	b.add("letter", b.letterProbe("letter", everything, 0), false)
	b.add("html", b.letterProbe("html", everything, 1), false)
	self, _ := os.Executable()
	command := func(name, text string) {
		b.add(name, &action{Type: typeCommand, Options: options{Command: &commandConfig{self,
			[]string{"record", filepath.Join(b.dir, name+".out"), text, r.token("Name")}, 10, []keyValue{{"ALL", text}}}}}, b.one(4))
	}
	command("command", everything)
	b.add("mkdir", &action{Type: typeFS, Options: options{FS: &fsConfig{Type: fsMkdirs,
		Mkdirs: []string{"/made/" + r.token("Event") + "/" + r.token("ObjectName") + "/" + r.token("Name")}}}}, false)
	for i := 0; i < 40; i++ {
		if c := b.randomHTTP(); c != nil {
			b.addHTTP(fmt.Sprintf("random-%d", i), c, b.one(4))
		}
	}
	for i := 0; i < 10; i++ {
		command(fmt.Sprintf("random-command-%d", i), strings.TrimSpace(b.text(r))) // as they are saved
	}
}

func (b *bench) letterProbe(name, text string, contentType int) *action {
	r := b.release
	return &action{Type: typeEmail, Options: options{Email: &emailConfig{
		Recipients: []string{name + "@example.com", r.token("Email")}, Subject: r.token("Event") + " " + r.token("StatusString"),
		Body: text, ContentType: contentType}}}
}

// Of any text but what no header can hold, in a multipart body no part that is a file.
func (b *bench) randomHTTP() *httpConfig {
	c := b.http(b.release)
	at := strings.Index(c.Endpoint, "://") + 3
	rest := strings.TrimLeft(c.Endpoint[at:], "abcdefghijklmnopqrstuvwxyz0123456789.@[]:")
	if rest != "" && rest[0] == '{' {
		rest = ""
	}
	c.Endpoint = b.endpoint(rest)
	for _, h := range c.Headers {
		if !sendable(h.Value) {
			return nil
		}
	}
	for _, p := range c.Parts {
		if p.Body == "" {
			return nil
		}
		for _, h := range p.Headers {
			if !sendable(h.Value) || strings.Contains(h.Value, "{{") {
				return nil
			}
		}
	}
	// A request with a blank in its first line no server can read.
	if u, err := url.Parse(c.Endpoint); err != nil || strings.Contains(u.RawQuery, " ") || c.Body == reports {
		return nil
	}
	return c
}
