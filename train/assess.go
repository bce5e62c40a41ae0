package train

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/jsonfloat"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// Assessment is a [Score] with what stands behind it: one of the two.
type Assessment struct {
	Score
	Classification *Classification `json:"classification,omitempty"`
	Regression     *Regression     `json:"regression,omitempty"`
}

// Classification is how each class fares.
type Classification struct {
	// Confusion counts examples by their class, a row, and the class that they were taken
	// for, a column.
	Confusion [][]int      `json:"confusion"`
	Classes   []ClassScore `json:"classes"`
	Mistakes  []Mistake    `json:"mistakes"` // in the order of the examples
	// MacroF1 is the mean F1 of the classes that occur.
	MacroF1 float64 `json:"macro_f1"`
	// Majority is the accuracy of who always says the commonest class of these examples.
	Majority float64 `json:"majority"`
}

// Regression is how much better than the mean a network does.
type Regression struct {
	// RMSE is the root of MSE, and MeanRMSE that of who always says the mean of these
	// targets.
	RMSE     float64 `json:"rmse"`
	MeanRMSE float64 `json:"mean_rmse"`
	// R2 is 1 − Σ (target − prediction)² / Σ (target − mean)², the mean over targets: 1 is
	// perfect, 0 as good as the mean. It is NaN where a target is the same in all examples.
	R2 float64 `json:"r2"`
}

// ClassScore is how well one class is told from the others, each 0..1: 0, too, where there
// is nothing to divide by.
type ClassScore struct {
	Examples  int     `json:"examples"`  // that are of the class
	Taken     int     `json:"taken"`     // that were taken for it
	Precision float64 `json:"precision"` // share of the taken that are of the class
	Recall    float64 `json:"recall"`    // share of its examples that were taken for it
	F1        float64 `json:"f1"`        // harmonic mean of both
}

// Mistake is an example that was taken for another class.
type Mistake struct {
	Example   int       `json:"example"`       // from 0, in the order of the set
	Row       int       `json:"row,omitempty"` // of the file, as [data.Set.FileRow] has it
	Class     int       `json:"class"`
	Taken     int       `json:"taken"`
	Predicted []float64 `json:"predicted"` // the target of each class
}

// MarshalJSON writes what is no finite number as null.
func (a Assessment) MarshalJSON() ([]byte, error) { return jsonfloat.Marshal(a) }

// UnmarshalJSON reads null as NaN.
func (a *Assessment) UnmarshalJSON(text []byte) error { return jsonfloat.Unmarshal(text, a) }

// AssessRows is [Assess] of what predict says of rows, as they come, against what they hold
// to be learned: classes, or numbers in their own units, which are the units of what
// predict returns, (N, k). n is the network that predicts.
func AssessRows(ctx context.Context, n *model.Network, rows *data.Rows, predict func(*data.Batch) (*tensor.Dense, error)) (Assessment, error) {
	t := newTally(n, 0)
	_, err := rows.Each(ctx, func(b *data.Batch) error {
		predicted, err := predict(b)
		if err != nil {
			return err
		}
		if err := dense.Check(predicted, dense.Float(predicted), b.N, -1); err != nil {
			return fmt.Errorf("train: assess: predicted: %w", err)
		}
		width := predicted.Shape()[1]
		if len(b.Labels) > 0 {
			t.classes = width
		}
		want := make([]float64, width)
		for i, row := range model.Rows(predicted) {
			label, at := 0, 0
			if len(b.Rows) > 0 {
				at = b.Rows[i]
			}
			if len(b.Targets) > 0 {
				want = b.Targets[i*width : (i+1)*width]
			} else {
				clear(want)
				label = b.Labels[i]
				want[label] = 1
			}
			t.add(row, want, label, at)
		}
		return nil
	})
	if err != nil {
		return Assessment{}, err
	}
	return t.assessment(t.rows), nil
}

// tally adds up an assessment row by row.
type tally struct {
	form      *graph.NodeEnergy // of the targets
	classes   int               // 0 for a regression
	rows      int
	loss, mse float64
	targets   []targetTally
	confusion [][]int
	mistakes  []Mistake
}

