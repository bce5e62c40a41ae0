package fetch

import (
	"errors"
	"io/fs"

	"example.com/pcn/train/data"
)

// State is a set as it is on this machine.
type State struct {
	Set
	Bytes     int64       `json:"bytes"`            // of all files, unpacked
	Installed bool        `json:"installed"`        // its folder was found, or it is built in
	Folder    string      `json:"folder,omitempty"` // where it was found
	Files     []FileState `json:"files,omitempty"`  // in place of the set's
}

// FileState is a file of a set as it is on this machine.
type FileState struct {
	File
	Path   string `json:"path,omitempty"`
	Status string `json:"status,omitempty"` // of Check: ok, missing, wrong
	Error  string `json:"error,omitempty"`
}

// State returns where s is on this machine.
func (s Set) State() State {
	k := State{Set: s, Bytes: s.Bytes(), Installed: len(s.Files) == 0}
	for _, f := range s.Files {
		k.Files = append(k.Files, FileState{File: f})
	}
	if dir, ok := data.Find(s.Name); ok && len(s.Files) > 0 {
		k.Installed, k.Folder = true, dir
	}
	return k
}

// Check checks all files of s in a folder, and returns how many are missing or wrong.
func (s Set) Check(dir string) (k State, bad int) {
	k = s.State()
	k.Installed, k.Folder = true, dir
	for i, f := range s.Files {
		is, err := &k.Files[i], error(nil)
		is.Status = "ok"
		if is.Path, err = f.Check(dir); err != nil {
			bad++
			is.Status, is.Error = "wrong", err.Error()
			if errors.Is(err, fs.ErrNotExist) {
				is.Status = "missing"
			}
		}
	}
	return k, bad
}
