package run

import (
	"cmp"
	"fmt"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// How a run is, or ended.
const (
	Running     = "running"
	Stopped     = "stopped" // its process was killed
	Completed   = "completed"
	Diverged    = "diverged"
	Interrupted = "interrupted"
)

// Names of the learners.
const (
	PCN = "pcn"
	MLP = "mlp" // the identical perceptron, by backpropagation
)

// Evaluation is a model's score, and of what.
type Evaluation struct {
	Dataset      string  `json:"dataset"`
	Direction    string  `json:"direction"`
	Layers       []int   `json:"layers"`
	Seed         uint64  `json:"seed"`
	TestExamples int     `json:"test_examples"`
	TestAccuracy *Number `json:"test_accuracy,omitempty"`
	TestMSE      *Number `json:"test_mse,omitempty"`
	Dtype        string  `json:"dtype"`
	GEMM         string  `json:"gemm"`
	Model        string  `json:"model,omitempty"`
}

// Result is what came of a training run.
type Result struct {
	Learner string `json:"learner"` // pcn or mlp
	Rule    string `json:"rule"`    // of learning
	Evaluation
	TrainExamples      int     `json:"train_examples"`
	Epochs             int     `json:"epochs"`                        // that were done
	BestEpoch          int     `json:"best_epoch,omitempty"`          // by validation error
	ValidationAccuracy *Number `json:"validation_accuracy,omitempty"` // of the last epoch, or the best with patience
	ValidationMSE      *Number `json:"validation_mse,omitempty"`
	Status             string  `json:"status"`
	DivergedEpoch      int     `json:"diverged_epoch,omitempty"` // the first
	// MoreSteps says what twice the steps of settling would change, where they were chosen and
	// that is something: see [train.PCN.MoreSteps].
	MoreSteps string  `json:"more_steps,omitempty"`
	Seconds   Number  `json:"seconds"`              // of learning alone
	Method    string  `json:"method,omitempty"`     // of settling; like the next two, where latents settle
	StepsMean *Number `json:"steps_mean,omitempty"` // steps an example took, in the last epoch
	Residual  *Number `json:"residual,omitempty"`   // of the gradient, in the last epoch
	Reached   *Number `json:"reached,omitempty"`    // estimated share of the energy's fall that was made, in its last batch
}

// Number is a float64 that JSON has as null where it is not finite.
type Number = jsonfloat.Float

// NewEvaluation describes n and what it is scored on.
func NewEvaluation(dataset string, n *model.Network, examples int) Evaluation {
	cfg := n.Config()
	return Evaluation{
		Dataset: dataset, Direction: cfg.Kind(), Layers: cfg.Sizes(), Seed: cfg.Seed,
		TestExamples: examples, Dtype: cfg.Dtype.String(), GEMM: gemm.Kernel(),
	}
}

// newResult describes a run of l that is about to begin.
func newResult(e *Experiment, learner string, l *train.PCN) Result {
	r := Result{Learner: learner, Rule: l.Rule().String(), Evaluation: NewEvaluation(e.Recipe.Data.Dataset, l.Network(), e.Sets.Test.Len()), TrainExamples: e.Sets.Train.Len(), Status: Running}
	if inf := l.Inference(); inf.Steps > 0 {
		r.Method = inf.Method.String()
	}
	return r
}

// SetTest enters the score on the test part.
func (e *Evaluation) SetTest(s train.Score) {
	e.TestAccuracy, e.TestMSE = numbers(s)
}

// setHistory enters what became of training by c.
func (r *Result) setHistory(h *train.History, c train.Learning) {
	r.Epochs, r.BestEpoch, r.Seconds, r.Status = len(h.Epochs), h.Best, Number(h.Seconds), Completed
	if h.Status == model.Diverged {
		r.Status = Diverged
	}
	for _, e := range h.Epochs {
		if e.Diverged > 0 && r.DivergedEpoch == 0 {
			r.DivergedEpoch = e.Epoch
		}
		if e.Steps > 0 {
			r.StepsMean, r.Residual = (*Number)(&e.Steps), (*Number)(&e.Residual)
		}
		if e.Reached != nil {
			r.Reached = (*Number)(e.Reached)
		}
		if e.Validation != nil && (c.Patience == 0 || e.Epoch <= h.Best) {
			r.ValidationAccuracy, r.ValidationMSE = numbers(*e.Validation)
		}
	}
}

// numbers returns the score that applies: the accuracy for classes, the mean
// squared error for a regression.
func numbers(s train.Score) (accuracy, mse *Number) {
	if s.Classes > 0 {
		return (*Number)(&s.Accuracy), nil
	}
	return nil, (*Number)(&s.MSE)
}

// Summary is the result of a training run in a line.
func (r Result) Summary() string {
	s := fmt.Sprintf("%s, %.3g s of learning", r.TestLine(), r.Seconds)
	if r.Status != Completed || r.DivergedEpoch > 0 {
		s += ", " + r.StatusText()
	}
	return s
}

// TestLine is the score on the test part, and of how many examples.
func (e Evaluation) TestLine() string {
	if e.TestAccuracy == nil && e.TestMSE == nil {
		return "not scored on the test part"
	}
	return fmt.Sprintf("test %s on %s", e.TestText(), plural.Of(e.TestExamples, "example"))
}

// TestText is the score on the test part.
func (e Evaluation) TestText() string {
	return cmp.Or(scoreText(e.TestAccuracy, e.TestMSE), "not scored")
}

// ValidationText is the score on the validation part.
func (r Result) ValidationText() string {
	return cmp.Or(scoreText(r.ValidationAccuracy, r.ValidationMSE), "-")
}

// BestText names the best epoch.
func (r Result) BestText() string {
	if r.BestEpoch == 0 {
		return "none was scored"
	}
	return fmt.Sprint(r.BestEpoch)
}

// scoreText is the score that there is, empty where there is none.
func scoreText(accuracy, mse *Number) string {
	switch {
	case accuracy != nil:
		return fmt.Sprintf("accuracy %.2f %%", 100**accuracy)
	case mse != nil:
		return fmt.Sprintf("MSE %.4g", *mse)
	}
	return ""
}

// StatusText says how a run ended.
func (r Result) StatusText() string {
	if r.DivergedEpoch == 0 {
		return r.Status
	}
	return fmt.Sprintf("%s from epoch %d on", r.Status, r.DivergedEpoch)
}
