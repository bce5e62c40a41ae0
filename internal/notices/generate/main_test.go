package main

import (
	"runtime"
	"strings"
	"testing"

	"example.com/pcn/internal/notices"
)

// TestNotices fails where pcnrun links what has no section, or another version.
func TestNotices(t *testing.T) {
	sections, err := collect(runtime.GOOS)
	if err != nil {
		t.Fatal(err)
	}
	if len(sections) < 10 {
		t.Fatalf("only %d modules", len(sections))
	}
	for module, text := range sections {
		if !strings.Contains(notices.Text, text) {
			t.Errorf("%s has no section: run go generate ./internal/notices", module)
		}
	}
}
