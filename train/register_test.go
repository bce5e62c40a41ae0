package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/graph/feature"
	"example.com/pcn/graph/linear"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/tensorfile"
	"example.com/pcn/model"
	"example.com/pcn/train/rule"
)

// registered is a recipe in which each name that a user may register stands once.
const registered = `
data: {dataset: digits, limit: 200, validation: 100, seed: 1}
model:
  nodes:
  - {name: target, size: 10}
  - {name: hidden, size: 16}
  - {name: input, size: 64}
  predictions:
  - {of: target, energy: gaussian, from: [{nodes: [hidden], feature: tanh}]}
  - {of: hidden, from: [{nodes: [input], map: dense}]}
  terms: []
inference: {method: gradient, steps: 6}
learning: {rule: pc, epochs: 2, batch: 32, rate: 0.01, schedule: linear, seed: 3}
optimizer: adam
`

// extensions are what a user adds, each in place of something of the recipe.
var extensions = []struct {
	field    string // as errors name it
	old, new string // in the recipe
	file     string // which files have the name beside recipes: the model's, or a checkpoint alone
	register func() error
}{
	{"model.predictions[0].from[0].feature", "feature: tanh", "feature: test-snake", "model", func() error {
		return feature.RegisterActivation(feature.NewActivation("test-snake",
			func(x float64) float64 { return x + math.Sin(x)*math.Sin(x) },
			func(x, _ float64) float64 { return 1 + math.Sin(2*x) }, 2))
	}},
	{"model.predictions[0].energy", "energy: gaussian", "energy: test-cauchy", "model", func() error {
		return graph.RegisterNodeEnergy(graph.NewNodeEnergy("test-cauchy",
			func(d float64) float64 { return math.Log1p(d*d) / 2 },
			func(d float64) float64 { return d / (1 + d*d) }, 1))
	}},
	{"model.terms[0].name", "terms: []", "terms: [{name: test-sparse, nodes: [hidden]}]", "model", func() error {
		return graph.RegisterTerm("test-sparse", graph.OwnTerm{
			Energy: func(v [][]float64) (sum float64) {
				for _, x := range v[0] {
					sum += 0.1 * math.Sqrt(1+x*x)
				}
				return sum
			},
			Gradient: func(g, v [][]float64) {
				for i, x := range v[0] {
					g[0][i] = 0.1 * x / math.Sqrt(1+x*x)
				}
			},
			Curvature: 0.1,
		})
	}},
	{"model.predictions[1].from[0].map", "map: dense", "map: test-toeplitz", "model", func() error {
		return linear.RegisterMap(toeplitz)
	}},
	{"inference.method", "method: gradient", "method: test-clipped", "checkpoint", func() error {
		return model.RegisterMethod("test-clipped", model.Moves{Rate: 0.1, Bounded: true, New: func(model.Inference) model.Mover { return clipped{} }})
	}},
	{"optimizer", "optimizer: adam", "optimizer: test-heavy", "checkpoint", func() error {
		return RegisterOptimizer("test-heavy", func() Optimizer { return &heavy{} })
	}},
	{"learning.rule", "rule: pc", "rule: test-tiring", "checkpoint", func() error {
		return rule.Register("test-tiring", func() rule.Rule { return &tiring{} })
	}},
	{"learning.schedule", "schedule: linear", "schedule: test-warmup", "checkpoint", func() error {
		return RegisterSchedule("test-warmup", func(done float64) float64 { return min(1, 0.1+2*done) })
	}},
}

// toeplitz is M_ij = θ_{i−j+k−1}, a convolution.
var toeplitz = &linear.Own{
	Name:  "test-toeplitz",
	Shape: func(k, n int) ([]int, error) { return []int{1, n + k - 1}, nil },
	Product: func(out, psi, theta []float64) {
		for i := range out {
			out[i] = 0
			for j, x := range psi {
				out[i] += theta[i-j+len(psi)-1] * x
			}
		}
	},
	Pullback: func(psi, delta, theta []float64) {
		for j := range psi {
			psi[j] = 0
			for i, d := range delta {
				psi[j] += theta[i-j+len(psi)-1] * d
			}
		}
	},
	Add: func(into, delta, psi []float64) {
		for i, d := range delta {
			for j, x := range psi {
				into[i-j+len(psi)-1] += d * x
			}
		}
	},
	Norm: func(theta []float64) (sum float64) {
		for _, x := range theta {
			sum += math.Abs(x)
		}
		return sum
	},
}

