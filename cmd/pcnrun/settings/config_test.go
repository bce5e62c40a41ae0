package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/cli/clitest"
)

// TestConfig writes settings, finds them right, and finds what is wrong once they are not.
func TestConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.yaml")
	clitest.Run(t, Config, cli.ExitOK, "", "init", "sine", "--out", path)
	if said, _ := clitest.Run(t, Config, cli.ExitOK, "", "check", path); !strings.Contains(said, "is right") {
		t.Errorf("got %s", said)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := strings.Replace(string(text), "  epochs: ", "  epoches: ", 1)
	if err := os.WriteFile(path, []byte(bad), 0o666); err != nil {
		t.Fatal(err)
	}
	said, _ := clitest.Run(t, Config, cli.ExitFailure, "", "check", path)
	if !strings.Contains(said, "unknown key, did you mean epochs?") {
		t.Errorf("got %s", said)
	}
}
