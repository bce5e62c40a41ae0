//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/pcn/train/run"
)

// launchers are what starts ranks, with the arguments to start more than there are cores.
var launchers = map[string][]string{
	"mpirun.openmpi": {"--oversubscribe"},
	"mpirun.mpich":   nil,
}

// launcher returns the command that starts ranks, and skips where it cannot be had: but not
// where PCN_CI is set, which has it installed.
func launcher(t *testing.T, name string) func(ranks int, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("PCN_CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("no ranks: %v", err)
	}
	return func(ranks int, args ...string) *exec.Cmd {
		c := exec.Command(name, append(append(launchers[name][:len(launchers[name]):len(launchers[name])], "-n", strconv.Itoa(ranks), "pcnrun"), args...)...)
		c.Env = append(os.Environ(), "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		c.Cancel = nil
		return c
	}
}

// finish runs c, which is to end in time, and returns what it printed.
func finish(t *testing.T, c *exec.Cmd) (string, error) {
	t.Helper()
	var text bytes.Buffer
	c.Stdout, c.Stderr = &text, &text
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(2*time.Minute, func() { syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }).Stop()
	err := c.Wait()
	return text.String(), err
}

// modelHash is that of the run's model.
func modelHash(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, run.ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}

// rankedRules are command lines of whatever ranks have to hand each other.
var rankedRules = map[string][]string{
	"pc":           {"--method", "gradient", "--steps", "5"},
	"ipc":          {"--method", "gradient", "--steps", "5", "--rule", "ipc"},
	"gauss-seidel": {"--method", "gauss-seidel"},
	"conv":         {"--network", "conv 4 3x3, gelu, max-pool 2; dense 16, tanh; dense", "--epochs", "1"},
	"from":         {"--class-weights", "balanced", "--from"}, // a model
	"precision":    {"--energies", "gaussian,gaussian-learned,gaussian-learned"},
}

// TestRanks holds that any number of ranks and workers trains the model of one process, of
// each MPI that there is. PCN_RANKS=all has all of the table; it prints the hashes.
func TestRanks(t *testing.T) {
	all := os.Getenv("PCN_RANKS") == "all"
	for name := range launchers {
		t.Run(name, func(t *testing.T) {
			start := launcher(t, name)
			for rule, flags := range rankedRules {
				dir := t.TempDir()
				args := func(out string) []string {
					a := []string{"train", "digits", "--limit", "300", "--batch", "160", "--epochs", "2", "--quiet", "--out", filepath.Join(dir, out)}
					if rule != "conv" {
						a = append(a, "--layers", "64,20,10")
					}
					return append(a, flags...)
				}
				if rule == "from" {
					flags = append(flags, filepath.Join(dir, "first", run.ModelFile))
					if text, err := finish(t, exec.Command("pcnrun", "train", "digits", "--limit", "200", "--layers", "64,20,10", "--epochs", "1", "--quiet", "--out", filepath.Join(dir, "first"))); err != nil {
						t.Fatalf("%v: %s", err, text)
					}
				}
				if text, err := finish(t, exec.Command("pcnrun", args("one")...)); err != nil {
					t.Fatalf("%s: %v: %s", rule, err, text)
				}
				want := modelHash(t, filepath.Join(dir, "one"))
				for ranks := 1; ranks <= 4; ranks++ {
					for workers := 1; workers <= 2; workers++ {
						if short := ranks == 2 && workers == 2 && (name == "mpirun.openmpi" || rule == "pc"); !all && !short {
							continue
						}
						out := fmt.Sprintf("%d-%d", ranks, workers)
						c := start(ranks, args(out)...)
						c.Env = append(c.Env, "GOMAXPROCS="+strconv.Itoa(workers))
						if text, err := finish(t, c); err != nil {
							t.Fatalf("%s on %d ranks: %v: %s", rule, ranks, err, text)
						}
						got := modelHash(t, filepath.Join(dir, out))
						if got != want {
							t.Errorf("%s on %d ranks of %d workers: %.12s, want %.12s", rule, ranks, workers, got, want)
						}
						t.Logf("%-12s %d ranks × %d workers %.16s", rule, ranks, workers, got)
					}
				}
			}
		})
	}
}

// TestRankKilled kills one of three ranks at a random moment. All ranks end within 10 s,
// with an error that names it where it was training; and the run goes on, with any number
// of ranks, to the model of the run that never stopped. PCN_KILLS says how often.
func TestRankKilled(t *testing.T) {
	kills := 1
	if text := os.Getenv("PCN_KILLS"); text != "" {
		kills = must(strconv.Atoi(text))
	}
	start := launcher(t, "mpirun.openmpi")
	dir := t.TempDir()
	args := func(out string) []string {
		return []string{"train", "digits", "--limit", "900", "--batch", "128", "--epochs", "40", "--layers", "64,32,10", "--method", "gradient",
			"--steps", "20", "--quiet", "--checkpoint-every", "3b", "--out", out, "--resume-or-start"}
	}
	whole := filepath.Join(dir, "whole")
	began := time.Now()
	if text, err := finish(t, start(3, args(whole)...)); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	span, want := time.Since(began), modelHash(t, whole)
	rng := rand.New(rand.NewPCG(uint64(kills), 7))
	named, same, early := 0, 0, 0
	for i := 0; named < kills && i < 3*kills && !t.Failed(); i++ {
		out := filepath.Join(dir, fmt.Sprint(i))
		c := start(3, args(out)...)
		var text bytes.Buffer
		c.Stdout, c.Stderr = &text, &text
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ranks := ranksOf(c.Process.Pid)
		for range 1000 {
			if len(ranks) == 3 {
				break
			}
			time.Sleep(5 * time.Millisecond)
			ranks = ranksOf(c.Process.Pid)
		}
		time.Sleep(time.Duration(0.3 * rng.Float64() * float64(span)))
		victim := rng.IntN(3)
		pid, there := ranks[victim]
		if there {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		killed := time.Now()
		err := c.Wait()
		if took := time.Since(killed); took > 10*time.Second {
			t.Errorf("%d: took %v", i, took)
		}
		for rank, pid := range ranks {
			for !gone(pid) {
				if time.Since(killed) > 10*time.Second {
					t.Fatalf("%d: rank %d is still there", i, rank)
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
		name := fmt.Sprintf("rank %d (host", victim)
		switch says := strings.Count(text.String(), name); {
		case err == nil || !there:
			early++ // it had ended, or not begun
		case says == 2 && strings.Contains(text.String(), "has died"), strings.Contains(text.String(), "noticed that process rank "+strconv.Itoa(victim)):
			named++
		default:
			t.Errorf("%d: rank %d was killed, and is not named: %s", i, victim, text.String())
		}
		if left, _ := filepath.Glob(filepath.Join(out, "*.tmp")); len(left) > 0 {
			t.Errorf("%d: left %v", i, left)
		}
		if text, err := finish(t, start(1+i%3, args(out)...)); err != nil {
			t.Fatalf("%d: going on: %v: %s", i, err, text)
		}
		if got := modelHash(t, out); got != want {
			t.Errorf("%d: the run went on to %.12s, want %.12s", i, got, want)
			continue
		}
		same++
	}
	t.Logf("%d of %d runs ended with the same bits; in %d a rank was killed, and named; %d had ended before", same, named+early, named, early)
	if named < kills {
		t.Errorf("%d ranks were killed, want %d", named, kills)
	}
}

// gone reports whether a process is no more, or only waits to be reaped.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	return err != nil || strings.HasPrefix(rest, "Z")
}

// ranksOf returns the processes of ranks, by rank, that descend from a process.
func ranksOf(launcher int) map[int]int {
	ranks := map[int]int{}
	tasks, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range tasks {
		pid := must(strconv.Atoi(filepath.Base(filepath.Dir(path))))
		environment, _ := os.ReadFile(path)
		stat, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "stat"))
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) < 2 || fields[1] != strconv.Itoa(launcher) {
			continue
		}
		for _, variable := range strings.Split(string(environment), "\x00") {
			if rank, ok := strings.CutPrefix(variable, "OMPI_COMM_WORLD_RANK="); ok {
				ranks[must(strconv.Atoi(rank))] = pid
			}
		}
	}
	return ranks
}

// TestRanksInterrupted ends a job as a batch system does. Its ranks leave a checkpoint, of
// which another number of them goes on.
func TestRanksInterrupted(t *testing.T) {
	start := launcher(t, "mpirun.openmpi")
	dir := t.TempDir()
	args := func(out string) []string {
		return []string{"train", "digits", "--limit", "600", "--batch", "128", "--epochs", "100", "--layers", "64,32,10", "--method", "gradient",
			"--steps", "20", "--init", "warm", "--quiet", "--checkpoint-every", "100000", "--out", filepath.Join(dir, out)}
	}
	if text, err := finish(t, exec.Command("pcnrun", args("one")...)); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	c := start(2, args("two")...)
	var text bytes.Buffer
	c.Stdout, c.Stderr = &text, &text
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for range 600 {
		if _, err := os.Stat(filepath.Join(dir, "two", run.ModelFile)); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, pid := range ranksOf(c.Process.Pid) {
		syscall.Kill(pid, syscall.SIGTERM)
		break // of which the others are to hear
	}
	c.Wait()
	if !strings.Contains(text.String(), "interrupted") || strings.Contains(text.String(), "died") {
		t.Errorf("printed %s", text.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "two", run.CheckpointFile)); err != nil {
		t.Fatal(err)
	}
	if text, err := finish(t, start(3, "train", "--resume", filepath.Join(dir, "two"))); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if got, want := modelHash(t, filepath.Join(dir, "two")), modelHash(t, filepath.Join(dir, "one")); got != want {
		t.Errorf("%.12s, want %.12s", got, want)
	}
}

// TestRanksDisagree starts ranks that differ, and such as cannot begin.
func TestRanksDisagree(t *testing.T) {
	start := launcher(t, "mpirun.openmpi")
	dir := t.TempDir()
	for i, rows := range []string{"x,y\n1,2\n2,3\n3,4\n4,5\n5,6\n6,7\n7,8\n8,9\n", "x,y\n1,2\n2,3\n3,4\n4,5\n5,6\n6,7\n7,8\n8,0\n"} {
		if err := os.MkdirAll(filepath.Join(dir, fmt.Sprint(i)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i), "own.csv"), []byte(rows), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "run")
	train := []string{"train", "digits", "--limit", "100", "--epochs", "1", "--quiet", "--out", out}
	for name, c := range map[string]struct {
		second []string // the command line of rank 1
		wants  []string
	}{
		"recipe": {append(train[:len(train):len(train)], "--rate", "0.5"), []string{"rank 1 (host", "recipe: must be that of rank 0"}},
		"usage":  {[]string{"train", "digits", "--out", out, "--limit", "5000", "--epochs", "1", "--layers", "64,3"}, []string{"rank 1 (host", "has failed: ", "layers"}},
		"file":   {[]string{"train", filepath.Join(dir, "none.csv"), "--label", "y"}, []string{"rank 1 (host", "none.csv"}},
	} {
		text, err := finish(t, start(1, append(train, append([]string{":", "-n", "1", "pcnrun"}, c.second...)...)...))
		if err == nil {
			t.Errorf("%s: no error: %s", name, text)
		}
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: must print %q, got %s", name, want, text)
			}
		}
		if _, err := os.Stat(filepath.Join(out, run.ModelFile)); err == nil {
			t.Errorf("%s: a model was written", name)
		}
		os.RemoveAll(out)
	}
	own := func(i int) []string {
		return []string{"--wdir", filepath.Join(dir, fmt.Sprint(i)), "-n", "1", "pcnrun", "train", "own.csv", "--target", "y", "--validation", "2", "--layers", "1,4,1", "--epochs", "1", "--quiet", "--out", "run"}
	}
	c := start(1)
	c.Args = append(append(append(c.Args[:len(c.Args)-3:len(c.Args)-3], own(0)...), ":"), own(1)...)
	if text, err := finish(t, c); err == nil || strings.Count(text, "data: must be that of rank 0") < 2 {
		t.Errorf("data: %v: %s", err, text)
	}
}

