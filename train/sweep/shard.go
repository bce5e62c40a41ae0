package sweep

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Shard is one of several parts of a sweep, which separate processes take.
type Shard struct{ Index, Count int } // Index from 1

// ParseShard reads a shard such as 2/8.
func ParseShard(text string) (Shard, error) {
	index, count, _ := strings.Cut(text, "/")
	i, err := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	if err != nil || err2 != nil || i < 1 || n < i {
		return Shard{}, fmt.Errorf("must be i/n with i from 1 to n, such as 2/8, got %q", text)
	}
	return Shard{i, n}, nil
}

// SlurmShard returns the shard that a task of a SLURM job array is, by its
// environment variables: all there is, 1/1, outside of one.
func SlurmShard() (Shard, error) {
	if os.Getenv("SLURM_ARRAY_TASK_ID") == "" {
		return Shard{1, 1}, nil
	}
	numbers := map[string]int{"ID": 0, "COUNT": 0, "MIN": 0, "STEP": 1}
	for name, otherwise := range numbers {
		variable := "SLURM_ARRAY_TASK_" + name
		text := os.Getenv(variable)
		if text == "" && name == "STEP" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < otherwise {
			return Shard{}, fmt.Errorf("%s: must be a whole number >= %d, got %q", variable, otherwise, text)
		}
		numbers[name] = n
	}
	past := numbers["ID"] - numbers["MIN"]
	s := Shard{past/numbers["STEP"] + 1, numbers["COUNT"]}
	if past < 0 || past%numbers["STEP"] != 0 || s.Index > s.Count {
		return s, fmt.Errorf("SLURM_ARRAY_TASK_ID %d is none of %d tasks from %d in steps of %d", numbers["ID"], numbers["COUNT"], numbers["MIN"], numbers["STEP"])
	}
	return s, nil
}

// Of returns the runs of the shard: each Count-th. A shard that is none of Count has
// none.
func (s Shard) Of(runs []Run) []Run {
	var mine []Run
	if s.Index < 1 || s.Count < 1 {
		return mine
	}
	for i := s.Index - 1; i < len(runs); i += s.Count {
		mine = append(mine, runs[i])
	}
	return mine
}

// String returns i/n.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }
