package reproduce

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/pcn/internal/bounded"
	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/train/config"
	"example.com/pcn/train/sweep"
)

//go:embed tables/*.yaml
var tables embed.FS

// Table is a table to run.
type Table struct {
	Name string // of the file, without its ending
	Text []byte // of the file
	Head
	Plan *sweep.Plan // a point for each of Rows
	Rows []Spec

	measure measure
}

// Head says what a table is of.
type Head struct {
	Title  string `json:"title"`
	Source string `json:"source"` // who published the figures, and where
	// Theirs is how the published figures were taken, Ours how those here are.
	Theirs string `json:"theirs"`
	Ours   string `json:"ours"`
	// Along is what the numbers are that rows of lines are at.
	Along string `json:"along,omitempty"`
	// Takes is about how long all runs take, and on what.
	Takes string `json:"takes,omitempty"`
}

// Spec is a row of a table.
type Spec struct {
	Name string `yaml:"name"`
	// Published is the figure that was published; 0 for none.
	Published float64 `yaml:"published"`
	// Line and At put the row on a line of the picture, by a number such as the depth.
	Line string  `yaml:"line"`
	At   float64 `yaml:"at"`
	// Settings are laid over the table's base, by their paths in a recipe.
	Settings *yamlfile.Node `yaml:"settings"`

	place *yamlfile.Node // settings of the place, over these
}

// file is a table's file, which begins with its head.
type file struct {
	Title  string `yaml:"title"`
	Source string `yaml:"source"`
	Theirs string `yaml:"theirs"`
	Ours   string `yaml:"ours"`
	Takes  string `yaml:"takes"`
	Along  string `yaml:"along"` // with Places

	Measure string         `yaml:"measure"`
	Base    *yamlfile.Node `yaml:"base"`
	Seeds   int            `yaml:"seeds"`
	Rows    []Spec         `yaml:"rows"`
	Lines   []Spec         `yaml:"lines"` // with Places: a row for each of both
	Places  []Spec         `yaml:"places"`
	Quick   struct {
		Seeds    int            `yaml:"seeds"`
		Settings *yamlfile.Node `yaml:"settings"`
	} `yaml:"quick"`
}

// Options change a table.
type Options struct {
	Quick bool // takes the settings for a minute's version
	Seeds int  // of each row; 0 for the table's own number
}

