package train

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/nlpodyssey/safetensors"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/tensorfile"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
	"example.com/pcn/train/rule"
)

// Checkpoint is a training run between two batches: [Fit] goes on from it to the
// same bits as if it had never stopped.
type Checkpoint struct {
	// Recipe is the run's, for who began it to keep here; Fit does not use it.
	Recipe *Recipe `json:"recipe,omitempty"`
	// Learning is what Fit was given, and Data which examples. Of these the test
	// part is for who began the run to keep here.
	Learning Learning     `json:"learning"`
	Data     Fingerprints `json:"data"`
	// Augment is how the training examples were varied.
	Augment data.Augmentation `json:"augment"`
	// History has the epochs that are over. Of the next one Batch batches are
	// done, with Record so far.
	History History `json:"history"`
	Batch   int     `json:"batch"`
	Record  Epoch   `json:"record"`
	// NotFinite says that the energy no longer was.
	NotFinite bool `json:"not_finite,omitempty"`
	// Stream is the random stream of the order of the examples, as it was before
	// the order of the epoch of Batch was drawn.
	Stream []byte `json:"stream"`
	// State is what the learner remembers, weights included.
	State model.State `json:"-"`
}

// Names in a checkpoint file: keys of its metadata, and what comes before those
// of State.
const (
	checkpointKey     = tensorfile.Prefix + "checkpoint"
	checkpointVersion = 2
	learnerPart       = "learner"
	bestPart          = "best"
	valuePrefix       = tensorfile.Prefix + "state."
)

// checkpointHead is what a file's metadata holds under checkpointKey.
type checkpointHead struct {
	Version int `json:"version"`
	*Checkpoint
}

// checkpoint returns a copy of where f is.
func (f *fitting) checkpoint() *Checkpoint {
	c := &Checkpoint{
		Learning: f.settings, Data: f.data(), Augment: f.batches.set.Augmentation(), History: *f.history,
		Batch: f.batch, NotFinite: f.notFinite, Stream: f.drawn,
	}
	c.History.Epochs = slices.Clone(f.history.Epochs)
	if f.batch > 0 {
		c.Record = f.record
		c.Record.NodeEnergy, c.Record.NodeResidual = slices.Clone(f.record.NodeEnergy), slices.Clone(f.record.NodeResidual)
	} else {
		c.Stream, _ = f.stream.MarshalBinary() // never fails
	}
	var s model.State
	s.Add(learnerPart, f.learner.State())
	s.Add(bestPart, f.best)
	c.State = s.Clone()
	return c
}

// resume puts f where c was made.
func (f *fitting) resume(c *Checkpoint) error {
	was := c.Learning
	was.Rule = cmp.Or(was.Rule, rule.Default) // which old ones do not name
	if was != f.settings {
		return fmt.Errorf("was made with %+v, and this is %+v", c.Learning, f.settings)
	}
	if changes := c.Data.Learned().Changes(f.data()); changes != "" {
		return fmt.Errorf("the data has changed since: %s", changes)
	}
	if is := f.batches.set.Augmentation(); c.Augment != is {
		return fmt.Errorf("was made with the augmentation %v, and this is %v", c.Augment, is)
	}
	if err := c.validate(f.batches.count(), f.validation != nil); err != nil {
		return err
	}
	if err := f.stream.UnmarshalBinary(c.Stream); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	if f.settings.Patience > 0 && c.History.Best > 0 {
		f.best = c.State.Part(bestPart).Clone()
		if err := f.learner.SetState(f.best); err != nil { // tells whether it can be put back
			return fmt.Errorf("%s: %w", bestPart, err)
		}
	}
	if err := f.learner.SetState(c.State.Part(learnerPart)); err != nil {
		return err
	}
	history := c.History
	history.Epochs = slices.Clone(history.Epochs)
	past := c.Record.Elapsed // of what was done before
	if n := len(history.Epochs); n > 0 {
		past = max(past, history.Epochs[n-1].Elapsed)
	}
	f.began = f.began.Add(-time.Duration(past * float64(time.Second)))
	f.history, f.batch, f.record, f.notFinite = &history, c.Batch, c.Record, c.NotFinite
	f.record.NodeEnergy, f.record.NodeResidual = slices.Clone(c.Record.NodeEnergy), slices.Clone(c.Record.NodeResidual)
	return nil
}

