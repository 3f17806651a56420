package main

import (
	"fmt"
	"strings"
)

// The vendor's own recipes for these tokens, in place of ours: that the proof tells them apart shows that it can fail.
var recipes = []struct{ row, ours, theirs string }{
	{"StatusString", `{{ if eq .Status 1 }}OK{{ else }}KO{{ end }}`,
		`{{ mapToString .Status (createDict 1 "OK" 2 "KO" 3 "Quota exceeded") }}`},
	{"Month", `.Timestamp.UTC.Format "01"`, `.Timestamp.Month`},
	{"Hour", `.Timestamp.UTC.Format "15"`, `.Timestamp.Hour`},
	{"ObjectDataString", `{{ if ne .Object.JSON "{}" }}{{ toJsonUnquoted .Object.JSON }}{{ end }}`, `{{ .Object.JSON | toJson }}`},
	{"MetadataString", `{{ if .Metadata }}{{ toJsonUnquoted (toJson .Metadata) }}{{ end }}`, `{{ toJson .Metadata | toJson }}`},
}

// The translation of a field by each recipe that it has a token of.
func byRecipes(made *field, w world) map[string]*stored {
	var all map[string]*stored
	for _, r := range recipes {
		if made.use == useEndpoint || !strings.Contains(made.text, r.ours) {
			continue
		}
		theirs := *made
		theirs.text = strings.ReplaceAll(made.text, r.ours, r.theirs)
		if s, err := theirs.store(w); err == nil {
			if all == nil {
				all = map[string]*stored{}
			}
			all[r.row] = s
		}
	}
	return all
}

func (p *proof) tryRecipes(all map[string]*stored, context map[string]any, o *outcome) {
	for row, s := range all {
		theirs := outcome{before: o.before, beforeErr: o.beforeErr}
		if s.after(context, &theirs); !theirs.same() {
			p.caught[row]++
		}
	}
}

func (p *proof) recipesCaught() string {
	var list []string
	for _, r := range recipes {
		list = append(list, fmt.Sprintf("%s %d", r.row, p.caught[r.row]))
	}
	return strings.Join(list, ", ")
}
