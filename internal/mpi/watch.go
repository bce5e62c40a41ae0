package mpi

import (
	"bufio"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// MPI does not say when a rank has died: the others wait for it. So each rank holds a
// connection with rank 0 beside, which closes when a process ends, however it does, and on
// which each says every beat that it is there. Rank 0 tells the others who is lost.
const (
	beat    = time.Second
	silence = 8 * time.Second // after which a rank is lost
)

// Words of a connection: a line each, with a text behind the last two.
const (
	wordBeat = "beat"
	wordEnd  = "end"  // the rank has come to its end
	wordFail = "fail" // the rank leaves with an error
	wordLost = "lost" // of rank 0: who is
)

// watch is this rank's connections: of rank 0 with all others.
type watch struct {
	world *World
	mu    sync.Mutex // guards conns, and writes to them
	conns []net.Conn
	ended atomic.Bool
}

// hello is what ranks say of themselves.
type hello struct {
	Peer
	Addresses []string // of rank 0's listener
	Token     string   // by which rank 0 knows its ranks
}

// meet connects the ranks.
func (w *World) meet() error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	h := hello{Peer: Peer{Host: host, Process: os.Getpid(), CPUs: cpus()}}
	w.watch = &watch{world: w}
	var listener net.Listener
	if w.rank == 0 {
		if listener, err = net.Listen("tcp", ":0"); err != nil {
			return err
		}
		defer listener.Close()
		h.Token = rand.Text()
		h.Addresses = addresses(listener.Addr().(*net.TCPAddr).Port)
	}
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	all, err := w.All(text)
	if err != nil {
		return err
	}
	var first hello
	for rank, text := range all {
		var other hello
		if err := json.Unmarshal(text, &other); err != nil {
			return fmt.Errorf("rank %d: %w", rank, err)
		}
		if rank == 0 {
			first = other
		}
		w.peers = append(w.peers, other.Peer)
	}
	if w.rank == 0 {
		err = w.watch.accept(listener, h.Token)
	} else {
		err = w.watch.dial(first)
	}
	if err != nil {
		return err
	}
	go w.watch.beats()
	return nil
}

// addresses returns where others reach a port of this machine: itself first.
func addresses(port int) (all []string) {
	all = []string{net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	list, _ := net.InterfaceAddrs()
	for _, a := range list {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && !ip.IP.IsLinkLocalUnicast() {
			all = append(all, net.JoinHostPort(ip.IP.String(), strconv.Itoa(port)))
		}
	}
	return all
}

// accept waits for the connections of all ranks.
func (c *watch) accept(listener net.Listener, token string) error {
	w := c.world
	listener.(*net.TCPListener).SetDeadline(time.Now().Add(6 * silence))
	there := make([]bool, w.size)
	for n := 1; n < w.size; {
		conn, err := listener.Accept()
		if err != nil {
			var missing []string
			for rank := 1; rank < w.size; rank++ {
				if !there[rank] {
					missing = append(missing, w.Name(rank))
				}
			}
			return fmt.Errorf("rank 0 must be reached by all ranks over TCP, and is not by %s: %w", strings.Join(missing, ", "), err)
		}
		conn.SetReadDeadline(time.Now().Add(silence))
		lines := bufio.NewScanner(conn)
		if !lines.Scan() {
			conn.Close()
			continue
		}
		said, number, _ := strings.Cut(lines.Text(), " ")
		rank, err := strconv.Atoi(number)
		if subtle.ConstantTimeCompare([]byte(said), []byte(token)) != 1 || err != nil || rank < 1 || rank >= w.size || there[rank] {
			conn.Close() // none of ours
			continue
		}
		there[rank] = true
		n++
		c.mu.Lock() // listeners of those before may have something to say
		c.conns = append(c.conns, conn)
		c.mu.Unlock()
		go c.listen(conn, lines, rank)
	}
	return nil
}

// dial connects with rank 0.
func (c *watch) dial(first hello) error {
	var errs []error
	for i, address := range first.Addresses {
		if i == 0 && first.Host != c.world.peers[c.world.rank].Host {
			continue // its own loopback
		}
		conn, err := net.DialTimeout("tcp", address, silence/2)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if _, err := fmt.Fprintf(conn, "%s %d\n", first.Token, c.world.rank); err != nil {
			errs = append(errs, err)
			continue
		}
		c.conns = []net.Conn{conn}
		go c.listen(conn, bufio.NewScanner(conn), 0)
		return nil
	}
	return fmt.Errorf("rank 0 (%s) must be reached over TCP: %w", first.Host, errors.Join(errs...))
}

// listen hears what rank has to say, until it ends.
func (c *watch) listen(conn net.Conn, lines *bufio.Scanner, rank int) {
	defer conn.Close()
	for {
		conn.SetReadDeadline(time.Now().Add(silence))
		if !lines.Scan() {
			break
		}
		word, text, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case wordEnd:
			return
		case wordFail:
			c.lose(fmt.Errorf("%s has failed: %s", c.world.Name(rank), text))
			return
		case wordLost:
			c.lose(errors.New(text))
			return
		}
	}
	var slow net.Error
	switch err := lines.Err(); {
	case c.ended.Load():
	case errors.As(err, &slow) && slow.Timeout():
		c.lose(fmt.Errorf("%s has not been heard of for %v", c.world.Name(rank), silence))
	default:
		c.lose(fmt.Errorf("%s has died", c.world.Name(rank)))
	}
}

// lose tells this rank, and of rank 0 all others, that one is lost.
func (c *watch) lose(err error) {
	if c.world.rank == 0 {
		c.say(wordLost + " " + oneLine(err))
	}
	c.world.lose(err)
}

// oneLine returns the text of err as a line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// say says a line on all connections.
func (c *watch) say(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.SetWriteDeadline(time.Now().Add(beat))
		fmt.Fprintln(conn, line) // whoever does not hear it is lost, or will find that this rank is
	}
}

// beats says that this rank is there, until it ends.
func (c *watch) beats() {
	for range time.Tick(beat) {
		if c.ended.Load() {
			return
		}
		c.say(wordBeat)
	}
}

// end says that this rank has come to its end.
func (c *watch) end() {
	c.ended.Store(true)
	c.say(wordEnd)
}

// fail says why this rank leaves, where it is not that another is lost, and gives the others
// a moment to hear it: mpirun ends them when it is gone.
func (c *watch) fail(err error) {
	c.ended.Store(true)
	switch {
	case c.world.Err() != nil:
		return
	case c.world.rank == 0:
		c.say(fmt.Sprintf("%s %s has failed: %s", wordLost, c.world.Name(0), oneLine(err)))
	default:
		c.say(wordFail + " " + oneLine(err))
	}
	time.Sleep(beat / 2)
}

// Name says which rank that is, and where.
func (w *World) Name(rank int) string {
	return fmt.Sprintf("rank %d (host %s, process %d)", rank, w.peers[rank].Host, w.peers[rank].Process)
}

// Cores returns how many cores are this rank's: of those that it may use, its part of each
// that other ranks may use as well.
func (w *World) Cores() int {
	own := w.peers[w.rank]
	users := map[int]int{} // ranks of this machine, by core
	for _, p := range w.peers {
		if p.Host == own.Host {
			for _, cpu := range p.CPUs {
				users[cpu]++
			}
		}
	}
	cores := 0.0
	for _, cpu := range own.CPUs {
		cores += 1 / float64(users[cpu])
	}
	return max(1, int(cores+1e-9))
}
