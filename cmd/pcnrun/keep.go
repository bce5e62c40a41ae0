package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"example.com/pcn/internal/sealed"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// interval is how often a checkpoint is written: of its fields one is not 0.
type interval struct {
	epochs, batches int
	time            time.Duration
}

// defaultInterval costs little, however fast batches and epochs are.
const defaultInterval = "10s"

// String returns the text of i, as Set reads it.
func (i *interval) String() string {
	switch {
	case i.epochs > 0:
		return strconv.Itoa(i.epochs)
	case i.batches > 0:
		return fmt.Sprintf("%db", i.batches)
	case i.time > 0:
		return i.time.String()
	}
	return ""
}

// Type names the flag's value in the help.
func (i *interval) Type() string { return "N" }

// Set reads a number of epochs, a number of batches with b behind it, or a time.
func (i *interval) Set(text string) error {
	number, batches := strings.CutSuffix(text, "b")
	if n, err := strconv.Atoi(number); err == nil && n > 0 {
		if *i = (interval{epochs: n}); batches {
			*i = interval{batches: n}
		}
		return nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		*i = interval{time: d}
		return nil
	}
	return fmt.Errorf("must be epochs such as 1, batches such as 50b, or a time such as 30s")
}

// keeper writes to a run's folder what is to outlive the process.
type keeper struct {
	*experiment
	network *model.Network
	from    *train.Checkpoint // nil for a new run
	every   interval

	metrics         *os.File
	epochs, batches int       // since the last checkpoint
	saved           time.Time // when that was
}

// open begins the metrics with the epochs that are over.
func (k *keeper) open() (err error) {
	k.saved = time.Now()
	if k.metrics, err = os.Create(k.path(metricsFile)); err != nil {
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

// event keeps what there is to keep after a batch or an epoch; stopping says that
// no other event follows.
func (k *keeper) event(ev train.Event, stopping bool) error {
	if ev.Done == nil {
		k.batches++
	} else {
		k.epochs++
		if err := k.epoch(ev); err != nil {
			return err
		}
	}
	due := k.every.epochs > 0 && k.epochs >= k.every.epochs ||
		k.every.batches > 0 && k.batches >= k.every.batches ||
		k.every.time > 0 && time.Since(k.saved) >= k.every.time
	if !due && !stopping && !ev.Last {
		return nil
	}
	c := ev.Checkpoint()
	c.Recipe, c.Data = &k.recipe, k.data
	if err := c.Save(k.path(checkpointFile)); err != nil {
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
		if err := k.network.Save(k.path(bestFile)); err != nil {
			return err
		}
	}
	if ev.Last && !ev.Best && k.recipe.Learning.Patience > 0 {
		return k.network.Save(k.path(lastFile))
	}
	return nil
}
