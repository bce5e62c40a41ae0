package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/train/run"
)

// asked runs pcnrun and returns what it prints.
func asked(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = execute(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// table writes rows of three inputs and their kind as CSV: fields in the order of
// columns, with a separator between and an end to each line.
type table struct {
	header  []string
	columns []int // 0 to 2 for the inputs, 3 for the kind, others are extra
	between string
	end     string
}

func (f table) text(kinds [2]string) string {
	rng := rand.New(rand.NewPCG(1, 1))
	var b strings.Builder
	line := func(fields []string) { b.WriteString(strings.Join(fields, f.between) + f.end) }
	if f.header != nil {
		line(f.header)
	}
	for i := range 60 {
		side := float64(i % 2)
		all := []string{fmt.Sprintf("%.3f", 4*side+rng.Float64()), fmt.Sprintf("%.3f", -4*side+rng.Float64()), fmt.Sprintf("%.3f", rng.Float64()), kinds[i%2]}
		var fields []string
		for _, c := range f.columns {
			if c < len(all) {
				fields = append(fields, all[c])
			} else {
				fields = append(fields, fmt.Sprint(i*i%7, "x"))
			}
		}
		line(fields)
	}
	return b.String()
}

// TestSameFiles: what one command reads the others read, and to the same numbers. A
// model learns from one file; then train, eval, predict and complete are given the
// same rows in other files, which all read or all refuse.
func TestSameFiles(t *testing.T) {
	dir := t.TempDir()
	kinds := [2]string{"red", "blue"}
	plain := table{[]string{"a", "b", "c", "kind"}, []int{0, 1, 2, 3}, ",", "\n"}
	with := func(change func(*table)) string {
		f := plain
		change(&f)
		return f.text(kinds)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, plain.text(kinds))
	z.Close()
	whole := plain.text(kinds)

	// Each family of files is read by a model that learned from its first.
	for family, files := range map[string][]struct {
		name, text, refused string
	}{
		"plain": {
			{"plain.csv", whole, ""},
			{"tabs.tsv", with(func(f *table) { f.between = "\t" }), ""},
			{"tabs.csv", with(func(f *table) { f.between = "\t" }), ""},
			{"semicolons.csv", with(func(f *table) { f.between = ";" }), ""},
			{"packed.csv.gz", packed.String(), ""},
			{"mark.csv", "\ufeff" + whole, ""},
			{"crlf.csv", with(func(f *table) { f.end = "\r\n" }), ""},
			{"blank.csv", whole + "   \n\t\n", ""},
			{"noend.csv", strings.TrimSuffix(whole, "\n"), ""},
			{"turned.csv", with(func(f *table) { f.header, f.columns = []string{"kind", "c", "b", "a"}, []int{3, 2, 1, 0} }), ""},
			{"case.csv", with(func(f *table) { f.header = []string{"A", " b ", "C", "Kind"} }), ""},
			{"quotes.csv", strings.ReplaceAll(strings.Replace(whole, "a,b", `"a","b"`, 1), "red", `"red"`), ""},
			{"rows.jsonl", jsonLines(t, whole), ""},
			{"lacks.csv", with(func(f *table) { f.header = []string{"a", "b", "d", "kind"} }), `no column "c": must have "a", "b", "c", got "a", "b", "d", "kind"`},
			{"foreign.csv", with(func(f *table) { f.header = []string{"x", "y", "z", "kind"} }), `must have "a", "b", "c", got "x", "y", "z", "kind"`},
			{"twice.csv", with(func(f *table) { f.header = []string{"a", "a", "c", "kind"} }), `columns 1 and 2 are both named "a"`},
			{"headless.csv", with(func(f *table) { f.header = nil }), ""},
			{"short.csv", whole + "1,2\n", "line 62: must have 4 fields as on the first line, got 2"},
			{"text.csv", whole + "1,2,q,red\n", `line 62: column 3 ("c"): must be a finite number, got "q"`},
			{"quote.csv", whole + "\"1,2,3,red\n", `extraneous or missing " in quoted-field`},
		},
		"numbers": {
			{"numbers.csv", with(func(f *table) { f.header = []string{"0", "1", "2", "kind"} }), ""},
			{"turned.csv", with(func(f *table) { f.header, f.columns = []string{"2", "kind", "0", "1"}, []int{2, 3, 0, 1} }), ""},
		},
		"names": {
			{"names.csv", with(func(f *table) { f.header = []string{"\"a\n(cm)\"", `"b, EUR"`, "Größe", "kind"} }), ""},
			{"latin.csv", with(func(f *table) { f.header = []string{"\"a\n(cm)\"", `"b, EUR"`, "Gr\xf6\xdfe", "kind"} }), ""},
		},
		"places": {
			{"places.csv", with(func(f *table) { f.header = nil }), ""},
			{"rows.jsonl", jsonArrays(with(func(f *table) { f.header = nil })), ""},
		},
		"extra": {
			{"extra.csv", whole, ""},
			{"note.csv", with(func(f *table) {
				f.header, f.columns = []string{"note", "a", "b", "c", "kind"}, []int{9, 0, 1, 2, 3}
			}), ""},
		},
	} {
		t.Run(family, func(t *testing.T) {
			label := "kind"
			if family == "places" {
				label = "4"
			}
			model, want := "", [3]string{}
			for i, file := range files {
				path := filepath.Join(dir, family+"-"+file.name)
				if err := os.WriteFile(path, []byte(file.text), 0o666); err != nil {
					t.Fatal(err)
				}
				out := filepath.Join(dir, family+fmt.Sprint(i))
				// The test part is given, so that another file is a part of the same data.
				first := filepath.Join(dir, family+"-"+files[0].name)
				learn := []string{"train", first, "--test", path, "--label", label, "--epochs", "20", "--seed", "3", "-q", "--json", "--out", out}
				var got [3]string
				code, stdout, stderr := asked(t, learn...)
				if model == "" {
					model = filepath.Join(out, run.ModelFile)
				}
				commands := [][]string{
					{"eval", model, "--input", path, "-q", "--json"},
					{"predict", model, path, "--json"},
					{"complete", model, "--input", path, "--mask", "random:0.3", "--completed", "-"},
				}
				codes, errs := []int{code}, []string{stderr}
				accuracy := field(stdout, "test_accuracy")
				for j, args := range commands {
					code, stdout, stderr := asked(t, args...)
					codes, errs, got[j] = append(codes, code), append(errs, stderr), stdout
				}
				got[0] = field(got[0], "test_accuracy")
				refuse := file.refused != ""
				if slices.ContainsFunc(codes, func(code int) bool { return (code != cli.ExitOK) != refuse }) {
					t.Fatalf("%s: exit codes %v of train, eval, predict and complete, want refused: %v\n%s", file.name, codes, refuse, strings.Join(errs, "\n"))
				}
				if refuse {
					for j, text := range errs {
						if !strings.Contains(text, file.refused) {
							t.Errorf("%s: command %d says %s, want %q", file.name, j, text, file.refused)
						}
					}
					continue
				}
				if i == 0 {
					want = got
				}
				if accuracy != want[0] || got != want {
					t.Errorf("%s: other scores, predictions or completions than of %s: accuracy %s and %s, want %s", file.name, files[0].name, accuracy, got[0], want[0])
				}
				if n := strings.Count(got[1], "\n"); n != 60 {
					t.Errorf("%s: %d predictions", file.name, n)
				}
			}
		})
	}
}

// field returns a member of a JSON object as text.
func field(object, name string) string {
	var of map[string]json.RawMessage
	json.Unmarshal([]byte(object), &of)
	return string(of[name])
}

// jsonLines returns CSV with a header as an object for each line.
func jsonLines(t *testing.T, text string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	names := strings.Split(lines[0], ",")
	var b strings.Builder
	for _, line := range lines[1:] {
		of := map[string]any{}
		for i, field := range strings.Split(line, ",") {
			if of[names[i]] = json.Number(field); i == len(names)-1 {
				of[names[i]] = field
			}
		}
		b.Write(must(json.Marshal(of)))
		b.WriteByte('\n')
	}
	return b.String()
}

// jsonArrays returns CSV without a header as an array for each line, the last field
// as text.
func jsonArrays(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		fields[len(fields)-1] = fmt.Sprintf("%q", fields[len(fields)-1])
		b.WriteString("[" + strings.Join(fields, ",") + "]\n")
	}
	return b.String()
}
