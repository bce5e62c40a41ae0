package play

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/model"
)

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// small returns a network of a 3 × 2 image and 4 classes to play with.
func small(t testing.TB) *Subject {
	n := must(model.New(model.Config{Layers: []int{6, 5, 4}, Direction: model.Generative, Dtype: model.Float64, Seed: 3}))(t)
	return &Subject{Title: "small", Network: n, Inference: model.Inference{Steps: 7}, Shape: []int{3, 2, 1}, White: 1, Classes: []string{"a", "b", "c", "d"}}
}

const address = "127.0.0.1:8080"

// ask asks the handler as the page does, but for what change changes, and reads the answer
// into a value.
func ask(t testing.TB, h http.Handler, path string, body any, into any, change func(r *http.Request)) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://"+address+path, nil)
	if body != nil {
		text := must(json.Marshal(body))(t)
		r = httptest.NewRequest(http.MethodPost, "http://"+address+path, bytes.NewReader(text))
		r.Header.Set("Origin", "http://"+address)
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("%s: %v: %s", path, err, w.Body)
		}
	}
	return w.Code
}

// TestRefused asks as pages from elsewhere do.
func TestRefused(t *testing.T) {
	h := must(Handler(small(t), address))(t)
	for name, c := range map[string]struct {
		change func(r *http.Request)
		want   int
	}{
		"the page":          {nil, 200},
		"localhost":         {func(r *http.Request) { r.Host = "localhost:8080"; r.Header.Set("Origin", "http://localhost:8080") }, 200},
		"no browser":        {func(r *http.Request) { r.Header.Del("Origin") }, 200},
		"own site":          {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, 200},
		"rebound name":      {func(r *http.Request) { r.Host = "evil.example:8080" }, 403},
		"name alone":        {func(r *http.Request) { r.Host = "127.0.0.1" }, 403},
		"other port":        {func(r *http.Request) { r.Host = "127.0.0.1:80" }, 403},
		"no host":           {func(r *http.Request) { r.Host = "" }, 403},
		"other origin":      {func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, 403},
		"origin's port":     {func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:80") }, 403},
		"opaque origin":     {func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		"over https":        {func(r *http.Request) { r.Header.Set("Origin", "https://127.0.0.1:8080") }, 403},
		"another site":      {func(r *http.Request) { r.Header.Del("Origin"); r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"another of a site": {func(r *http.Request) { r.Header.Del("Origin"); r.Header.Set("Sec-Fetch-Site", "same-site") }, 403},
	} {
		for path, body := range map[string]any{"/": nil, "/subject": nil, "/page.js": nil, "/begin": wholly(1, nil, []float64{1, 0, 0, 0})} {
			if path == "/begin" && c.want == 200 {
				ask(t, h, "/subject", nil, nil, nil)
			}
			if got := ask(t, h, path, body, nil, c.change); got != c.want {
				t.Errorf("%s: %s: status %d, want %d", name, path, got, c.want)
			}
		}
	}
}

// TestPort80 asks at the port that browsers leave out.
func TestPort80(t *testing.T) {
	h := must(Handler(small(t), "127.0.0.1:80"))(t)
	if got := ask(t, h, "/", nil, nil, func(r *http.Request) { r.Host = "127.0.0.1"; r.Header.Set("Origin", "http://127.0.0.1") }); got != 200 {
		t.Errorf("status %d", got)
	}
}

// TestPageAsksNobody reads what the page is told and holds.
func TestPageAsksNobody(t *testing.T) {
	server := httptest.NewServer(nil)
	defer server.Close()
	h := must(Handler(small(t), server.Listener.Addr().String()))(t)
	server.Config.Handler = h
	for path, kind := range map[string]string{"/": "text/html", "/page.js": "text/javascript", "/field.js": "text/javascript", "/curve.js": "text/javascript", "/format.js": "text/javascript", "/nodes.js": "text/javascript", "/page.css": "text/css", "/icon.svg": "image/svg+xml"} {
		reply := must(http.Get(server.URL + path))(t)
		text := string(must(io.ReadAll(reply.Body))(t))
		reply.Body.Close()
		if got := reply.Header.Get("Content-Type"); reply.StatusCode != 200 || !strings.HasPrefix(got, kind) {
			t.Errorf("%s: status %d, type %q, want %q", path, reply.StatusCode, got, kind)
		}
		if csp := reply.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self';") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), "//www") || strings.Contains(text, "https:") {
			t.Errorf("%s names an address elsewhere", path)
		}
	}
	if got := ask(t, h, "/nothing.js", nil, nil, func(r *http.Request) { r.Host = server.Listener.Addr().String() }); got != 404 {
		t.Errorf("/nothing.js: status %d", got)
	}
}

// wholly returns a beginning that clamps the whole of what is not nil.
func wholly(number int, x, y []float64) *beginning {
	hold := func(values []float64, units int) held {
		h := held{Values: values, Fixed: make([]int, units)}
		if values == nil {
			h.Values = make(numbers, units)
		}
		for i := range h.Fixed {
			if values != nil {
				h.Fixed[i] = 1
			}
		}
		return h
	}
	return &beginning{Session: number, Rate: 0.05, Input: hold(x, 6), Target: hold(y, 4)}
}

// TestStepsSettle takes steps as the page does and holds them against settling at once: the
// same numbers, to the bit, by each method.
func TestStepsSettle(t *testing.T) {
	s := small(t)
	about := must(s.describe())(t)
	x, y := []float64{0, 1, 0.5, 0.25, 0, 1}, []float64{0, 1, 0, 0}
	for _, name := range model.Methods() {
		if name == model.Nesterov.String() {
			continue // it is at its extrapolated point between steps
		}
		b := wholly(1, x, y)
		must(0, b.Method.UnmarshalText([]byte(name)))(t)
		b.Unguarded = true
		b.Input.Fixed[4], b.Input.Fixed[5] = 0, 0
		playing := newSession(1, s, about.Nodes)
		must(playing.begin(b))(t)
		for range 7 {
			must(playing.step(t.Context()))(t)
		}
		input := model.Hide(tensor.New(tensor.WithShape(1, 6), tensor.WithBacking(append([]float64(nil), 0, 1, 0.5, 0.25, 0, 0))), func(_, unit int) bool { return unit > 3 })
		target := model.Clamp{Values: tensor.New(tensor.WithShape(1, 4), tensor.WithBacking(y))}
		want := must(s.Network.Settle(t.Context(), model.Clamps{"input": input, "target": target}, model.Inference{Method: b.Method, Steps: 7, Rate: b.Rate, Unguarded: true, Plain: true}))(t)
		for _, node := range s.Network.Nodes() {
			got, at := dense.Floats(must(playing.settling.Latent(node))(t)), dense.Floats(must(want.Latent(node))(t))
			for i := range at {
				if math.Float64bits(got[i]) != math.Float64bits(at[i]) {
					t.Errorf("%s: %s[%d]: %v by steps, %v at once", name, node, i, got[i], at[i])
				}
			}
		}
	}
}

// TestFrames reads what the page draws: in the units of the data, and null for what is no
// number once settling has diverged, after which it begins anew.
func TestFrames(t *testing.T) {
	s := small(t)
	s.Inputs.Shift, s.Inputs.Scale = []float64{8}, []float64{0.125}
	s.White = 16
	h := must(Handler(s, address))(t)
	var about description
	ask(t, h, "/subject", nil, &about, nil)
	x := []float64{0, 16, 8, 4, 0, 16}
	var f frame
	b := wholly(about.Session, x, nil)
	ask(t, h, "/begin", b, &f, nil)
	if last := f.Nodes[len(f.Nodes)-1]; last.Latent[1] != 16 || len(last.Error) != 6 || !f.Finite || f.Step != 0 {
		t.Errorf("the first frame: input %v, error %v, finite %v, step %d", last.Latent, last.Error, f.Finite, f.Step)
	}
	if f.Nodes[0].Error != nil {
		t.Errorf("an error of the target, which nothing predicts: %v", f.Nodes[0].Error)
	}
	before := f
	b.Here = true
	b.Input.Fixed[0] = 0
	ask(t, h, "/begin", b, &f, nil)
	if got := f.Nodes[len(f.Nodes)-1].Latent[0]; got != 0 || f.Nodes[1].Latent[2] != before.Nodes[1].Latent[2] {
		t.Errorf("a pixel that is freed goes on from %v, want 0", got)
	}
	b.Here, b.Unguarded, b.Rate = false, true, 1e4
	ask(t, h, "/begin", b, &f, nil)
	for range 300 {
		if ask(t, h, "/step", map[string]int{"session": about.Session}, &f, nil); !f.Finite {
			break
		}
	}
	if f.Finite || !math.IsNaN(float64(f.Energy)) {
		t.Errorf("rate 10,000: finite %v, energy %v", f.Finite, f.Energy)
	}
	b.Here, b.Unguarded, b.Rate = true, false, 0.1
	if ask(t, h, "/begin", b, &f, nil); !f.Finite {
		t.Error("what has diverged does not begin anew")
	}
}

// TestWrongAsked asks for what cannot be granted: the answer says what it must be.
func TestWrongAsked(t *testing.T) {
	h := must(Handler(small(t), address))(t)
	ask(t, h, "/subject", nil, nil, nil)
	y := []float64{0, 1, 0, 0}
	with := func(change func(*beginning)) *beginning {
		b := wholly(1, nil, y)
		change(b)
		return b
	}
	for name, c := range map[string]struct {
		path string
		body any
		want string
		code int
	}{
		"step first": {"/step", map[string]int{"session": 1}, "session: must begin before a step", 400},
		"gone":       {"/step", map[string]int{"session": 9}, "reload the page", 410},
		"method":     {"/begin", map[string]any{"session": 1, "rate": 1, "method": "best", "input": held{make(numbers, 6), make([]int, 6)}, "target": held{y, []int{1, 1, 1, 1}}}, `method: `, 400},
		"rate":       {"/begin", with(func(b *beginning) { b.Rate = 0 }), "rate: must be a number > 0, got 0", 400},
		"few":        {"/begin", with(func(b *beginning) { b.Input.Values = b.Input.Values[1:] }), "input: must be values and fixed of 6 units, got 5 and 6", 400},
		"half":       {"/begin", with(func(b *beginning) { b.Target.Fixed[2] = 2 }), "target: fixed[2]: must be 0 or 1, got 2", 400},
		"no number":  {"/begin", with(func(b *beginning) { b.Target.Values = numbers{0, math.NaN(), 0, 0} }), "target: values[1]: must be a number, got null", 400},
		"long":       {"/begin", with(func(b *beginning) { b.Input.Values = make(numbers, 1e4) }), "too large", 400},
		"example":    {"/example?at=1", nil, "example: the data of this network is not at hand", 400},
		"at":         {"/example?at=-1", nil, "at: must be a whole number >= 0", 400},
	} {
		var said struct{ Error string }
		if code := ask(t, h, c.path, c.body, &said, nil); code != c.code || !strings.Contains(said.Error, c.want) {
			t.Errorf("%s: status %d, %q, want %d, %q", name, code, said.Error, c.code, c.want)
		}
	}
}

// TestSessions opens more pages than are kept: each has its own latents, and those that
// asked last stay.
func TestSessions(t *testing.T) {
	h := must(Handler(small(t), address))(t)
	for range sessionsKept + 1 {
		ask(t, h, "/subject", nil, nil, nil)
	}
	for number, want := range map[int]int{1: 410, 2: 200, sessionsKept + 1: 200} {
		if got := ask(t, h, "/begin", wholly(number, nil, []float64{0, 1, 0, 0}), nil, nil); got != want {
			t.Errorf("session %d: status %d, want %d", number, got, want)
		}
	}
}
