package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// What the model says that a real server sends, in one text that can be compared: of an HTTP request, of a letter, of a command.

func sentURI(endpoint string, query []keyValue) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	if len(query) > 0 {
		q := u.Query()
		for _, pair := range query {
			q.Add(pair.Key, pair.Value)
		}
		u.RawQuery = q.Encode()
		if u, err = url.Parse(u.String()); err != nil {
			return "", err
		}
	}
	return u.RequestURI(), nil
}

func sendable(header string) bool {
	return !strings.ContainsFunc(header, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// Every text of an action by its path, replaced. An error: the action fails before it sends anything.
func (s setting) replaced(a *action, p *params) (map[string]string, error) {
	s.object = a.wantsObject(s.release)
	texts := map[string]string{}
	for _, f := range a.fields(s.release) {
		var o outcome
		if f.before(s, p, &o); o.beforeErr != nil {
			return nil, o.beforeErr
		}
		texts[f.path] = o.before
	}
	return texts, nil
}

func (s setting) expectRequest(a *action, p *params) (string, error) {
	texts, err := s.replaced(a, p)
	if err != nil {
		return "", err
	}
	c := a.Options.HTTP
	var b strings.Builder
	query := make([]keyValue, len(c.Query))
	for i, pair := range c.Query {
		query[i] = keyValue{pair.Key, texts[fmt.Sprintf("http_config.query_parameters[%d].value", i)]}
	}
	uri, err := sentURI(texts["http_config.endpoint"], query)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "uri %s\n", uri)
	sent := http.Header{}
	if c.Username != "" {
		sent.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(texts["http_config.username"]+":")))
	}
	for i, h := range c.Headers {
		value := texts[fmt.Sprintf("http_config.headers[%d].value", i)]
		if !sendable(value) {
			return "", fmt.Errorf("header %q", value)
		}
		sent.Set(h.Key, textproto.TrimString(value))
	}
	for _, key := range []string{"Authorization", "X-Event", "X-Path", "X-Probe"} {
		fmt.Fprintf(&b, "%s: %s\n", key, sent.Get(key))
	}
	if c.Method != http.MethodGet && c.Body != "" {
		fmt.Fprintf(&b, "body %s\n", texts["http_config.body"])
	} else if c.Method != http.MethodGet {
		for i, part := range c.Parts {
			at := fmt.Sprintf("http_config.parts[%d]", i)
			sent := textproto.MIMEHeader{}
			for j, h := range part.Headers {
				sent.Set(h.Key, textproto.TrimString(texts[fmt.Sprintf("%s.headers[%d].value", at, j)]))
			}
			for _, h := range part.Headers {
				fmt.Fprintf(&b, "part %s: %s\n", h.Key, sent.Get(h.Key))
			}
			fmt.Fprintf(&b, "part %s\n", texts[at+".body"])
		}
	}
	return b.String(), nil
}

// The same of what arrived.
func (r *request) String(c *httpConfig) string {
	var b strings.Builder
	fmt.Fprintf(&b, "uri %s\n", r.uri)
	for _, key := range []string{"Authorization", "X-Event", "X-Path", "X-Probe"} {
		fmt.Fprintf(&b, "%s: %s\n", key, r.header.Get(key))
	}
	switch {
	case c.Method == http.MethodGet:
	case c.Body != "":
		fmt.Fprintf(&b, "body %s\n", r.body)
	default:
		r.parts(&b, c)
	}
	return b.String()
}

func (r *request) parts(b *strings.Builder, c *httpConfig) {
	_, options, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	reader := multipart.NewReader(bytes.NewReader(r.body), options["boundary"])
	for i := 0; ; i++ {
		p, err := reader.NextRawPart()
		if err != nil || i >= len(c.Parts) {
			break
		}
		for _, h := range c.Parts[i].Headers {
			fmt.Fprintf(b, "part %s: %s\n", h.Key, p.Header.Get(h.Key))
		}
		body, _ := io.ReadAll(p)
		fmt.Fprintf(b, "part %s\n", body)
	}
}

// Letters: recipients that become empty are dropped.
func (s setting) expectLetter(a *action, p *params) string {
	texts, err := s.replaced(a, p)
	if err != nil {
		return ""
	}
	var to []string
	for i := range a.Options.Email.Recipients {
		if one := texts[fmt.Sprintf("email_config.recipients[%d]", i)]; one != "" {
			to = append(to, one)
		}
	}
	body := strings.TrimSuffix(strings.ReplaceAll(texts["email_config.body"], "\r\n", "\n"), "\n")
	return fmt.Sprintf("to %s\nsubject %s\nbody %s\n", to, strings.TrimSpace(texts["email_config.subject"]), body)
}

func (l *letter) String() string {
	return fmt.Sprintf("to %s\nsubject %s\nbody %s\n", l.to, l.subject, l.body)
}

// Arguments but the first two, and the environment.
func (s setting) expectCommand(a *action, p *params) string {
	texts, err := s.replaced(a, p)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for i := range a.Options.Command.Args[2:] {
		fmt.Fprintf(&b, "argument %s\n", texts[fmt.Sprintf("cmd_config.args[%d]", i+2)])
	}
	for i, v := range a.Options.Command.Env {
		fmt.Fprintf(&b, "%s=%s\n", v.Key, texts[fmt.Sprintf("cmd_config.env_vars[%d].value", i)])
	}
	return b.String()
}
