//go:build unix

package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPlay plays with digits that are taught now and with a model of another kind, and
// ends each by Ctrl-C. A browser opens the page where there is one, and otherwise it is said
// that there is none. A port that is taken is refused.
func TestPlay(t *testing.T) {
	t.Chdir(t.TempDir())
	if out, err := exec.Command("pcnrun", "train", "sine", "--epochs", "1", "--validation", "0").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	browsers, none, opened := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "opened")
	for _, name := range []string{"xdg-open", "open"} {
		if err := os.WriteFile(filepath.Join(browsers, name), []byte("#!/bin/sh\necho says something\necho \"$1\" >"+opened+"\n"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ model, title, path, said string }{
		{"", `"title":"digits"`, browsers, "has just learned digits"},
		{"runs/sine/model.safetensors", `"shape":[1]`, none, "warning: no browser could be opened, open the address in one: "},
	} {
		args := []string{"play", "--open"}
		if c.model != "" {
			args = append(args, c.model)
		}
		cmd := exec.Command("pcnrun", args...)
		cmd.Env = append(os.Environ(), "PATH="+c.path)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		stdout := must(cmd.StdoutPipe())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stdout)
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), "http://127.0.0.1:") {
			t.Fatalf("%q: %s", lines.Text(), &stderr)
		}
		url := lines.Text()
		if page := get(t, url); !strings.Contains(page, "<title>pcnrun play</title>") {
			t.Errorf("the page: %s", page)
		}
		if about := get(t, url+"subject"); !strings.Contains(about, c.title) {
			t.Errorf("about %s: %s", c.model, about)
		}
		port := strings.Trim(url[strings.LastIndex(url, ":")+1:], "/")
		out, err := exec.Command("pcnrun", "play", "runs/sine/model.safetensors", "--port", port).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "pcnrun: port: must be a free one, got "+port) {
			t.Errorf("a port that is taken: %v: %s", err, out)
		}
		for since := time.Now(); c.path == browsers; time.Sleep(10 * time.Millisecond) {
			if text, _ := os.ReadFile(opened); string(text) == url+"\n" {
				break
			} else if time.Since(since) > 30*time.Second {
				t.Fatalf("the browser was to open %q, got %q", url, text)
			}
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil || !strings.Contains(stderr.String(), c.said) {
			t.Errorf("ended by Ctrl-C: %v: %s", err, &stderr)
		}
	}
}

// get returns what is at an address.
func get(t *testing.T, url string) string {
	t.Helper()
	reply, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	return string(must(io.ReadAll(reply.Body)))
}