// Names returns the names of the tables that are built in, sorted.
func Names() []string {
	entries, err := tables.ReadDir("tables")
	if err != nil {
		panic(err) // it is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Load reads a table: one that is built in, by its name, or that of a file.
func Load(name string, o Options) (*Table, error) {
	text, err := tables.ReadFile("tables/" + name + ".yaml")
	at := name + ".yaml"
	if errors.Is(err, fs.ErrNotExist) {
		if !strings.ContainsAny(name, `./\`) {
			return nil, fmt.Errorf("must be one of %s, or the path of a file, got %q", strings.Join(Names(), ", "), name)
		}
		text, err = bounded.ReadFile(name)
		at = name
	}
	if err != nil {
		return nil, err
	}
	return Parse(at, text, o)
}

// TableFile is a copy of a table's file, in the folder of its runs.
const TableFile = "table.yaml"

// Driver returns what carries out the runs of t, which name led to by o, in the folder dir.
func (t *Table) Driver(dir, name string, o Options) *sweep.Driver {
	return &sweep.Driver{Dir: dir, Plan: t.Plan, Name: name, Text: t.Text, File: TableFile, Spares: true, Read: func(path string) (*sweep.Plan, error) {
		there, err := Load(path, o)
		if err != nil {
			return nil, err
		}
		return there.Plan, nil
	}}
}

// Parse reads a table from the text of a file, which errors call name:
//
//	title: What the rows have in common
//	source: who published the figures, and where
//	theirs: how those were taken
//	ours: how those here are
//	measure: accuracy       # see [Measures]
//	base:                   # what all runs share: settings as train --config takes
//	  data: {dataset: mnist}
//	seeds: 5                # 1 to 5, of the weights and the order of the examples
//	rows:
//	  - name: PC
//	    published: 98.2     # may be left out
//	    settings:           # over base, any of a recipe, by their paths
//	      learning.rule: pc
//	lines:                  # beside rows or in place of them: one for each line
//	  - name: PC
//	    settings: {learning.rule: pc}
//	along: hidden layers    # what the numbers of the places are
//	places:                 # at each place, drawn as lines
//	  - at: 2
//	    settings: {model.layers: [784, 128, 128, 10]}
//	quick:                  # the version of a minute
//	  seeds: 1
//	  settings: {data.limit: 2000, learning.epochs: 2}
//
// A row whose settings are refused has the reason in the plan, as [sweep.Point.Err]; all else
// that is wrong is the error.
func Parse(name string, text []byte, o Options) (*Table, error) {
	root, err := yamlfile.Parse(name, text)
	if err != nil {
		return nil, err
	}
	var f file
	places, errs := root.Decode(&f)
	bad := func(path, format string, args ...any) {
		at := cmp.Or(places[path], root)
		e := at.Errorf(format, args...)
		e.Path = path
		errs = append(errs, e)
	}
	t := &Table{Name: strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), Text: text, Head: Head{f.Title, f.Source, f.Theirs, f.Ours, cmp.Or(f.Along, "place"), f.Takes}}
	if t.measure, err = newMeasure(f.Measure); err != nil {
		bad("measure", "%v", err)
	}
	if f.Seeds = cmp.Or(f.Seeds, 1); f.Seeds < 1 {
		bad("seeds", "must be a whole number >= 1, got %d", f.Seeds)
	}
	for _, line := range f.Lines {
		for _, place := range f.Places {
			name := fmt.Sprintf("%s, %s", line.Name, cmp.Or(place.Name, fmt.Sprint(place.At)))
			f.Rows = append(f.Rows, Spec{Name: name, Published: place.Published, Line: line.Name, At: place.At, Settings: line.Settings, place: place.Settings})
		}
	}
	t.Rows = f.Rows
	if len(f.Rows) == 0 {
		bad("rows", "must not be empty, or else lines and places")
	}
	extra, more := settings(f.Quick.Settings)
	errs = append(errs, more...)
	seeds := cmp.Or(o.Seeds, f.Seeds)
	if o.Quick {
		seeds = cmp.Or(o.Seeds, f.Quick.Seeds, 1)
	} else {
		extra = nil
	}
	t.Plan = &sweep.Plan{Keys: []string{"row"}, Tested: true}
	for i := range seeds {
		t.Plan.Seeds = append(t.Plan.Seeds, uint64(i+1))
	}
	var resolver config.Resolver
	for i, row := range f.Rows {
		p := sweep.Point{Number: i + 1, Name: folderName(row.Name), Values: []string{row.Name}}
		if p.Name == "" || slices.ContainsFunc(t.Plan.Points, func(q sweep.Point) bool { return p.Name == q.Name }) {
			bad(fmt.Sprintf("rows[%d].name", i), "must be letters and digits that no other row has, got %q", row.Name)
		}
		if o.Quick {
			p.Name = "quick-" + p.Name // beside the runs in full
		}
		own, more := settings(row.Settings)
		at, most := settings(row.place)
		errs = append(append(errs, more...), most...)
		p.Recipe, p.Err = resolver.Resolve(cmp.Or(f.Base, root.Null()), slices.Concat(own, at, extra)...)
		t.Plan.Points = append(t.Plan.Points, p)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return t, nil
}

// settings returns what a mapping of paths gives.
func settings(n *yamlfile.Node) (all []config.Setting, errs yamlfile.Errors) {
	if n == nil || n.IsNull() {
		return nil, nil
	}
	pairs, ok := n.Mapping()
	if !ok {
		return nil, yamlfile.Errors{n.Errorf("must be a mapping of settings, such as learning.rate: 0.001")}
	}
	for _, p := range pairs {
		all = append(all, config.Setting{Path: p.Key.Text(), Key: p.Key, Value: p.Value})
	}
	return all, nil
}

var notInNames = regexp.MustCompile(`[^a-z0-9.]+`)

// folderName returns the name of a row as one of folders.
func folderName(row string) string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ToLower(row), "-"), "-.")
}
