package train_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// sharedRecipes are recipes of whatever ranks have to hand each other.
var sharedRecipes = map[string]func(r *train.Recipe){
	"pc":         func(r *train.Recipe) { r.Inference.Method, r.Inference.Rate = model.Gradient, 0.1 },
	"float64":    func(r *train.Recipe) { r.Model.Dtype = model.Float64 },
	"generative": func(r *train.Recipe) { r.Model.Direction, r.Model.Layers = model.Generative, []int{64, 20, 10} },
	"learned precision": func(r *train.Recipe) {
		r.Model.Energies = []model.NodeEnergy{model.Gaussian, model.GaussianLearned, model.GaussianLearned}
	},
	"weight decay": func(r *train.Recipe) { r.Model.WeightDecay, r.Optimizer = 0.01, "momentum" },
	"gauss-seidel": func(r *train.Recipe) { r.Inference = model.Inference{Method: model.GaussSeidel, Steps: 2} },
	"tolerance":    func(r *train.Recipe) { r.Inference.Tolerance = 0.1 },
	"stale":        func(r *train.Recipe) { r.Inference.StaleErrors = true },
	"warm":         func(r *train.Recipe) { r.Inference.Start = model.Warm },
	"patience":     func(r *train.Recipe) { r.Learning.Patience, r.Learning.Rate, r.Learning.Epochs = 1, 0.1, 12 },
	"augmented":    func(r *train.Recipe) { r.Data.Augment.Shift = 1 },
	"ipc":          func(r *train.Recipe) { r.Learning.Rule = "ipc" },
	"ipc joint":    func(r *train.Recipe) { r.Learning.Rule = "ipc joint=true" },
	"epc":          func(r *train.Recipe) { r.Learning.Rule, r.Inference.Method = "epc", model.ErrorCoordinates },
	"fpa":          func(r *train.Recipe) { r.Learning.Rule = "fpa" },
	"z-il":         func(r *train.Recipe) { r.Learning.Rule = "z-il" },
	"backprop":     func(r *train.Recipe) { r.Learning.Rule = "backprop" },
	"mcpc": func(r *train.Recipe) {
		r.Learning.Rule, r.Inference = "mcpc mix=2 samples=3", model.Inference{Method: model.Gradient, Steps: 4, Rate: 0.01}
	},
	"nudging":        func(r *train.Recipe) { r.Learning.Rule = "nudging sign=batch" },
	"nudging softly": func(r *train.Recipe) { r.Learning.Rule = "nudging soft=true sign=centred" },
	"conv": func(r *train.Recipe) {
		r.Model.Activation = ""
		r.Model.Layers, r.Model.Network, r.Data.Limit = []int{64, 10}, "conv 4 3x3, gelu, max-pool 2; dense 16, tanh; dense", 160
		r.Learning.Epochs = 1
	},
	"hybrid": func(r *train.Recipe) {
		r.Model.Activation, r.Model.Layers, r.Model.Network = "", []int{64, 10}, "hybrid"
		r.Learning.Rule, r.Inference = "hybrid", model.Inference{Method: model.Gradient, Steps: 4, Rate: 0.1}
	},
	"shared weights": func(r *train.Recipe) {
		r.Model.Activation, r.Model.Layers, r.Model.Network = "", []int{64, 10}, "bidirectional"
	},
}

func sharedRecipe(t *testing.T, change func(r *train.Recipe)) train.Recipe {
	t.Helper()
	r, err := train.DefaultRecipe("digits", model.Discriminative, "")
	if err != nil {
		t.Fatal(err)
	}
	r.Data.Limit, r.Data.Validation = 300, 70
	r.Model.Layers = []int{64, 20, 10}
	r.Learning.Batch, r.Learning.Epochs = 160, 2
	r.Inference.Steps = 4
	change(&r)
	return r
}

