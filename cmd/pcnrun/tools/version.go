package tools

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/notices"
	"example.com/pcn/internal/plural"
	"example.com/pcn/train/run"
)

// Version is the command version.
func Version(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:     "version",
		Short:   "Print the version and what the machine offers",
		Long:    "Print the version of pcnrun, the kernel that multiplies matrices, and the kernels\nthat --gemm can choose on this machine. With --licenses print the licences of what\npcnrun is made of and others wrote.",
		Example: "  pcnrun version\n  pcnrun version --gemm portable\n  pcnrun version --licenses",
		Args:    cli.Args(0, 0),
	}
	json := cli.JSONFlag(c)
	licences := c.Flags().Bool("licenses", false, "print the licences of the modules, fonts and data that are built in")
	c.RunE = func(*cobra.Command, []string) error {
		if *licences {
			_, err := io.WriteString(a.Stdout, notices.Text)
			return err
		}
		m := run.ThisMachine()
		if *json {
			return cli.PrintJSON(a.Stdout, map[string]any{"version": cli.Version(), "machine": m, "kernels": gemm.Kernels()})
		}
		_, err := fmt.Fprintf(a.Stdout, "pcnrun %s\n%s %s, %s\nkernel %s of %s\n",
			cli.Version(), m.Go, m.System, plural.Of(m.Cores, "core"), m.Kernel, strings.Join(gemm.Kernels(), ", "))
		return err
	}
	return c
}
