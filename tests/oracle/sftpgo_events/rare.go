package main

// Cases that chance meets too seldom, each on events of its trigger.

type rareCase struct {
	release  release
	triggers int
	action   action
}

func mailOf(body string) action {
	return action{Type: typeEmail, Options: options{Email: &emailConfig{Recipients: []string{"ops@example.com"}, Subject: "s", Body: body,
		ContentType: 1}}}
}

func directory(path string) action {
	return action{Type: typeFS, Options: options{FS: &fsConfig{Type: fsMkdirs, Mkdirs: []string{path}}}}
}

func partOf(contentType, body string) action {
	return action{Type: typeHTTP, Options: options{HTTP: &httpConfig{Endpoint: "http://127.0.0.1/", Method: "POST",
		Parts: []part{{Name: "p", Body: body, Headers: []keyValue{{"Content-Type", contentType}}}}}}}
}

func posted(c httpConfig) action {
	c.Method = "POST"
	return action{Type: typeHTTP, Options: options{HTTP: &c}}
}

func letterTo(recipient string) action {
	a := mailOf("b")
	a.Options.Email.Recipients = append(a.Options.Email.Recipients, recipient)
	return a
}

// In each world by themselves, and where a probe has seen which it is.
var rareCases = []rareCase{
	{release{7, 5}, 1 << onLogin, mailOf("<p>{{.IDPFieldmail}}</p>")},
	{release{7, 5}, 1 << onLogin, mailOf("{{.IDPFieldnested.city}}")},
	{release{6, 4}, 1 << onLogin, directory(`/x/{{IDPFieldq"t}}`)},
	{release{6, 4}, 1 << onLogin, directory(`/x/{{IDPFieldb\s}}`)},
	{release{6, 4}, 1 << onFile, directory(`/a\b/{{Status}}`)},
	{release{6, 4}, 1 << onProvider, mailOf("{{Role}}")},
	{release{6, 4}, 1 << onProvider, mailOf("{{Name}}")},
	{release{6, 4}, 1<<onDemand | 1<<8, mailOf("{{FsPath}}")},
	{release{6, 4}, 1<<onDemand | 1<<8, mailOf("{{VirtualDirPath}}")},
	{release{6, 4}, 1 << onFile, posted(httpConfig{Endpoint: "http://127.0.0.1/{{VirtualPath}}"})},
	{release{6, 4}, 1 << onFile, posted(httpConfig{Endpoint: "http://127.0.0.1/{{VirtualPath}}/für alle"})},
	{release{7, 5}, 1 << onFile, directory("/x/{{.MetadataString}}/y")},
	{release{7, 5}, 1 << onFile, directory("/x/{{.Metadata}}")},
	{release{6, 4}, 1 << onFile, directory("/x/{{Metadata}}/y")},
	{release{6, 4}, 1 << onFile, directory("/archive/{{Name}}")},
	{release{6, 4}, 1 << onFile, letterTo("{{Ext}}")},
	{release{7, 5}, 1 << onDemand, letterTo("{{.Name}}")},
	{release{6, 4}, 1<<onSchedule | 1<<9, mailOf("{{Email}} {{IP}} {{Role}}")},
	{release{7, 5}, 1<<onFile | 1<<onSchedule | 1<<9, mailOf("{{.Email}}")},
	{release{6, 4}, 1 << onFile, partOf("application/{{Name}}", "{{VirtualPath}}")},
	{release{6, 4}, 1 << onFile, partOf("application/json", "{{VirtualPath}}")},
	{release{6, 4}, 1 << onDemand, posted(httpConfig{Endpoint: "http://127.0.0.1/", Body: reports})},
	{release{6, 4}, 1 << onDemand, posted(httpConfig{Endpoint: "http://127.0.0.1/", Body: "{{Name}}", Parts: []part{{Name: "p", Body: "x"}}})},
}

// Each token alone, by each trigger, in a body, an endpoint, JSON and HTML.
func tokenCases() []rareCase {
	var cases []rareCase
	for _, name := range tokenNames {
		for t := onFile; t <= onLogin; t++ {
			for _, r := range []release{{6, 4}, {7, 5}} {
				text := r.token(name)
				for _, a := range []action{posted(httpConfig{Endpoint: "http://127.0.0.1/" + text, Body: text}),
					partOf("application/json", text), mailOf(text)} {
					cases = append(cases, rareCase{r, 1 << t, a})
				}
			}
		}
	}
	return cases
}

func (p *proof) rareTrial(c rareCase, w world, events int) *trial {
	t := p.trialOf(c.release)
	copied := c.action
	copied.Name = "rare"
	t.world, t.asked.Settled, t.asked.Triggers, t.asked.Action = w, nil, c.triggers, &copied
	for i := 0; i < events; i++ {
		t.events = append(t.events, p.eventOf(c.triggers))
	}
	return t
}

func (p *proof) rare() []*trial {
	var trials []*trial
	for _, c := range rareCases {
		trials = append(trials, p.rareTrial(c, world{}, 20))
		for _, name := range worldConditions() {
			var w world
			conditions[name].fail(&w)
			settled := p.rareTrial(c, w, 20)
			settled.asked.Settled = map[string]bool{name: false}
			trials = append(trials, p.rareTrial(c, w, 20), settled)
		}
	}
	for _, c := range tokenCases() {
		trials = append(trials, p.rareTrial(c, world{}, 2))
	}
	return trials
}
