// Package datasets has the commands that list, download, check and look at datasets.
package datasets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/terminal"
	"example.com/pcn/train/data"
	"example.com/pcn/train/data/fetch"
)

// Data is the command data.
func Data(a *cli.App) *cobra.Command {
	return cli.Group(&cobra.Command{
		Use:   "data",
		Short: "List, download, check and look at datasets",
		Long: `List, download, check and look at datasets: the known ones by name, and your own
by path.`,
		Example: `  pcnrun data list
  pcnrun data get mnist
  pcnrun data show digits`,
	}, DataList(a), DataGet(a), DataCheck(a), DataShow(a))
}

// DataList is the command data list.
func DataList(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List the known datasets of images",
		Long: `List the known datasets of images: what they hold, their licence and source, where
they are on this machine, and the size and SHA-256 of each file, unpacked.`,
		Example: `  pcnrun data list
  pcnrun data list --json`,
		Args: cli.Args(0, 0),
	}
	json := c.Flags().Bool("json", false, "print one JSON object for each dataset")
	c.RunE = func(*cobra.Command, []string) error {
		for i, s := range fetch.Sets {
			k := s.State()
			if *json {
				if err := cli.PrintJSON(a.Stdout, k); err != nil {
					return err
				}
				continue
			}
			if i > 0 {
				fmt.Fprintln(a.Stdout)
			}
			if err := print(a.Stdout, k); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

// print prints where a known dataset is, and of what files.
func print(w io.Writer, k fetch.State) error {
	terminal.Paint(w, terminal.Bold, k.Name)
	fmt.Fprintf(w, "  %s\n", k.Title)
	fmt.Fprintf(w, "  licence %s, by %s\n", k.Licence, k.Source)
	switch {
	case k.Folder != "":
		fmt.Fprintf(w, "  in %s\n", k.Folder)
	case !k.Installed:
		fmt.Fprintf(w, "  not here; 'pcnrun data get %s' downloads it\n", k.Name)
	}
	for _, f := range k.Files {
		if _, err := fmt.Fprintf(w, "  %8d bytes  SHA-256 %s  %s\n", f.Size, f.SHA256, f.Name); err != nil {
			return err
		}
	}
	return nil
}

// lookup returns the known set of a name, and refuses one that has no files.
func lookup(name string) (fetch.Set, error) {
	s, ok := fetch.Find(name)
	switch {
	case !ok:
		return s, cli.Usagef("dataset: must be one of %s, got %q", strings.Join(cli.Downloads(), ", "), name)
	case len(s.Files) == 0:
		return s, cli.Usagef("%s is built in and needs no files", name)
	}
	return s, nil
}

// DataGet is the command data get.
func DataGet(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "get DATASET",
		Short: "Download a known dataset",
		Long: `Download a known dataset from the first of several mirrors that has it. The files
are put in their place once all are here and their SHA-256 was verified, and not
before. Proxies are those that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name.

Files go to the folder given by --out or, without it, to $PCN_DATA/DATASET or to
pcn/data/DATASET in the user's cache, where train looks for them.`,
		Example: `  pcnrun data get mnist
  pcnrun data get fashion-mnist --mirror https://example.org/fashion/`,
		Args: cli.Args(1, 1),
	}
	mirrors := c.Flags().StringArray("mirror", nil, "`URL` of a folder with the files, each with .gz, or with the archive of cifar10 or cifar100, in place of the known mirrors (may be given more than once)")
	stall := c.Flags().Duration("timeout", 30*time.Second, "`TIME` to wait for the next byte before a mirror is given up")
	out := c.Flags().String("out", "", "`DIR` for the files (default where train looks for them)")
	json := cli.JSONFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		s, err := lookup(args[0])
		if err != nil {
			return err
		}
		if *stall <= 0 {
			return cli.Usagef("--timeout: must be > 0, got %v", *stall)
		}
		dir := *out
		if dir == "" {
			folder, err := data.Folder()
			if err != nil {
				return fmt.Errorf("%w: give --out", err)
			}
			dir = filepath.Join(folder, s.Name)
		}
		return get(c.Context(), a, s, dir, fetch.Options{Mirrors: *mirrors, Stall: *stall}, *json)
	}
	return c
}

func get(ctx context.Context, a *cli.App, s fetch.Set, dir string, opts fetch.Options, json bool) error {
	info := a.Info()
	bar := a.Bar()
	bar.Bytes = true
	opts.Event = func(e fetch.Event) {
		switch {
		case e.Right && e.URL == "":
			fmt.Fprintf(info, "%s is here\n", e.File)
		case e.Right:
			bar.Clear()
			fmt.Fprintf(info, "%s from %s\n", e.File, e.URL)
		default:
			bar.Set(e.File, e.Done, e.Total)
		}
	}
	err := s.Get(ctx, dir, opts)
	bar.Clear()
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: nothing of %s was kept", s.Name)
		}
		return fmt.Errorf("%s is not complete in %s (--mirror gives another source): %w", s.Name, dir, err)
	}
	if json {
		k := s.State()
		k.Installed, k.Folder = true, dir
		return cli.PrintJSON(a.Stdout, k)
	}
	_, err = fmt.Fprintf(a.Stdout, "%s is in %s, and its checksums are right\n", s.Name, dir)
	return err
}

// DataCheck is the command data check.
func DataCheck(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "check [DATASET]",
		Short: "Verify the files of known datasets",
		Long: `Verify the files of a known dataset, or of all that are on this machine, against
their SHA-256, whether they are plain or packed by gzip.`,
		Example: `  pcnrun data check mnist
  pcnrun data check mnist --data ~/mnist`,
		Args: cli.Args(0, 1),
	}
	dir := c.Flags().String("data", "", "`DIR` of the files (default where train finds them)")
	json := c.Flags().Bool("json", false, "print one JSON object for each dataset")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			s, err := lookup(args[0])
			if err != nil {
				return err
			}
			return verify(a, s, *dir, *json)
		}
		if *dir != "" {
			return cli.Usagef("--data: give the name of the dataset too")
		}
		var errs []error
		none := true
		for _, s := range fetch.Sets {
			if _, ok := data.Find(s.Name); ok && len(s.Files) > 0 {
				none = false
				errs = append(errs, verify(a, s, "", *json))
			}
		}
		if none {
			return errors.New("no known dataset is on this machine; 'pcnrun data get mnist' downloads one")
		}
		return errors.Join(errs...)
	}
	return c
}

// verify verifies the files of a set in dir or, when that is empty, where they are
// found.
func verify(a *cli.App, s fetch.Set, dir string, json bool) error {
	if dir == "" {
		var ok bool
		if dir, ok = data.Find(s.Name); !ok {
			return fmt.Errorf("%s is not on this machine: 'pcnrun data get %[1]s' downloads it", s.Name)
		}
	}
	k, bad := s.Check(dir)
	if json {
		if err := cli.PrintJSON(a.Stdout, k); err != nil {
			return err
		}
	} else {
		for _, f := range k.Files {
			if _, err := fmt.Fprintf(a.Stdout, "%-8s %s\n", f.Status, cmp.Or(f.Path, filepath.Join(dir, f.Name))); err != nil {
				return err
			}
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d files of %s are missing or wrong in %s", bad, len(s.Files), s.Name, dir)
	}
	return nil
}
