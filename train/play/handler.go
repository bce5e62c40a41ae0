package play

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"path"
	"strconv"
	"sync"

	"example.com/pcn/internal/recent"
)

//go:embed page
var files embed.FS

// contentTypes are those of the page's files; what the system says of an extension may be
// anything.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// sessionsKept is how many pages may be open at once: of more, those that asked last.
const sessionsKept = 16

// server answers the page.
type server struct {
	subject  *Subject
	about    description
	mutex    sync.Mutex
	sessions recent.List[*session]
	last     int // the number of the last session
}

// Handler returns what serves the page at an address, such as 127.0.0.1:8080.
func Handler(s *Subject, address string) (http.Handler, error) {
	about, err := s.describe()
	if err != nil {
		return nil, err
	}
	v := &server{subject: s, about: about, sessions: recent.List[*session]{Most: sessionsKept}}
	page, err := fs.Sub(files, "page")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { serveFile(w, r, page, "index.html") })
	mux.HandleFunc("GET /{file}", func(w http.ResponseWriter, r *http.Request) { serveFile(w, r, page, r.PathValue("file")) })
	mux.HandleFunc("GET /subject", v.answerSubject)
	mux.HandleFunc("GET /example", v.answerExample)
	mux.HandleFunc("POST /begin", v.answerBegin)
	mux.HandleFunc("POST /step", v.answerStep)
	return guard(mux, address)
}

func serveFile(w http.ResponseWriter, r *http.Request, page fs.FS, name string) {
	w.Header().Set("Content-Type", contentTypes[path.Ext(name)])
	http.ServeFileFS(w, r, page, name)
}

// guard refuses what is not from the page at an address, and tells browsers to ask
// nobody else.
func guard(h http.Handler, address string) (http.Handler, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	hosts := map[string]bool{net.JoinHostPort("127.0.0.1", port): true, net.JoinHostPort("localhost", port): true}
	if port == "80" { // which browsers leave out
		hosts["127.0.0.1"], hosts["localhost"] = true, true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		from := r.Header.Get("Sec-Fetch-Site") // where a browser says it
		switch origin := r.Header.Get("Origin"); {
		case !hosts[r.Host]:
			refuse(w, http.StatusForbidden, fmt.Errorf("host: must be 127.0.0.1:%s or localhost:%[1]s, got %q", port, r.Host))
		case origin != "" && origin != "http://"+r.Host:
			refuse(w, http.StatusForbidden, fmt.Errorf("origin: must be http://%s, got %q", r.Host, origin))
		case from == "cross-site" || from == "same-site":
			refuse(w, http.StatusForbidden, fmt.Errorf("site: must be the page's own, got %s", from))
		default:
			h.ServeHTTP(w, r)
		}
	}), nil
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()}) // whoever asked may have gone
}

// answer answers with a value, or with what is wrong with what was asked.
func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // whoever asked may have gone
}

func (v *server) answerSubject(w http.ResponseWriter, _ *http.Request) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.last++
	v.sessions.Add(newSession(v.last, v.subject, v.about.Nodes))
	about := v.about
	about.Session = v.last
	answer(w, about, nil)
}

// example is what /example answers.
type example struct {
	At     int     `json:"at"` // among all, from 0
	Input  numbers `json:"input"`
	Target numbers `json:"target"`
}

func (v *server) answerExample(w http.ResponseWriter, r *http.Request) {
	e, err := v.example(r.FormValue("at"))
	answer(w, e, err)
}

func (v *server) example(at string) (e example, err error) {
	i, err := strconv.Atoi(at)
	if err != nil || i < 0 {
		return e, fmt.Errorf("at: must be a whole number >= 0, got %q", at)
	}
	if v.about.Examples == 0 {
		return e, errors.New("example: the data of this network is not at hand")
	}
	e.At = i % v.about.Examples
	inputs, targets, err := v.subject.examples(e.At, 1)
	if err == nil {
		e.Input, e.Target = inputs[0], targets[0]
	}
	return e, err
}

func (v *server) answerBegin(w http.ResponseWriter, r *http.Request) {
	var b beginning
	if err := v.read(w, r, &b); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	v.inSession(w, b.Session, func(s *session) (*frame, error) { return s.begin(&b) })
}

func (v *server) answerStep(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Session int }
	if err := v.read(w, r, &asked); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	v.inSession(w, asked.Session, func(s *session) (*frame, error) { return s.step(r.Context()) })
}

// read reads what is asked, of no more bytes than the units of input and target need.
func (v *server) read(w http.ResponseWriter, r *http.Request, into any) error {
	n := v.subject.Network
	most := int64(1024 + 64*(n.Size(n.InputNode())+n.Size(n.TargetNode())))
	return json.NewDecoder(http.MaxBytesReader(w, r.Body, most)).Decode(into)
}

// inSession answers with the frame that do makes in a session.
func (v *server) inSession(w http.ResponseWriter, number int, do func(*session) (*frame, error)) {
	v.mutex.Lock()
	s, ok := v.sessions.Find(func(s *session) bool { return s.number == number })
	v.mutex.Unlock()
	if !ok {
		refuse(w, http.StatusGone, errors.New("session: has ended, since newer pages were opened; reload the page"))
		return
	}
	f, err := do(s)
	answer(w, f, err)
}