// TestNoRanks starts processes that are told that they are ranks, without a library to be
// had, or are to train each by itself.
func TestNoRanks(t *testing.T) {
	for name, c := range map[string]struct {
		env, args []string
		want      string
	}{
		"no library": {[]string{"OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=2"}, []string{"--mpi", "/none/libmpi.so"}, "rank 0 of 2 of Open MPI: mpi: no library of Open MPI can be opened: /none/libmpi.so: "},
		"another":    {[]string{"PMI_RANK=0", "PMI_SIZE=2"}, []string{"--mpi", libm}, libm + ": must be a library of MPICH, got one that lacks MPI_Init_thread, MPI_Comm_rank"},
		"a number":   {[]string{"PMI_RANK=7", "PMI_SIZE=2"}, nil, `PMI_RANK: must be a whole number from 0 to 1, got "7"`},
		"alone":      {[]string{"PMI_RANK=0", "PMI_SIZE=1"}, nil, ""},
		"off":        {[]string{"PMI_RANK=0", "PMI_SIZE=2"}, []string{"--mpi", "off"}, ""},
		"no mpirun":  {nil, []string{"--mpi", libm}, "--mpi " + libm + ": mpirun must have started this process with others, and has not"},
	} {
		command := exec.Command("pcnrun", append([]string{"train", "digits", "--limit", "100", "--epochs", "1", "--quiet", "--out", filepath.Join(t.TempDir(), "run")}, c.args...)...)
		command.Env = append(os.Environ(), c.env...)
		text, err := finish(t, command)
		if (err != nil) != (c.want != "") || !strings.Contains(text, c.want) {
			t.Errorf("%s: %v: %s, want %q", name, err, text, c.want)
		}
	}
}

// libm is a library that has no MPI.
const libm = "libm.so.6"
