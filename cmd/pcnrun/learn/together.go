package learn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/ranks"
)

// together has do done by all ranks that mpirun has started, or by this process alone.
func together(a *cli.App, f *trainFlags, do func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		of, err := ranks.Join(f.mpi)
		switch {
		case errors.Is(err, ranks.ErrAlone):
			return cli.Usagef("--mpi %s: %w", f.mpi, err)
		case err != nil:
			return err
		case of == nil:
			return do(c, args)
		}
		f.ranks = of
		ctx, interrupt := context.WithCancel(c.Context())
		c.SetContext(ctx)
		of.Interrupt = interrupt
		errs := a.Stderr
		if of.Follows() {
			a.Stdout, a.Stderr, a.Quiet = io.Discard, io.Discard, true
		}
		of.OnLoss(func() {
			fmt.Fprintf(errs, "pcnrun: rank %d: %v\n", of.Rank(), of.Err())
			os.Exit(cli.ExitFailure)
		})
		return of.Leave(do(c, args))
	}
}
