package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"text/template"
)

// An action's configuration as dumps have it: of all fields those that placeholders are replaced in, and what decides how.

type keyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type part struct {
	Name     string     `json:"name"`
	Filepath string     `json:"filepath,omitempty"`
	Body     string     `json:"body,omitempty"`
	Headers  []keyValue `json:"headers,omitempty"`
}

type httpConfig struct {
	Endpoint string     `json:"endpoint"`
	Username string     `json:"username,omitempty"`
	Headers  []keyValue `json:"headers,omitempty"`
	Timeout  int        `json:"timeout,omitempty"`
	Method   string     `json:"method"`
	Query    []keyValue `json:"query_parameters,omitempty"`
	Body     string     `json:"body,omitempty"`
	Parts    []part     `json:"parts,omitempty"`
}

type commandConfig struct {
	Cmd     string     `json:"cmd"`
	Args    []string   `json:"args,omitempty"`
	Timeout int        `json:"timeout,omitempty"`
	Env     []keyValue `json:"env_vars,omitempty"`
}

type emailConfig struct {
	Recipients  []string `json:"recipients,omitempty"`
	Bcc         []string `json:"bcc,omitempty"`
	Subject     string   `json:"subject,omitempty"`
	Body        string   `json:"body,omitempty"`
	Attachments []string `json:"attachments,omitempty"`
	ContentType int      `json:"content_type,omitempty"`
}

type compressConfig struct {
	Name  string   `json:"name,omitempty"`
	Paths []string `json:"paths,omitempty"`
}

const (
	fsRename = iota + 1
	fsDelete
	fsMkdirs
	fsExist
	fsCompress
	fsCopy
)

type fsConfig struct {
	Type     int             `json:"type"`
	Renames  []keyValue      `json:"renames,omitempty"`
	Mkdirs   []string        `json:"mkdirs,omitempty"`
	Deletes  []string        `json:"deletes,omitempty"`
	Exist    []string        `json:"exist,omitempty"`
	Compress *compressConfig `json:"compress,omitempty"`
	Copy     []keyValue      `json:"copy,omitempty"`
}

type accountConfig struct {
	Mode  int    `json:"mode"`
	User  string `json:"template_user,omitempty"`
	Admin string `json:"template_admin,omitempty"`
}

type options struct {
	HTTP    *httpConfig    `json:"http_config,omitempty"`
	Command *commandConfig `json:"cmd_config,omitempty"`
	Email   *emailConfig   `json:"email_config,omitempty"`
	FS      *fsConfig      `json:"fs_config,omitempty"`
	Account *accountConfig `json:"idp_config,omitempty"`
}

type action struct {
	Name    string  `json:"name"`
	Type    int     `json:"type"`
	Options options `json:"options"`
}

const (
	typeHTTP    = 1
	typeCommand = 2
	typeEmail   = 3
	typeFS      = 9
	typeAccount = 13
)

// How a field's text becomes what is sent or done.
type use int

const (
	usePlain use = iota
	useEndpoint
	usePath
	useSource  // a path that the target takes for a pattern
	useReports // a path, or the whole body: retention reports may stand there
	useName    // HTTP user name: no template in the target
	useRecipient
)

type field struct {
	path   string
	text   string
	use    use
	escape func(s setting, p *params) escape
}

func always(e escape) func(setting, *params) escape {
	return func(setting, *params) escape { return e }
}

func isJSON(contentType string) bool {
	return strings.Contains(strings.ToLower(contentType), "application/json")
}

type fieldList []field

func (l *fieldList) add(path, text string, u use) { l.escaped(path, text, u, raw) }
func (l *fieldList) escaped(path, text string, u use, e escape) {
	*l = append(*l, field{path, text, u, always(e)})
}
func (l *fieldList) list(path string, texts []string, u use) {
	for i, text := range texts {
		l.add(fmt.Sprintf("%s[%d]", path, i), text, u)
	}
}
func (l *fieldList) pairs(path string, pairs []keyValue, key, value use) {
	for i, pair := range pairs {
		if key != usePlain {
			l.add(fmt.Sprintf("%s[%d].key", path, i), pair.Key, key)
		}
		l.add(fmt.Sprintf("%s[%d].value", path, i), pair.Value, value)
	}
}

