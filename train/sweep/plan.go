package sweep

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"example.com/pcn/internal/yamlfile"
	"example.com/pcn/train"
	"example.com/pcn/train/config"
)

// First is a file to begin with, which has a comment for each line.
//
//go:embed first.yaml
var First []byte

// Plan is what a sweep's file says: points to try, each with several seeds.
type Plan struct {
	Keys   []string // that differ between points, in the order of the file
	Points []Point
	Seeds  []uint64
	Tested bool // see Run
}

// Point is a choice of settings.
type Point struct {
	Number int          // from 1
	Name   string       // of the folders of its runs; default its number
	Values []string     // one for each of Plan.Keys, as YAML
	Recipe train.Recipe // whose seeds of weights and order say nothing
	Err    error        // why it cannot be run, nil where it can
}

// Run is a point with one of the seeds.
type Run struct {
	Point  int // its number
	Seed   uint64
	Recipe train.Recipe
	// Tested has the test part scored after each epoch, for a table of published figures. By
	// default it is not scored at all.
	Tested bool

	name string // of the point
}

// Name returns the name of the run's folder.
func (r Run) Name() string {
	return fmt.Sprintf("%s-s%d", cmp.Or(r.name, fmt.Sprintf("p%04d", r.Point)), r.Seed)
}

// Runs returns all runs that can be taken, in order.
func (p *Plan) Runs() []Run {
	var runs []Run
	for _, point := range p.Points {
		if point.Err == nil {
			runs = append(runs, p.RunsOf(point)...)
		}
	}
	return runs
}

// RunsOf returns the runs of a point, one for each seed.
func (p *Plan) RunsOf(point Point) []Run {
	var runs []Run
	for _, seed := range p.Seeds {
		r := Run{point.Number, seed, point.Recipe, p.Tested, point.Name}
		r.Recipe.SetSeed(seed)
		runs = append(runs, r)
	}
	return runs
}

// Same reports whether both plans take the same runs.
func (p *Plan) Same(q *Plan) bool {
	return q != nil && reflect.DeepEqual(p.Runs(), q.Runs()) && slices.Equal(p.Keys, q.Keys)
}

// maxRuns is the most runs of a sweep.
const maxRuns = 10_000

// The ways of a search.
var searches = []string{"grid", "random"}

// file is a sweep's file.
type file struct {
	Recipe string         `yaml:"recipe"` // see config.Choice
	Base   *yamlfile.Node `yaml:"base"`   // a recipe, as config.Load reads it
	Search string         `yaml:"search"`
	Points int            `yaml:"points"` // of a random search
	Seed   uint64         `yaml:"seed"`   // decides the points of a random search
	Seeds  *yamlfile.Node `yaml:"seeds"`  // of the runs: a list, or a number n for 1 to n
	Keys   *yamlfile.Node `yaml:"keys"`
}

// span is a range of a key in a random search.
type span struct {
	Low   float64 `yaml:"low"`
	High  float64 `yaml:"high"`
	Scale string  `yaml:"scale"`
}

// Load reads a sweep's file:
//
//	base:                  # what all runs share: a file for config.Load
//	  data: {dataset: digits, seed: 1}  # one split for all
//	recipe: default        # the default recipe that base lies over, or article
//	search: random         # or grid, the default: all combinations
//	points: 20             # of a random search, all different
//	seed: 1                # decides its points
//	seeds: [1, 2, 3]       # of the runs of each point, or a number n for 1 to n
//	keys:                  # any key of a recipe
//	  inference.method: [gradient, adam]
//	  model.layers: [[64, 32, 10], [64, 64, 10]]
//	  learning.rate: {low: 0.0001, high: 0.01, scale: log}
//
// A range is for a random search; without a scale it is linear. The error has all
// that is wrong, each with its line.
func Load(path string) (*Plan, error) { return newPlan(yamlfile.Read(path)) }

// Parse is Load from the text of a file, which errors call name.
func Parse(name string, text []byte) (*Plan, error) { return newPlan(yamlfile.Parse(name, text)) }

