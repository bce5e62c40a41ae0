package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/pcn/internal/needs"
	"example.com/pcn/train/run"
	"example.com/pcn/train/sweep"
)

// cluster is Slurm on this machine, with two nodes of two cores.
type cluster struct {
	t   *testing.T
	dir string
}

// slurmConf is for a folder, three ports, and the name of this machine.
const slurmConf = `
ClusterName=pcn
SlurmctldHost=%[5]s(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=%[1]s/munge.socket,cred_expire=5
SlurmctldPort=%[2]d
StateSaveLocation=%[1]s/state
SlurmdSpoolDir=%[1]s/%%n
SlurmctldPidFile=%[1]s/slurmctld.pid
SlurmdPidFile=%[1]s/slurmd-%%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,bf_interval=1,sched_min_interval=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
SlurmdTimeout=10
KillWait=5
MailProg=/bin/true
SlurmdParameters=config_overrides
NodeName=node1 NodeHostname=%[5]s NodeAddr=127.0.0.1 Port=%[3]d CPUs=2 RealMemory=1000
NodeName=node2 NodeHostname=%[5]s NodeAddr=127.0.0.1 Port=%[4]d CPUs=2 RealMemory=1000
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE PriorityTier=2
`

// startCluster starts Slurm, and ends it with the test.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	for _, name := range []string{"munged", "slurmctld", "slurmd", "sbatch", "srun"} {
		needs.Program(t, "slurm-wlm munge", name)
	}
	if os.Geteuid() != 0 {
		t.Skip("Slurm's daemons want root")
	}
	c := &cluster{t, t.TempDir()}
	var ports [3]int
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // when all are known
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	conf := fmt.Sprintf(slurmConf, c.dir, ports[0], ports[1], ports[2], must(os.Hostname()))
	for name, text := range map[string]string{"slurm.conf": conf, "key": strings.Repeat("0123456789abcdef", 64)} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SLURM_CONF", filepath.Join(c.dir, "slurm.conf"))
	at := func(name string) string { return filepath.Join(c.dir, name) }
	c.daemon("munged", "--foreground", "--force", "--key-file="+at("key"), "--socket="+at("munge.socket"), "--pid-file="+at("munged.pid"),
		"--log-file="+at("munged.log"), "--seed-file="+at("munged.seed"))
	c.until("munged listens", func() bool { _, err := os.Stat(at("munge.socket")); return err == nil })
	return c
}

// start starts the controller and the nodes, when their ports are free.
func (c *cluster) start() {
	c.t.Helper()
	c.daemon("slurmctld", "-D", "-i")
	c.boot("node1")
	c.boot("node2")
	c.until("both nodes are idle", func() bool {
		out, _ := exec.Command("sinfo", "--noheader", "--partition=main", "--states=idle", "--format=%D").Output()
		return strings.TrimSpace(string(out)) == "2"
	})
}

// boot starts a node.
func (c *cluster) boot(node string) { c.daemon("slurmd", "-D", "-b", "-N", node) }

// daemon starts a program that ends with the test.
func (c *cluster) daemon(name string, args ...string) {
	c.t.Helper()
	p := exec.Command(name, args...)
	log := must(os.OpenFile(filepath.Join(c.dir, name+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600))
	defer log.Close()
	p.Stdout, p.Stderr = log, log
	if err := p.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { p.Process.Kill(); p.Wait() })
}

// crash ends all processes of a node at once, as a loss of power does.
func (c *cluster) crash(node string) {
	c.t.Helper()
	var found []int
	for _, dir := range must(filepath.Glob("/proc/[0-9]*")) {
		var pid, parent int
		fmt.Sscan(filepath.Base(dir), &pid)
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		environ, _ := os.ReadFile(filepath.Join(dir, "environ"))
		conf := []byte("SLURM_CONF=" + filepath.Join(c.dir, "slurm.conf") + "\x00")
		if !bytes.Contains(environ, conf) {
			continue
		}
		switch {
		case string(command) == "slurmd\x00-D\x00-b\x00-N\x00"+node+"\x00":
			found = append(found, pid)
		case bytes.Contains(environ, []byte("SLURMD_NODENAME="+node+"\x00")):
			stat, _ := os.ReadFile(filepath.Join(dir, "stat"))
			fmt.Sscanf(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " %c %d", new(rune), &parent)
			if comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", parent)); string(comm) == "slurmstepd\n" {
				found = append(found, parent)
			}
			found = append(found, pid)
		}
	}
	for _, pid := range found {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	c.t.Logf("%s: ended %d processes", node, len(found))
}

// until waits until something is so.
func (c *cluster) until(what string, so func() bool) {
	c.t.Helper()
	for began := time.Now(); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > limit(time.Minute) {
			seen, _ := exec.Command("sh", "-c", "squeue --array; tail -n 5 */slurm/*.log").CombinedOutput()
			c.t.Fatalf("%s: not in a minute\n%s", what, seen)
		}
	}
}

// running returns the tasks that run on a node, "" for any, by their shard.
func (c *cluster) running(node string) []string {
	args := []string{"--noheader", "--array", "--states=RUNNING", "--partition=main", "--format=%K"}
	if node != "" {
		args = append(args, "--nodelist="+node)
	}
	return strings.Fields(string(must(exec.Command("squeue", args...).Output())))
}

