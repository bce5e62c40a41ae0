package datasets

import (
	"path/filepath"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/cli/clitest"
)

// TestData says what digits hold, and lists the known sets.
func TestData(t *testing.T) {
	said, _ := clitest.Run(t, Data, cli.ExitOK, "", "show", "digits", "--json", "--out", filepath.Join(t.TempDir(), "digits.png"))
	for _, want := range []string{`"inputs":64,"shape":[8,8,1],"input_range":[0,16]`, `"classes":[{"name":"0",`} {
		if !strings.Contains(said, want) {
			t.Errorf("want %s, got %s", want, said)
		}
	}
	said, _ = clitest.Run(t, Data, cli.ExitOK, "", "list", "--json")
	if want := `{"name":"train-images-idx3-ubyte","bytes":47040016,"sha256":"ba891046`; !strings.Contains(said, want) {
		t.Errorf("want %s, got %s", want, said)
	}
}
