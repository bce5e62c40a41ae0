package needs

import "testing"

// recorder is a test that says how it ended.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper()               {}
func (r *recorder) Skipf(string, ...any)  { r.ended = "skipped" }
func (r *recorder) Fatalf(string, ...any) { r.ended = "failed" }

// TestProgram asks for a program that there is, and for one that there is not: in CI that
// fails.
func TestProgram(t *testing.T) {
	for _, c := range []struct{ ci, program, want string }{
		{"", "go", ""}, {"", "no such program", "skipped"},
		{"1", "go", ""}, {"1", "no such program", "failed"},
	} {
		t.Setenv("PCN_CI", c.ci)
		r := &recorder{TB: t}
		if path := Program(r, "golang", "neither is this", c.program); r.ended != c.want || (path == "") != (c.want != "") {
			t.Errorf("%s, PCN_CI %q: %q at %q, want %q", c.program, c.ci, r.ended, path, c.want)
		}
	}
}