// planner makes a plan of a file.
type planner struct {
	file
	root   *yamlfile.Node
	places yamlfile.Places
	plan   Plan
	keys   []key
	errs   yamlfile.Errors

	resolver config.Resolver
}

// key is a key of the search.
type key struct {
	path, node *yamlfile.Node
	choices    []*yamlfile.Node
	span       *span // in place of choices
	whole      bool  // the values are whole numbers
}

// newPlan returns the plan of a file, unless it could not be read.
func newPlan(root *yamlfile.Node, err error) (*Plan, error) {
	if err != nil {
		return nil, err
	}
	p := &planner{root: root, file: file{Search: "grid"}}
	p.places, p.errs = root.Decode(&p.file)
	if !slices.Contains(searches, p.Search) {
		p.bad("search", "must be one of %s, got %q", strings.Join(searches, ", "), p.Search)
	}
	switch random := p.Search == "random"; {
	case random && (p.file.Points < 1 || p.file.Points > maxRuns):
		p.bad("points", "must be 1 to %d for a random search, got %d", maxRuns, p.file.Points)
	case !random && p.places["points"] != nil:
		p.bad("points", "is for a random search: a grid has all combinations")
	}
	if _, err := train.DefaultRecipe(config.DefaultDataset, 0, p.Recipe); err != nil {
		p.bad("recipe", "%v", err)
		p.Recipe = ""
	}
	p.resolver.Recipe = p.Recipe
	p.readSeeds()
	p.readBase()
	p.readKeys()
	if len(p.errs) == 0 {
		p.draw()
	}
	if err := p.errs.Err(); err != nil {
		return nil, err
	}
	return &p.plan, nil
}

// bad enters what is wrong with a key of the file, which need not be there.
func (p *planner) bad(name, format string, args ...any) {
	at := p.root
	if n, ok := p.places[name]; ok {
		at = n
	}
	e := at.Errorf(format, args...)
	e.Path = name
	p.errs = append(p.errs, e)
}

func (p *planner) readSeeds() {
	var s struct {
		Count int      `yaml:"count"`
		Seeds []uint64 `yaml:"seeds"`
	}
	switch {
	case p.Seeds == nil:
		s.Seeds = []uint64{config.DefaultSeed}
	default:
		as := "count"
		if _, list := p.Seeds.List(); list {
			as = "seeds"
		}
		_, errs := p.Seeds.DecodeAt(&s, as, p.Seeds)
		for _, e := range errs {
			e.Path = strings.Replace(e.Path, "count", "seeds", 1)
			p.errs = append(p.errs, e)
		}
		if as == "count" && len(errs) == 0 && (s.Count < 1 || s.Count > maxRuns) {
			p.bad("seeds", "must be a list, or a number from 1 to %d, got %d", maxRuns, s.Count)
			s.Count = 0
		}
		for i := range s.Count {
			s.Seeds = append(s.Seeds, uint64(i+1))
		}
		if as == "seeds" && len(errs) == 0 && len(s.Seeds) == 0 {
			p.bad("seeds", "must not be empty")
		}
	}
	if sorted := slices.Sorted(slices.Values(s.Seeds)); len(slices.Compact(sorted)) < len(s.Seeds) {
		p.bad("seeds", "must differ, got %v", s.Seeds)
	}
	p.plan.Seeds = s.Seeds
}

// resolve returns the recipe of base with settings.
func (p *planner) resolve(settings ...config.Setting) (train.Recipe, yamlfile.Errors) {
	r, err := p.resolver.Resolve(p.Base, settings...)
	var errs yamlfile.Errors
	if err != nil && !errors.As(err, &errs) {
		errs = yamlfile.Errors{p.Base.Errorf("%v", err)}
	}
	return r, errs
}

func (p *planner) readBase() {
	if p.Base == nil {
		p.Base = p.root.Null()
	}
	r, errs := p.resolve()
	p.errs = append(p.errs, errs...)
	if len(errs) == 0 && r.Data.Validation == 0 {
		e := p.Base.Errorf("must be > 0: points are selected on the validation part")
		e.Path = "data.validation"
		p.errs = append(p.errs, e)
	}
	given, _ := p.Base.Decode(&train.Recipe{})
	for _, path := range slices.Sorted(maps.Keys(given)) {
		if path == "model.seed" || path == "learning.seed" {
			e := given[path].Errorf("seeds decides the seeds of a sweep's runs")
			e.Path = path
			p.errs = append(p.errs, e)
		}
	}
}

