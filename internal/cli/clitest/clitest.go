// Package clitest runs a command in a test, without a binary.
package clitest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
)

// Run runs a command with what it reads, and returns what it prints. The test fails where the
// exit code is another.
func Run(t *testing.T, command func(*cli.App) *cobra.Command, code int, stdin string, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	root := func(a *cli.App) *cobra.Command {
		c := &cobra.Command{Use: "pcnrun"}
		c.AddCommand(command(a))
		return c
	}
	args = append([]string{command(&cli.App{}).Name()}, args...)
	if got := cli.Run(t.Context(), root, args, strings.NewReader(stdin), &out, &errs); got != code {
		t.Fatalf("%s: exit code %d, want %d: %s", strings.Join(args, " "), got, code, errs.String())
	}
	return out.String(), errs.String()
}
