package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npz"
	"github.com/rogpeppe/go-internal/testscript"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/tensorfile"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/run"
)

// commands are those that tests find on their path.
var commands = map[string]func(){"pcnrun": main}

func TestMain(m *testing.M) { testscript.Main(m, commands) }

// realMNIST is the folder of MNIST's files; empty where they are not here.
var realMNIST = func() string {
	dir, ok := data.Find("mnist")
	if !ok {
		return ""
	}
	return must(filepath.Abs(dir))
}()

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			case "mnist":
				return realMNIST != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("PCN_DATA", "")
			env.Setenv("HOME", env.WorkDir) // where the cache is, by its system's rules
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("LocalAppData", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("MNIST", realMNIST)
			env.Setenv("PCN_GEMM", "")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector would wait a second at each exit
			env.Setenv("MODELDATA", filepath.Join(must(os.Getwd()), "../../model/testdata"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"json":     checkJSON,
			"samekey":  sameKey,
			"idx":      writeIDX,
			"truncate": truncate,
			"png":      checkPNG,
			"photos":   writePhotos,
			"gems":     writeGems,
			"cifar":    writeCIFAR,
			"npzset":   writeNPZ,
			"mirror":   serveMirror,
			"npz":      writeModelNPZ,
			"profile":  checkProfile,
		},
	})
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// exits CODE COMMAND... runs a command that ends with that exit code, having
// written one line of error.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != args[0] {
		ts.Fatalf("want exit code %s, got %v", args[0], err)
	}
	stderr := ts.ReadFile("stderr")
	if !strings.HasPrefix(stderr, "pcnrun: ") || strings.Count(stderr, "\n") != 1 {
		ts.Fatalf("want one line of error, got %q", stderr)
	}
}

// lastObject returns the JSON object on the last line of a file.
func lastObject(ts *testscript.TestScript, file string) map[string]any {
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(file)), "\n")
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(lines[len(lines)-1]), &object))
	return object
}

// samekey FILE FILE KEY checks that two objects have the same value.
func sameKey(ts *testscript.TestScript, _ bool, args []string) {
	a, b := lastObject(ts, args[0])[args[2]], lastObject(ts, args[1])[args[2]]
	if a == nil || a != b {
		ts.Fatalf("key %s: %v and %v", args[2], a, b)
	}
}

// json FILE KEY[=VALUE]... checks that the last line of a file is a JSON object
// with these keys; a dot leads into an object within.
func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	object := lastObject(ts, args[0])
	for _, arg := range args[1:] {
		path, want, valued := strings.Cut(arg, "=")
		var at any = object
		found := true
		for key := range strings.SplitSeq(path, ".") {
			inner, _ := at.(map[string]any)
			at, found = inner[key]
		}
		if found == neg {
			ts.Fatalf("key %s: present is %v in %v", path, found, object)
		}
		if got := fmt.Sprint(at); valued && got != want {
			ts.Fatalf("key %s: want %s, got %s", path, want, got)
		}
	}
}

// idx DIR writes a dataset in the format of MNIST: 4×4 images of three classes,
// each with its own row of white pixels, 60 for training and 30 for testing.
func writeIDX(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	for prefix, n := range map[string]uint32{"train": 60, "t10k": 30} {
		images := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 3}, n)
		images = binary.BigEndian.AppendUint32(images, 4)
		images = binary.BigEndian.AppendUint32(images, 4)
		labels := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 1}, n)
		for i := range int(n) {
			pixels := make([]byte, 16)
			for x := range 4 {
				pixels[4*(i%3)+x] = byte(255 - i)
			}
			images, labels = append(images, pixels...), append(labels, byte(i%3))
		}
		ts.Check(os.WriteFile(filepath.Join(dir, prefix+"-images-idx3-ubyte"), images, 0o666))
		ts.Check(os.WriteFile(filepath.Join(dir, prefix+"-labels-idx1-ubyte"), labels, 0o666))
	}
}

// photos DIR WIDTH HEIGHT writes a folder of PNG files for each of two classes, 30
// of each: cats are white above and dogs below.
func writePhotos(ts *testscript.TestScript, _ bool, args []string) {
	width, height := must(strconv.Atoi(args[1])), must(strconv.Atoi(args[2]))
	for k, name := range []string{"dog", "cat"} {
		dir := filepath.Join(ts.MkAbs(args[0]), name)
		ts.Check(os.MkdirAll(dir, 0o777))
		for i := range 30 {
			m := image.NewGray(image.Rect(0, 0, width, height))
			for y := range height {
				for x := range width {
					if (y < height/2) == (k == 1) {
						m.Pix[y*m.Stride+x] = byte(255 - i)
					}
				}
			}
			f := must(os.Create(filepath.Join(dir, fmt.Sprintf("%02d.png", i))))
			ts.Check(png.Encode(f, m))
			ts.Check(f.Close())
		}
	}
}

