package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/notices"
	"example.com/pcn/internal/plural"
	"example.com/pcn/train/run"
)

func (a *app) versionCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "version",
		Short:   "Print the version and what the machine offers",
		Long:    "Print the version of pcnrun, the kernel that multiplies matrices, and the kernels\nthat --gemm can choose on this machine. With --licenses print the licences of what\npcnrun is made of and others wrote.",
		Example: "  pcnrun version\n  pcnrun version --gemm portable\n  pcnrun version --licenses",
		Args:    wantArgs(0, 0),
	}
	json := jsonFlag(c)
	licences := c.Flags().Bool("licenses", false, "print the licences of the modules, fonts and data that are built in")
	c.RunE = func(*cobra.Command, []string) error {
		if *licences {
			_, err := io.WriteString(a.stdout, notices.Text)
			return err
		}
		m := run.ThisMachine()
		if *json {
			return printJSON(a.stdout, map[string]any{"version": version(), "machine": m, "kernels": gemm.Kernels()})
		}
		_, err := fmt.Fprintf(a.stdout, "pcnrun %s\n%s %s, %s\nkernel %s of %s\n",
			version(), m.Go, m.System, plural.Of(m.Cores, "core"), m.Kernel, strings.Join(gemm.Kernels(), ", "))
		return err
	}
	return c
}

// version returns the module's version and, where the build knows it, the
// commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "of unknown version"
	}
	text := info.Main.Version
	if text == "" {
		text = "(devel)"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if commit := settings["vcs.revision"]; commit != "" {
		text += fmt.Sprintf(" commit %.12s of %s", commit, settings["vcs.time"])
		if settings["vcs.modified"] == "true" {
			text += ", modified"
		}
	}
	return text
}
