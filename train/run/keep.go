package run

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"example.com/pcn/internal/sealed"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// Interval is how often a checkpoint is written, as [Interval.Set] reads it: of its fields one
// is not 0, or it is [DefaultInterval].
type Interval struct {
	epochs, batches int
	time            time.Duration
}

// DefaultInterval costs little, however fast batches and epochs are.
const DefaultInterval = 10 * time.Second

// String returns the text of i, as Set reads it.
func (i *Interval) String() string {
	switch {
	case i.epochs > 0:
		return strconv.Itoa(i.epochs)
	case i.batches > 0:
		return fmt.Sprintf("%db", i.batches)
	}
	return cmp.Or(i.time, DefaultInterval).String()
}

// Type names the flag's value in the help.
func (i *Interval) Type() string { return "N" }

// Set reads a number of epochs, a number of batches with b behind it, or a time.
func (i *Interval) Set(text string) error {
	number, batches := strings.CutSuffix(text, "b")
	if n, err := strconv.Atoi(number); err == nil && n > 0 {
		if *i = (Interval{epochs: n}); batches {
			*i = Interval{batches: n}
		}
		return nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		*i = Interval{time: d}
		return nil
	}
	return fmt.Errorf("must be epochs such as 1, batches such as 50b, or a time such as 30s")
}

// keeper writes to a run's folder what is to outlive the process.
type keeper struct {
	*Experiment
	network *model.Network
	from    *train.Checkpoint // nil for a new run
	every   Interval

	metrics         *os.File
	epochs, batches int       // since the last checkpoint
	saved           time.Time // when that was
}

// open begins the metrics with the epochs that are over.
func (k *keeper) open() (err error) {
	k.saved = time.Now()
	if k.metrics, err = os.Create(k.Path(MetricsFile)); err != nil {
		return err
	}
	if k.from == nil {
		return nil
	}
	for _, e := range k.from.History.Epochs {
		if err := k.writeMetrics(e); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) writeMetrics(e train.Epoch) error {
	line, err := sealed.Marshal(e)
	if err != nil {
		return err
	}
	_, err = k.metrics.Write(append(line, '\n'))
	return err
}

// event keeps what there is to keep after a batch or an epoch.
func (k *keeper) event(ev train.Event) error {
	if ev.Done == nil {
		k.batches++
	} else {
		k.epochs++
		if err := k.check(); err != nil {
			return err
		}
		if err := k.epoch(ev); err != nil {
			return err
		}
	}
	every := k.every
	if every == (Interval{}) {
		every.time = DefaultInterval
	}
	due := every.epochs > 0 && k.epochs >= every.epochs ||
		every.batches > 0 && k.batches >= every.batches ||
		every.time > 0 && time.Since(k.saved) >= every.time
	stopping, err := ev.Stopping()
	if err != nil || !due && !stopping && !ev.Last {
		return err
	}
	if err := k.check(); err != nil {
		return err
	}
	c := ev.Checkpoint()
	c.Recipe, c.Data = &k.Recipe, k.Data
	if err := c.Save(k.Path(CheckpointFile)); err != nil {
		return err
	}
	k.epochs, k.batches, k.saved = 0, 0, time.Now()
	return nil
}

// epoch keeps the record of an epoch, and the model where it is the best so far
// or where another will be scored.
func (k *keeper) epoch(ev train.Event) error {
	if err := k.writeMetrics(*ev.Done); err != nil {
		return err
	}
	if ev.Best {
		if err := k.network.Save(k.Path(BestFile)); err != nil {
			return err
		}
	}
	if ev.Last && !ev.Best && k.Recipe.Learning.Patience > 0 {
		return k.network.Save(k.Path(LastFile))
	}
	return nil
}
