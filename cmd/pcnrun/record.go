package main

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

	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/sealed"
	"example.com/pcn/train"
)

// How a run is that has not ended.
const (
	running = "running"
	stopped = "stopped" // its process was killed
)

// record is what run.json says of a run. The file ends with a hash of it, as each
// line of the metrics does: see package sealed.
type record struct {
	Command string    `json:"command"`
	Version string    `json:"version"`
	Machine machine   `json:"machine"`
	Started time.Time `json:"started"`
	Updated time.Time `json:"updated"`
	Resumed int       `json:"resumed"` // how often
	// Untested says that the run is one of a sweep, which scores no other than
	// its best on the test part.
	Untested bool `json:"untested,omitempty"`
	// Recipe has the settings used. The file recipe.yaml says the same to people,
	// and is not read again.
	Recipe train.Recipe `json:"recipe"`
	Result result       `json:"result"`
}

// machine is what a run ran on.
type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	System string `json:"system"`
	Go     string `json:"go"`
	Kernel string `json:"kernel"`
}

// newRecord returns the record of a run that begins now with that command line.
func newRecord(args []string) *record {
	return &record{Command: commandLine(args), Version: version(), Machine: thisMachine(), Started: time.Now().Round(time.Second)}
}

// thisMachine describes the machine that this is.
func thisMachine() machine {
	m := machine{CPU: runtime.GOARCH, Cores: runtime.GOMAXPROCS(0), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Kernel: gemm.Kernel()}
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

// commandLine returns a command line of pcnrun as a shell reads it.
func commandLine(args []string) string {
	words := []string{"pcnrun"}
	for _, arg := range args {
		if strings.ContainsFunc(arg, func(r rune) bool {
			return !strings.ContainsRune("-_=./,:+@%", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		}) || arg == "" {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

// over reports whether the run has come to its end and has its test score, where
// it gets one.
func (r *record) over() bool { return r.Result.Status == completed || r.Result.Status == diverged }

// save writes the record to the folder of the run.
func (r *record) save(d *folder) error {
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
	return writeFile(d.path(recordFile), text.Bytes())
}

// loadRecord reads the record of the run in a folder.
func loadRecord(dir string) (*record, error) {
	path := filepath.Join(dir, recordFile)
	text, err := bounded.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &record{}
	if err := sealed.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := r.Recipe.Validate(); err != nil {
		return nil, fmt.Errorf("%s: recipe: %w", path, err)
	}
	return r, nil
}

// loadMetrics reads the epochs of the run in a folder, none where it has not come
// so far. A last line that was cut short is left out; there must be known ones at
// least.
func loadMetrics(dir string, known int) (*train.History, error) {
	path := filepath.Join(dir, metricsFile)
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
