// Package tools has the commands beside training and using: benchmarks, completion, manual, version.
package tools

import (
	"fmt"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/bench"
	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/config"
)

// Bench is the command bench.
func Bench(a *cli.App) *cobra.Command {
	var asJSON bool
	var file, problem string
	var rounds, ranks int
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast a network settles and learns on this machine",
		Long: `Measure how fast a network settles a batch and learns from it on this machine,
with made-up data at both ends: medians of several rounds after a warm-up, the
arithmetic in matrix products, the share of the time that they take, the
multiply-adds of a training batch beside the fewest that the method needs, and how
many times slower settling is without each part of the machine: weights packed
once, work done once a batch, the Gram form of the energy; and how much goes in and
out of each of several ranks that share the batch ('pcnrun help scaling').

The network is that of --config, a chain or any graph, with the file's batch and its
inference; without a file 784-256-256-10, generative, a batch of 64 and 50 steps.
Flags come before either.`,
		Example: `  pcnrun bench
  pcnrun bench --config run.yaml
  pcnrun bench --layers 784,128,128,128,10 --direction discriminative --batch 128 --steps 20
  pcnrun bench --gemm portable --json`,
		Args: cli.Args(0, 0),
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVar(&file, "config", "", "`FILE` of settings, as train takes it: see 'pcnrun config'")
	cli.AddSettings(flags, cli.Recipes, append([]string{"layers", "direction", "batch", "dtype", "lag"}, cli.InferenceFlags...)...)
	flags.IntVar(&rounds, "rounds", 5, "`N` rounds of which the median is taken")
	flags.IntVar(&ranks, "ranks", 2, "`N` ranks of which the traffic is counted")
	flags.StringVar(&problem, "problem", "", "write the problem to `FILE` (safetensors), for another program to solve")
	flags.BoolVar(&asJSON, "json", false, "print one JSON object")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if rounds < 1 {
			return cli.Usagef("--rounds: must be a whole number >= 1, got %d", rounds)
		}
		if ranks < 1 {
			return cli.Usagef("--ranks: must be a whole number >= 1, got %d", ranks)
		}
		r := train.Recipe{
			Model:     model.Config{Layers: []int{784, 256, 256, 10}, Direction: model.Generative},
			Inference: model.Inference{Steps: 50, Rate: 0.05},
			Learning:  train.Learning{Batch: 64},
		}
		var err error
		if file != "" {
			if r, err = config.Load(file, config.Choice{}); err != nil {
				return err
			}
		}
		if err := cli.Apply(flags, &r); err != nil {
			return cli.Usage(err)
		}
		if err := r.Model.Validate(); err != nil {
			return cli.Usage(err)
		}
		if err := r.CheckMemory(r.Learning.Batch); err != nil {
			return cli.Usage(err)
		}
		p, err := bench.NewProblem(r.Model, r.Inference, r.Learning.Batch)
		if err != nil {
			return err
		}
		if problem != "" {
			if !r.Model.Chain() {
				return cli.Usagef("--problem: must be of a chain of layers, got another network")
			}
			rate := min(r.Inference.Rate, p.Network().MaxRate(p.Clamps()))
			if err := p.Save(problem, rate); err != nil {
				return err
			}
		}
		if !asJSON {
			fmt.Fprintf(a.Info(), "%v, batch %d, %s of %v\n", p.Network(), p.Batch, plural.Of(p.Inference.Steps, "step"), p.Inference.Method)
		}
		res, err := bench.Run(c.Context(), p, rounds, ranks)
		if err != nil {
			return err
		}
		if asJSON {
			return cli.PrintJSON(a.Stdout, res)
		}
		return res.Write(a.Stdout)
	}
	return c
}
