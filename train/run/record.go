package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/sealed"
	"example.com/pcn/train"
)

// Record is what run.json says of a run. The file ends with a hash of it, as each
// line of the metrics does: see package sealed.
type Record struct {
	Command string    `json:"command"` // that began it
	Version string    `json:"version"` // of the program
	Machine Machine   `json:"machine"`
	Started time.Time `json:"started"`
	Updated time.Time `json:"updated"`
	Resumed int       `json:"resumed"` // how often
	// Untested says that the run is one of a sweep, which scores no other than
	// its best on the test part.
	Untested bool `json:"untested,omitempty"`
	// Origin is a hash of the model file that the run learns on from, which Recipe names; empty
	// where its weights are new.
	Origin string `json:"origin,omitempty"`
	// Recipe has the settings used. The file recipe.yaml says the same to people,
	// and is not read again.
	Recipe train.Recipe `json:"recipe"`
	Result Result       `json:"result"`
}

// Machine is what a run ran on.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	System string `json:"system"`
	Go     string `json:"go"`
	Kernel string `json:"kernel"`
}

// newRecord returns the record of a run that begins now.
func newRecord() *Record {
	return &Record{Machine: ThisMachine(), Started: time.Now().Round(time.Second)}
}

// ThisMachine describes the machine that this is.
func ThisMachine() Machine {
	m := Machine{CPU: runtime.GOARCH, Cores: runtime.GOMAXPROCS(0), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Kernel: gemm.Kernel()}
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return m
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	return m
}

// Over reports whether the run has come to its end and has its test score, where
// it gets one.
func (r *Record) Over() bool { return r.Result.Status == Completed || r.Result.Status == Diverged }

// Save writes the record to the folder of the run.
func (r *Record) Save(d *Folder) error {
	if err := d.check(); err != nil {
		return err
	}
	r.Updated = time.Now().Round(time.Second)
	line, err := sealed.Marshal(r)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, line, "", "  "); err != nil {
		return err
	}
	text.WriteByte('\n')
	return atomicfile.Write(d.Path(RecordFile), func(w io.Writer) error {
		_, err := text.WriteTo(w)
		return err
	})
}

// LoadRecord reads the record of the run in a folder.
func LoadRecord(dir string) (*Record, error) {
	path := filepath.Join(dir, RecordFile)
	text, err := bounded.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &Record{}
	if err := sealed.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := r.Recipe.Validate(); err != nil {
		return nil, fmt.Errorf("%s: recipe: %w", path, err)
	}
	return r, nil
}

// LoadMetrics reads the epochs of the run in a folder, none where it has not come
// so far. A last line that was cut short is left out; there must be known ones at
// least.
func LoadMetrics(dir string, known int) (*train.History, error) {
	path := filepath.Join(dir, MetricsFile)
	f, err := bounded.Open(path)
	if err != nil && !(errors.Is(err, fs.ErrNotExist) && known == 0) {
		return nil, err
	}
	h := &train.History{}
	if err != nil {
		return h, nil
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		var e train.Epoch
		if err := sealed.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, len(h.Epochs)+1, err)
		}
		h.Epochs = append(h.Epochs, e)
		h.Seconds += e.Seconds
	}
	if len(h.Epochs) < known {
		return nil, fmt.Errorf("%s: must have a line for each of %d epochs, got %d", path, known, len(h.Epochs))
	}
	return h, nil
}
