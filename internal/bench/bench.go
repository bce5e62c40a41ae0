// Package bench measures how fast a network settles and learns on this machine.
package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// Problem is the work to measure: a batch of made-up data, both ends clamped, on
// a network with weights as they are drawn.
type Problem struct {
	Model     model.Config
	Inference model.Inference
	Batch     int

	network         *model.Network
	inputs, targets *tensor.Dense
}

// NewProblem returns the problem of those sizes, drawn from cfg.Seed: inputs
// uniform in [0, 1), one-hot targets, or for a single target one uniform in
// [−1, 1).
func NewProblem(cfg model.Config, inf model.Inference, batch int) (*Problem, error) {
	if batch <= 0 {
		return nil, fmt.Errorf("bench: batch: must be > 0, got %d", batch)
	}
	inf, err := inf.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("bench: inference: %w", err)
	}
	n, err := model.New(cfg)
	if err != nil {
		return nil, err
	}
	p := &Problem{Model: n.Config(), Inference: inf, Batch: batch, network: n}
	rng := rand.New(rand.NewPCG(cfg.Seed, streamData))
	dt := p.Model.Dtype.Tensor()
	d, k := n.Size(n.InputNode()), n.Size(n.TargetNode())
	p.inputs = tensor.New(tensor.Of(dt), tensor.WithShape(batch, d))
	p.targets = tensor.New(tensor.Of(dt), tensor.WithShape(batch, k))
	dense.Fill(p.inputs, func(int) float64 { return rng.Float64() })
	for row := range batch {
		if k == 1 {
			dense.Set(p.targets, row, 2*rng.Float64()-1)
		} else {
			dense.Set(p.targets, row*k+rng.IntN(k), 1)
		}
	}
	return p, nil
}

// streamData is the random stream of the data, drawn from the model's seed.
const streamData = 201

// Network returns the network that settles.
func (p *Problem) Network() *model.Network { return p.network }

// Clamps returns what both ends are clamped to.
func (p *Problem) Clamps() model.Clamps { return p.network.Clamp(p.inputs, p.targets) }

// Result is what was measured. Times are medians in milliseconds.
type Result struct {
	SettleMS float64 `json:"settle_ms"` // a batch from start to rest
	TrainMS  float64 `json:"train_ms"`  // the same, the Hebbian update, Adam, and freezing the new weights

	Network model.Config `json:"network"`
	Method  model.Method `json:"method"`
	Steps   int          `json:"steps"`
	Batch   int          `json:"batch"`
	Gemm    string       `json:"gemm"`
	Workers int          `json:"workers"`
	Form    string       `json:"form"` // of a clamped node's energy: gram or plain

	GFLOPS        float64 `json:"gflops"`          // arithmetic of matrix products a second of settling
	StepsPerSec   float64 `json:"steps_per_s"`     // of the whole batch
	ProductsShare float64 `json:"products_share"`  // of settling, were the products alone run
	AllocsPerStep float64 `json:"allocs_per_step"` // heap allocations
	Energy        float64 `json:"energy"`          // at rest, over the batch, before any learning
	Rate          float64 `json:"rate"`            // inference rate used

	// Of a training batch: multiply-adds in products of matrices, a mean, beside the fewest
	// that the method needs (see model.Network.LeastMultiplyAdds); the speed of all, as a
	// share of that of a product alone whose operands stay in cache; and in what share of
	// batches what the method divides by was made anew, with that lag.
	MultiplyAdds      float64 `json:"multiply_adds"`
	LeastMultiplyAdds float64 `json:"least_multiply_adds"`
	PeakShare         float64 `json:"peak_share"`
	Lag               float64 `json:"lag"`
	Renewed           float64 `json:"renewed"`

	// What each part of the machine saves: the time of settling without it, as a
	// multiple of SettleMS.
	WithoutPacking float64 `json:"without_packing"`
	WithoutRates   float64 `json:"without_rates"`
	WithoutGram    float64 `json:"without_gram"`

	// Wire is what ranks that share the batch send and receive.
	Wire Wire `json:"wire"`
}

// Run measures p, each time as the median of rounds rounds of at least
// roundTime after a warm-up; and counts what so many ranks would send.
func Run(ctx context.Context, p *Problem, rounds, ranks int) (*Result, error) {
	r := &Result{
		Network: p.Model, Method: p.Inference.Method, Batch: p.Batch,
		Gemm: gemm.Kernel(), Workers: runtime.GOMAXPROCS(0), Form: "plain",
	}
	if err := r.settle(ctx, p, rounds); err != nil {
		return nil, err
	}
	if err := r.without(ctx, p, rounds); err != nil {
		return nil, err
	}
	if err := r.train(ctx, p, rounds, ranks); err != nil {
		return nil, err
	}
	return r, nil
}

// settling returns what settles the batch as inf says.
func (p *Problem) settling(ctx context.Context, inf model.Inference) func() error {
	return func() error {
		_, err := p.network.Settle(ctx, p.Clamps(), inf)
		return err
	}
}

// settle measures settling.
func (r *Result) settle(ctx context.Context, p *Problem, rounds int) error {
	rest, err := p.network.Settle(ctx, p.Clamps(), p.Inference)
	if err != nil {
		return err
	}
	r.Energy, r.Rate, r.Steps = rest.Energy, rest.Rate, rest.Steps
	if rest.Gram {
		r.Form = "gram"
	}
	products, err := p.products(ctx)
	if err != nil {
		return err
	}
	if r.SettleMS, err = median(rounds, p.settling(ctx, p.Inference)); err != nil {
		return err
	}
	r.GFLOPS = products.flop() / r.SettleMS / 1e6
	r.StepsPerSec = float64(r.Steps) / r.SettleMS * 1e3
	alone, err := median(rounds, func() error { products.run(p.Model.Dtype); return nil })
	if err != nil {
		return err
	}
	r.ProductsShare = alone / r.SettleMS
	r.AllocsPerStep, err = p.allocsPerStep(ctx)
	return err
}

// without measures settling without what makes it fast.
func (r *Result) without(ctx context.Context, p *Problem, rounds int) (err error) {
	slower := func(h graph.Handicap, plain bool) (float64, error) {
		p.network.SetHandicap(h)
		defer p.network.SetHandicap(graph.Handicap{})
		inf := p.Inference
		inf.Plain = inf.Plain || plain
		ms, err := median(rounds, p.settling(ctx, inf))
		return ms / r.SettleMS, err
	}
	if r.WithoutPacking, err = slower(graph.Handicap{Repack: true}, false); err != nil {
		return err
	}
	if r.WithoutRates, err = slower(graph.Handicap{OneRate: true}, false); err != nil {
		return err
	}
	if r.WithoutGram = 1; r.Form == "gram" {
		r.WithoutGram, err = slower(graph.Handicap{}, true)
	}
	return err
}

// train measures training batches, and what crosses the wire for them.
func (r *Result) train(ctx context.Context, p *Problem, rounds, ranks int) error {
	n := p.network
	l, err := train.NewPCN(n, nil, p.Inference, &train.Adam{})
	if err != nil {
		return err
	}
	learn := func() (train.Step, error) {
		return l.Learn(ctx, train.Batch{Inputs: p.inputs, Targets: p.targets}, 1e-3)
	}
	if err := r.count(p, learn); err != nil {
		return err
	}
	if r.TrainMS, err = median(rounds, func() error { _, err := learn(); return err }); err != nil {
		return err
	}
	peak, err := peak(p.Model.Dtype, rounds)
	if err != nil {
		return err
	}
	r.PeakShare = 2 * r.MultiplyAdds / r.TrainMS / peak
	r.Wire.Ranks = ranks
	for _, x := range n.Parameters() {
		r.Wire.Parameters += int(x.MemSize())
	}
	if err := n.Share(&counting{&r.Wire}); err != nil { // at the end: what is learned now is of a part of the batch
		return err
	}
	if _, err := learn(); err != nil {
		return err
	}
	return n.Share(nil)
}

