package fetch

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/pcn/internal/atomicfile"
)

// part is a file on its way to its place.
type part struct {
	file   File
	target string
}

// origin says where the bytes of a part come from.
type origin struct {
	URL string `json:"url"`
	// Validator is the entity tag or the date of the mirror's file, for If-Range;
	// without one the checksum alone tells whether the rest is of the same file.
	Validator string `json:"validator"`
}

func (p *part) path() string { return p.target + ".part" }
func (p *part) note() string { return p.target + ".part.json" }

// size returns how many bytes are here.
func (p *part) size() int64 {
	info, err := os.Stat(p.path())
	if err != nil {
		return 0
	}
	return info.Size()
}

// origin returns where the part comes from, the zero value when that is not
// known.
func (p *part) origin() origin {
	var o origin
	f, err := os.Open(p.note())
	if err != nil {
		return o
	}
	defer f.Close()
	if json.NewDecoder(io.LimitReader(f, 64<<10)).Decode(&o) != nil || strings.ContainsAny(o.Validator, "\r\n") {
		return origin{}
	}
	return o
}

// begin notes where the bytes come from that are about to be written. There must
// be none yet.
func (p *part) begin(o origin) error {
	return atomicfile.Write(p.note(), func(w io.Writer) error { return json.NewEncoder(w).Encode(o) })
}

// discard forgets the part.
func (p *part) discard() {
	os.Remove(p.path())
	os.Remove(p.note())
}

// order returns mirrors with the one first that the part comes from.
func (p *part) order(mirrors []string) []string {
	from := p.origin().URL
	ordered := slices.Clone(mirrors)
	for i, m := range ordered {
		if from != "" && strings.HasPrefix(from, m) {
			return append([]string{m}, slices.Delete(ordered, i, i+1)...)
		}
	}
	return ordered
}

// place checks the part and puts it in its place. A part that is not right is
// discarded.
func (p *part) place() error {
	if err := p.file.verify(p.path(), true); err != nil {
		p.discard()
		return err
	}
	if err := os.Rename(p.path(), p.target); err != nil {
		return err
	}
	os.Remove(p.note())
	if d, err := os.Open(filepath.Dir(p.target)); err == nil {
		d.Sync() // the rename; where the system cannot, it does so in its own time
		d.Close()
	}
	return nil
}
