package main

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/pcn/internal/needs"
	"example.com/pcn/train/run"
)

// inspector is a page that opens others in frames and then writes, by frame, what
// became of the images and which requests were made.
const inspector = `<!doctype html><link rel="icon" href="data:,">%s<pre id="out">not loaded</pre>
<script>
window.onload = () => setTimeout(() => {
  const lines = [];
  Array.from(document.querySelectorAll("iframe")).forEach((frame, page) => {
    const w = frame.contentWindow, say = what => lines.push(page + " " + what);
    const images = Array.from(w.document.images);
    for (const box of w.document.querySelectorAll(".wide")) if (box.scrollWidth > box.clientWidth) say("too wide");
    for (const i of images) say(i.complete && i.naturalWidth > 0 ? "shown" : "broken " + i.alt);
    for (const r of w.performance.getEntriesByType("resource")) if (!r.name.startsWith("data:")) say("request " + r.name);
  });
  document.getElementById("out").textContent = lines.join("\n");
}, 200);
</script>`

// browse opens pages in headless Chromium. It returns for each the number of
// images that are shown, and all that is wrong: images that are not, requests, and
// what the console says.
func browse(t *testing.T, browser string, pages ...string) (shown []int, wrong [][]string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		var page int
		if r.URL.Path == "/" {
			frames := ""
			for i := range pages {
				frames += fmt.Sprintf(`<iframe width="1200" src="/page/%d"></iframe>`, i)
			}
			fmt.Fprintf(w, inspector, frames)
		} else if n, _ := fmt.Sscanf(r.URL.Path, "/page/%d", &page); n == 1 && page < len(pages) {
			fmt.Fprint(w, pages[page])
		} else {
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
		"--enable-logging=stderr", "--user-data-dir="+t.TempDir(), "--virtual-time-budget=20000", "--dump-dom", server.URL)
	cmd.WaitDelay = 5 * time.Second
	var stderr strings.Builder
	cmd.Stderr = &stderr
	dom, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	_, text, ok := strings.Cut(string(dom), `<pre id="out">`)
	if text, _, _ = strings.Cut(text, "</pre>"); !ok || text == "not loaded" {
		t.Fatalf("the inspector says nothing: %s", dom)
	}
	shown, wrong = make([]int, len(pages)), make([][]string, len(pages))
	for line := range strings.Lines(html.UnescapeString(text)) {
		page, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		if i := must(strconv.Atoi(page)); what == "shown" {
			shown[i]++
		} else {
			wrong[i] = append(wrong[i], what)
		}
	}
	for line := range strings.Lines(stderr.String()) {
		if !strings.Contains(line, "CONSOLE") {
			continue
		}
		i := 0
		if from := regexp.MustCompile(`/page/(\d+)`).FindStringSubmatch(line); from != nil {
			i = must(strconv.Atoi(from[1]))
		}
		wrong[i] = append(wrong[i], strings.TrimSpace(line))
	}
	return shown, wrong
}

// TestReportInBrowser opens reports in headless Chromium, 1200 pixels wide: every
// image is shown, every table fits, the console is silent, and nothing is asked of
// any server. A page of which nothing of that holds shows that the test would tell.
func TestReportInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	browser := needs.Chromium(t)
	dir := t.TempDir()
	t.Chdir(dir)
	pcnrun := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("pcnrun", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	pcnrun("train", "digits", "--direction", "generative", "--layers", "64,16,10", "--epochs", "2", "--out", "a<b>&\"c")
	pcnrun("train", "digits", "--layers", "64,16,10", "--epochs", "2", "--out", "b")
	pcnrun("train", "sine", "--epochs", "2", "--out", "c")
	pcnrun("report", filepath.Join(dir, "a<b>&\"c"), filepath.Join(dir, "b"), "--out", "both.html")
	pages := []string{`<!doctype html><img alt="torn" src="data:image/png;base64,AAAA"><img alt="far" src="/far.png"><div class="wide"><p style="width: 1200px">wide</p></div><script>console.error("oh")</script>`}
	files := []string{filepath.Join("a<b>&\"c", run.ReportFile), filepath.Join("b", run.ReportFile), filepath.Join("c", run.ReportFile), "both.html"}
	for _, file := range files {
		page := string(must(os.ReadFile(file)))
		if i := regexp.MustCompile(`(?i)https?://|<script|src="[^d]`).FindString(page); i != "" {
			t.Errorf("%s holds %q", file, i)
		}
		pages = append(pages, page)
	}
	shown, wrong := browse(t, browser, pages...)
	for _, want := range []string{"broken torn", "broken far", "too wide", "request http", `"oh"`} {
		if !slices.ContainsFunc(wrong[0], func(line string) bool { return strings.Contains(line, want) }) {
			t.Errorf("a bad page: want %q among %q", want, wrong[0])
		}
	}
	for i, least := range []int{9, 6, 6, 2} {
		if shown[i+1] < least || len(wrong[i+1]) > 0 {
			t.Errorf("%s: %d images are shown, want at least %d; %q", files[i], shown[i+1], least, wrong[i+1])
		}
	}
}
