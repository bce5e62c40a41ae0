package run

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"example.com/pcn/internal/plural"
	"example.com/pcn/train"
)

// Group is runs in one folder that differ by their seeds alone, such as those of a point of a
// sweep or of a side of a comparison.
type Group struct {
	Runs []*Past
	// Differs has the settings in which groups in one folder differ, by their keys, such as
	// learning.rate: nil where they differ in more than a few, and so are of no one plan.
	Differs map[string]string

	settings map[string]string // all but the seeds, by their keys
}

// mostDiffers is how many settings groups of one plan differ in.
const mostDiffers = 8

// seeds are the settings in which the runs of a group differ.
var seeds = []string{"model.seed", "learning.seed"}

// Groups puts runs that differ by their seeds alone together, in the order of the first of each.
func Groups(runs []*Past) ([]Group, error) {
	var groups []Group
	for _, r := range runs {
		settings, err := r.Record.Recipe.Settings()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Dir, err)
		}
		for _, key := range seeds {
			delete(settings, key)
		}
		alone := Group{Runs: []*Past{r}, settings: settings}
		at := slices.IndexFunc(groups, func(g Group) bool { return g.folder() == alone.folder() && maps.Equal(g.settings, settings) })
		if at < 0 || slices.ContainsFunc(groups[at].Runs, func(of *Past) bool { return of.seed() == r.seed() }) { // or the same once more
			groups = append(groups, alone)
			continue
		}
		groups[at].Runs = append(groups[at].Runs, r)
	}
	beside := map[string][]Group{}
	for _, g := range groups {
		beside[g.folder()] = append(beside[g.folder()], g)
	}
	for i, g := range groups {
		if keys := differing(beside[g.folder()]); len(keys) <= mostDiffers {
			groups[i].Differs = g.of(keys)
		}
	}
	return groups, nil
}

// folder is what the runs' folders lie in.
func (g Group) folder() string { return filepath.Dir(filepath.Clean(g.Runs[0].Dir)) }

// of returns some of the settings, as people read them.
func (g Group) of(keys []string) map[string]string {
	some := map[string]string{}
	for _, key := range keys {
		some[key] = cmp.Or(strings.Trim(g.settings[key], `"`), "-")
	}
	return some
}

// Alone makes each run of groups one of its own.
func Alone(groups []Group) (all []Group) {
	for _, g := range groups {
		for _, r := range g.Runs {
			all = append(all, Group{[]*Past{r}, g.Differs, g.settings})
		}
	}
	return all
}

func (r *Past) seed() uint64 { return r.Record.Recipe.Learning.Seed }

// differing returns the keys of the settings in which groups differ, sorted.
func differing(groups []Group) (keys []string) {
	every := map[string]bool{}
	for _, g := range groups {
		for key := range g.settings {
			every[key] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(every)) {
		if slices.ContainsFunc(groups, func(g Group) bool { return g.settings[key] != groups[0].settings[key] }) {
			keys = append(keys, key)
		}
	}
	return keys
}

// Name is the folder of a run alone, or what the names of the runs' folders begin with.
func (g Group) Name() string {
	name := g.Runs[0].Dir
	if len(g.Runs) == 1 {
		return name
	}
	suffix := fmt.Sprintf("-s%d", g.Runs[0].seed())
	return strings.TrimSuffix(name, suffix)
}

// Settings are what differs, in a line.
func (g Group) Settings() string { return inLine(g.Differs) }

func inLine(settings map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		all = append(all, key+"="+settings[key])
	}
	return strings.Join(all, " ")
}

// classes reports whether the runs learned classes.
func (g Group) classes() bool { return g.Runs[0].classes() }

// text is a score over the runs.
func (g Group) text(score func(Result) (accuracy, mse *Number)) string {
	var scores []float64
	kind := "MSE "
	for _, r := range g.Runs {
		accuracy, mse := score(r.Record.Result)
		if g.classes() {
			kind, mse = "accuracy ", accuracy
		}
		if mse == nil {
			return "-"
		}
		scores = append(scores, float64(*mse))
	}
	return kind + Mean(scores).Text(g.classes())
}

// ValidationText is the score on the validation part, of several runs their mean ± standard
// error; TestText is that on the test part.
func (g Group) ValidationText() string {
	return g.text(func(r Result) (accuracy, mse *Number) { return r.ValidationAccuracy, r.ValidationMSE })
}

// TestText is the score on the test part.
func (g Group) TestText() string {
	return g.text(func(r Result) (accuracy, mse *Number) { return r.TestAccuracy, r.TestMSE })
}

// StatusText says how the runs ended, and of how many that is not so.
func (g Group) StatusText() string {
	counts, order := map[string]int{}, []string{}
	for _, r := range g.Runs {
		text := r.Record.Result.StatusText()
		if counts[text]++; counts[text] == 1 {
			order = append(order, text)
		}
	}
	if len(order) == 1 {
		return order[0]
	}
	var all []string
	for _, text := range order {
		all = append(all, fmt.Sprintf("%d %s", counts[text], text))
	}
	return strings.Join(all, ", ")
}

// SeedsText says how many runs there are or, of one alone, its seed.
func (g Group) SeedsText() string {
	if len(g.Runs) == 1 {
		return fmt.Sprint(g.Runs[0].seed())
	}
	return plural.Of(len(g.Runs), "seed")
}

// worth is higher for the better score on the validation part.
func (g Group) worth() float64 {
	return g.mean(func(r *Past) float64 {
		switch res := r.Record.Result; {
		case res.ValidationAccuracy != nil:
			return float64(*res.ValidationAccuracy)
		case res.ValidationMSE != nil:
			return -float64(*res.ValidationMSE)
		}
		return math.Inf(-1)
	})
}

// EpochsText is how many epochs are over, of how many: of several runs the fewest.
func (g Group) EpochsText() string {
	least := slices.MinFunc(g.Runs, func(a, b *Past) int { return a.Record.Result.Epochs - b.Record.Result.Epochs }).Record
	return fmt.Sprintf("%d/%d", least.Result.Epochs, least.Recipe.Learning.Epochs)
}

// mean is a number of the runs' results, averaged.
func (g Group) mean(of func(*Past) float64) float64 {
	sum := 0.0
	for _, r := range g.Runs {
		sum += of(r)
	}
	return sum / float64(len(g.Runs))
}

// history is the mean of the runs' histories, as far as all of them have come: of one alone
// its own.
func (g Group) history() *train.History {
	if len(g.Runs) == 1 {
		return g.Runs[0].History
	}
	shortest := slices.MinFunc(g.Runs, func(a, b *Past) int { return len(a.History.Epochs) - len(b.History.Epochs) })
	h := &train.History{}
	share := 1 / float64(len(g.Runs))
	for i := range shortest.History.Epochs {
		e := train.Epoch{Epoch: i + 1}
		for _, r := range g.Runs {
			is := r.History.Epochs[i]
			e.Energy += share * is.Energy
			e.Diverged += is.Diverged
			if is.Validation == nil {
				continue
			}
			if e.Validation == nil {
				e.Validation = &train.Score{Classes: is.Validation.Classes}
			}
			e.Validation.Accuracy += share * is.Validation.Accuracy
			e.Validation.MSE += share * is.Validation.MSE
		}
		h.Epochs = append(h.Epochs, e)
	}
	return h
}
