package main

import (
	"flag"
	"fmt"
	"math/rand"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The source language against a real server: one start, many actions on many events, each compared with the model byte by byte.

const userPassword = "pass-kai"

// A probe is an action in a rule of its own for each trigger, so that one that fails leaves the others as they are.
type probe struct {
	name   string
	action *action
	failed bool // after an action that the sink refused
}

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
	b.add("command", &action{Type: typeCommand, Options: options{Command: &commandConfig{self,
		[]string{"record", filepath.Join(b.dir, "command.out"), everything, r.token("Name")}, 10, []keyValue{{"ALL", everything}}}}}, false)
	b.add("mkdir", &action{Type: typeFS, Options: options{FS: &fsConfig{Type: fsMkdirs,
		Mkdirs: []string{"/made/" + r.token("Event") + "/" + r.token("ObjectName") + "/" + r.token("Name")}}}}, false)
	for i := 0; i < 40; i++ {
		if c := b.randomHTTP(); c != nil {
			b.addHTTP(fmt.Sprintf("random-%d", i), c, b.one(4))
		}
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

// One happening after the other.
type happening struct {
	name       string
	trigger    trigger
	conditions map[string]any
	cause      func() error
	params     params              // all but what only the server knows: time, UID, elapsed
	before     string              // an action that comes first in its rule
	learn      func(*params) error // what shows afterwards
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
	os.Remove(filepath.Join(b.dir, "command.out"))
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
		want, got = s.expectCommand(p.action, values), b.waitFile("command.out")
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

func (b *bench) user(method, uri string, query url.Values, body string) error {
	_, err := b.server.call(b.token, method, uri+"?"+query.Encode(), []byte(body))
	return err
}

func (b *bench) file(event, source, target string, size int64) params {
	p := params{Name: "kai", Event: event, Status: 1, VirtualPath: source, FsPath: b.home() + source, ObjectName: path.Base(source),
		Ext: path.Ext(source), FileSize: size, Protocol: "HTTP", IP: "127.0.0.1", Role: "role 1", Email: "kai@example.com"}
	if target != "" {
		p.VirtualTargetPath, p.FsTargetPath = target, b.home()+target
	}
	return p
}

// What one cannot name a file in a shell either.
const hostileFile = "/a b%2F\"ä<&>'{{Name}}{{.Name}}\u2028\xff#?.T x.gz"

func (b *bench) happenings() []happening {
	on := func(event string) map[string]any { return map[string]any{"fs_events": []string{event}} }
	provider := func(event, kind string) map[string]any {
		return map[string]any{"provider_events": []string{event}, "options": map[string]any{"provider_objects": []string{kind}}}
	}
	at := func(name string) url.Values { return url.Values{"path": {name}} }
	mia := map[string]any{"username": "mia", "status": 1, "password": "pass-mia", "email": "mia@example.com", "description": `<&> "ü"`,
		"home_dir": b.dir + "/data/mia", "permissions": map[string]any{"/": []string{"*"}}, "filesystem": map[string]any{"provider": 0}}
	object := func(event string) params {
		return params{Name: "admin", Event: event, Status: 1, ObjectName: "mia", ObjectType: "user", IP: "127.0.0.1", Email: "mia@example.com"}
	}
	user := func(method, uri string, body any) func() error {
		return func() error { _, err := b.server.admin(method, uri, body); return err }
	}
	return []happening{
		{name: "upload", trigger: onFile, conditions: on("upload"), cause: func() error {
			return b.user("POST", "/api/v2/user/files/upload", at(hostileFile), "xyz")
		}, params: b.file("upload", hostileFile, "", 3)},
		{name: "control characters", trigger: onFile, conditions: on("upload"), cause: func() error {
			return b.user("POST", "/api/v2/user/files/upload", at("/a\t\x01b\n"), "")
		}, params: b.file("upload", "/a\t\x01b\n", "", 0)},
		{name: "rename", trigger: onFile, conditions: on("rename"), cause: func() error {
			return b.user("PATCH", "/api/v2/user/files", url.Values{"path": {hostileFile}, "target": {"/b.txt"}}, "")
		}, params: b.file("rename", hostileFile, "/b.txt", 0)},
		{name: "delete", trigger: onFile, conditions: on("delete"), cause: func() error { return b.user("DELETE", "/api/v2/user/files", at("/b.txt"), "") },
			params: b.file("delete", "/b.txt", "", 3)},
		{name: "add", trigger: onProvider, conditions: provider("add", "user"), cause: user("POST", "/api/v2/users", mia), params: object("add")},
		{name: "change", trigger: onProvider, conditions: provider("update", "user"), cause: user("PUT", "/api/v2/users/mia", mia), params: object("update")},
		{name: "remove", trigger: onProvider, conditions: provider("delete", "user"), cause: user("DELETE", "/api/v2/users/mia", nil), params: object("delete")},
		{name: "share", trigger: onProvider, conditions: provider("add", "share"), cause: b.share, params: params{Name: "kai", Event: "add",
			Status: 1, ObjectType: "share", IP: "127.0.0.1", Role: "role 1"}, learn: func(p *params) error {
			p.ObjectName = b.shared
			return nil
		}},
		{name: "by hand", trigger: onDemand, cause: b.byHand("by hand"), params: params{Status: 1}},
		{name: "backup", trigger: onDemand, cause: b.byHand("backup"), params: params{Status: 1}, before: "backup", learn: b.backedUp},
		{name: "blocked", trigger: onIPBlocked, cause: b.block, params: params{Event: "IP Blocked", Status: 1, IP: "127.0.0.2"}},
	}
}

func (b *bench) byHand(rule string) func() error {
	return func() error {
		_, err := b.server.admin("POST", "/api/v2/eventrules/run/"+url.PathEscape(rule), nil)
		return err
	}
}

func (b *bench) share() error {
	_, err := b.server.call(b.token, "POST", "/api/v2/user/shares", []byte(`{"name":"s","scope":1,"paths":["/"]}`))
	b.shared = b.server.made
	return err
}

// The file that a backup made is that of the actions after it.
func (b *bench) backedUp(p *params) error {
	files, err := filepath.Glob(b.dir + "/backups/backup_*.json")
	if err != nil || len(files) != 1 {
		return fmt.Errorf("%d backups", len(files))
	}
	info, err := os.Stat(files[0])
	if err != nil {
		return err
	}
	p.FsPath, p.ObjectName, p.VirtualPath, p.FileSize = files[0], path.Base(files[0]), "/"+path.Base(files[0]), info.Size()
	return nil
}

// Logins of nobody, from an address of their own.
func (b *bench) block() error {
	dial := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	for i := 0; i < 4; i++ {
		b.server.callAs("nobody:x", "GET", "/api/v2/user/token", dial)
	}
	return nil
}
