package sweep

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// Each calls do for each run, up to workers at once. The first error ends it, as
// does cancelling ctx: no further run is begun, and the context of those under
// way is cancelled.
func Each(ctx context.Context, workers int, runs []Run, do func(context.Context, Run) error) error {
	if do == nil {
		return errors.New("sweep: do: must be a function, got none")
	}
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(max(workers, 1))
	for _, r := range runs {
		if inner.Err() != nil {
			break
		}
		g.Go(func() error {
			if inner.Err() != nil {
				return nil // while it waited
			}
			return do(inner, r)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}