// fixed are keys that must be the same in all runs, for their scores to be
// comparable or for seeds to decide them. The split is one for all: of several, the
// test part of one run would be learned from in another.
var fixed = []string{"data.dataset", "data.dir", "data.label", "data.target", "data.test", "data.validation", "data.seed", "model.seed", "learning.seed"}

func (p *planner) readKeys() {
	if p.Keys == nil || p.Keys.IsNull() {
		p.bad("keys", "must name the keys to search over, such as learning.rate")
		return
	}
	pairs, ok := p.Keys.Mapping()
	if !ok {
		p.bad("keys", "must be a mapping of keys, such as learning.rate, to lists or ranges")
		return
	}
	for _, pair := range pairs {
		k := key{path: pair.Key, node: pair.Value}
		path := pair.Key.Text()
		if slices.Contains(fixed, path) {
			p.errs = append(p.errs, pair.Key.Errorf("must be the same in all points of a sweep: give it in base, or a seed in seeds"))
			continue
		}
		choices, list := pair.Value.List()
		_, ranged := pair.Value.Mapping()
		switch {
		case list && len(choices) == 0:
			p.errs = append(p.errs, pair.Value.Errorf("must not be empty"))
			continue
		case list:
			k.choices = choices
			for _, value := range choices {
				p.errs = append(p.errs, p.alone(k, value)...)
			}
		case ranged && p.Search != "random":
			p.errs = append(p.errs, pair.Value.Errorf("must be a list in a grid: a range needs search: random"))
			continue
		case ranged:
			if !p.readSpan(&k) {
				continue
			}
		default:
			p.errs = append(p.errs, pair.Value.Errorf("must be a list of values, or a range with the keys low and high"))
			continue
		}
		p.keys = append(p.keys, k)
		p.plan.Keys = append(p.plan.Keys, path)
	}
}

// alone returns what is wrong with a value of a key, whatever the others are.
func (p *planner) alone(k key, value *yamlfile.Node) yamlfile.Errors {
	_, errs := value.DecodeAt(&train.Recipe{}, k.path.Text(), k.path)
	return errs
}

// readSpan reads the range of k and reports whether it is one.
func (p *planner) readSpan(k *key) bool {
	s := span{Scale: "linear"}
	given, errs := k.node.Decode(&s)
	if len(errs) == 0 {
		for _, name := range []string{"low", "high"} {
			if given[name] == nil {
				errs = append(errs, k.node.Errorf("a range needs %s", name))
			}
		}
	}
	if len(errs) == 0 {
		switch {
		case s.Scale != "linear" && s.Scale != "log":
			errs = append(errs, given["scale"].Errorf("must be linear or log, got %q", s.Scale))
		case !(s.Low < s.High):
			errs = append(errs, k.node.Errorf("low must be less than high, got %v and %v", s.Low, s.High))
		case s.Scale == "log" && s.Low <= 0:
			errs = append(errs, given["low"].Errorf("must be > 0 on a logarithmic scale, got %v", s.Low))
		}
	}
	if len(errs) == 0 {
		// A field that takes a fraction takes any number; one that does not may
		// take whole ones.
		k.span = &s
		if fraction := p.alone(*k, k.node.Plain("0.5")); len(fraction) > 0 {
			k.whole = true
			errs = p.alone(*k, k.node.Plain("1"))
		}
		if len(errs) == 0 && k.whole && (s.Low != math.Trunc(s.Low) || s.High != math.Trunc(s.High) || math.Abs(s.Low) > 1<<53 || math.Abs(s.High) > 1<<53) {
			errs = append(errs, k.node.Errorf("low and high must be whole numbers, as %s is", k.path.Text()))
		}
	}
	p.errs = append(p.errs, errs...)
	return len(errs) == 0
}
