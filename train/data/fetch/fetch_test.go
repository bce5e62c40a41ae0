package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// content is what the tests download: 100,000 bytes that hardly pack.
func content(seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 0))
	b := make([]byte, 100_000)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func pack(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const name = "train-images-idx3-ubyte"

// testSet is a set of one file that holds plain.
func testSet(plain []byte) Set {
	sum := sha256.Sum256(plain)
	return Set{Name: "test", Files: []File{{Name: name, Size: int64(len(plain)), SHA256: hex.EncodeToString(sum[:])}}}
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

func good(packed []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { w.Write(packed) }
}

// raw answers with bytes of its own, headers included, and closes.
func raw(t *testing.T, write func(w io.Writer)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, out, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		write(out)
		out.Flush()
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestTricks has mirrors that lie: none leaves anything, each is named in the error,
// no more is read than the file can have, and a good mirror after them succeeds.
func TestTricks(t *testing.T) {
	plain := content(1)
	packed := pack(t, plain)
	set := testSet(plain)
	header := func(w io.Writer, length int) {
		fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: %d\r\n\r\n", length)
	}
	tricks := map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"cut short": {raw(t, func(w io.Writer) {
			header(w, len(packed))
			w.Write(packed[:len(packed)/2])
		}), "unexpected EOF after 50"},
		"promises less": {raw(t, func(w io.Writer) {
			header(w, len(packed)-10)
			w.Write(packed)
		}), "unexpected EOF"},
		"promises nothing": {raw(t, func(w io.Writer) { header(w, 0) }), "not a gzip file: unexpected EOF"},
		"promises more": {raw(t, func(w io.Writer) {
			header(w, len(packed)+10)
			w.Write(packed[:len(packed)-10])
		}), "unexpected EOF after 100"},
		"promises far more": {raw(t, func(w io.Writer) {
			header(w, 1<<40)
			w.Write(packed)
		}), "must have at most 104486 bytes, got a promise of 1099511627776"},
		"ends without a length": {raw(t, func(w io.Writer) {
			io.WriteString(w, "HTTP/1.1 200 OK\r\n\r\n")
			w.Write(packed[:1000])
		}), "unexpected EOF"},
		"never ends": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(packed); err != nil {
					return
				}
			}
		}, "must have at most 104486 bytes, got more"},
		"stalls": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(packed)))
			w.Write(packed[:100])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "stalled: no byte for 200ms"},
		"never answers": {func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}, "stalled: no byte for 200ms"},
		"other bytes": {good(pack(t, content(2))), "SHA-256: must be"},
		"one bit": {good(func() []byte {
			wrong := bytes.Clone(plain)
			wrong[50_000] ^= 1
			return pack(t, wrong)
		}()), "SHA-256: must be"},
		"not packed":       {good(plain[:50_000]), "not a gzip file"},
		"garbage behind":   {good(append(bytes.Clone(packed), "more"...)), "EOF after 100000"},
		"another behind":   {good(append(bytes.Clone(packed), pack(t, []byte("more"))...)), "must have 100000 bytes, got more"},
		"a bomb":           {good(pack(t, make([]byte, 5_000_000))), "must have 100000 bytes, got more"},
		"shorter":          {good(pack(t, plain[:99_999])), "must have 100000 bytes, got 99999"},
		"404":              {http.NotFound, "status 404 Not Found"},
		"500":              {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }, "status 500"},
		"a part unasked":   {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(206); w.Write(packed) }, "status 206"},
		"a page":           {func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>sign in</html>") }, "not a gzip file"},
		"redirects itself": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"/", http.StatusFound) }, "more than 5 redirections"},
		"no HTTP":          {raw(t, func(w io.Writer) { io.WriteString(w, "SSH-2.0-x\r\n") }), "malformed HTTP"},
		"endless header": {raw(t, func(w io.Writer) {
			io.WriteString(w, "HTTP/1.1 200 OK\r\nX: ")
			for range 2000 {
				if _, err := w.Write(plain[:1000]); err != nil {
					return
				}
			}
		}), ""},
	}
	for trick, tt := range tricks {
		t.Run(trick, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "set")
			var most int64
			opts := Options{Mirrors: []string{serve(t, tt.handler)}, Stall: 200 * time.Millisecond, Event: func(e Event) { most = max(most, e.Done) }}
			err := set.Get(t.Context(), dir, opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), opts.Mirrors[0]) && !strings.Contains(err.Error(), name) {
				t.Errorf("got error %v, want one that says %q", err, tt.want)
			}
			if left := files(t, filepath.Dir(dir)); len(left) > 0 {
				t.Errorf("left are %q, want nothing", left)
			}
			if limit := set.Files[0].maxPacked() + 1; most > limit {
				t.Errorf("%d bytes were read, want at most %d", most, limit)
			}

			opts.Mirrors = []string{opts.Mirrors[0], serve(t, http.NotFound), serve(t, good(packed))}
			if err := set.Get(t.Context(), dir, opts); err != nil {
				t.Fatalf("a good mirror after two bad ones: %v", err)
			}
			if got := files(t, dir); len(got) != 1 || got[0] != name+".gz" {
				t.Errorf("the folder holds %q, want %s.gz alone", got, name)
			}
			if _, err := set.Files[0].Check(dir); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestKeepsWhatIsThere: a right file is not asked for again, and a wrong one stays
