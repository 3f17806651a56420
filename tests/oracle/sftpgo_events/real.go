package main

import (
	"flag"
	"fmt"
	"math/rand"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The source language against a real server: one start, many actions on many events, each compared with the model byte by byte.

const userPassword = "pass-kai"

type bench struct {
	hostile
	release  release
	server   *server
	sink     *sink
	dir      string
	token    string // of user kai
	shared   string // his share
	probes   []probe
	compared int
	faults   []string
	deadline time.Time // for what an event sets off
}

func realMain(args []string) error {
	flags := flag.NewFlagSet("real", flag.ExitOnError)
	built := flags.String("server", "", "directory of a built release")
	version := flags.String("release", "2.7.5", "what it is")
	seed := flags.Int64("seed", 1, "the same actions again")
	dir := flags.String("dir", "", "an empty directory for its state")
	flags.Parse(args)
	r, err := parseRelease(*version)
	if err != nil {
		return err
	}
	b := &bench{hostile: hostile{rand.New(rand.NewSource(*seed))}, release: r, dir: *dir}
	if b.sink, err = openSink(); err != nil {
		return err
	}
	defer b.sink.close()
	if b.server, err = startServer(*built, *dir, b.sink); err != nil {
		return err
	}
	defer b.server.stop()
	if err = b.run(); err != nil {
		return err
	}
	for i, fault := range b.faults {
		if i == 10 {
			break
		}
		fmt.Printf("difference: %s\n", fault)
	}
	fmt.Printf("%d outputs of a real %s, %d differences from the model; %d probes, seed %d\n", b.compared, r, len(b.faults), len(b.probes), *seed)
	if len(b.faults) > 0 || b.compared == 0 {
		return fmt.Errorf("%d differences", len(b.faults))
	}
	return nil
}

// As a command action: what it was given, into the file that is its first argument.
func recordMain(args []string) error {
	var b strings.Builder
	for _, argument := range args[1:] {
		fmt.Fprintf(&b, "argument %s\n", argument)
	}
	for _, variable := range os.Environ() {
		fmt.Fprintf(&b, "%s\n", variable)
	}
	made := args[0] + ".part"
	if err := os.WriteFile(made, []byte(b.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(made, args[0])
}

func (b *bench) endpoint(rest string) string { return "http://" + b.sink.http.Addr().String() + rest }

type ruleAction struct {
	Name  string `json:"name"`
	Order int    `json:"order"`
}

func rule(name string, trigger trigger, conditions map[string]any, actions ...string) map[string]any {
	if conditions == nil {
		conditions = map[string]any{}
	}
	var list []ruleAction
	for i, a := range actions {
		list = append(list, ruleAction{a, i + 1})
	}
	return map[string]any{"name": name, "status": 1, "trigger": trigger, "conditions": conditions, "actions": list}
}

func (b *bench) run() error {
	if err := b.load(); err != nil {
		return err
	}
	answer, err := b.server.callAs("kai:"+userPassword, "GET", "/api/v2/user/token", nil)
	if err != nil {
		return err
	}
	if b.token, err = tokenOf(answer); err != nil {
		return err
	}
	for _, h := range b.happenings() {
		if err := b.happen(&h); err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
	}
	return nil
}

func (b *bench) load() error {
	users := []map[string]any{{"username": "kai", "status": 1, "password": userPassword, "email": "kai@example.com", "role": "role 1",
		"home_dir": b.home(), "permissions": map[string]any{"/": []string{"*"}}, "filesystem": map[string]any{"provider": 0}}}
	if b.release.dotted() {
		users[0]["filters"] = map[string]any{"additional_emails": []string{"second@example.com"}}
	}
	if err := b.loadData(map[string]any{"roles": []map[string]any{{"name": "role 1"}}, "users": users}); err != nil {
		return err
	}
	b.makeProbes()
	b.add("backup", &action{Type: 4}, false)
	b.addHTTP("refused", &httpConfig{Endpoint: b.endpoint("/refused"), Method: "POST", Body: "x"}, false)
	b.addHTTP("reference", b.reference(), false)
	var kept []probe
	for _, p := range b.probes {
		if _, err := b.server.admin("POST", "/api/v2/eventactions", p.action); err != nil {
			if strings.HasPrefix(p.name, "random-") {
				continue // nothing that a server could have
			}
			return err
		}
		kept = append(kept, p)
	}
	b.probes = kept
	return nil
}

func (b *bench) home() string { return filepath.Join(b.dir, "data", "kai") }

// What the model cannot know, by tokens that no field escapes.
func (b *bench) reference() *httpConfig {
	r := b.release
	body := fmt.Sprintf("%s %s %s {{ObjectData}} %s", r.token("UID"), r.token("Timestamp"), r.token("Elapsed"), r.token("ObjectData"))
	return &httpConfig{Endpoint: b.endpoint("/x"), Method: "POST", Body: body}
}

func (b *bench) happen(h *happening) error {
	b.sink.forget()
	for _, p := range b.probes {
		os.Remove(filepath.Join(b.dir, p.name+".out"))
	}
	rules := b.rules(h)
	if err := b.loadData(map[string]any{"event_rules": rules}); err != nil {
		return err
	}
	b.deadline = time.Now().Add(10 * time.Second)
	if err := h.cause(); err != nil {
		return err
	}
	if err := b.settle(&h.params); err != nil {
		return err
	}
	if h.learn != nil {
		if err := h.learn(&h.params); err != nil {
			return err
		}
	}
	b.deadline = time.Now().Add(2 * time.Second)
	b.compare(h)
	for _, r := range rules {
		if _, err := b.server.admin("DELETE", "/api/v2/eventrules/"+url.PathEscape(r["name"].(string)), nil); err != nil {
			return err
		}
	}
	return nil
}

// By hand each rule is an event of its own: then there is one, and what fails comes last.
func (b *bench) rules(h *happening) []map[string]any {
	if h.trigger == onDemand {
		var order, after []string
		if h.before != "" {
			order = append(order, h.before)
		}
		for _, p := range b.probes {
			switch {
			case p.name == "refused" || p.name == "backup" || p.name == "mkdir":
			case p.failed:
				after = append(after, p.name)
			default:
				order = append(order, p.name)
			}
		}
		return []map[string]any{rule(h.name, h.trigger, h.conditions, append(append(order, "refused"), after...)...)}
	}
	var rules []map[string]any
	for _, p := range b.probes {
		name := h.name + " " + p.name
		switch {
		case p.name == "refused" || p.name == "backup" || p.name == "mkdir" && h.trigger != onFile:
		case p.failed:
			rules = append(rules, rule(name, h.trigger, h.conditions, "refused", p.name))
		default:
			rules = append(rules, rule(name, h.trigger, h.conditions, p.name))
		}
	}
	return rules
}

// As a dump of this release: nothing in it is translated while it is loaded.
func (b *bench) loadData(objects map[string]any) error {
	objects["version"] = 16
	if b.release.dotted() {
		objects["version"] = 17
	}
	_, err := b.server.admin("POST", "/api/v2/loaddata?mode=0", objects)
	return err
}

func (b *bench) settle(p *params) error {
	reference, err := b.wait("reference")
	if err != nil {
		return err
	}
	fields := strings.SplitN(string(reference.body), " ", 4)
	if len(fields) < 4 {
		return fmt.Errorf("the reference says %q", reference.body)
	}
	p.UID = fields[0]
	nanos, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return err
	}
	if p.When = time.Unix(0, nanos); nanos == (time.Time{}).UnixNano() {
		p.When = time.Time{}
	}
	// The data stands there twice; 2.7 leaves the first as it is, but without it sends none.
	if object := fields[3][(len(fields[3])+1)/2:]; object != "{}" {
		p.Object = object
	}
	if b.release.dotted() {
		p.Object = strings.TrimPrefix(strings.TrimPrefix(fields[3], "{{ObjectData}} "), "{}")
	}
	p.Elapsed, err = strconv.ParseInt(fields[2], 10, 64)
	return err
}

// Until it is there, or nothing more is to be expected.
func (b *bench) until(there func() bool) bool {
	for !there() {
		if time.Now().After(b.deadline) {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

func (b *bench) wait(name string) (r request, err error) {
	if !b.until(func() bool {
		b.sink.Lock()
		defer b.sink.Unlock()
		if got := b.sink.requests[name]; len(got) > 0 {
			r = got[0]
			return true
		}
		return false
	}) {
		return r, fmt.Errorf("nothing of %q arrived", name)
	}
	return r, nil
}

func (b *bench) compare(h *happening) {
	for _, p := range b.probes {
		values := h.params
		if p.failed {
			values.Errors = []string{`action "refused" failed: unexpected status code: 205`}
			if h.trigger == onDemand {
				values.Status = 2
			}
		}
		b.compareOne(h, p, &values)
	}
}

func (b *bench) compareOne(h *happening, p probe, values *params) {
	s := setting{release: b.release, zone: time.UTC}
	var want, got string
	switch p.action.Type {
	case typeHTTP:
		if p.name == "refused" || p.name == "reference" {
			return
		}
		expected, err := s.expectRequest(p.action, values)
		if err != nil {
			expected = "nothing"
		}
		want, got = expected, "nothing"
		if err == nil {
			if r, err := b.wait(p.name); err == nil {
				got = r.String(p.action.Options.HTTP)
			}
		}
	case typeEmail:
		want, got = s.expectLetter(p.action, values), b.waitLetter(p.name+"@example.com")
	case typeCommand:
		want, got = s.expectCommand(p.action, values), b.waitFile(p.name+".out")
	default:
		return
	case typeFS:
		if h.trigger != onFile {
			return
		}
		texts, _ := s.replaced(p.action, values)
		want, got = "made", b.waitDirectory(texts["fs_config.mkdirs[0]"])
	}
	b.compared++
	if want != got {
		b.faults = append(b.faults, fmt.Sprintf("%s, %s:\nmodel  %q\nserver %q", h.name, p.name, want, got))
	}
}

func (b *bench) waitLetter(to string) string {
	said := "nothing"
	b.until(func() bool {
		b.sink.Lock()
		defer b.sink.Unlock()
		l, there := b.sink.letters[to]
		if there {
			said = l.String()
		}
		return there
	})
	return said
}

func (b *bench) waitFile(name string) string {
	var text []byte
	if !b.until(func() (there bool) {
		var err error
		text, err = os.ReadFile(filepath.Join(b.dir, name))
		return err == nil
	}) {
		return "nothing"
	}
	return string(text)
}

func (b *bench) waitDirectory(name string) string {
	if !b.until(func() bool {
		info, err := os.Stat(b.home() + name)
		return err == nil && info.IsDir()
	}) {
		return "nothing at " + name
	}
	return "made"
}
