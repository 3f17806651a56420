package main

import (
	"bufio"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"strings"
	"sync"
)

// Where a real server sends: what arrived, by the name of the probe that it says.

type request struct {
	uri    string
	header http.Header
	body   []byte
}

type letter struct {
	to      []string
	subject string
	body    string
}

type sink struct {
	sync.Mutex
	requests map[string][]request
	letters  map[string]letter
	http     net.Listener
	smtp     net.Listener
}

func openSink() (*sink, error) {
	s := &sink{requests: map[string][]request{}, letters: map[string]letter{}}
	var err error
	if s.http, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if s.smtp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	go http.Serve(s.http, s)
	go s.receiveMail()
	return s, nil
}

func (s *sink) close() {
	s.http.Close()
	s.smtp.Close()
}

func (s *sink) forget() {
	s.Lock()
	defer s.Unlock()
	s.requests, s.letters = map[string][]request{}, map[string]letter{}
}

// A reply of 205 makes the action fail.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.Lock()
	defer s.Unlock()
	name := r.Header.Get("X-Probe")
	s.requests[name] = append(s.requests[name], request{r.RequestURI, r.Header, body})
	if strings.HasPrefix(r.RequestURI, "/refused") {
		w.WriteHeader(http.StatusResetContent)
	}
}

func (s *sink) arrived() int {
	s.Lock()
	defer s.Unlock()
	return len(s.requests) + len(s.letters)
}

func (s *sink) receiveMail() {
	for {
		c, err := s.smtp.Accept()
		if err != nil {
			return
		}
		go s.converse(c)
	}
}

func (s *sink) converse(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	say := func(line string) { io.WriteString(c, line+"\r\n") }
	var to []string
	say("220 sink")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch word := strings.ToUpper(line); {
		case strings.HasPrefix(word, "RCPT TO:"):
			to = append(to, strings.Trim(strings.Fields(line[8:])[0], "<>"))
			say("250 ok")
		case strings.HasPrefix(word, "DATA"):
			say("354 go on")
			s.keep(to, readData(in))
			say("250 ok")
		case strings.HasPrefix(word, "QUIT"):
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func readData(in *bufio.Reader) string {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return b.String()
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (s *sink) keep(to []string, text string) {
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = m.Header.Get("Subject")
	}
	body := m.Body
	switch strings.ToLower(m.Header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	whole, _ := io.ReadAll(body)
	s.Lock()
	defer s.Unlock()
	s.letters[first(to)] = letter{to, subject, strings.TrimSuffix(strings.ReplaceAll(string(whole), "\r\n", "\n"), "\n")}
}
