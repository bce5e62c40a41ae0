package tools

import (
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/cli/clitest"
)

func TestTools(t *testing.T) {
	if said, _ := clitest.Run(t, Version, cli.ExitOK, "", "--gemm", "portable"); !strings.Contains(said, "kernel portable of") {
		t.Errorf("got %s", said)
	}
	if said, _ := clitest.Run(t, Bench, cli.ExitOK, "", "--layers", "4,3,2", "--batch", "2", "--steps", "1", "--rounds", "1", "--json", "--gemm", "auto"); !strings.Contains(said, `"gemm"`) {
		t.Errorf("got %s", said)
	}
	if said, _ := clitest.Run(t, Completion, cli.ExitOK, "", "bash"); !strings.Contains(said, "bash completion") {
		t.Errorf("got %.200s", said)
	}
}
