package main

import (
	"path"
	"strings"
	"time"
)

type trigger int

const (
	onFile trigger = iota + 1
	onProvider
	onSchedule
	onIPBlocked
	onCertificate
	onDemand
	onLogin
)

// What happened, from which both editions derive what they know of it.
type event struct {
	trigger        trigger
	event          string // of files and of the provider
	rule           string
	actor          string // user, executor, domains
	actorIsAdmin   bool
	actorRole      string
	status         int
	source, target string // virtual paths
	disk, diskTo   string
	key, kind      string // of the provider's object
	keyRole        string
	addresses      []string
	object         string // JSON of the object as the old edition prints it
	objectAfter    string // and the new one
	sharePath      string
	size, elapsed  int64
	protocol, ip   string
	uid            string
	when           time.Time
	errors         []string
	claims         map[string]any
	metadata       map[string]string
	backup         string // file that an action of the same rule has just made, if one has
	nul            bool   // a value has a NUL byte
	retained       string // user or folder that a retention action is at
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// What the open-source release hands to its placeholders.
func (e *event) before(r release) *params {
	p := &params{Status: e.status, Errors: e.errors, UID: e.uid, When: e.when}
	switch e.trigger {
	case onFile:
		p.Name, p.Event, p.Role, p.Email = e.actor, e.event, e.actorRole, first(e.addresses)
		p.VirtualPath, p.FsPath, p.VirtualTargetPath, p.FsTargetPath = e.source, e.disk, e.target, e.diskTo
		p.ObjectName, p.Ext = path.Base(e.source), path.Ext(e.source)
		p.FileSize, p.Elapsed, p.Protocol, p.IP, p.Metadata = e.size, e.elapsed, e.protocol, e.ip, e.metadata
	case onProvider:
		p.Name, p.Event, p.Role, p.IP = e.actor, e.event, e.actorRole, e.ip
		p.ObjectType, p.ObjectName, p.Object = e.kind, e.key, e.object
		if e.kind != "share" {
			p.Email = first(e.addresses)
		}
	case onSchedule:
		if p.When = (time.Time{}); r.dotted() {
			p.Name, p.Event, p.When = e.rule, "Schedule", e.when
		}
	case onIPBlocked:
		p.Event, p.IP = "IP Blocked", e.ip
	case onCertificate:
		p.Name, p.Event = e.actor, "Certificate renewal"
	case onDemand:
		p.When = time.Time{}
	case onLogin:
		p.Name, p.Event, p.Protocol, p.IP, p.Claims = e.actor, "IDP login user", "OIDC", e.ip, map[string]string{}
		for name, value := range e.claims {
			if text, ok := value.(string); ok {
				p.Claims[name] = text
			}
		}
	}
	if e.backup != "" {
		p.FsPath, p.ObjectName, p.VirtualPath = e.backup, path.Base(e.backup), "/"+path.Base(e.backup)
		p.FileSize, p.When = e.size, e.when
	}
	return p
}

// What nobody outside the vendor knows of the target. An output that is called exact is the same in every world.
type world struct {
	nameIsObject bool   // .Name of provider events: the object's key, not its executor
	emptyObject  string // .Object.JSON of an event without an object
	emptyMap     bool   // .Metadata without metadata: an empty map, not none
	keepsSlash   bool   // urlPathEscape
	plainHTML    bool   // toJsonUnquoted leaves <, > and & as they are
	noInitiator  bool   // .Initiator of provider events is empty
	rewords      bool   // errors are worded otherwise
	renumbers    bool   // identifiers of events look otherwise
	noBackup     bool   // a backup leaves nothing of its file to the actions after it
	nests        bool   // a claim "a.b" is .IDPFields.a.b
	escapesTwice bool   // an endpoint's path is escaped after its template was executed
	columns      string // how the report's columns differ
	wantsAll     bool   // a recipient that comes out empty fails the mail
}

// What the documentation of the target says that a template sees.
func (e *event) after(w world) map[string]any {
	none := map[string]any{"JSON": w.emptyObject}
	c := map[string]any{"Name": "", "ExtName": "", "Event": "", "Status": e.status, "Errors": e.errors,
		"VirtualPath": "", "FsPath": "", "VirtualTargetPath": "", "FsTargetPath": "", "ObjectName": "", "ObjectType": "",
		"FileSize": int64(0), "Elapsed": int64(0), "Protocol": "", "IP": "", "Role": "", "Email": "", "UID": e.uid,
		"Timestamp": e.when, "Object": none, "Initiator": map[string]any{}, "IDPFields": map[string]any(nil),
		"Metadata": map[string]string(nil)}
	if w.emptyMap {
		c["Metadata"], c["IDPFields"] = map[string]string{}, map[string]any{}
	}
	set := func(more map[string]any) {
		for name, value := range more {
			c[name] = value
		}
	}
	switch e.trigger {
	case onFile:
		set(map[string]any{"Name": e.actor, "Event": e.event, "Role": e.actorRole, "Email": strings.Join(e.addresses, ","),
			"VirtualPath": e.source, "FsPath": e.disk, "VirtualTargetPath": e.target, "FsTargetPath": e.diskTo,
			"ObjectName": path.Base(e.source), "FileSize": e.size, "Elapsed": e.elapsed, "Protocol": e.protocol, "IP": e.ip})
		if len(e.metadata) > 0 {
			c["Metadata"] = e.metadata
		}
	case onProvider:
		set(map[string]any{"Name": e.actor, "Event": e.event, "Role": e.keyRole, "IP": e.ip, "ObjectType": e.kind,
			"Email": strings.Join(e.addresses, ","), "ObjectName": e.key, "VirtualPath": e.sharePath,
			"Object": map[string]any{"JSON": e.objectAfter}})
		if w.nameIsObject {
			c["Name"] = e.key
		}
		c["Initiator"] = e.initiator(w)
	case onSchedule:
		set(map[string]any{"Name": e.rule, "Event": "Schedule"})
	case onIPBlocked:
		set(map[string]any{"Event": "IP Blocked", "IP": e.ip})
	case onCertificate:
		set(map[string]any{"Name": e.actor, "Event": "Certificate renewal"})
	case onDemand:
		set(map[string]any{"Name": e.rule, "Event": "On demand"})
	case onLogin:
		set(map[string]any{"Name": e.actor, "Event": "IDP login user", "Protocol": "OIDC", "IP": e.ip, "IDPFields": e.fields(w)})
	}
	if e.backup != "" && !w.noBackup {
		set(map[string]any{"FsPath": e.backup, "ObjectName": path.Base(e.backup), "VirtualPath": "/" + path.Base(e.backup),
			"FileSize": e.size})
	}
	if e.retained != "" {
		c["ObjectName"], c["Email"] = e.retained, []string{"ops@example.com", e.retained}
	}
	if w.rewords && len(e.errors) > 0 {
		c["Errors"] = append([]string{"in other words"}, e.errors...)
	}
	if w.renumbers {
		c["UID"] = "uid-" + e.uid
	}
	return c
}

// Who did it: nobody, an administrator or a user.
func (e *event) initiator(w world) map[string]any {
	who := map[string]any{"Admin": nil, "User": nil, "JSON": ""}
	if w.noInitiator || e.actor == "__system__" {
		return who
	}
	one := map[string]any{"Username": e.actor, "Role": e.actorRole}
	if e.actorIsAdmin {
		who["Admin"] = one
	} else {
		who["User"] = one
	}
	return who
}

func (e *event) fields(w world) map[string]any {
	made := map[string]any{}
	for name, value := range e.claims {
		outer, inner, nested := strings.Cut(name, ".")
		if nested && w.nests {
			made[outer] = map[string]any{inner: value}
		} else {
			made[name] = value
		}
	}
	return made
}
