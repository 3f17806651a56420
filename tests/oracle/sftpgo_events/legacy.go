package main

import (
	"encoding/json"
	"html"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// The source language: what the placeholders of the open-source releases print.

type escape int

const (
	raw escape = iota
	asJSON
	asHTML
)

// What a release knows of an event when it executes an action.
type params struct {
	Name, Event                     string
	Status                          int
	VirtualPath, FsPath             string
	VirtualTargetPath, FsTargetPath string
	ObjectName, Ext, ObjectType     string
	FileSize, Elapsed               int64
	Protocol, IP, Role, Email, UID  string
	When                            time.Time
	Errors                          []string
	Claims                          map[string]string
	Metadata                        map[string]string
	Object                          string // JSON; empty: there is none
}

func jsonEscape(s string) string {
	b, _ := json.Marshal(s)
	return string(b[1 : len(b)-1])
}

func (e escape) of(s string) string {
	switch e {
	case asJSON:
		return jsonEscape(s)
	case asHTML:
		return html.EscapeString(s)
	}
	return s
}

// Never escaped.
func (p *params) plain(r release, zone *time.Location) map[string]string {
	at := p.When.In(zone).Format("2006-01-02T15:04:05.000")
	nanos := strconv.FormatInt(p.When.UnixNano(), 10)
	if p.When.IsZero() && !r.atLeast(6, 3) {
		nanos = "0"
	}
	status := "KO"
	if p.Status == 1 {
		status = "OK"
	}
	return map[string]string{"Event": p.Event, "Status": strconv.Itoa(p.Status), "StatusString": status,
		"ObjectType": p.ObjectType, "FileSize": strconv.FormatInt(p.FileSize, 10),
		"Elapsed": strconv.FormatInt(p.Elapsed, 10), "Protocol": p.Protocol, "IP": p.IP, "Timestamp": nanos,
		"DateTime": at, "Year": at[0:4], "Month": at[5:7], "Day": at[8:10], "Hour": at[11:13], "Minute": at[14:16]}
}

// Escaped as the field is. Some are tokens only when there is something to print.
func (p *params) escaped() map[string]string {
	values := map[string]string{"Name": p.Name, "VirtualPath": p.VirtualPath,
		"EscapedVirtualPath": url.QueryEscape(p.VirtualPath), "FsPath": p.FsPath,
		"VirtualTargetPath": p.VirtualTargetPath, "FsTargetPath": p.FsTargetPath, "ObjectName": p.ObjectName,
		"ObjectBaseName": strings.TrimSuffix(p.ObjectName, p.Ext), "Role": p.Role, "Email": p.Email, "UID": p.UID,
		"Ext": p.Ext, "ErrorString": strings.Join(p.Errors, ", ")}
	if p.VirtualPath != "" {
		values["VirtualDirPath"] = path.Dir(p.VirtualPath)
	}
	if p.VirtualTargetPath != "" {
		values["VirtualTargetDirPath"] = path.Dir(p.VirtualTargetPath)
		values["TargetName"] = path.Base(p.VirtualTargetPath)
	}
	for claim, value := range p.Claims {
		values["IDPField"+claim] = value
	}
	return values
}

// Two of a kind: as it is, and as the inside of a JSON string whatever the field.
func both(values map[string]string, name, empty, text string) {
	values[name], values[name+"String"] = empty, ""
	if text != "" {
		values[name], values[name+"String"] = text, jsonEscape(text)
	}
}

// A field's text as a release sends it.
type setting struct {
	release release
	zone    *time.Location // what common.tz says; 2.6 knows UTC alone
	object  bool           // the action asks for the object's data
}

func (s setting) values(p *params, e escape) map[string]string {
	values := p.plain(s.release, s.zone)
	object, metadata := "", ""
	if s.object {
		object = p.Object
	}
	if len(p.Metadata) > 0 {
		b, _ := json.Marshal(p.Metadata)
		metadata = string(b)
	}
	both(values, "ObjectData", "{}", object)
	both(values, "Metadata", "{}", metadata)
	for name, value := range p.escaped() {
		values[name] = e.of(value)
	}
	return values
}

func (s setting) replace(text string, p *params, e escape) string {
	if !strings.Contains(text, s.release.opening()) {
		return text
	}
	var pairs []string
	for name, value := range s.values(p, e) {
		if s.release.knows(name) {
			pairs = append(pairs, s.release.token(name), value)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Paths are made absolute and clean; 2.7 takes a backslash for a slash.
func (r release) cleanPath(p string) string {
	if r.dotted() {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	return path.Join("/", p)
}

// Has a text tokens that some events leave as they are?
func (r release) conditional(text string) bool {
	for _, name := range []string{"VirtualDirPath", "VirtualTargetDirPath", "TargetName"} {
		if strings.Contains(text, r.token(name)) {
			return true
		}
	}
	return strings.Contains(text, strings.TrimSuffix(r.token("IDPField"), "}}"))
}

// Of an endpoint only components of the path are looked at; its host and its query are as they were written. Also told: is the
// path another than one would think, because a value is empty, walks in the tree, begins it with a slash, is *, or is none at all?
func (s setting) endpoint(text string, p *params) (result string, odd bool, err error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", false, err
	}
	if !strings.Contains(u.Path, s.release.opening()) {
		return u.String(), false, nil
	}
	components := strings.Split(u.Path, "/")
	for i, component := range components {
		replaced := s.replace(component, p, raw)
		if replaced != component {
			components[i] = url.PathEscape(replaced)
			first := path.Join("/", path.Join(components[:i]...)) == "/"
			odd = odd || replaced == "" || replaced == "." || replaced == ".." || first && (replaced[0] == '/' || replaced == "*")
		} else if s.release.conditional(component) {
			odd = true
		}
	}
	u.Path = ""
	return u.JoinPath(components...).String(), odd, nil
}
