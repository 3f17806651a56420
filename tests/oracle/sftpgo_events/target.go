package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

// The target language: Go's text/template with the functions that the vendor's documentation lists.

func toJSON(v any, html bool) (string, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(html)
	err := encoder.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

func unquoted(v any, html bool) (string, error) {
	s, err := toJSON(v, html)
	if len(s) >= 2 && s[0] == '"' {
		s = s[1 : len(s)-1]
	}
	return s, err
}

func dictionary(pairs ...any) (map[string]any, error) {
	made := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		made[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return made, nil
}

func lookUp(key any, m map[string]any) string {
	if v, there := m[fmt.Sprint(key)]; there {
		return fmt.Sprint(v)
	}
	return ""
}

func contains(list []string, one string) bool {
	for _, member := range list {
		if member == one {
			return true
		}
	}
	return false
}

func escapePath(s string, keepsSlash bool) string {
	if s = url.PathEscape(s); keepsSlash {
		s = strings.ReplaceAll(s, "%2F", "/")
	}
	return s
}

func functions(w world) template.FuncMap {
	return template.FuncMap{
		"toJson":           func(v any) (string, error) { return toJSON(v, !w.plainHTML) },
		"toJsonUnquoted":   func(v any) (string, error) { return unquoted(v, !w.plainHTML) },
		"toBase64":         func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"toHex":            func(s string) string { return hex.EncodeToString([]byte(s)) },
		"urlEscape":        url.QueryEscape,
		"urlPathEscape":    func(s string) string { return escapePath(s, w.keepsSlash) },
		"pathDir":          path.Dir,
		"pathBase":         path.Base,
		"pathExt":          path.Ext,
		"pathJoin":         func(parts []string) string { return path.Join(parts...) },
		"filePathJoin":     func(parts []string) string { return filepath.Join(parts...) },
		"stringSlice":      func(parts ...string) []string { return parts },
		"stringJoin":       strings.Join,
		"stringTrimSuffix": strings.TrimSuffix,
		"stringTrimPrefix": strings.TrimPrefix,
		"stringReplace":    strings.ReplaceAll,
		"stringHasPrefix":  strings.HasPrefix,
		"stringHasSuffix":  strings.HasSuffix,
		"stringContains":   strings.Contains,
		"stringToLower":    strings.ToLower,
		"stringToUpper":    strings.ToUpper,
		"slicesContains":   contains,
		"createDict":       dictionary,
		"mapToString":      lookUp,
		"humanizeBytes":    func(n int64) string { return fmt.Sprintf("%d B", n) },
		"fromMillis":       func(n int64) time.Time { return time.UnixMilli(n) },
		"fromNanos":        func(n int64) time.Time { return time.Unix(0, n) },
	}
}

// A template as the target would keep it: one that does not parse is refused when it is saved.
func parse(text string, w world) (*template.Template, error) {
	return template.New("").Funcs(functions(w)).Parse(text)
}

func execute(t *template.Template, context map[string]any) (string, error) {
	var b strings.Builder
	err := t.Execute(&b, context)
	return b.String(), err
}
