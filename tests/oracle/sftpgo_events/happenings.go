package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
)

// What is made to happen on a real server.

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