// clipped is gradient descent by at most 0.01 a unit and step.
type clipped struct{ model.AlongGradient }

func (clipped) Move(s *graph.Shard, nodes []int, rates []float64) {
	for _, l := range nodes {
		v, g := s.Latent(l).Float32s(), s.Gradient(l).Float32s()
		for i := range v {
			v[i] -= max(-0.01, min(0.01, float32(rates[l])*g[i]))
		}
	}
}

// tiring is predictive coding that moves the weights less with each batch.
type tiring struct {
	rule.PC
	seen int
}

func (*tiring) String() string { return "test-tiring" }

func (r *tiring) Learn(ctx context.Context, l *rule.Lesson) (*model.Result, error) {
	move := l.Move
	l.Move = func(u *model.Update) error {
		for _, d := range u.Directions() {
			dense.AddScaled(d, 1/(1+0.1*float64(r.seen))-1, d)
		}
		r.seen++
		return move(u)
	}
	return r.PC.Learn(ctx, l)
}

func (r *tiring) State() (s model.State) {
	s.SetValue("seen", strconv.Itoa(r.seen))
	return s
}

func (r *tiring) SetState(s model.State) (err error) {
	r.seen, err = strconv.Atoi(s.Values["seen"])
	return err
}

// heavy is an optimiser with a velocity.
type heavy struct{ velocity []*tensor.Dense }

func (*heavy) String() string { return "test-heavy" }

func (o *heavy) Step(params, directions []*tensor.Dense, rate float64) error {
	for i, p := range params {
		if len(o.velocity) == i {
			o.velocity = append(o.velocity, tensor.New(tensor.Of(p.Dtype()), tensor.WithShape(p.Shape()...)))
		}
		v, d, x := o.velocity[i].Float32s(), directions[i].Float32s(), p.Float32s()
		for j := range x {
			v[j] = 0.5*v[j] + d[j]
			x[j] += float32(rate) * v[j]
		}
	}
	return nil
}

func (o *heavy) State() (s model.State) {
	s.AddList("velocity", o.velocity)
	return s
}

func (o *heavy) SetState(s model.State) error {
	o.velocity = s.Clone().List("velocity")
	return nil
}

// TestRegistered: what a user registers works by its name in recipes, model files and
// checkpoints, alone and with all the rest.
func TestRegistered(t *testing.T) {
	plain := trained(t, registered)
	all := registered
	for _, e := range extensions {
		must(t, e.register())
		if !strings.Contains(all, e.old) {
			t.Fatalf("the recipe has no %q", e.old)
		}
		all = strings.Replace(all, e.old, e.new, 1)
		t.Run(e.field, func(t *testing.T) {
			o := trained(t, strings.Replace(registered, e.old, e.new, 1))
			if differ(o, plain) == "" {
				t.Error("it changes nothing")
			}
		})
	}
	if e := trained(t, all).History.Epochs; !(e[1].Energy < e[0].Energy) {
		t.Errorf("with all of them: energies %v and then %v", e[0].Energy, e[1].Energy)
	}
}

