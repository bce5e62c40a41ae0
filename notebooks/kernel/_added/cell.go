// This file is built together with gophernotes' own: see install.sh. It makes
// pcn's packages importable, and says so of those that are not, turns an interrupt and a returned error into an error
// of the cell, and keeps what a cell prints free of noise.
package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"os"
	"os/signal"
	"reflect"
	"strconv"
	"sync"
	"time"

	interp "github.com/cosmos72/gomacro/fast"
	gomacro "github.com/cosmos72/gomacro/imports"
	"github.com/cosmos72/gomacro/xreflect"

	_ "example.com/pcn/notebooks/kernel/bindings"
)

func init() {
	// Without a GOROOT the interpreter reads types by reflection, and not from
	// the compiler's export data, which it no longer understands.
	build.Default.GOROOT = "/nonexistent"
	// This proxy lacks a method and would be refused.
	delete(display.Proxies, "JSONer")
	for _, name := range []string{"Background", "TODO"} {
		gomacro.Packages["context"].Binds[name] = reflect.ValueOf(func() context.Context { return background{} })
	}
	go exitWithParent()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	go func() {
		for range interrupts {
			running.interrupt()
		}
	}()
}

// exitWithParent ends the kernel when whoever started it is gone and can no longer
// ask it to.
func exitWithParent() {
	for parent := os.Getppid(); os.Getppid() == parent; {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}

var errInterrupted = errors.New("interrupted")

// running is the cell being evaluated.
var running = cell{ctx: context.Background()}

// cell is an evaluation that can be interrupted.
type cell struct {
	sync.Mutex
	ir     *interp.Interp // nil between cells
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func (c *cell) begin(ir *interp.Interp) {
	c.Lock()
	defer c.Unlock()
	c.ir = ir
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
}

// interrupt stops the cell: compiled code by its context, interpreted code at its
// next statements. Between cells it does nothing.
func (c *cell) interrupt() {
	c.Lock()
	defer c.Unlock()
	if c.ir != nil {
		c.cancel(errInterrupted)
		c.ir.Interrupt(os.Interrupt)
	}
}

// end reports whether the cell was interrupted.
func (c *cell) end() bool {
	c.Lock()
	defer c.Unlock()
	c.ir = nil
	return c.ctx.Err() != nil
}

func (c *cell) context() context.Context {
	c.Lock()
	defer c.Unlock()
	return c.ctx
}

// background is what context.Background returns to a cell: the context of the
// cell that is running, which an interrupt cancels. It may be kept from cell to
// cell.
type background struct{}

func (background) Deadline() (time.Time, bool) { return running.context().Deadline() }
func (background) Done() <-chan struct{}       { return running.context().Done() }
func (background) Err() error                  { return running.context().Err() }
func (background) Value(key any) any           { return running.context().Value(key) }
func (background) String() string              { return "context.Background" }

// evalCell stands in for doEval: an interrupt, and an error that the last
// expression returns, are errors of the cell.
func evalCell(ir *interp.Interp, outerr OutErr, code string) ([]interface{}, []xreflect.Type, error) {
	running.begin(ir)
	values, types, err := doEval(ir, outerr, code)
	if running.end() {
		doEval(ir, outerr, "0") // meets an interrupt that came too late for the cell
		return nil, nil, errInterrupted
	}
	if err != nil {
		return nil, nil, err
	}
	return shown(values, types)
}

// importable returns the nodes of a cell. It panics where they import a package that
// is not compiled in, for the interpreter would try to download and build it.
func importable(nodes []ast.Node) []ast.Node {
	for _, node := range nodes {
		ast.Inspect(node, func(n ast.Node) bool {
			spec, ok := n.(*ast.ImportSpec)
			if !ok {
				return true
			}
			path, err := strconv.Unquote(spec.Path.Value)
			if _, found := gomacro.Packages[path]; err != nil || !found {
				panic(fmt.Errorf("package %s is not compiled into this kernel", spec.Path.Value))
			}
			return false
		})
	}
	return nodes
}

// shown returns what to show of the values of a cell's last expression: not an
// error that is nil, nor the count of what was written that fmt.Println returns
// with it. An error that is not nil it returns as such.
func shown(values []interface{}, types []xreflect.Type) ([]interface{}, []xreflect.Type, error) {
	last := len(values) - 1
	if last < 0 || types[last].ReflectType() != reflect.TypeFor[error]() {
		return values, types, nil
	}
	if err, ok := values[last].(error); ok {
		return nil, nil, err
	}
	if last == 1 && types[0].Kind() == reflect.Int {
		last = 0
	}
	return values[:last], types[:last], nil
}