// counted is how many batches are learned from to count what is done in one.
const counted = 40

// count sets what a training batch does beside its time.
func (r *Result) count(p *Problem, learn func() (train.Step, error)) error {
	p.network.SetWorkers(1)
	defer p.network.SetWorkers(0)
	gemm.Watch(func(rows, cols, depth int) {
		r.MultiplyAdds += float64(rows) * float64(cols) * float64(depth) / counted
	})
	defer gemm.Watch(nil)
	for range counted {
		step, err := learn()
		if err != nil {
			return err
		}
		if step.Renewed {
			r.Renewed += 1. / counted
		}
	}
	r.LeastMultiplyAdds, r.Lag = p.network.LeastMultiplyAdds(p.Batch, p.Inference), p.Inference.MostLag()
	return nil
}

// roundTime is how long a round lasts at least.
const roundTime = 100 * time.Millisecond

// median returns the time of f in milliseconds: the median over rounds of the
// mean within one.
func median(rounds int, f func() error) (float64, error) {
	times := make([]float64, 0, rounds)
	for i := range rounds + 1 {
		began, calls := time.Now(), 0
		for time.Since(began) < roundTime {
			if err := f(); err != nil {
				return 0, err
			}
			calls++
		}
		if i > 0 { // the first warms up
			times = append(times, time.Since(began).Seconds()*1e3/float64(calls))
		}
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// allocsPerStep returns how many more heap allocations twice the steps take, a
// step.
func (p *Problem) allocsPerStep(ctx context.Context) (float64, error) {
	count := func(steps int) (uint64, error) {
		inf := p.Inference
		inf.Steps = steps
		var before, after runtime.MemStats
		least := ^uint64(0)
		for range 5 { // the runtime's own allocations come and go
			runtime.ReadMemStats(&before)
			if _, err := p.network.Settle(ctx, p.Clamps(), inf); err != nil {
				return 0, err
			}
			runtime.ReadMemStats(&after)
			least = min(least, after.Mallocs-before.Mallocs)
		}
		return least, nil
	}
	p.network.SetWorkers(1)
	defer p.network.SetWorkers(0)
	few, err := count(p.Inference.Steps)
	if err != nil {
		return 0, err
	}
	many, err := count(2 * p.Inference.Steps)
	return max(0, float64(many)-float64(few)) / float64(p.Inference.Steps), err
}

// Write writes a result as people read it.
func (r *Result) Write(w io.Writer) error {
	_, err := fmt.Fprintf(w, `settle          %8.3f ms  %.0f steps/s, %.2g allocations a step
train batch     %8.3f ms  H⁻¹ made anew in %.0f %% of batches at lag %.3g
multiply-adds   %8.2f M  a batch; the method needs %.2f M; %.0f %% of peak
products        %8.1f GFLOP/s, %.0f %% of settling; kernel %s, %d workers, %s form
without packing %8.2f ×
without rates   %8.2f ×
without Gram    %8.2f ×
%-15s %8.3f MB a batch in and out of each, %.2f × the parameters, in %d exchanges
`,
		r.SettleMS, r.StepsPerSec, r.AllocsPerStep,
		r.TrainMS, 100*r.Renewed, r.Lag,
		r.MultiplyAdds/1e6, r.LeastMultiplyAdds/1e6, 100*r.PeakShare,
		r.GFLOPS, 100*r.ProductsShare, r.Gemm, r.Workers, r.Form,
		r.WithoutPacking, r.WithoutRates, r.WithoutGram,
		plural.Of(r.Wire.Ranks, "rank"), float64(r.Wire.Bytes)/1e6, float64(r.Wire.Bytes)/float64(r.Wire.Parameters), r.Wire.Exchanges)
	return err
}
