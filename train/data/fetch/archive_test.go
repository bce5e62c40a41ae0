package fetch

import (
	"archive/tar"
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tarOf returns an archive of files, a folder of them, and a link that leads out of it.
func tarOf(t *testing.T, names []string, contents [][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	headers := []*tar.Header{{Name: "folder/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "folder/a.bin", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}}
	for i, name := range names {
		headers = append(headers, &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(contents[i]))})
	}
	for i, h := range headers {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if i >= 2 {
			if _, err := w.Write(contents[i-2]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return pack(t, b.Bytes())
}

// TestArchive takes the files of a set out of an archive, those that are missing or wrong
// and what goes along, and nothing else; a wrong archive leaves all as it was.
func TestArchive(t *testing.T) {
	a, b := content(20), content(21)
	file := func(name string, b []byte) File {
		f := testSet(b).Files[0]
		f.Name = name
		return f
	}
	packed := tarOf(t, []string{"folder/a.bin", "../../b.bin", "folder/names.txt", "folder/readme.html"}, [][]byte{a, b, []byte("cat\ndog\n"), []byte("hello")})
	s := Set{
		Name: "test", Files: []File{file("a.bin", a), file("b.bin", b)},
		Archive: &Archive{File: file("all.tar.gz", packed), Others: []string{"names.txt"}},
	}
	asked := ""
	mirror := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path
		w.Write(packed)
	})
	root := t.TempDir()
	for _, there := range []map[string][]byte{nil, {"a.bin": a, "b.bin.gz": []byte("wrong")}, {"b.bin": []byte("wrong")}} {
		dir := filepath.Join(root, "set")
		for name, b := range there {
			if err := os.MkdirAll(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for _, bad := range [][]byte{packed[:50_000], pack(t, []byte("no tar"))} {
			wrong := serve(t, good(bad))
			if err := s.Get(t.Context(), dir, Options{Mirrors: []string{wrong}}); err == nil || !strings.Contains(err.Error(), wrong+"/all.tar.gz: ") {
				t.Errorf("got error %v", err)
			}
		}
		if err := s.Get(t.Context(), dir, Options{Mirrors: []string{mirror}}); err != nil {
			t.Fatal(err)
		}
		for _, f := range s.Files {
			if path, err := f.Check(dir); err != nil || path != filepath.Join(dir, f.Name) {
				t.Errorf("%s: %v", path, err)
			}
		}
		if names, err := os.ReadFile(filepath.Join(dir, "names.txt")); err != nil || string(names) != "cat\ndog\n" || asked != "/all.tar.gz" {
			t.Errorf("the names are %q, %v; asked was for %s", names, err, asked)
		}
		if got := files(t, dir); slices.Contains(got, "readme.html") || !slices.Equal(files(t, root), []string{"set"}) {
			t.Errorf("left are %q", got)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	// An archive that was verified and lacks a file is no set.
	s.Archive.File = file("all.tar.gz", tarOf(t, []string{"a.bin"}, [][]byte{a}))
	packed = tarOf(t, []string{"a.bin"}, [][]byte{a})
	if err := s.Get(t.Context(), filepath.Join(root, "set"), Options{Mirrors: []string{mirror}}); err == nil || !strings.Contains(err.Error(), "all.tar.gz: ") || len(files(t, root)) > 0 {
		t.Errorf("got error %v, left %q", err, files(t, root))
	}
}
