package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Options says how to download. The zero value is ready to use.
type Options struct {
	// Mirrors are used in place of the set's own, in this order: folders on the
	// web that hold the set's files, each with .gz, or its archive. http is accepted, since
	// nothing is taken that has not the right checksum.
	Mirrors []string

	// Stall is how long to wait for the next byte before a mirror is given up.
	// Default 30 s.
	Stall time.Duration

	// Client sends the requests. Default one with the proxies that the
	// environment names, see [http.ProxyFromEnvironment].
	Client *http.Client

	// Event, if not nil, is told how the download goes, from the goroutine that
	// called Get.
	Event func(Event)
}

// An Event is a step of a download.
type Event struct {
	File  string // its name, without .gz
	URL   string // where it comes from; empty when it was here already
	Done  int64  // bytes that have come, packed
	Total int64  // bytes there are to be, packed; 0 where the mirror does not say
	Right bool   // all of the file is here, and was checked
}

// Get downloads the files of a set that are not in dir or are not right, with the
// extension .gz or, of a set that comes in an archive, unpacked, and verifies their
// SHA-256. They are put in their places once all
// are here, and only then: what is there stays until that moment, and where dir is
// not there it appears complete.
//
// A mirror that fails, stalls or sends anything else is followed by the next. No
// more is read than a file can have. The error joins those of all mirrors.
func (s Set) Get(ctx context.Context, dir string, opts Options) error {
	if len(s.Files) == 0 {
		return fmt.Errorf("fetch: %s is built in: there is nothing to download", s.Name)
	}
	g := getter{Options: opts}
	if len(g.Mirrors) == 0 {
		g.Mirrors = s.Mirrors
	}
	err := g.prepare()
	if err == nil {
		err = g.get(ctx, s, dir)
	}
	if err != nil {
		return fmt.Errorf("fetch: %s: %w", s.Name, err)
	}
	return nil
}

// getter downloads files to a folder.
type getter struct{ Options }

// prepare fills in what options leave open and checks the rest.
func (g *getter) prepare() error {
	for _, m := range g.Mirrors {
		u, err := url.Parse(m)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return fmt.Errorf("mirror: must be a URL such as https://example.org/mnist/, got %q", m)
		}
	}
	if g.Stall <= 0 {
		g.Stall = 30 * time.Second
	}
	if g.Event == nil {
		g.Event = func(Event) {}
	}
	if g.Client == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DisableCompression = true // what is packed is to stay so
		transport.DisableKeepAlives = true  // or net/http logs what a bad mirror sends after its answer
		g.Client = &http.Client{Transport: transport, CheckRedirect: checkRedirect}
	}
	return nil
}

// checkRedirect follows a few redirections, none of them from https to http.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return errors.New("more than 5 redirections")
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("redirected from https to %s", req.URL.Scheme)
	}
	return nil
}

// get brings the files that are not in dir, or are not right, to it.
func (g *getter) get(ctx context.Context, s Set, dir string) error {
	var missing []File
	for _, f := range s.Files {
		path, err := f.Check(dir)
		switch {
		case err == nil:
			g.Event(Event{File: f.Name, Right: true})
			continue
		case path == "" && !errors.Is(err, fs.ErrNotExist):
			return err
		case s.Archive == nil && path != "" && path != filepath.Join(dir, f.Name+".gz"):
			return fmt.Errorf("%w: remove it, or name another folder", err) // it would hide the new one
		}
		missing = append(missing, f)
	}
	if len(missing) == 0 {
		return nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	// Files come to a folder of their own, within dir or, where there is none,
	// beside it, and are renamed.
	at := dir
	_, err = os.Stat(dir)
	whole := errors.Is(err, fs.ErrNotExist)
	if whole {
		at = filepath.Dir(dir)
	}
	if err := os.MkdirAll(at, 0o777); err != nil {
		return err
	}
	room, err := os.MkdirTemp(at, ".get-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(room)
	folder := filepath.Join(room, filepath.Base(dir))
	if err := os.Mkdir(folder, 0o777); err != nil { // of the mode that the umask says, other than room
		return err
	}
	if a := s.Archive; a != nil {
		archive := filepath.Join(room, a.Name)
		if err := g.file(ctx, a.File, a.Name, archive); err != nil {
			return err
		}
		if err := a.unpack(archive, folder, missing); err != nil {
			return err
		}
	} else {
		for _, f := range missing {
			if err := g.file(ctx, f, f.Name+".gz", filepath.Join(folder, f.Name+".gz")); err != nil {
				return err
			}
		}
	}
	if whole {
		return os.Rename(folder, dir)
	}
	come, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, f := range come {
		if err := os.Rename(filepath.Join(folder, f.Name()), filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// file brings a file to path, from the first mirror that has it by a name: packed, where
// that is another than its own.
func (g *getter) file(ctx context.Context, f File, name, path string) error {
	var errs []error
	for _, mirror := range g.Mirrors {
		u, err := url.JoinPath(mirror, name)
		if err != nil {
			return err
		}
		err = g.download(ctx, f, u, path, name != f.Name)
		switch {
		case err == nil:
			g.Event(Event{File: f.Name, URL: u, Right: true})
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case local(err):
			return err // another mirror cannot help
		}
		errs = append(errs, fmt.Errorf("%s: %w", u, err))
	}
	return errors.Join(errs...)
}

// local reports whether an error is of this machine's files.
func local(err error) bool {
	var path *fs.PathError
	var link *os.LinkError
	return errors.As(err, &path) || errors.As(err, &link)
}