// trained learns by a recipe, holds runs that were interrupted, and the model from its file,
// against the whole, and returns what came of it.
func trained(t *testing.T, text string) outcome {
	t.Helper()
	r, err := ParseRecipe([]byte(text))
	must(t, err)
	must(t, r.Validate())
	written, err := r.YAML()
	must(t, err)
	again, err := ParseRecipe(written)
	must(t, err)
	if diff := cmp.Diff(r, again); diff != "" && !strings.Contains(text, "terms: []") {
		t.Errorf("the recipe as it is written is another:\n%s", diff)
	}
	sets, err := again.Data.Load()
	must(t, err)
	dir := t.TempDir()
	l, err := again.PCN()
	must(t, err)
	n := 0
	whole := finish(t, r, l, sets, Options{Event: func(e Event) error {
		if n++; n == 4 || n == 10 { // within an epoch, and behind one
			c := e.Checkpoint()
			c.Recipe = &again
			return c.Save(filepath.Join(dir, []string{4: "within", 10: "behind"}[n]))
		}
		return nil
	}})
	for _, name := range []string{"within", "behind"} {
		c, err := LoadCheckpoint(filepath.Join(dir, name))
		must(t, err)
		l, err := c.Recipe.PCN()
		must(t, err)
		if diff := differ(finish(t, *c.Recipe, l, sets, Options{From: c}), whole); diff != "" {
			t.Errorf("resumed from %s: %s", name, diff)
		}
	}
	file := filepath.Join(dir, "model.safetensors")
	must(t, l.Network().Save(file))
	loaded, err := model.Load(file, model.Config{})
	must(t, err)
	if diff := cmp.Diff(l.Network().Config(), loaded.Config()); diff != "" {
		t.Errorf("the model from its file is another:\n%s", diff)
	}
	batch, err := Examples(loaded, sets.Test)
	must(t, err)
	settled := func(n *model.Network) (energies []float64) {
		inf := r.Inference
		inf.Unguarded = true // a bound of the rate remembers earlier ones, which no model file has
		res, err := n.Settle(context.Background(), n.Clamp(batch.Inputs, batch.Targets), inf)
		must(t, err)
		return res.NodeEnergy
	}
	if a, b := settled(l.Network()), settled(loaded); !slices.Equal(a, b) {
		t.Errorf("the model from its file has energies %v, before %v", b, a)
	}
	return whole
}

// TestNotRegistered: a name that nobody has registered is refused wherever it stands, in
// words that say where.
func TestNotRegistered(t *testing.T) {
	for _, e := range extensions {
		must(t, e.register())
		unknown := strings.Replace(e.new, "test-", "lost-", 1)
		name := "test-" + strings.FieldsFunc(e.new[strings.Index(e.new, "test-")+5:], func(r rune) bool { return strings.ContainsRune(",}] ", r) })[0]
		lost := strings.Replace(name, "test-", "lost-", 1)
		refused := func(what string, err error, field string) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), field) || !strings.Contains(err.Error(), `got "`+lost+`"`) {
				t.Errorf("%s: %s: got error %v, want one that names %s and %s", e.field, what, err, field, lost)
			}
		}
		r, err := ParseRecipe([]byte(strings.Replace(registered, e.old, unknown, 1)))
		if err == nil {
			err = r.Validate()
		}
		refused("recipe", err, e.field)

		r, err = ParseRecipe([]byte(strings.Replace(registered, e.old, e.new, 1)))
		must(t, err)
		sets, err := r.Data.Load()
		must(t, err)
		l, err := r.PCN()
		must(t, err)
		var b bytes.Buffer
		enough := errors.New("enough")
		if _, err := Fit(context.Background(), l, r.Learning, sets.Train, nil, Options{Event: func(ev Event) error {
			c := ev.Checkpoint()
			c.Recipe = &r
			must(t, c.Write(&b))
			return enough
		}}); err != enough {
			t.Fatal(err)
		}
		_, err = ReadCheckpoint(renamed(t, b.Bytes(), name, lost))
		refused("checkpoint", err, e.field)
		if e.file != "model" {
			continue
		}
		b.Reset()
		must(t, l.Network().Write(&b))
		_, err = model.Read(renamed(t, b.Bytes(), name, lost), model.Config{})
		refused("model", err, strings.TrimPrefix(e.field, "model."))
	}
}

// renamed is a file with another name in its texts, and a hash that is right.
func renamed(t *testing.T, file []byte, old, new string) []byte {
	t.Helper()
	views, texts, err := tensorfile.Read(file)
	must(t, err)
	delete(texts, tensorfile.SumKey)
	tensors := map[string]*tensor.Dense{}
	for name, v := range views {
		tensors[name], err = tensorfile.Dense(v)
		must(t, err)
	}
	for key, text := range texts {
		texts[key] = strings.ReplaceAll(text, old, new)
	}
	var b bytes.Buffer
	must(t, tensorfile.Write(&b, tensors, texts))
	return b.Bytes()
}