// TestSlurm carries out a sweep of 24 runs as a job array. Three tasks are told to end, an
// urgent job takes the place of others, and a node loses its power: the table, and all models,
// have the bits of those that one process made. So does a table of reproduce.
func TestSlurm(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	c := startCluster(t)
	c.start()
	dir := filepath.Join(t.TempDir(), "it's a folder") // which the script has to quote
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	const config = `
base:
  data: {limit: 200}
  learning: {epochs: 20, batch: 4}
seeds: 2
keys:
  learning.rate: [0.001, 0.003, 0.01]
  inference.method: [gradient, adam]
  model.layers: [[64, 32, 10], [64, 10]]
`
	if err := os.WriteFile("s.yaml", []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	do := func(line string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), limit(5*time.Minute))
		defer cancel()
		p := exec.CommandContext(ctx, "pcnrun", strings.Fields(line)...)
		var errs bytes.Buffer
		p.Stderr = &errs
		out, err := p.Output()
		t.Logf("%s\n%s", line, &errs)
		if err != nil {
			logs, _ := exec.Command("sh", "-c", "tail -n 5 */slurm/*.log").CombinedOutput()
			t.Fatalf("pcnrun %s: %v\n%s", line, err, logs)
		}
		return string(out)
	}
	do("sweep --config s.yaml --out whole -q")
	want := do("sweep whole -q")
	runs := must(sweep.Load("s.yaml")).Runs()

	do("sweep --config s.yaml --out array --slurm --time 10 --mem 200M --checkpoint-every 1b")
	job := strings.Fields(string(must(exec.Command("squeue", "--noheader", "--format=%F").Output())))[0]
	checkpoint := func(task string) string {
		var i int
		fmt.Sscan(task, &i)
		return filepath.Join("array", runs[i-1].Name(), run.CheckpointFile)
	}
	told := map[string]bool{}
	for _, signal := range []string{"TERM", "USR1", "TERM"} {
		c.until("a task is in the middle of a run", func() bool {
			for _, task := range c.running("") {
				if _, err := os.Stat(checkpoint(task)); err == nil && !told[task] {
					// It waits for a minute where the task is on its way back into the queue by then.
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					err := exec.CommandContext(ctx, "scancel", "--signal="+signal, job+"_"+task).Run()
					told[task] = err == nil || ctx.Err() != nil
					cancel()
					return told[task]
				}
			}
			return false
		})
	}
	if text, err := exec.Command("sbatch", "--partition=urgent", "--nodelist=node1", "--exclusive", "--output=/dev/null", "--wrap", "sleep 1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	c.until("a task runs on node2", func() bool {
		for _, task := range c.running("node2") {
			if _, err := os.Stat(checkpoint(task)); err == nil {
				return true
			}
		}
		return false
	})
	c.crash("node2")
	c.boot("node2")
	if got := do("sweep status array"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	files := []string{sweep.TableFile, sweep.CSVFile, sweep.PlotsFile}
	resumed := 0
	for _, r := range runs {
		files = append(files, filepath.Join(r.Name(), run.ModelFile))
		rec := must(run.LoadRecord(filepath.Join("array", r.Name())))
		if rec.Resumed > 0 {
			resumed++
		}
	}
	for _, name := range files {
		if !bytes.Equal(must(os.ReadFile(filepath.Join("whole", name))), must(os.ReadFile(filepath.Join("array", name)))) {
			t.Errorf("%s is another", name)
		}
	}
	if resumed < len(told) {
		t.Errorf("%d runs have gone on, of %d that were told to end", resumed, len(told))
	}
	t.Logf("%d of %d runs went on after they had been ended", resumed, len(runs))

	// A table of reproduce goes the same way. Where its job is cancelled, what was ended stays
	// ended, and the same command submits what is left.
	const table = `
title: A table
measure: accuracy
base:
  data: {limit: 200}
  learning: {epochs: 20, batch: 4}
seeds: 2
rows:
  - {name: gradient, settings: {inference.method: gradient}}
  - {name: adam, settings: {inference.method: adam}}
`
	if err := os.WriteFile("table.yaml", []byte(table), 0o666); err != nil {
		t.Fatal(err)
	}
	want = do("reproduce ./table.yaml --out rows -q --seeds 3")
	const submit = "reproduce ./table.yaml --out tasks --seeds 3 --slurm --tasks 2 --workers 1 --checkpoint-every 1b"
	do(submit)
	c.until("a run has ended", func() bool { return exec.Command("grep", "-q", "^run 1/3", "-r", "tasks/slurm").Run() == nil })
	if text, err := exec.Command("scancel", "--user=root").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if text, err := exec.Command("pcnrun", "sweep", "status", "tasks").CombinedOutput(); err == nil || !strings.Contains(string(text), "of 6 runs have not ended, and nobody is at them") {
		t.Errorf("status of a job that was cancelled: %v: %s", err, text)
	}
	do(submit)
	seconds := regexp.MustCompile(` +(seconds of learning|[0-9.]+ ± [0-9.]+)\n`) // the last column, which is not to be the same
	if got := do("sweep status tasks"); seconds.ReplaceAllString(got, "\n") != seconds.ReplaceAllString(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
