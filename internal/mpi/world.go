package mpi

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

// World is all ranks that mpirun has started, to each of which this one is connected. Its
// Gather and Deal are those of model.Exchange. They are called by one goroutine at a time,
// and run on a thread of their own, the only one that calls the library, as
// MPI_THREAD_FUNNELED asks for.
type World struct {
	library *library
	rank    int
	size    int
	calls   chan func()
	peers   []Peer
	watch   *watch
	out     out

	losing sync.Once
	lost   chan struct{} // closed once a rank is lost
	err    error         // which, once lost is closed
}

// out is what calls write to: on the heap, for it is used by another thread.
type out struct {
	number [3]int32
	length int32
	text   [8192]byte
}

// Peer says where a rank is.
type Peer struct {
	Host    string
	Process int
	CPUs    []int // that it may use; nil where that is not known
}

// Rank returns which rank this is, from 0.
func (w *World) Rank() int { return w.rank }

// Ranks returns how many there are.
func (w *World) Ranks() int { return w.size }

// String names the library.
func (w *World) String() string { return fmt.Sprintf("%s (%s)", w.library.name, w.library.path) }

// threadFunneled is MPI_THREAD_FUNNELED.
const threadFunneled = 1

// Join opens the library at path, or where that is empty the one of l, and waits for all
// ranks. Leave is to be called at the end.
func Join(l *Launch, path string) (*World, error) {
	library, err := open(l.flavour, path)
	if err != nil {
		return nil, fmt.Errorf("mpi: %w", err)
	}
	w := &World{library: library, calls: make(chan func()), lost: make(chan struct{})}
	go func() {
		runtime.LockOSThread()
		for f := range w.calls {
			f()
		}
	}()
	provided, rank, size := &w.out.number[0], &w.out.number[1], &w.out.number[2]
	if err := w.call("MPI_Init_thread", 0, 0, threadFunneled, pointer(provided)); err != nil {
		return nil, err
	}
	if *provided < threadFunneled {
		return nil, fmt.Errorf("mpi: %s: must let one thread of several call it (MPI_THREAD_FUNNELED), got level %d", library.path, *provided)
	}
	if err := w.call("MPI_Comm_set_errhandler", w.handle(library.world), w.handle(library.errorsReturn)); err != nil {
		return nil, err
	}
	if err := w.call("MPI_Comm_rank", w.handle(library.world), pointer(rank)); err != nil {
		return nil, err
	}
	if err := w.call("MPI_Comm_size", w.handle(library.world), pointer(size)); err != nil {
		return nil, err
	}
	if w.rank, w.size = int(*rank), int(*size); w.rank != l.Rank || w.size != l.Size {
		return nil, fmt.Errorf("mpi: %s: must be the library of the mpirun that started %v, got rank %d of %d: --mpi takes the path of another", library.path, l, w.rank, w.size)
	}
	if err := w.meet(); err != nil {
		return nil, fmt.Errorf("mpi: %w", err)
	}
	return w, nil
}

func (w *World) handle(h handle) uintptr { return w.library.handle(h) }

// pointer is the address of what lies on the heap, as all that is passed does: a stack may
// move while another thread writes to it.
func pointer[T any](x *T) uintptr { return uintptr(unsafe.Pointer(x)) }

// call calls a function of the library on its thread, and returns when it has, or when a
// rank is lost, for which it might wait forever.
func (w *World) call(function string, arguments ...uintptr) error {
	done := make(chan int32, 1)
	select {
	case w.calls <- func() { done <- call(w.library.functions[function], arguments...) }:
	case <-w.lost:
		return w.err
	}
	select {
	case code := <-done:
		if code != 0 {
			return w.failed(function, code)
		}
		return nil
	case <-w.lost:
		return w.err
	}
}

// failed returns the error of a call: that a rank is lost, where that turns out to be why.
func (w *World) failed(function string, code int32) error {
	select {
	case <-w.lost:
		return w.err
	case <-time.After(time.Second):
	}
	done := make(chan bool, 1)
	w.calls <- func() {
		call(w.library.functions["MPI_Error_string"], uintptr(code), pointer(&w.out.text[0]), pointer(&w.out.length))
		done <- true
	}
	<-done
	return fmt.Errorf("mpi: %s: %s", function, w.out.text[:min(max(0, int(w.out.length)), len(w.out.text))])
}

// parts are counts and displacements of a buffer as the library takes them.
type parts struct{ counts, starts []int32 }

