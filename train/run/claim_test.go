package run

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestClaimByOne has many try to claim a folder at once, from before it is there on: one at
// a time has it.
func TestClaimByOne(t *testing.T) {
	for range 50 {
		dir := filepath.Join(t.TempDir(), "run")
		var inside, had atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 20 {
					f, err := OpenFolder(dir)
					if errors.Is(err, ErrInUse) {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					if inside.Add(1) != 1 {
						t.Error("two have the folder")
					}
					had.Add(1)
					inside.Add(-1)
					f.Release()
				}
			})
		}
		all.Wait()
		entries, err := os.ReadDir(filepath.Join(dir, claimFolder))
		if err != nil || len(entries) != 1 || entries[0].Name() != free {
			t.Fatalf("released by all: got %v, %v", entries, err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 1 {
			t.Fatalf("left %v", left)
		}
		if had.Load() == 0 {
			t.Fatal("nobody had the folder")
		}
	}
}

// TestClaimOfTheDead: a folder is free whose process is gone from this machine, or has not
// written for a minute from another, and no other.
func TestClaimOfTheDead(t *testing.T) {
	ended := exec.Command(os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	_, here := place()
	for _, c := range []struct {
		name  string
		token string
		age   time.Duration
		free  bool
	}{
		{"released", free, time.Hour, true},
		{"of a process that has ended", fmt.Sprintf("node1,%d,%s,1", ended.Process.Pid, here), 0, true},
		{"of a process that is there", fmt.Sprintf("node1,%d,%s,1", os.Getppid(), here), 50 * time.Second, false},
		{"of a process that is there, in a folder that was copied", fmt.Sprintf("node1,%d,%s,1", os.Getppid(), here), 70 * time.Second, true},
		{"of another machine", fmt.Sprintf("node2.cluster,%d,abc,1", ended.Process.Pid), 50 * time.Second, false},
		{"of another machine that has died", fmt.Sprintf("node2.cluster,%d,abc,1", ended.Process.Pid), 70 * time.Second, true},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, claimFolder, c.token)
		if err := os.Mkdir(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-c.age)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
		if got := !InUse(dir); got != c.free {
			t.Errorf("%s: free: %v, want %v", c.name, got, c.free)
		}
		f, err := OpenFolder(dir)
		switch {
		case c.free && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case !c.free && !errors.Is(err, ErrInUse):
			t.Errorf("%s: got %v, want ErrInUse", c.name, err)
		case !c.free:
			t.Log(err)
		default:
			if !InUse(dir) {
				t.Errorf("%s: claimed, and not in use", c.name)
			}
			f.Release()
		}
	}
}

// TestClaimLost: a process that was asleep while another took its folder writes no more.
func TestClaimLost(t *testing.T) {
	f, err := OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-2 * lease)
	if err := os.Chtimes(f.path(), then, then); err != nil {
		t.Fatal(err)
	}
	g, err := OpenFolder(f.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := newRecord().Save(f); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
	if err := newRecord().Save(g); err != nil {
		t.Error(err)
	}
	f.Release()
	if !InUse(f.Dir) {
		t.Error("who has lost the folder has released it")
	}
	g.Release()
	if InUse(f.Dir) {
		t.Error("it was released")
	}
}
