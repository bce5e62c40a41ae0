package run

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"example.com/pcn/internal/bounded"
)

// A claim lets one process at a time write to a folder, also where machines share a file
// system whose locks do not hold between them. The folder's subfolder claimFolder has one
// file, the token, whose name says who has the folder. It is only ever renamed, from the
// name of one process to that of the next: of all that try so at once, one finds it.
//
// Who has the folder writes to the token now and then. Another may take it where nothing
// was written for the time of lease, or where the process is gone from this machine. A
// process that was only asleep notices before it writes to the folder again, by the name
// that is no longer there.
type claim struct {
	folder, token string
	mu            sync.Mutex // no writing while it is released
	end           func()     // of writing now and then
}

const (
	claimFolder = ".claim"
	free        = "free" // the token of a folder that nobody has
	beat        = 10 * time.Second
	lease       = time.Minute
)

// place is this machine since it has started, and the processes of it that this one sees.
var place = sync.OnceValues(func() (host string, hash string) {
	host, _ = os.Hostname()
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	processes, _ := os.Readlink("/proc/self/ns/pid")
	h := fnv.New64a()
	fmt.Fprintln(h, host, boot, processes)
	return strings.ReplaceAll(host, string(filepath.Separator), "-"), fmt.Sprintf("%x", h.Sum64())
})

// newToken returns a name for the token that no process has had.
func newToken() string {
	host, hash := place()
	return fmt.Sprintf("%s,%d,%s,%x", host, os.Getpid(), hash, rand.Uint64())
}

// take claims a folder. The file system's own clock says that it is now.
func take(dir string, now time.Time) (*claim, error) {
	c := &claim{folder: filepath.Join(dir, claimFolder), token: newToken()}
	for {
		held, err := token(c.folder)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = c.first(dir)
		case err != nil:
			return nil, err
		case held == "": // somebody has emptied it: this fails where it no longer is
			os.Remove(c.folder)
			continue
		case inUse(c.folder, held, now):
			host, rest, _ := strings.Cut(held, ",")
			pid, _, _ := strings.Cut(rest, ",")
			return nil, fmt.Errorf("%s: %w: process %s of %s", dir, ErrInUse, pid, host)
		default: // what is written to first is nobody's to take because of its age
			if err = write(filepath.Join(c.folder, held)); err == nil {
				err = os.Rename(filepath.Join(c.folder, held), c.path())
			}
		}
		if c.check() == nil { // whatever was said of the renaming: a server may have done it twice
			done := make(chan struct{})
			c.end = sync.OnceFunc(func() { close(done) })
			go c.beats(done)
			return c, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
}

// first makes the folder with the token in it, at once, or not where it is there.
func (c *claim) first(dir string) error {
	made := filepath.Join(dir, claimFolder+"."+strconv.FormatUint(rand.Uint64(), 16))
	if err := os.Mkdir(made, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(made) // what is left of it
	if err := os.WriteFile(filepath.Join(made, c.token), nil, 0o666); err != nil {
		return err
	}
	if err := os.Rename(made, c.folder); err != nil && c.check() != nil {
		if _, there := os.Stat(c.folder); there == nil {
			return fs.ErrExist // whatever the system calls it
		}
		return err
	}
	return nil
}

func (c *claim) path() string { return filepath.Join(c.folder, c.token) }

// check finds whether the folder has been taken by another.
func (c *claim) check() error {
	err := write(c.path())
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: it has taken it over", filepath.Dir(c.folder), ErrInUse)
	}
	return err
}

// beats writes to the token now and then, until done is closed.
func (c *claim) beats(done <-chan struct{}) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		c.mu.Lock()
		err := c.check()
		c.mu.Unlock()
		if errors.Is(err, ErrInUse) {
			return
		}
	}
}

// release lets others claim the folder. It may be called again.
func (c *claim) release() {
	c.end()
	c.mu.Lock()
	defer c.mu.Unlock()
	os.Rename(c.path(), filepath.Join(c.folder, free))
}

// write writes to a token, by which its file system notes the time.
func write(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	host, _ := place()
	_, err = fmt.Fprintf(f, "process %d of %s\n", os.Getpid(), host)
	return errors.Join(err, f.Close())
}

// token returns the name of the token, "" where none is there.
func token(folder string) (string, error) {
	info, err := os.Stat(folder)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s: must be a folder, got a file", folder)
	}
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			return e.Name(), nil
		}
	}
	return "", err
}

// inUse reports whether the process that has a folder may be at work in it.
func inUse(folder, token string, now time.Time) bool {
	if token == free {
		return false
	}
	if parts := strings.Split(token, ","); len(parts) == 4 {
		pid, err := strconv.Atoi(parts[1])
		if _, hash := place(); err == nil && parts[2] == hash && gone(pid) {
			return false
		}
	}
	f, err := bounded.Open(filepath.Join(folder, token)) // a shared file system tells its age anew of what is opened
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	info, err := f.Stat()
	return err != nil || now.Sub(info.ModTime()) < lease
}

// gone reports whether a process of this machine has ended.
func gone(pid int) bool {
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(stat), ") Z ") {
		return true // its parent has not asked how it ended
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	defer p.Release()
	return errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