// partsOf returns those of a buffer of which rank r has what ends at ends[r].
func partsOf(x []byte, ends []int) (p parts, err error) {
	start := 0
	for rank, end := range ends {
		if end < start || end > len(x) || end > math.MaxInt32 {
			return p, fmt.Errorf("mpi: the part of rank %d: must end between %d and %d, got %d", rank, start, min(len(x), math.MaxInt32), end)
		}
		p.counts, p.starts = append(p.counts, int32(end-start)), append(p.starts, int32(start))
		start = end
	}
	return p, nil
}

// Gather completes x on every rank: see model.Exchange.
func (w *World) Gather(x []byte, ends []int) error {
	p, err := partsOf(x, ends)
	if err != nil {
		return err
	}
	bytes := w.handle(w.library.bytes)
	err = w.call("MPI_Allgatherv", w.library.inPlace, 0, bytes,
		pointer(unsafe.SliceData(x)), pointer(unsafe.SliceData(p.counts)), pointer(unsafe.SliceData(p.starts)), bytes, w.handle(w.library.world))
	w.keep(x, p)
	return err
}

// Deal gives each rank its part of send: see model.Exchange.
func (w *World) Deal(send []byte, sendEnds []int, receive []byte, receiveEnds []int) error {
	from, err := partsOf(send, sendEnds)
	if err != nil {
		return err
	}
	to, err := partsOf(receive, receiveEnds)
	if err != nil {
		return err
	}
	bytes := w.handle(w.library.bytes)
	err = w.call("MPI_Alltoallv",
		pointer(unsafe.SliceData(send)), pointer(unsafe.SliceData(from.counts)), pointer(unsafe.SliceData(from.starts)), bytes,
		pointer(unsafe.SliceData(receive)), pointer(unsafe.SliceData(to.counts)), pointer(unsafe.SliceData(to.starts)), bytes, w.handle(w.library.world))
	w.keep(send, receive, from, to)
	return err
}

// keep keeps what was passed to the library from being collected until here; for good where
// a rank is lost, for the library may still be at work with it.
func (w *World) keep(of ...any) {
	select {
	case <-w.lost:
		kept = append(kept, of...)
	default:
	}
	runtime.KeepAlive(of)
}

var kept []any

// Lost is closed when a rank is lost. What this rank waits for others for then ends with an
// error that names it.
func (w *World) Lost() <-chan struct{} { return w.lost }

// Err returns which rank is lost, nil for none.
func (w *World) Err() error {
	select {
	case <-w.lost:
		return w.err
	default:
		return nil
	}
}

// lose ends what this rank waits for.
func (w *World) lose(err error) {
	w.losing.Do(func() {
		w.err = err
		close(w.lost)
	})
}

// Leave ends this rank's part, with the others where err is nil, when they have come to
// their ends; or else it tells them why it leaves.
func (w *World) Leave(err error) error {
	if err != nil {
		w.watch.fail(err)
		return err
	}
	if err := w.call("MPI_Barrier", w.handle(w.library.world)); err != nil {
		return err
	}
	w.watch.end()
	return w.call("MPI_Finalize")
}

// Send gives all ranks what rank 0 has.
func (w *World) Send(x []byte) ([]byte, error) {
	if w.rank != 0 {
		x = nil
	}
	all, err := w.All(x)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// All gives all ranks what each has, by rank: less than 2 GiB together.
func (w *World) All(x []byte) ([][]byte, error) {
	const word = 8 // bytes of a size
	sizes, ends := make([]byte, word*w.size), make([]int, w.size)
	for rank := range ends {
		ends[rank] = word * (rank + 1)
	}
	binary.LittleEndian.PutUint64(sizes[word*w.rank:], uint64(len(x)))
	if err := w.Gather(sizes, ends); err != nil {
		return nil, err
	}
	total := 0
	for rank := range ends {
		total += int(binary.LittleEndian.Uint64(sizes[word*rank:]))
		ends[rank] = total
	}
	if total > math.MaxInt32 {
		return nil, fmt.Errorf("mpi: what is sent to all ranks: must be less than 2 GiB, got %d bytes", total)
	}
	data := make([]byte, total)
	copy(data[ends[w.rank]-len(x):], x)
	if err := w.Gather(data, ends); err != nil {
		return nil, err
	}
	all, start := make([][]byte, w.size), 0
	for rank, end := range ends {
		all[rank], start = data[start:end], end
	}
	return all, nil
}