// The whole request has one body: its own text before its parts, and none at all with GET.
func (c *httpConfig) fields() fieldList {
	var l fieldList
	l.add("http_config.endpoint", c.Endpoint, useEndpoint)
	l.add("http_config.username", c.Username, useName)
	l.pairs("http_config.headers", c.Headers, usePlain, usePlain)
	l.pairs("http_config.query_parameters", c.Query, usePlain, usePlain)
	switch {
	case c.Method == http.MethodGet:
	case c.Body != "":
		l.escaped("http_config.body", c.Body, useReports, c.bodyEscape())
	case len(c.Parts) == 0:
		l.add("http_config.body", "", useReports)
	default:
		for i := range c.Parts {
			c.Parts[i].fields(&l, fmt.Sprintf("http_config.parts[%d]", i))
		}
	}
	return l
}

// The first header of that name decides, by the text that is configured.
func (c *httpConfig) bodyEscape() escape {
	for _, h := range c.Headers {
		if http.CanonicalHeaderKey(h.Key) != "Content-Type" {
			continue
		}
		if isJSON(h.Value) {
			return asJSON
		}
		return raw
	}
	return raw
}

func (p *part) fields(l *fieldList, at string) {
	l.pairs(at+".headers", p.Headers, usePlain, usePlain)
	if p.Body == "" {
		l.add(at+".filepath", p.Filepath, useReports)
		return
	}
	*l = append(*l, field{at + ".body", p.Body, usePlain, p.bodyEscape})
}

// Of a part the last header of that name decides, by what it says for this event.
func (p *part) bodyEscape(s setting, values *params) escape {
	found := ""
	for _, h := range p.Headers {
		if http.CanonicalHeaderKey(h.Key) == "Content-Type" {
			found = s.replace(h.Value, values, raw)
		}
	}
	if isJSON(found) {
		return asJSON
	}
	return raw
}

func (c *emailConfig) fields(r release) fieldList {
	var l fieldList
	l.list("email_config.recipients", c.Recipients, useRecipient)
	l.list("email_config.bcc", c.Bcc, useRecipient)
	l.add("email_config.subject", c.Subject, usePlain)
	if r.dotted() && c.ContentType == 1 {
		l.escaped("email_config.body", c.Body, usePlain, asHTML)
	} else {
		l.add("email_config.body", c.Body, usePlain)
	}
	l.list("email_config.attachments", c.Attachments, useReports)
	return l
}

func (c *fsConfig) fields() fieldList {
	var l fieldList
	switch c.Type {
	case fsRename:
		l.pairs("fs_config.renames", c.Renames, usePath, usePath)
	case fsDelete:
		l.list("fs_config.deletes", c.Deletes, useSource)
	case fsMkdirs:
		l.list("fs_config.mkdirs", c.Mkdirs, usePath)
	case fsExist:
		l.list("fs_config.exist", c.Exist, usePath)
	case fsCompress:
		l.add("fs_config.compress.name", c.Compress.Name, usePath)
		l.list("fs_config.compress.paths", c.Compress.Paths, usePath)
	case fsCopy:
		l.pairs("fs_config.copy", c.Copy, useSource, usePath)
	}
	return l
}

// What a release would look through, in this action; the same fields hold the templates once it is translated.
func (a *action) fields(r release) fieldList {
	o := a.Options
	var l fieldList
	switch a.Type {
	case typeHTTP:
		l = o.HTTP.fields()
	case typeCommand:
		l.list("cmd_config.args", o.Command.Args, usePlain)
		for i, v := range o.Command.Env {
			if v.Value != "$" {
				l.add(fmt.Sprintf("cmd_config.env_vars[%d].value", i), v.Value, usePlain)
			}
		}
	case typeEmail:
		l = o.Email.fields(r)
	case typeFS:
		l = o.FS.fields()
	case typeAccount:
		l.escaped("idp_config.template_user", o.Account.User, usePlain, asJSON)
		l.escaped("idp_config.template_admin", o.Account.Admin, usePlain, asJSON)
	}
	return l
}