// targetTally is the running mean of one target (Welford 1962).
type targetTally struct{ mean, squares, errors float64 }

// newTally begins for a network, nil where a learner of the user's own has none.
func newTally(n *model.Network, classes int) *tally {
	t := &tally{classes: classes}
	if n != nil {
		t.form = n.Form(n.TargetNode())
	}
	return t
}

// add enters a row of predictions, in raw units as what was wanted, and its class, where
// there are classes; at is its row of the file.
func (t *tally) add(predicted, wanted []float64, label, at int) {
	if t.targets == nil {
		t.targets = make([]targetTally, len(wanted))
		t.confusion = Confusion(nil, nil, t.classes)
	}
	t.rows++
	for j, x := range predicted {
		of, miss := &t.targets[j], x-wanted[j]
		off := wanted[j] - of.mean
		of.mean += off / float64(t.rows)
		of.squares += off * (wanted[j] - of.mean)
		of.errors += miss * miss
		t.mse += miss * miss
	}
	t.loss += surprise(t.form, predicted, wanted)
	if t.classes == 0 {
		return
	}
	taken := 0
	for j, x := range predicted {
		if x > predicted[taken] {
			taken = j
		}
	}
	t.confusion[label][taken]++
	if taken != label {
		t.mistakes = append(t.mistakes, Mistake{t.rows - 1, at, label, taken, append([]float64(nil), predicted...)})
	}
}

// surprise is the energy of wanted where the predictions are probabilities: −Σ v log p, or
// Bernoulli's; 0 otherwise. A probability that rounds to 0 counts as the smallest number
// there is, so that one example alone does not make a mean infinite.
func surprise(form *graph.NodeEnergy, predicted, wanted []float64) (sum float64) {
	log := func(p float64) float64 { return math.Log(max(p, math.SmallestNonzeroFloat32)) }
	for j, v := range wanted {
		switch form {
		case graph.CrossEntropy:
			sum -= v * log(predicted[j])
		case graph.Bernoulli:
			sum -= v*log(predicted[j]) + (1-v)*log(1-predicted[j])
		}
	}
	return sum
}

// assessment is what has been added up, of that many examples.
func (t *tally) assessment(examples int) Assessment {
	n, k := float64(t.rows), len(t.targets)
	a := Assessment{Score: Score{Examples: examples, Classes: t.classes, MSE: t.mse / (n * float64(k))}}
	if a.Loss = a.MSE; t.form == graph.CrossEntropy || t.form == graph.Bernoulli {
		a.Loss = t.loss / n
	}
	if t.classes > 0 {
		a.Classification = &Classification{Confusion: t.confusion, Mistakes: t.mistakes}
		a.Accuracy = a.Classification.count()
		return a
	}
	r := &Regression{RMSE: math.Sqrt(a.MSE)}
	squares := 0.0
	for _, of := range t.targets {
		squares += of.squares
		r2 := math.NaN()
		if of.squares > 0 {
			r2 = 1 - of.errors/of.squares
		}
		r.R2 += r2 / float64(k)
	}
	r.MeanRMSE = math.Sqrt(squares / (n * float64(k)))
	a.Regression = r
	return a
}

// count enters what the confusion says, and returns the accuracy.
func (c *Classification) count() float64 {
	c.Classes = make([]ClassScore, len(c.Confusion))
	right, rows, most := 0, 0, 0
	for class, row := range c.Confusion {
		of := &c.Classes[class]
		for taken, count := range row {
			of.Examples += count
			c.Classes[taken].Taken += count
		}
		right, rows, most = right+row[class], rows+of.Examples, max(most, of.Examples)
	}
	occur := 0
	for class := range c.Classes {
		of, hits := &c.Classes[class], c.Confusion[class][class]
		of.Precision, of.Recall = share(hits, of.Taken), share(hits, of.Examples)
		of.F1 = share(2*hits, of.Taken+of.Examples)
		if of.Taken+of.Examples > 0 {
			occur++
			c.MacroF1 += of.F1
		}
	}
	c.MacroF1 /= float64(max(occur, 1))
	c.Majority = share(most, rows)
	return share(right, rows)
}

// share is a/b, 0 of nothing.
func share(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