// validate returns what contradicts itself in c, for epochs of that many
// batches.
func (c *Checkpoint) validate(batches int, validation bool) error {
	done := len(c.History.Epochs)
	if done > c.Learning.Epochs {
		return fmt.Errorf("history: %d epochs of %d", done, c.Learning.Epochs)
	}
	for i, e := range c.History.Epochs {
		if e.Epoch != i+1 {
			return fmt.Errorf("history: epochs[%d]: must be epoch %d, got %d", i, i+1, e.Epoch)
		}
		if last := c.NotFinite && c.Batch == 0 && i == done-1; (e.Validation != nil) != (validation && !last) {
			return fmt.Errorf("history: epochs[%d]: has a validation score, or lacks it, against what is given", i)
		}
	}
	if b := c.History.Best; b < 0 || b > done || b > 0 && c.History.Epochs[b-1].Validation == nil {
		return fmt.Errorf("history: best: must be a scored epoch, got %d", b)
	}
	if c.Batch < 0 || c.Batch > batches {
		return fmt.Errorf("batch: must be 0 to %d, got %d", batches, c.Batch)
	}
	if c.Batch > 0 && (c.Record.Epoch != done+1 || done == c.Learning.Epochs || c.Record.Batches != batches) {
		return fmt.Errorf("record: must be epoch %d with %d batches, got epoch %d with %d", done+1, batches, c.Record.Epoch, c.Record.Batches)
	}
	return nil
}

// Save writes the checkpoint to a safetensors file, beside path and renamed, so
// that an older checkpoint stays until this one is complete. The file has a hash of
// all it holds.
func (c *Checkpoint) Save(path string) error {
	if err := atomicfile.Write(path, c.Write); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	return nil
}

// Write is Save to a writer.
func (c *Checkpoint) Write(w io.Writer) error {
	head, err := json.Marshal(checkpointHead{checkpointVersion, c})
	if err != nil {
		return err
	}
	texts := map[string]string{checkpointKey: string(head)}
	for name, text := range c.State.Values {
		texts[valuePrefix+name] = text
	}
	return tensorfile.Write(w, c.State.Tensors, texts)
}

// LoadCheckpoint reads a file that [Checkpoint.Save] wrote, and refuses one that is
// not what was written. The error names the file.
func LoadCheckpoint(path string) (*Checkpoint, error) {
	data, err := tensorfile.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("train: checkpoint: %w", err)
	}
	c, err := ReadCheckpoint(data)
	if err != nil {
		return nil, fmt.Errorf("train: checkpoint: %s: %w", path, err)
	}
	return c, nil
}

// ReadCheckpoint is LoadCheckpoint from the bytes of a file.
func ReadCheckpoint(data []byte) (*Checkpoint, error) {
	tensors, texts, err := tensorfile.Read(data)
	if err != nil {
		return nil, fmt.Errorf("not a safetensors file: %w", err)
	}
	c, err := decodeCheckpoint(tensors, texts)
	if err == nil {
		err = tensorfile.Check(tensors, texts)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// decodeCheckpoint makes a checkpoint of what a file holds.
func decodeCheckpoint(tensors map[string]safetensors.TensorView, texts map[string]string) (*Checkpoint, error) {
	text, ok := texts[checkpointKey]
	if !ok {
		return nil, fmt.Errorf("is no checkpoint: its metadata has no %s", checkpointKey)
	}
	head := checkpointHead{Checkpoint: &Checkpoint{}}
	if err := json.Unmarshal([]byte(text), &head); err != nil {
		return nil, fmt.Errorf("%s: %w", checkpointKey, err)
	}
	if head.Version != checkpointVersion {
		return nil, fmt.Errorf("%s: version must be %d, got %d", checkpointKey, checkpointVersion, head.Version)
	}
	c := head.Checkpoint
	for key, text := range texts {
		if name, ok := strings.CutPrefix(key, valuePrefix); ok {
			c.State.SetValue(name, text)
		}
	}
	numbers := 0
	for name, v := range tensors {
		t, err := tensorfile.Dense(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		numbers += t.Shape().TotalSize()
		c.State.SetTensor(name, t)
	}
	if c.Recipe != nil {
		if err := c.Recipe.Validate(); err != nil {
			return nil, fmt.Errorf("recipe: %w", err)
		}
		if promised := c.Recipe.Model.Count(); promised > numbers {
			return nil, fmt.Errorf("recipe: model: has %d weights, and the file holds %d numbers", promised, numbers)
		}
	}
	return c, nil
}