// Does the action ask for its object's data? Only some fields are searched for that.
func (a *action) wantsObject(r release) bool {
	o := a.Options
	switch a.Type {
	case typeHTTP:
		texts := []string{o.HTTP.Body}
		for _, p := range o.HTTP.Parts {
			texts = append(texts, p.Body)
		}
		return r.wantsObject("http", texts...)
	case typeCommand:
		var texts []string
		for _, v := range o.Command.Env {
			texts = append(texts, v.Value)
		}
		return r.wantsObject("command", texts...)
	case typeEmail:
		return r.wantsObject("email", o.Email.Body)
	}
	return false
}

const reports = "{{RetentionReports}}"
const report = "\x00the retention report" // stands for its bytes

// One pair: a field and an event, and what came of both. An error: the action fails, and nothing is sent.
type outcome struct {
	before, after       string
	beforeErr, afterErr error
	odd                 bool // an endpoint whose path is another than one would think
}

func (o *outcome) same() bool {
	return o.before == o.after && (o.beforeErr == nil) == (o.afterErr == nil)
}

// What a field makes of an event in the old release.
func (f *field) before(s setting, p *params, o *outcome) {
	switch {
	case f.use == useEndpoint:
		o.before, o.odd, o.beforeErr = s.endpoint(f.text, p)
	case f.use == useReports && f.text == reports:
		o.before = report
	case f.isPath():
		o.before = s.release.cleanPath(s.replace(f.text, p, raw))
	default:
		o.before = s.replace(f.text, p, f.escape(s, p))
	}
}

func (f *field) isPath() bool {
	return f.use == usePath || f.use == useSource || f.use == useReports && !strings.HasSuffix(f.path, ".body")
}

// A field's translation as the target's server has it, in one of the worlds that documentation leaves open.
type stored struct {
	use      use
	text     string
	path     bool
	refused  bool
	template *template.Template
	world    world
}

// Paths are cleaned when they are saved, like all that is no template there; one that does not parse is refused.
func (f *field) store(w world) (*stored, error) {
	s := &stored{use: f.use, text: f.text, path: f.isPath(), world: w}
	if s.use == useName || s.isReports() {
		return s, nil
	}
	if s.path {
		s.text = target.cleanPath(s.text)
	}
	last := path.Base(s.text)
	s.refused = s.use == useSource && strings.Contains(last, "{{") && isPattern(last)
	var err error
	s.template, err = parse(s.text, w)
	return s, err
}

// Outside of what is a template.
func isPattern(text string) bool {
	for _, piece := range strings.Split("}}"+text, "}}")[1:] {
		before, _, _ := strings.Cut(piece, "{{")
		if strings.ContainsAny(before, "*?[") {
			return true
		}
	}
	return false
}

var errRefused = errors.New("a pattern beside a template is refused when it is saved")
var errNobody = errors.New("a recipient without a name fails the mail")

func (s *stored) isReports() bool { return s.use == useReports && s.text == "{{.RetentionReports}}" }

// What a field makes of it in the target.
func (s *stored) after(context map[string]any, o *outcome) {
	switch {
	case s.use == useName:
		o.after = s.text
		return
	case s.isReports():
		o.after = report + s.world.columns
		return
	case s.refused:
		o.afterErr = errRefused
		return
	}
	if o.after, o.afterErr = execute(s.template, context); o.afterErr != nil {
		return
	}
	switch {
	case s.use == useEndpoint:
		o.after, o.afterErr = s.endpoint(o.after)
	case s.use == useRecipient && o.after == "" && s.world.wantsAll:
		o.afterErr = errNobody
	case s.path:
		o.after = target.cleanPath(o.after)
		if s.use == useSource && strings.ContainsAny(path.Base(o.after), "*?[") {
			o.after = "pattern " + o.after
		}
	}
}

func (s *stored) endpoint(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", err
	}
	if s.world.escapesTwice && strings.Contains(s.text, "{{") {
		u.Path, u.RawPath = u.EscapedPath(), ""
	}
	return u.String(), nil
}
