package main

import (
	"encoding/json"
	"fmt"
	"io"

	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/internal/plural"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
)

// How a run ended.
const (
	completed   = "completed"
	diverged    = "diverged"
	interrupted = "interrupted"
)

// evaluation is what --json prints of a model's score.
type evaluation struct {
	Dataset      string  `json:"dataset"`
	Direction    string  `json:"direction"`
	Layers       []int   `json:"layers"`
	Seed         uint64  `json:"seed"`
	TestExamples int     `json:"test_examples"`
	TestAccuracy *number `json:"test_accuracy,omitempty"`
	TestMSE      *number `json:"test_mse,omitempty"`
	Dtype        string  `json:"dtype"`
	GEMM         string  `json:"gemm"`
	Model        string  `json:"model,omitempty"`
}

// result is what --json prints of a training run.
type result struct {
	Learner string `json:"learner"` // pcn or mlp
	Rule    string `json:"rule"`    // of learning
	evaluation
	TrainExamples      int     `json:"train_examples"`
	Epochs             int     `json:"epochs"`                        // that were done
	BestEpoch          int     `json:"best_epoch,omitempty"`          // by validation error
	ValidationAccuracy *number `json:"validation_accuracy,omitempty"` // of the last epoch, or the best with patience
	ValidationMSE      *number `json:"validation_mse,omitempty"`
	Status             string  `json:"status"`
	DivergedEpoch      int     `json:"diverged_epoch,omitempty"` // the first
	Seconds            number  `json:"seconds"`                  // of learning alone
	Method             string  `json:"method,omitempty"`         // of settling; like the next two, where latents settle
	StepsMean          *number `json:"steps_mean,omitempty"`     // steps an example took, in the last epoch
	Residual           *number `json:"residual,omitempty"`       // of the gradient, in the last epoch
	ToLose             *number `json:"to_lose,omitempty"`        // estimated share of the energy's fall that was still to come, in its last batch
}

// number is null in JSON where it is not finite.
type number = jsonfloat.Float

// newEvaluation describes n and what it is scored on.
func newEvaluation(dataset string, n *model.Network, examples int) evaluation {
	cfg := n.Config()
	return evaluation{
		Dataset: dataset, Direction: cfg.Kind(), Layers: cfg.Sizes(), Seed: cfg.Seed,
		TestExamples: examples, Dtype: cfg.Dtype.String(), GEMM: gemm.Kernel(),
	}
}

// newResult describes a run of l that is about to begin.
func newResult(e *experiment, learner string, l *train.PCN) result {
	r := result{Learner: learner, Rule: l.Rule().String(), evaluation: newEvaluation(e.recipe.Data.Dataset, l.Network(), e.sets.Test.Len()), TrainExamples: e.sets.Train.Len(), Status: running}
	if inf := l.Inference(); inf.Steps > 0 {
		r.Method = inf.Method.String()
	}
	return r
}

// setTest enters the score on the test part.
func (e *evaluation) setTest(s train.Score, set *data.Set) {
	e.TestAccuracy, e.TestMSE = numbers(s, set.Classes > 0)
}

// setHistory enters what became of training by c on classes or on numbers.
func (r *result) setHistory(h *train.History, classes bool, c train.Learning) {
	r.Epochs, r.BestEpoch, r.Seconds, r.Status = len(h.Epochs), h.Best, number(h.Seconds), completed
	if h.Status == model.Diverged {
		r.Status = diverged
	}
	for _, e := range h.Epochs {
		if e.Diverged > 0 && r.DivergedEpoch == 0 {
			r.DivergedEpoch = e.Epoch
		}
		if e.Steps > 0 {
			r.StepsMean, r.Residual = (*number)(&e.Steps), (*number)(&e.Residual)
		}
		if e.ToLose != nil {
			r.ToLose = (*number)(e.ToLose)
		}
		if e.Validation != nil && (c.Patience == 0 || e.Epoch <= h.Best) {
			r.ValidationAccuracy, r.ValidationMSE = numbers(*e.Validation, classes)
		}
	}
}

// numbers returns the score that applies: the accuracy for classes, the mean
// squared error for a regression.
func numbers(s train.Score, classes bool) (accuracy, mse *number) {
	if classes {
		return (*number)(&s.Accuracy), nil
	}
	return nil, (*number)(&s.MSE)
}

func accuracyText(share float64) string { return fmt.Sprintf("accuracy %.2f %%", 100*share) }

// percent writes a share with three digits.
func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

func mseText(mse float64) string { return fmt.Sprintf("MSE %.4g", mse) }

// printJSON prints v as one line.
func printJSON(w io.Writer, v any) error {
	return json.NewEncoder(w).Encode(v)
}

// summary is the result of a training run in a line.
func (r result) summary() string {
	return fmt.Sprintf("%s, %.3g s of learning, %s", r.testLine(), r.Seconds, r.statusText())
}

// testLine is the score on the test part, and of how many examples.
func (e evaluation) testLine() string {
	if e.TestAccuracy == nil && e.TestMSE == nil {
		return "not scored on the test part"
	}
	return fmt.Sprintf("test %s on %s", e.testText(), plural.Of(e.TestExamples, "example"))
}

// testText is the score on the test part.
func (e evaluation) testText() string {
	switch {
	case e.TestAccuracy != nil:
		return accuracyText(float64(*e.TestAccuracy))
	case e.TestMSE != nil:
		return mseText(float64(*e.TestMSE))
	}
	return "not scored"
}

// statusText says how a run ended.
func (r result) statusText() string {
	if r.DivergedEpoch == 0 {
		return r.Status
	}
	return fmt.Sprintf("%s from epoch %d on", r.Status, r.DivergedEpoch)
}
