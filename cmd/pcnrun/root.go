package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/gemm"
)

// app is what the commands share.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	quiet, verbose bool
	profiles       profiles
	kernel         string
	started        bool // the command line was understood
	args           []string
	ranks          *ranks // that train together; nil for this process alone
}

// usageError is a mistake on the command line that is found while a command
// runs.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "pcnrun",
		Short: "Train, score and use predictive coding networks",
		Long: `pcnrun trains, scores and uses predictive coding networks.

A predictive coding network learns without backpropagation: each node predicts
the one below it, latents settle to make the prediction errors small, and each
weight then moves by what its own two ends hold.

Results go to the standard output, all else to the standard error. The exit code
is 0, 1 for a failure, 2 for a mistake on the command line, and 130 when
interrupted.`,
		Example: `  pcnrun train
  pcnrun eval runs/digits/model.safetensors
  pcnrun compare sine`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.begin() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetUsageTemplate(usageTemplate)
	root.PersistentFlags().SortFlags = false
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "print the result and warnings only")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "say on the standard error what is read and chosen, and how settling goes")
	root.PersistentFlags().StringVar(&a.kernel, "gemm", "", "`KERNEL` for matrix products: auto, portable, avx2, avx512, or\nthe path to a BLAS library (default: the best one)")
	a.profiles.addFlags(root.PersistentFlags())
	root.AddCommand(a.trainCommand(), a.runsCommand(), a.reportCommand(), a.evalCommand(), a.predictCommand(), a.classifyCommand(), a.generateCommand(), a.completeCommand(), a.playCommand(), a.inspectCommand(), a.exportCommand(), a.importCommand(), a.compareCommand(), a.sweepCommand(), a.reproduceCommand(), a.configCommand(), a.dataCommand(), a.benchCommand(), a.completionCommand(), a.manCommand(), a.versionCommand(), scalingTopic())
	addGroups(root)
	addCompletions(root)
	return root
}

// begin does what the flags of all commands say.
func (a *app) begin() error {
	if a.quiet && a.verbose {
		return errors.New("--quiet and --verbose: must be one of them, got both")
	}
	setLog(a.stderr, a.verbose)
	if err := a.useKernel(); err != nil {
		return err
	}
	a.started = true
	logKernel()
	return a.profiles.start()
}

// useKernel does what --gemm says.
func (a *app) useKernel() error {
	if a.kernel == "" {
		if err := gemm.Err(); err != nil {
			a.warn("%v; using %s", err, gemm.Kernel())
		}
		return nil
	}
	if err := gemm.Use(a.kernel); err != nil {
		return fmt.Errorf("--gemm %s: %w", a.kernel, err)
	}
	return nil
}

// warn prints a warning.
func (a *app) warn(format string, args ...any) {
	paint(a.stderr, yellow, "warning:")
	fmt.Fprintf(a.stderr, " %s\n", fmt.Sprintf(format, args...))
}

// info is where a command writes what is not its result: the standard error, and
// nowhere when quiet.
func (a *app) info() io.Writer {
	if a.quiet {
		return io.Discard
	}
	return a.stderr
}