// fitRanks teaches r by so many ranks of so many workers each, and returns the weights'
// hash and the history of each, and a checkpoint of the middle of the second epoch.
func fitRanks(t *testing.T, r train.Recipe, ranks, workers int, from *train.Checkpoint) (hashes []string, histories []*train.History, middle *train.Checkpoint) {
	t.Helper()
	sets, err := r.Data.Load()
	if err != nil {
		t.Fatal(err)
	}
	hashes, histories = make([]string, ranks), make([]*train.History, ranks)
	errs := make([]error, ranks)
	var all sync.WaitGroup
	for rank, x := range localRanks(ranks) {
		all.Go(func() {
			errs[rank] = func() error {
				l, err := r.PCN()
				if err != nil {
					return err
				}
				l.Network().SetWorkers(workers)
				opts := train.Options{Exchange: x, From: from, Event: func(e train.Event) error {
					if rank == 0 && e.Epoch == 2 && e.Batch == 1 {
						middle = e.Checkpoint()
					}
					return nil
				}}
				h, err := train.Fit(t.Context(), l, r.Learning, sets.Train, sets.Validation, opts)
				histories[rank] = h
				sum := sha256.New()
				for _, p := range l.Network().Parameters() {
					fmt.Fprint(sum, dense.Floats(p))
				}
				hashes[rank] = fmt.Sprintf("%x", sum.Sum(nil))
				return err
			}()
			if errs[rank] != nil {
				x.Close()
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%d ranks: %v", ranks, err)
	}
	return hashes, histories, middle
}

// TestRanks holds that weights and histories are to the bit those of one process, on any
// number of ranks and workers.
func TestRanks(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(sharedRecipes)) {
		t.Run(name, func(t *testing.T) {
			r := sharedRecipe(t, sharedRecipes[name])
			want, history, _ := fitRanks(t, r, 1, 1, nil)
			for ranks := 1; ranks <= 4; ranks++ {
				for workers := 1; workers <= 2; workers++ {
					got, histories, _ := fitRanks(t, r, ranks, workers, nil)
					for rank := range got {
						if got[rank] != want[0] {
							t.Errorf("%d ranks of %d workers: rank %d has weights %.8s, want %.8s", ranks, workers, rank, got[rank], want[0])
						}
						if diff := cmp.Diff(history[0], histories[rank], cmpopts.IgnoreFields(train.Epoch{}, "Seconds", "Elapsed"), cmpopts.IgnoreFields(train.History{}, "Seconds"), cmpopts.EquateNaNs()); diff != "" {
							t.Errorf("%d ranks of %d workers: rank %d: history (-want +got):\n%s", ranks, workers, rank, diff)
						}
					}
				}
			}
		})
	}
}

// TestRanksResume goes on with a checkpoint of two ranks on one and three.
func TestRanksResume(t *testing.T) {
	for _, name := range []string{"pc", "warm", "learned precision"} {
		r := sharedRecipe(t, sharedRecipes[name])
		want, _, _ := fitRanks(t, r, 1, 1, nil)
		_, _, from := fitRanks(t, r, 2, 1, nil)
		for _, ranks := range []int{1, 3} {
			if got, _, _ := fitRanks(t, r, ranks, 1, from); got[ranks-1] != want[0] {
				t.Errorf("%s: on %d ranks: weights %.8s, want %.8s", name, ranks, got[0], want[0])
			}
		}
	}
}

// TestRankLost holds that ranks end with the exchange's error where one leaves, and with the
// others where one is interrupted.
func TestRankLost(t *testing.T) {
	r := sharedRecipe(t, sharedRecipes["ipc"])
	sets, err := r.Data.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, leaves := range []bool{true, false} {
		errs := make([]error, 3)
		var all sync.WaitGroup
		for rank, x := range localRanks(3) {
			all.Go(func() {
				l, err := r.PCN()
				if err != nil {
					t.Error(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				_, errs[rank] = train.Fit(ctx, l, r.Learning, sets.Train, nil, train.Options{Exchange: x, Event: func(e train.Event) error {
					switch {
					case rank == 1 && e.Batch == 1 && leaves:
						x.Close()
						return errors.New("enough")
					case rank == 1 && e.Batch == 1:
						cancel()
					}
					return nil
				}})
			})
		}
		all.Wait()
		for rank, err := range errs {
			want := "a rank has left"
			switch {
			case rank == 1 && leaves:
				want = "enough"
			case !leaves:
				want = "context canceled"
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("rank %d: %v, want %s", rank, err, want)
			}
		}
	}
}

// asking counts how often ranks are asked for a byte each.
type asking struct {
	train.Exchange
	times int
}

func (a *asking) Gather(x []byte, ends []int) error {
	if len(x) == a.Ranks() {
		a.times++
	}
	return a.Exchange.Gather(x, ends)
}

// TestRanksAskOnce: whether any rank is to stop is asked once an event,
// whoever wants to know it.
func TestRanksAskOnce(t *testing.T) {
	r := sharedRecipe(t, sharedRecipes["pc"])
	sets, err := r.Data.Load()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, x := range localRanks(2) {
		all.Go(func() {
			l, err := r.PCN()
			if err != nil {
				t.Error(err)
			}
			asked, events := &asking{Exchange: x}, 0
			if _, err := train.Fit(t.Context(), l, r.Learning, sets.Train, sets.Validation, train.Options{Exchange: asked, Event: func(e train.Event) error {
				events++
				e.Stopping()
				_, err := e.Stopping()
				return err
			}}); err != nil {
				t.Error(err)
			}
			if asked.times != events {
				t.Errorf("asked %d times for %d events, want as many", asked.times, events)
			}
		})
	}
	all.Wait()
}
