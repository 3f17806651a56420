package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// crossgrade's translator, as a program that answers each line with one.

type asked struct {
	Release  string          `json:"release"`
	Triggers int             `json:"triggers"`
	Local    bool            `json:"local_time"`
	Settled  map[string]bool `json:"settled,omitempty"`
	Action   *action         `json:"action"`
}

type finding struct {
	Field     string `json:"field"`
	Token     string `json:"token"`
	Reason    string `json:"reason"`
	Class     string `json:"class"`
	Condition string `json:"condition"`
}

type answer struct {
	Options  options   `json:"options"`
	Findings []finding `json:"findings"`
	Error    string    `json:"error"`
	Message  string    `json:"message"`
}

type row struct {
	Name   string `json:"name"`
	Since6 int    `json:"since_6"`
	Since7 int    `json:"since_7"`
}

type named struct {
	Name  string `json:"name"`
	Class string `json:"class"`
}

type tables struct {
	Rows   []row `json:"rows"`
	Fields []struct {
		Path string `json:"path"`
	} `json:"fields"`
	Conditions []named `json:"conditions"`
	Reasons    []named `json:"reasons"`
}

func readTables(program string) (t tables, err error) {
	cmd := exec.Command(program)
	cmd.Stdin = strings.NewReader(`{"tables":true}`)
	out, err := cmd.Output()
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(out, &t)
}

type translator struct {
	cmd  *exec.Cmd
	in   *bufio.Writer
	pipe io.Closer
	out  *json.Decoder
}

func startTranslator(program string) (*translator, error) {
	cmd := exec.Command(program)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &translator{cmd, bufio.NewWriter(in), in, json.NewDecoder(bufio.NewReader(out))}, cmd.Start()
}

func (t *translator) ask(q *asked) error {
	line, err := json.Marshal(q)
	if err == nil {
		_, err = t.in.Write(append(line, '\n'))
	}
	return err
}

func (t *translator) done() error {
	if err := t.in.Flush(); err != nil {
		return err
	}
	return t.pipe.Close()
}

func (t *translator) answer() (a answer, err error) {
	if err = t.out.Decode(&a); err != nil {
		return a, fmt.Errorf("the translator: %w", err)
	}
	return a, nil
}
