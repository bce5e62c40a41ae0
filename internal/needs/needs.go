// Package needs says what tests need that may not be installed.
package needs

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Program returns the path of the first of some programs that is installed. Without any
// of them the test is skipped, or fails where PCN_CI says that all is to be tested.
// Debian's package is named for whoever wants to install it.
func Program(t testing.TB, debian string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing := t.Skipf
	if os.Getenv("PCN_CI") != "" {
		missing = t.Fatalf
	}
	missing("%s is not installed (Debian: apt-get install %s)", strings.Join(names, ", "), debian)
	return ""
}

// Chromium returns the path of the browser.
func Chromium(t testing.TB) string {
	t.Helper()
	return Program(t, "chromium", "chromium", "chromium-browser", "google-chrome")
}
