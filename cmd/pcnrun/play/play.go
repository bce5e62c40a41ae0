// Package play has the command that serves train/play's page.
package play

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cli/browser"
	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/play"
)

// Command is pcnrun play.
func Command(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "play [MODEL]",
		Short: "Watch a network settle, step by step, on a page in the browser",
		Long: `Open a page on which a network settles while one watches: draw a digit or pick an
example, clamp and free pixels and the label with the mouse, and see each node's latent
(what it believes) and its error (what its prediction misses) step by step, with the
energy's curve and the class. Method, rate and steps are sliders; a rate that is too
large is seen to diverge. A click on a class generates it. Inputs that are no images
are bars to pull.

Without MODEL a small generative network is first taught the built-in digits, in a
second or two, and not saved.

The page is on 127.0.0.1 and in this program: it answers no other computer and no
other page, and asks for nothing from anywhere. Its address is printed, and with --open
a browser opens it; Ctrl-C ends it.

` + cli.ModelHelp,
		Example: `  pcnrun play --open
  pcnrun play runs/digits/model.safetensors
  pcnrun play runs/generative/model.safetensors --port 8080`,
		Args: cli.Args(0, 1),
	}
	f := cli.AddModelFlags(c.Flags(), cli.Foreign, "data")
	var port uint16
	c.Flags().Uint16Var(&port, "port", 0, "`N` of the page's address; 0 is any that is free")
	open := c.Flags().Bool("open", false, "open the page in a browser")
	c.RunE = func(c *cobra.Command, args []string) error {
		s, err := subject(c.Context(), a, f, args)
		if err != nil {
			return err
		}
		return play.Serve(c.Context(), s, int(port), func(url string) {
			fmt.Fprintln(a.Stdout, url)
			fmt.Fprintln(a.Info(), "Ctrl-C ends it")
			if *open {
				go show(a, url)
			}
		})
	}
	return c
}

// show opens a page in a browser, which may last as long as that does.
func show(a *cli.App, url string) {
	browser.Stdout, browser.Stderr = io.Discard, io.Discard // standard output is the address
	if err := browser.OpenURL(url); err != nil {
		a.Warn("no browser could be opened, open the address in one: %v", err)
	}
}

// subject returns what to play with: the model of args, or one that is taught now.
func subject(ctx context.Context, a *cli.App, f *cli.ModelFlags, args []string) (*play.Subject, error) {
	if len(args) == 0 {
		began := time.Now()
		s, accuracy, err := play.Digits(ctx)
		if err == nil {
			a.Note("no MODEL was given: this one has just learned digits, %.0f %% on %d others, in %.1f s, and is not saved", 100*accuracy, s.Examples.Len(), time.Since(began).Seconds())
		}
		return s, err
	}
	t, err := f.Open(args[0], false)
	if err != nil {
		return nil, err
	}
	sets, err := a.Load(t)
	if err != nil {
		a.Note("there are no examples to pick: %v", err)
	}
	return play.Of(t, sets), nil
}
