package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// A real SFTPGo on loopback, all of its state in a directory of its own.
type server struct {
	cmd   *exec.Cmd
	dir   string
	url   string
	token string
	made  string // name of the last object that it made up itself
	log   *os.File
}

func freePort() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "0"
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

const password = "pass-admin"

func startServer(built, dir string, s *sink) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	http, smtp := freePort(), s.smtp.Addr().(*net.TCPAddr).Port
	made := &server{dir: dir, url: "http://127.0.0.1:" + http}
	if made.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return nil, err
	}
	made.cmd = exec.Command(filepath.Join(built, "sftpgo"), "serve", "-c", dir)
	made.cmd.Dir, made.cmd.Stdout, made.cmd.Stderr = dir, made.log, made.log
	made.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "SFTPGO_LOG_FILE_PATH=", "SFTPGO_LOG_LEVEL=debug",
		"SFTPGO_SMTP__TEMPLATES_PATH=" + built + "/templates", "SFTPGO_SFTPD__BINDINGS__0__ADDRESS=127.0.0.1",
		"SFTPGO_SFTPD__BINDINGS__0__PORT=0", "SFTPGO_HTTPD__BINDINGS__0__ADDRESS=127.0.0.1", "SFTPGO_HTTPD__BINDINGS__0__PORT=" + http,
		"SFTPGO_HTTPD__BINDINGS__0__ENABLE_WEB_ADMIN=false", "SFTPGO_HTTPD__BINDINGS__0__ENABLE_WEB_CLIENT=false",
		"SFTPGO_HTTPD__BINDINGS__0__RENDER_OPENAPI=false", "SFTPGO_DATA_PROVIDER__CREATE_DEFAULT_ADMIN=true",
		"SFTPGO_DEFAULT_ADMIN_USERNAME=admin", "SFTPGO_DEFAULT_ADMIN_PASSWORD=" + password,
		"SFTPGO_DATA_PROVIDER__USERS_BASE_DIR=" + dir + "/data", "SFTPGO_COMMON__DEFENDER__ENABLED=true",
		"SFTPGO_COMMON__DEFENDER__THRESHOLD=5", "SFTPGO_COMMON__DEFENDER__LOGIN_DELAY__PASSWORD_FAILED=0",
		"SFTPGO_COMMON__EVENT_MANAGER__ENABLED_COMMANDS=" + self, "SFTPGO_SMTP__HOST=127.0.0.1",
		fmt.Sprintf("SFTPGO_SMTP__PORT=%d", smtp), "SFTPGO_SMTP__FROM=sftpgo@example.com"}
	runtime.LockOSThread() // whose end the server is told of
	made.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := made.cmd.Start(); err != nil {
		return nil, err
	}
	if err := made.wait(); err != nil {
		made.stop()
		return nil, err
	}
	return made, nil
}

func (s *server) wait() error {
	for i := 0; i < 600; i++ {
		if _, err := s.call("", "GET", "/healthz", nil); err == nil {
			answer, err := s.callAs("admin:"+password, "GET", "/api/v2/token", nil)
			if err != nil {
				return err
			}
			s.token, err = tokenOf(answer)
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("no server on %s, see %s", s.url, s.log.Name())
}

func (s *server) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
	s.log.Close()
}

func tokenOf(answer []byte) (string, error) {
	var t struct {
		Token string `json:"access_token"`
	}
	err := json.Unmarshal(answer, &t)
	return t.Token, err
}

func (s *server) send(client *http.Client, r *http.Request) ([]byte, error) {
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	s.made = answer.Header.Get("X-Object-ID")
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %.200s", r.Method, r.URL.Path, answer.Status, body)
	}
	return body, err
}

// With a token, or nothing.
func (s *server) call(token, method, uri string, body []byte) ([]byte, error) {
	r, err := http.NewRequest(method, s.url+uri, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return s.send(http.DefaultClient, r)
}

// With NAME:PASSWORD.
func (s *server) callAs(who, method, uri string, dial *net.Dialer) ([]byte, error) {
	r, err := http.NewRequest(method, s.url+uri, nil)
	if err != nil {
		return nil, err
	}
	name, word, _ := bytes.Cut([]byte(who), []byte(":"))
	r.SetBasicAuth(string(name), string(word))
	client := http.DefaultClient
	if dial != nil {
		client = &http.Client{Transport: &http.Transport{DialContext: dial.DialContext, DisableKeepAlives: true}}
	}
	return s.send(client, r)
}

func (s *server) admin(method, uri string, object any) ([]byte, error) {
	var body []byte
	if object != nil {
		var err error
		if body, err = json.Marshal(object); err != nil {
			return nil, err
		}
	}
	return s.call(s.token, method, uri, body)
}
