package train

// Event tells a callback how far [Fit] has come: after each batch, and with
// Done not nil after each epoch.
type Event struct {
	Epoch, Epochs  int // Epoch from 1
	Batch, Batches int // batches done in this epoch
	Step           Step
	Done           *Epoch
	Best           bool // Done has the lowest validation loss so far
	Last           bool // Done is the last epoch

	fitting  *fitting
	stopping func() (bool, error)
}

// Stopping reports whether training ends after this event since its context is cancelled, of
// any of the ranks that learn together, all of which are told the same. It is to be called
// before the callback returns.
func (e Event) Stopping() (bool, error) {
	if e.stopping == nil {
		return false, nil // not an event of Fit
	}
	return e.stopping()
}

// Checkpoint returns a copy of the training as it is between two batches. It is
// to be called before the callback returns.
func (e Event) Checkpoint() *Checkpoint {
	if e.fitting == nil {
		return nil // not an event of Fit
	}
	return e.fitting.checkpoint()
}
