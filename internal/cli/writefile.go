package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/atomicfile"
)

// Write has write write a file or, for -, to the standard output.
func (a *App) Write(path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(a.Stdout)
	}
	return atomicfile.Write(path, write)
}

// WriteFlags adds the flags of a command that writes a file to begin with, and returns what
// writes the text to it.
func (a *App) WriteFlags(c *cobra.Command, name string) func(text []byte) error {
	out := c.Flags().String("out", name, "`FILE` to write, - for the standard output")
	force := c.Flags().Bool("force", false, "overwrite the file")
	return func(text []byte) error {
		if _, err := os.Lstat(*out); *out != "-" && !*force && !errors.Is(err, fs.ErrNotExist) {
			return Usagef("%s is there already: name another file with --out, or give --force to overwrite it", *out)
		}
		err := a.Write(*out, func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
		if err != nil || *out == "-" {
			return err
		}
		_, err = fmt.Fprintf(a.Stdout, "wrote %s\n", *out)
		return err
	}
}
