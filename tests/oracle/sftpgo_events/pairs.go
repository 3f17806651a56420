package main

import (
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strings"
	"time"
)

// The proof: what the old release prints of an event, and what the target prints by the translation.

var target = release{7, 5} // as the target cleans paths

// An action with all that its translation hangs on, and events of its triggers.
type trial struct {
	asked  asked
	actual release // the one of the line that runs, when the release asked for leaves it open
	world  world
	zone   *time.Location
	events []*event
}

// A condition of the translator: the worlds and events that it holds in, and how to make a world where it fails.
type condition struct {
	holds func(t *trial, e *event, o *outcome) bool
	fail  func(w *world)
}

func ofWorld(fail func(*world), failed func(world) bool) condition {
	return condition{func(t *trial, _ *event, _ *outcome) bool { return !failed(t.world) }, fail}
}

func ofEvent(hold func(*event) bool) condition {
	return condition{func(_ *trial, e *event, _ *outcome) bool { return hold(e) }, nil}
}

var conditions = map[string]condition{
	"release":         {func(t *trial, _ *event, _ *outcome) bool { return t.asked.Release == t.actual.String() }, nil},
	"utc":             {func(t *trial, _ *event, _ *outcome) bool { return t.zone == time.UTC }, nil},
	"json-escape":     ofWorld(func(w *world) { w.plainHTML = true }, func(w world) bool { return w.plainHTML }),
	"provider-name":   ofWorld(func(w *world) { w.nameIsObject = true }, func(w world) bool { return w.nameIsObject }),
	"initiator":       ofWorld(func(w *world) { w.noInitiator = true }, func(w world) bool { return w.noInitiator }),
	"error-text":      ofWorld(func(w *world) { w.rewords = true }, func(w world) bool { return w.rewords }),
	"uid":             ofWorld(func(w *world) { w.renumbers = true }, func(w world) bool { return w.renumbers }),
	"after-backup":    ofWorld(func(w *world) { w.noBackup = true }, func(w world) bool { return w.noBackup }),
	"idp-flat":        ofWorld(func(w *world) { w.nests = true }, func(w world) bool { return w.nests }),
	"endpoint":        ofWorld(func(w *world) { w.escapesTwice = true }, func(w world) bool { return w.escapesTwice }),
	"path-escape":     ofWorld(func(w *world) { w.keepsSlash = true }, func(w world) bool { return w.keepsSlash }),
	"reports":         ofWorld(func(w *world) { w.columns = " with other columns" }, func(w world) bool { return w.columns != "" }),
	"empty-recipient": ofWorld(func(w *world) { w.wantsAll = true }, func(w world) bool { return w.wantsAll }),
	"one-email":       ofEvent(func(e *event) bool { return len(e.addresses) <= 1 }),
	"object":          ofEvent(func(e *event) bool { return e.object == e.objectAfter }),
	"object-name":     ofEvent(func(e *event) bool { return e.retained == "" }),
	"no-nul":          ofEvent(func(e *event) bool { return !e.nul }),
	"no-backslash":    {func(_ *trial, _ *event, o *outcome) bool { return !strings.Contains(o.before, `\`) }, nil},
	"component":       {func(_ *trial, _ *event, o *outcome) bool { return !o.odd }, nil},
	"pattern-free":    {func(_ *trial, _ *event, o *outcome) bool { return !strings.HasPrefix(o.after, "pattern ") }, nil},
}

type proof struct {
	hostile
	tables    tables
	pairs     int
	exact     int // that had to be the same
	different []string
	rows      map[string]int    // pairs by token
	fields    map[string]int    // and by field
	shown     map[string]string // condition or reason: a pair that differs
	caught    map[string]int    // pairs where a recipe of the vendor differs
}

// In a release, the zone of its server and a world, both as it likes.
func (p *proof) trialOf(r release) *trial {
	t := &trial{actual: r, zone: time.UTC, asked: asked{Release: r.String(), Settled: map[string]bool{}}}
	switch {
	case r.dotted() && p.one(4):
		t.asked.Local, t.zone = true, time.Local
	case r.dotted() && p.one(4):
		t.zone = []*time.Location{time.UTC, time.Local}[p.Intn(2)]
	default:
		t.asked.Settled["utc"] = true
	}
	p.settle(t)
	return t
}

// Most actions are of one trigger or two.
func (p *proof) trial() *trial {
	r := releases[p.Intn(len(releases))]
	if p.one(3) {
		r = []release{{6, 4}, {7, 5}}[p.Intn(2)]
	}
	t := p.trialOf(r)
	if t.asked.Action = p.action(r); p.one(20) {
		t.asked.Release = fmt.Sprintf("2.%d", r.minor)
	}
	for n := 1 + p.Intn(3)/2; n > 0; n-- {
		t.asked.Triggers |= 1 << (1 + p.Intn(7))
	}
	if t.asked.Triggers&(1<<onSchedule|1<<onDemand|1<<onIPBlocked|1<<onCertificate) != 0 {
		t.asked.Triggers |= p.pickBits(0, 0, 0, 1<<8, 1<<9, 1<<8|1<<9)
	}
	for i := 0; i < 6; i++ {
		t.events = append(t.events, p.eventOf(t.asked.Triggers))
	}
	if p.one(30) && t.asked.Triggers < 1<<8 {
		t.asked.Triggers = 0
	}
	return t
}

func (p *proof) pickBits(from ...int) int { return from[p.Intn(len(from))] }

func (p *proof) eventOf(triggers int) *event {
	var among []trigger
	for t := onFile; t <= onLogin; t++ {
		if triggers&(1<<t) != 0 {
			among = append(among, t)
		}
	}
	e := p.event(among[p.Intn(len(among))])
	if triggers&(1<<8) == 0 {
		e.backup = ""
	}
	if triggers&(1<<9) == 0 {
		e.retained = ""
	}
	return e
}

// Those that make a world of their own.
func worldConditions() []string {
	var names []string
	for name, c := range conditions {
		if c.fail != nil {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// Few things at a time are otherwise than documented, so that one can be blamed.
func (p *proof) settle(t *trial) {
	t.world.emptyObject = p.pick([]string{"", "{}"})
	t.world.emptyMap = p.one(2)
	names := worldConditions()
	failing := p.pick(names)
	if p.one(2) {
		conditions[failing].fail(&t.world)
	} else {
		failing = ""
	}
	for _, name := range names {
		if p.one(5) {
			t.asked.Settled[name] = name != failing
		}
	}
}

func (p *proof) judge(t *trial, a *answer) {
	if a.Error != "" {
		p.differ("%s: %s", describe(t), a.Error+" "+a.Message)
		return
	}
	translated := *t.asked.Action
	translated.Options = a.Options
	made := map[string]*field{}
	for _, f := range translated.fields(t.actual) {
		copied := f
		made[f.path] = &copied
	}
	for _, f := range t.asked.Action.fields(t.actual) {
		old := f
		p.field(t, &old, made[f.path], a.Findings)
	}
}

func (p *proof) field(t *trial, old, made *field, all []finding) {
	if made == nil || made.text == "" && old.text != "" {
		p.differ("%s\n  %s: %.300q becomes empty, which the target refuses", describe(t), old.path, old.text)
		return
	}
	s, err := made.store(t.world)
	if err != nil {
		p.differ("%s\n  does not parse: %v", describe(t, old, made), err)
		return
	}
	var found []finding
	for _, f := range all {
		if f.Field == old.path {
			found = append(found, f)
		}
	}
	theirs := byRecipes(made, t.world)
	for _, e := range t.events {
		if o := p.pair(t, old, s, e, found); o.same() {
			p.tryRecipes(theirs, e.after(t.world), o)
		}
	}
}

func (p *proof) pair(t *trial, old *field, made *stored, e *event, found []finding) *outcome {
	var o outcome
	old.before(setting{t.actual, t.zone, t.asked.Action.wantsObject(t.actual)}, e.before(t.actual), &o)
	made.after(e.after(t.world), &o)
	p.pairs++
	p.fields[indexless(old.path)]++
	p.countRows(t.actual, old.text)
	open := p.open(t, e, &o, found)
	if len(open) == 0 {
		p.exact++
	}
	if o.same() {
		return &o
	}
	if len(open) == 0 {
		p.differ("%s\n  %s: %.300q\n  becomes: %.600q\n  event: %+v\n  before: %.300q %v\n  after:  %.300q %v", describe(t), old.path, old.text,
			made.text, *e, o.before, o.beforeErr, o.after, o.afterErr)
	}
	if name := blamed(open, &o); name != "" && p.shown[name] == "" {
		p.shown[name] = fmt.Sprintf("%s: %.120q: %.120q, then %.120q", t.actual, old.text, o.before, o.after)
	}
	return &o
}

// What is refused is never one thing alone; else one alone must be the cause.
func blamed(open []string, o *outcome) string {
	switch {
	case o.afterErr == errRefused && contains(open, "pattern-token"):
		return "pattern-token"
	case len(open) == 1:
		return open[0]
	}
	return ""
}

// What keeps this pair from having to be equal: reasons that no template does the same, conditions that do not hold.
func (p *proof) open(t *trial, e *event, o *outcome, found []finding) []string {
	var names []string
	add := func(name string) {
		if !contains(names, name) {
			names = append(names, name)
		}
	}
	for _, f := range found {
		c, known := conditions[f.Condition]
		switch {
		case f.Class == "exact":
		case f.Class == "conditional" && !known:
			p.differ("a condition that this proof does not know: %q of %q", f.Condition, f.Reason)
		case f.Class == "conditional" && c.holds(t, e, o):
		case known:
			add(f.Condition)
		default:
			add(f.Reason)
		}
	}
	return names
}

// Which rows of the mapping a text has tokens of.
func (p *proof) countRows(r release, text string) {
	for _, row := range p.tables.Rows {
		token := r.token(row.Name)
		switch row.Name {
		case "RetentionReports":
			token = row.Name
		case "IDPField":
			token = strings.TrimSuffix(token, "}}")
		}
		if r.knows(row.Name) && strings.Contains(text, token) {
			p.rows[row.Name]++
		}
	}
}

func (p *proof) differ(format string, args ...any) {
	p.different = append(p.different, fmt.Sprintf(format, args...))
}

func indexless(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] < '0' || path[i] > '9' {
			b.WriteByte(path[i])
		}
	}
	return b.String()
}

func describe(t *trial, fields ...*field) string {
	s := fmt.Sprintf("release %s (%s), triggers %#x, local %v, settled %v, %+v", t.actual, t.asked.Release, t.asked.Triggers, t.asked.Local,
		t.asked.Settled, t.world)
	if len(fields) == 2 {
		s += fmt.Sprintf("\n  %s: %.300q\n  becomes: %.600q", fields[0].path, fields[0].text, fields[1].text)
	}
	return s
}

// Until so many pairs, and that long at least.
func provePairs(program string, seed int64, pairs int, long time.Duration) (*proof, error) {
	known, err := readTables(program)
	if err != nil {
		return nil, err
	}
	p := &proof{hostile: hostile{rand.New(rand.NewSource(seed))}, tables: known, rows: map[string]int{}, fields: map[string]int{},
		shown: map[string]string{}, caught: map[string]int{}}
	end := time.Now().Add(long)
	for trials := p.rare(); ; trials = p.trials(500) {
		if err := p.batch(program, trials); err != nil || p.pairs >= pairs && time.Now().After(end) {
			return p, err
		}
	}
}

func (p *proof) trials(n int) []*trial {
	trials := make([]*trial, n)
	for i := range trials {
		trials[i] = p.trial()
	}
	return trials
}

func (p *proof) batch(program string, trials []*trial) error {
	tr, err := startTranslator(program)
	if err != nil {
		return err
	}
	asking := make(chan error, 1)
	go func() {
		for _, t := range trials {
			if err := tr.ask(&t.asked); err != nil {
				asking <- err
				return
			}
		}
		asking <- tr.done()
	}()
	for _, t := range trials {
		a, err := tr.answer()
		if err != nil {
			return err
		}
		p.judge(t, &a)
	}
	if err := <-asking; err != nil {
		return err
	}
	return tr.cmd.Wait()
}

// Differences that no text shows: actions and rules that act otherwise, of which tests/unit/sftpgo has a case each. "host" fails in
// the old release and in the target; that "http-user" holds is seen by a probe alone.
var notOfTexts = []string{"http-user", "host", "deletes-trees", "chain", "backup-name", "licence", "timeout", "fan-out", "schedule-minute"}

// What the translator's own tables promise and no pair has covered.
func (p *proof) missing() []string {
	var names []string
	for _, r := range p.tables.Rows {
		if p.rows[r.Name] == 0 {
			names = append(names, "no pair with the token "+r.Name)
		}
	}
	for _, f := range p.tables.Fields {
		if p.fields[f.Path] == 0 {
			names = append(names, "no pair with the field "+f.Path)
		}
	}
	for _, c := range p.tables.Conditions {
		if !contains(notOfTexts, c.Name) && p.shown[c.Name] == "" {
			names = append(names, "no pair shows the condition "+c.Name)
		}
	}
	for _, r := range p.tables.Reasons {
		if r.Class == "not-translatable" && !contains(notOfTexts, r.Name) && p.shown[r.Name] == "" {
			names = append(names, "no pair shows the reason "+r.Name)
		}
	}
	for _, r := range recipes {
		if p.caught[r.row] == 0 {
			names = append(names, "no pair tells the vendor's recipe for "+r.row)
		}
	}
	return names
}

func (p *proof) print(verbose bool) {
	for i, d := range p.different {
		if i == 10 {
			fmt.Printf("... and %d more\n", len(p.different)-i)
			break
		}
		fmt.Printf("difference: %s\n", d)
	}
	if verbose {
		for name, pair := range p.shown {
			fmt.Printf("shown: %s: %s\n", name, pair)
		}
		for name, n := range p.rows {
			fmt.Printf("row: %s %d\n", name, n)
		}
	}
	for _, name := range p.missing() {
		fmt.Fprintln(os.Stdout, name)
	}
	fmt.Printf("%d pairs, %d exact, %d differences where exact, %d of %d rows, %d classes shown; the vendor's recipes differ: %s\n",
		p.pairs, p.exact, len(p.different), len(p.rows), len(p.tables.Rows), len(p.shown), p.recipesCaught())
}
