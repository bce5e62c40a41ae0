package cli

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/spf13/pflag"
)

// profiles are what --cpuprofile and --memprofile ask for.
type profiles struct {
	cpuPath, memPath string
	cpu, mem         *os.File
}

func (p *profiles) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&p.cpuPath, "cpuprofile", "", "write a profile of where time goes to `FILE`, for go tool pprof")
	flags.StringVar(&p.memPath, "memprofile", "", "write a profile of what was allocated to `FILE`, for go tool pprof")
}

// start opens the files and begins to measure.
func (p *profiles) start() (err error) {
	if p.memPath != "" {
		if p.mem, err = os.Create(p.memPath); err != nil {
			return fmt.Errorf("--memprofile: %w", err)
		}
	}
	if p.cpuPath != "" {
		if p.cpu, err = os.Create(p.cpuPath); err != nil {
			return fmt.Errorf("--cpuprofile: %w", err)
		}
		if err := pprof.StartCPUProfile(p.cpu); err != nil {
			return fmt.Errorf("--cpuprofile: %w", err)
		}
	}
	return nil
}

// stop writes the profiles.
func (p *profiles) stop() error {
	var errs []error
	if p.cpu != nil {
		pprof.StopCPUProfile()
		if err := p.cpu.Close(); err != nil {
			errs = append(errs, fmt.Errorf("--cpuprofile: %w", err))
		}
	}
	if p.mem != nil {
		runtime.GC() // so that it shows what is in use now, too
		if err := errors.Join(pprof.Lookup("allocs").WriteTo(p.mem, 0), p.mem.Close()); err != nil {
			errs = append(errs, fmt.Errorf("--memprofile: %w", err))
		}
	}
	return errors.Join(errs...)
}