// until there is a right one.
func TestKeepsWhatIsThere(t *testing.T) {
	plain := content(5)
	set := testSet(plain)
	dir := t.TempDir()
	path := filepath.Join(dir, name+".gz")
	if err := os.WriteFile(path, []byte("wrong"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := set.Get(t.Context(), dir, Options{Mirrors: []string{serve(t, http.NotFound)}}); err == nil {
		t.Fatal("no error")
	}
	if b, _ := os.ReadFile(path); string(b) != "wrong" {
		t.Errorf("the file holds %q", b)
	}
	var requests atomic.Int64
	mirror := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		good(pack(t, plain))(w, r)
	})
	for range 2 {
		if err := set.Get(t.Context(), dir, Options{Mirrors: []string{mirror}}); err != nil {
			t.Fatal(err)
		}
	}
	if requests.Load() != 1 {
		t.Errorf("%d requests, want 1", requests.Load())
	}

	// A wrong plain file would hide the right one.
	if err := os.WriteFile(filepath.Join(dir, name), []byte("wrong"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := set.Get(t.Context(), dir, Options{Mirrors: []string{mirror}}); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("got error %v, want one that says to remove the file", err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), plain, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := set.Get(t.Context(), dir, Options{Mirrors: []string{mirror}}); err != nil {
		t.Errorf("a right plain file: %v", err)
	}
}

// TestAllOrNothing: of a set of which one file cannot be had no folder appears, nor
// of an interrupted one; a folder that was there keeps what it had.
func TestAllOrNothing(t *testing.T) {
	first, second := content(9), content(10)
	set := testSet(first)
	set.Files = append(set.Files, testSet(second).Files[0])
	set.Files[1].Name = "train-labels-idx1-ubyte"
	half := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "labels") {
			http.NotFound(w, r)
			return
		}
		w.Write(pack(t, first))
	})
	root := t.TempDir()
	dir := filepath.Join(root, "new", "set")
	if err := set.Get(t.Context(), dir, Options{Mirrors: []string{half}}); err == nil || strings.Count(err.Error(), "404") != 1 {
		t.Fatalf("got error %v, want one with a 404", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := set.Get(ctx, dir, Options{Mirrors: []string{half}, Event: func(Event) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want %v", err, context.Canceled)
	}
	if left := files(t, filepath.Dir(dir)); len(left) > 0 {
		t.Errorf("left are %q, want nothing", left)
	}

	whole := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "labels") {
			w.Write(pack(t, second))
			return
		}
		w.Write(pack(t, first))
	})
	for _, dir := range []string{dir, root} { // of which one is new, and one holds a folder
		if err := set.Get(t.Context(), dir, Options{Mirrors: []string{whole}}); err != nil {
			t.Fatal(err)
		}
		for _, f := range set.Files {
			if _, err := f.Check(dir); err != nil {
				t.Error(err)
			}
		}
	}
	if got := files(t, root); len(got) != 3 || got[0] != "new" {
		t.Errorf("the folder holds %q, want new and two files", got)
	}
}

func TestRedirects(t *testing.T) {
	plain := content(6)
	set := testSet(plain)
	to := serve(t, good(pack(t, plain)))
	from := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to+r.URL.Path, http.StatusFound)
	})
	if err := set.Get(t.Context(), t.TempDir(), Options{Mirrors: []string{from}}); err != nil {
		t.Errorf("from http to http: %v", err)
	}
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to+r.URL.Path, http.StatusFound)
	}))
	defer secure.Close()
	client := secure.Client()
	client.CheckRedirect = checkRedirect
	err := set.Get(t.Context(), t.TempDir(), Options{Mirrors: []string{secure.URL}, Client: client})
	if err == nil || !strings.Contains(err.Error(), "redirected from https to http") {
		t.Errorf("from https to http: got error %v", err)
	}
}

func TestGetErrors(t *testing.T) {
	digits, _ := Find("digits")
	if err := digits.Get(t.Context(), t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "built in") {
		t.Errorf("digits: got error %v", err)
	}
	set := testSet(content(7))
	for _, mirror := range []string{"", "mnist", "ftp://example.org/", "https://", "http://a b/"} {
		if err := set.Get(t.Context(), t.TempDir(), Options{Mirrors: []string{mirror}}); err == nil || !strings.Contains(err.Error(), "must be a URL") {
			t.Errorf("mirror %q: got error %v", mirror, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := set.Get(t.Context(), file, Options{Mirrors: []string{"http://127.0.0.1:1"}}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file for a folder: got error %v", err)
	}
}

// TestSets checks what can be checked of the table without the network.
func TestSets(t *testing.T) {
	for _, s := range Sets {
		if len(s.Files) > 0 && s.Archive == nil && len(s.Mirrors) < 2 || s.Archive != nil && len(s.Mirrors) < 1 {
			t.Errorf("%s has %d mirrors, want at least 2, or 1 of an archive", s.Name, len(s.Mirrors))
		}
		for _, m := range s.Mirrors {
			if !strings.HasPrefix(m, "https://") || !strings.HasSuffix(m, "/") {
				t.Errorf("%s: mirror %q, want https and a folder", s.Name, m)
			}
		}
		if root := os.Getenv("PCN_DATA"); root != "" {
			for _, f := range s.Files {
				if _, err := f.Check(filepath.Join(root, s.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Error(err)
				}
			}
		}
	}
}
