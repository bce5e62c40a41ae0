package slurm

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"example.com/pcn/internal/needs"
)

func TestRanges(t *testing.T) {
	for want, numbers := range map[string][]int{"1": {1}, "1-3": {1, 2, 3}, "2,4-5,9": {2, 4, 5, 9}, "": nil} {
		if got := ranges(numbers); got != want {
			t.Errorf("%v: got %q, want %q", numbers, got, want)
		}
	}
}

// TestWrite: bash reads a script as written.
func TestWrite(t *testing.T) {
	bash := needs.Program(t, "bash", "bash")
	j := &Job{Title: "Runs.", Name: "it's", Dir: "a b", Logs: "c", Tasks: []int{1, 2}, Shards: 2, CPUs: 4, Time: "1:00", Command: []string{"pcnrun", "x y"}, Interrupted: 130}
	var b bytes.Buffer
	if err := j.Write(&b); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(bash, "-n")
	c.Stdin = bytes.NewReader(b.Bytes())
	if text, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, text, &b)
	}
	for _, line := range []string{`#SBATCH --job-name='it'\''s'`, "#SBATCH --array=1-2", "#SBATCH --time=1:00", "#SBATCH --cpus-per-task=4"} {
		if !strings.Contains(b.String(), line+"\n") {
			t.Errorf("no line %s in\n%s", line, &b)
		}
	}
	if strings.Contains(b.String(), "--mem") || strings.Contains(b.String(), "--partition") {
		t.Errorf("what was not asked for is in\n%s", &b)
	}
}
