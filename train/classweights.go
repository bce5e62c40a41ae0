package train

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"example.com/pcn/internal/quoted"
	"example.com/pcn/train/data"
)

// ClassWeights says how much the examples of each class count in what is learned of a batch:
// balanced, for all classes as much as if they had as many examples each, or some classes by
// name and their weights, such as spam=5, where the others count 1. Empty, all count alike.
// An example of weight k is learned as if it were in the batch k times; scores, and the energy
// that is told, count all alike.
type ClassWeights string

// Balanced are the weights N / (K · n) of K classes with n of the N examples each.
const Balanced ClassWeights = "balanced"

// UnmarshalText takes the text.
func (w *ClassWeights) UnmarshalText(text []byte) error {
	*w = ClassWeights(text)
	_, _, err := w.parse()
	return err
}

// parse returns the classes that have a weight, and the weights.
func (w ClassWeights) parse() (names []string, weights []float64, err error) {
	if w == "" || w == Balanced {
		return nil, nil, nil
	}
	wrong := func() error {
		return fmt.Errorf("must be balanced, or classes and their weights > 0 such as spam=5,ham=1, got %.80q", string(w))
	}
	fields, err := csv.NewReader(strings.NewReader(string(w))).Read()
	if err != nil {
		return nil, nil, wrong()
	}
	for _, field := range fields {
		at := strings.LastIndex(field, "=")
		if at < 0 {
			return nil, nil, wrong()
		}
		k, err := strconv.ParseFloat(strings.TrimSpace(field[at+1:]), 64)
		if err != nil || !(k > 0) || math.IsInf(k, 0) {
			return nil, nil, wrong()
		}
		names, weights = append(names, strings.TrimSpace(field[:at])), append(weights, k)
	}
	return names, weights, nil
}

// byClass returns the weight of each class of a set, nil where all count alike.
func (w ClassWeights) byClass(set *data.Set) ([]float64, error) {
	if w == "" {
		return nil, nil
	}
	if set.Classes == 0 {
		return nil, errors.New("must be left out where numbers are learned and no classes")
	}
	names, weights, err := w.parse()
	if err != nil {
		return nil, err
	}
	of, all := slices.Repeat([]float64{1}, set.Classes), make([]string, set.Classes)
	for k := range all {
		all[k] = set.ClassName(k)
	}
	for i, name := range names {
		k := slices.Index(all, name)
		if k < 0 {
			return nil, fmt.Errorf("must be of the classes %s, got %.40q", quoted.List(all), name)
		}
		of[k] = weights[i]
	}
	if w == Balanced {
		counts := make([]float64, set.Classes)
		for _, k := range set.Labels() {
			counts[k]++
		}
		for k, n := range counts {
			of[k] = float64(set.Len()) / (float64(set.Classes) * max(n, 1))
		}
	}
	return of, nil
}

// byExample returns the weight of each example of a set, nil where all count alike.
func (w ClassWeights) byExample(set *data.Set) ([]float64, error) {
	weights, err := w.byClass(set)
	if weights == nil || err != nil {
		return nil, err
	}
	return weightsOf(weights, set.Labels()), nil
}

// weightsOf returns the weights at some places, nil of none.
func weightsOf(weights []float64, at []int) (of []float64) {
	if weights == nil {
		return nil
	}
	for _, i := range at {
		of = append(of, weights[i])
	}
	return of
}