// npzset FILE writes two classes of 40 points each as arrays x and y, as NumPy would,
// and the class as a float z.
func writeNPZ(ts *testscript.TestScript, _ bool, args []string) {
	x, y, z := mat.NewDense(80, 2, nil), make([]int64, 80), make([]float64, 80)
	for i := range y {
		y[i], z[i] = int64(i%2), float64(i%2)
		x.SetRow(i, []float64{float64(i % 2), float64(i) / 80})
	}
	ts.Check(npz.Write(ts.MkAbs(args[0]), map[string]any{"x": x, "y": y, "z": z}))
}

// mirror VARIABLE DIR serves a folder until the test ends, at the URL that the
// variable gets.
func serveMirror(ts *testscript.TestScript, _ bool, args []string) {
	server := httptest.NewServer(http.FileServer(http.Dir(ts.MkAbs(args[1]))))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// truncate FILE N cuts a file down to N bytes.
func truncate(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.Truncate(ts.MkAbs(args[0]), int64(must(strconv.Atoi(args[1])))))
}

// npz FILE NAME:SIZE,...=NUMBER,... ... writes arrays of float32.
func writeModelNPZ(ts *testscript.TestScript, _ bool, args []string) {
	list := func(text string) (numbers []float64) {
		for field := range strings.SplitSeq(text, ",") {
			numbers = append(numbers, must(strconv.ParseFloat(field, 64)))
		}
		return numbers
	}
	tensors := map[string]*tensor.Dense{}
	for _, arg := range args[1:] {
		head, numbers, _ := strings.Cut(arg, "=")
		name, sizes, _ := strings.Cut(head, ":")
		var shape []int
		for _, size := range list(sizes) {
			shape = append(shape, int(size))
		}
		var data []float32
		for _, x := range list(numbers) {
			data = append(data, float32(x))
		}
		tensors[name] = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	}
	ts.Check(atomicfile.Write(ts.MkAbs(args[0]), func(w io.Writer) error {
		return tensorfile.WriteNPZ(w, tensors, nil)
	}))
}

// profile FILE TYPE checks that a file is a whole profile, of samples of that type.
func checkProfile(ts *testscript.TestScript, _ bool, args []string) {
	z, err := gzip.NewReader(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	text, err := io.ReadAll(z)
	ts.Check(err)
	if !bytes.Contains(text, []byte(args[1])) {
		ts.Fatalf("%s: is no profile of %s", args[0], args[1])
	}
}

// png FILE checks that a file is a picture.
func checkPNG(ts *testscript.TestScript, _ bool, args []string) {
	_, err := png.Decode(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
}

// TestInterrupt interrupts a training run after its second epoch: it exits with
// 130 and leaves a model.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted on Windows")
	}
	for _, command := range []string{"train", "compare"} {
		t.Run(command, func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.Command("pcnrun", command, "sine", "--epochs", "1000000", "--json", "-v", "--out", dir)
			var stdout bytes.Buffer
			cmd.Stdout = &stdout
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			lines := bufio.NewScanner(stderr)
			last := ""
			for sent := false; lines.Scan(); last = lines.Text() {
				if !sent && strings.HasPrefix(strings.Join(strings.Fields(lines.Text()), " "), "epoch 2/") {
					sent = true
					if err := cmd.Process.Signal(os.Interrupt); err != nil {
						t.Fatal(err)
					}
				}
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != cli.ExitInterrupted {
				t.Fatalf("want exit code %d, got %v", cli.ExitInterrupted, err)
			}
			model := filepath.Join(dir, map[string]string{"train": run.ModelFile, "compare": filepath.Join("pcn-s1", run.ModelFile)}[command])
			if !strings.HasPrefix(last, "pcnrun: interrupted") || !strings.Contains(last, model) {
				t.Errorf("want a last line that names %s, got %q", model, last)
			}
			if command == "train" {
				if !strings.Contains(last, "--resume "+dir) {
					t.Errorf("want a last line that says how to go on, got %q", last)
				}
				if _, err := train.LoadCheckpoint(filepath.Join(dir, run.CheckpointFile)); err != nil {
					t.Error(err)
				}
			}
			if !strings.Contains(stdout.String(), `"status":"interrupted"`) {
				t.Errorf("want status interrupted, got %s", stdout.String())
			}
			if code := execute(t.Context(), []string{"eval", model}, nil, io.Discard, os.Stderr); code != cli.ExitOK {
				t.Errorf("eval of the model: exit code %d", code)
			}
		})
	}
}
