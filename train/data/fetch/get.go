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
	// web that hold the set's files, each with .gz. http is accepted, since
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
	Done  int64  // bytes that are here, packed
	Total int64  // bytes there are to be, packed; 0 where the mirror does not say
	Place bool   // the file is checked and in its place
	Err   error  // why URL was given up; another try follows if there is one
}

// attempts is how often a mirror is asked for the rest of a file, as long as each
// attempt brings some of it.
const attempts = 5

// Get downloads the files of a set that are not in dir or are not right, and
// makes dir if need be. A file is put in its place, with the extension .gz, once
// its SHA-256 was verified, and only then; what is there stays until that moment.
//
// A file that arrives in part is kept as NAME.gz.part, with NAME.gz.part.json to
// say where it comes from, and Get goes on where it ended, in the same call or in
// a later one, provided that the mirror has the same file still (Range and
// If-Range of RFC 9110). A mirror that fails, stalls or sends anything else is
// followed by the next. No more is read than the file can have. The error joins
// those of all mirrors.
func (s Set) Get(ctx context.Context, dir string, opts Options) error {
	if len(s.Files) == 0 {
		return fmt.Errorf("fetch: %s is built in: there is nothing to download", s.Name)
	}
	g := getter{Options: opts, dir: dir}
	if len(g.Mirrors) == 0 {
		g.Mirrors = s.Mirrors
	}
	if err := g.prepare(); err != nil {
		return fmt.Errorf("fetch: %s: %w", s.Name, err)
	}
	for _, f := range s.Files {
		if err := g.file(ctx, f); err != nil {
			return fmt.Errorf("fetch: %s: %w", s.Name, err)
		}
	}
	return nil
}

// getter downloads files to a folder.
type getter struct {
	Options
	dir string
}

// prepare fills in what options leave open and checks the rest.
func (g *getter) prepare() error {
	for _, m := range g.Mirrors {
		u, err := url.Parse(m)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return fmt.Errorf("mirror %q: want a URL such as https://example.org/mnist/", m)
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
	return os.MkdirAll(g.dir, 0o777)
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

// file brings one file to its place.
func (g *getter) file(ctx context.Context, f File) error {
	path, err := f.Check(g.dir)
	if err == nil {
		g.Event(Event{File: f.Name, Place: true})
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) && path == "" {
		return err
	}
	if path != "" && path != filepath.Join(g.dir, f.Name+".gz") {
		return fmt.Errorf("%w: remove it, or name another folder", err) // it would hide the new one
	}
	p := part{file: f, target: filepath.Join(g.dir, f.Name+".gz")}
	var errs []error
	for _, mirror := range p.order(g.Mirrors) {
		u, err := url.JoinPath(mirror, f.Name+".gz")
		if err != nil {
			return err
		}
		for range attempts {
			before := p.size()
			err := g.attempt(ctx, &p, u)
			if err == nil {
				g.Event(Event{File: f.Name, URL: u, Place: true})
				return nil
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if local(err) {
				return err // another mirror cannot help
			}
			err = fmt.Errorf("%s: %w", u, err)
			errs = append(errs, err)
			g.Event(Event{File: f.Name, URL: u, Err: err})
			if p.size() == before {
				break // nothing came; less means that what was here was discarded
			}
		}
	}
	return errors.Join(errs...)
}

// local reports whether an error is of this machine's files.
func local(err error) bool {
	var path *fs.PathError
	var link *os.LinkError
	return errors.As(err, &path) || errors.As(err, &link)
}
