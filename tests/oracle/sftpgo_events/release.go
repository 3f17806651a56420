package main

import (
	"fmt"
	"strings"
)

// A release of the open-source edition, 2.6.x or 2.7.x. Which names are tokens depends on it.
type release struct{ minor, patch int }

var releases = []release{{6, 0}, {6, 1}, {6, 2}, {6, 3}, {6, 4}, {6, 5}, {6, 6},
	{7, 0}, {7, 1}, {7, 3}, {7, 4}, {7, 5}}

func parseRelease(s string) (r release, err error) {
	_, err = fmt.Sscanf(s, "2.%d.%d", &r.minor, &r.patch)
	return r, err
}

func (r release) String() string { return fmt.Sprintf("2.%d.%d", r.minor, r.patch) }

func (r release) atLeast(minor, patch int) bool {
	return r.minor > minor || r.minor == minor && r.patch >= patch
}

// From 2.7 on a token is {{.Name}}, before it was {{Name}}.
func (r release) dotted() bool { return r.minor >= 7 }

func (r release) token(name string) string {
	if r.dotted() {
		return "{{." + name + "}}"
	}
	return "{{" + name + "}}"
}

// A text without this is never looked through.
func (r release) opening() string {
	if r.dotted() {
		return "{{."
	}
	return "{{"
}

// The release that first knew a name; all others are as old as 2.6.0.
func (r release) knows(name string) bool {
	switch name {
	case "EscapedVirtualPath", "DateTime":
		return r.atLeast(6, 3)
	case "Year", "Month", "Day", "Hour", "Minute":
		return r.atLeast(6, 5)
	case "ObjectBaseName":
		return r.atLeast(7, 0)
	}
	return true
}

// What makes an action's object data real: which texts its scanned fields are searched for.
func (r release) objectMarks(kind string) []string {
	switch {
	case kind == "http" && r.dotted():
		return []string{"{{ObjectData}}", "{{ObjectDataString}}"}
	case !r.atLeast(6, 1):
		return []string{r.token("ObjectData")}
	}
	return []string{r.token("ObjectData"), r.token("ObjectDataString")}
}

func (r release) wantsObject(kind string, scanned ...string) bool {
	for _, text := range scanned {
		for _, mark := range r.objectMarks(kind) {
			if strings.Contains(text, mark) {
				return true
			}
		}
	}
	return false
}
