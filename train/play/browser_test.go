package play

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"example.com/pcn/internal/needs"
	"example.com/pcn/model"
	"example.com/pcn/train/data"
)

// browser is a page in headless Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context
	url string

	mutex sync.Mutex
	wrong []string // what the console says, and requests to elsewhere
}

// open opens the page of a subject. What is wrong with it is an error at the test's end.
func open(t *testing.T, s *Subject) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	path := needs.Chromium(t)
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	server.Config.Handler = must(Handler(s, server.Listener.Addr().String()))(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1400, 980))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, url: server.URL + "/"}
	err := chromedp.Listen(ctx, func(event any) {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, b.url) {
				b.wrong = append(b.wrong, "request "+e.Request.URL)
			}
		case *runtime.EventConsoleAPICalled:
			b.wrong = append(b.wrong, fmt.Sprintf("console %s: %s", e.Type, e.Args[0].Value))
		case *runtime.EventExceptionThrown:
			b.wrong = append(b.wrong, e.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.Enable, network.EnableParams{})
		return err
	}), chromedp.Navigate(b.url))
	b.until("window.drawn && drawn.frames > 0")
	t.Cleanup(func() {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		for _, what := range b.wrong {
			t.Errorf("the page: %s", what)
		}
	})
	return b
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatalf("%v; the page says %q", err, b.text("status"))
	}
}

// until waits for an expression to be true.
func (b *browser) until(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(time.Minute))); err != nil {
		b.t.Fatalf("%s: %v; the page says %q", expression, err, b.text("status"))
	}
}

// says waits for an element's text to hold another.
func (b *browser) says(id, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("document.getElementById(%q).textContent.includes(%q)", id, text))
}

func (b *browser) text(id string) string {
	text, _ := chromedp.Run(b.ctx, chromedp.TextContent("#"+id)) // where there is no page there is none
	return text
}

// value returns what an expression is worth.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	return must(chromedp.Run(b.ctx, chromedp.Evaluate[T](expression)))(b.t)
}

// at returns where a share of an element's width and height is.
func (b *browser) at(id string, x, y float64) (left, top float64) {
	b.t.Helper()
	box := value[[]float64](b, fmt.Sprintf("(b => [b.left, b.top, b.width, b.height])(document.getElementById(%q).getBoundingClientRect())", id))
	return box[0] + x*box[2], box[1] + y*box[3]
}

// drag moves the mouse, pressed, over points of an element.
func (b *browser) drag(id string, points ...[2]float64) {
	b.t.Helper()
	for i, p := range points {
		x, y := b.at(id, p[0], p[1])
		kind := input.DispatchMouseEventTypeMouseMoved
		if i == 0 {
			kind = input.DispatchMouseEventTypeMousePressed
		}
		b.do(chromedp.MouseEvent(kind, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	}
	x, y := b.at(id, points[len(points)-1][0], points[len(points)-1][1])
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
}

// brightness returns how bright a place of an element's canvas is, from 0 to 255.
func (b *browser) brightness(id string, x, y float64) float64 {
	b.t.Helper()
	return value[float64](b, fmt.Sprintf("(c => { const d = c.getContext('2d').getImageData(%g * c.width, %g * c.height, 1, 1).data; return (d[0] + d[1] + d[2]) / 3; })(document.getElementById(%q))", x, y, id))
}

// shoot keeps a picture of the page, light and dark, for whoever asks go test for
// artifacts.
func (b *browser) shoot(name string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			return err
		}), chromedp.Sleep(200*time.Millisecond))
		picture := must(chromedp.Run(b.ctx, chromedp.FullScreenshot(100)))(b.t)
		if err := os.WriteFile(filepath.Join(b.t.ArtifactDir(), name+"-"+scheme+".png"), picture, 0o666); err != nil {
			b.t.Fatal(err)
		}
	}
}

// set gives a control a value, as its user would.
func (b *browser) set(id, value, event string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("(e => { e.value = %q; e.dispatchEvent(new Event(%q)); })(document.getElementById(%q))", value, event, id)))
}

// TestInBrowser plays with digits: with the mouse and with keys.
func TestInBrowser(t *testing.T) {
	s, accuracy, err := Digits(t.Context())
	if err != nil || accuracy < 0.85 {
		t.Fatalf("digits: %v, accuracy %v", err, accuracy)
	}
	b := open(t, s)
	b.do(chromedp.Reload()) // in a browser that has started
	b.until("window.drawn && drawn.frames > 0")
	t.Logf("first paint after %.0f ms", value[float64](b, "performance.getEntriesByName('first-contentful-paint')[0].startTime"))
	b.set("speed", "61", "input")
	b.says("status", "Step 50,") // an example settles by itself
	b.says("target-free", "free")
	b.shoot("example")

	b.drag("target", [2]float64{0.35, 0.5}) // a click
	b.says("target-free", "clamped to 3")
	b.says("status", "Step 100,")
	b.do(chromedp.KeyEvent("s"))
	b.says("status", "Step 101,")
	b.do(chromedp.KeyEvent("r"))
	b.says("status", "Step 50,")
	b.do(chromedp.KeyEvent("3"))
	b.says("target-free", "free")

	b.do(chromedp.Click("#clear"))
	b.says("status", "Step 0,")
	b.drag("input", [2]float64{0.3, 0.2}, [2]float64{0.7, 0.2}, [2]float64{0.4, 0.9}) // a seven
	b.says("status", "Step 50,")
	if on, off := b.brightness("input", 0.56, 0.19), b.brightness("input", 0.06, 0.94); on == off {
		t.Errorf("what is drawn is as bright as what is not: %v", on)
	}
	b.says("input-free", "clamped")
	b.do(chromedp.Click("[name=tool][value=free]"))
	b.drag("input", [2]float64{0.06, 0.94}, [2]float64{0.94, 0.94})
	b.says("input-free", "8 of 64 pixels are free")
	b.says("status", "Step 100,")
	b.shoot("drawn")

	b.do(chromedp.Click("#generate"))
	b.drag("target", [2]float64{0.05, 0.5})
	b.says("target-free", "clamped to 0")
	b.says("input-free", "free")
	b.says("status", "Step 150,")
	if ring, hole := b.brightness("input", 0.56, 0.19), b.brightness("input", 0.56, 0.56); math.Abs(ring-hole) < 80 { // of 255
		t.Errorf("a generated 0: its ring is %v, its hole %v", ring, hole)
	}
	b.shoot("generated")

	b.do(chromedp.Click("#guard"))
	b.set("method", "gradient", "change")
	b.set("rate", "0.6", "input")
	b.do(chromedp.KeyEvent("e"))
	b.says("status", "Diverged")
	b.shoot("diverged")
	b.do(chromedp.Click("#guard"))
	b.do(chromedp.Click("#play"))
	b.says("status", "Step 50,")
}

// TestSpeedInBrowser measures, of the size of MNIST, how many steps of settling are drawn
// in a second. The weights are of no training: it takes as long.
func TestSpeedInBrowser(t *testing.T) {
	n := must(model.New(model.Config{Layers: []int{784, 256, 256, 10}, Direction: model.Generative, Activation: "tanh"}))(t)
	s := &Subject{Title: "of MNIST's size", Network: n, Inference: model.Inference{Steps: 300}, Shape: []int{28, 28, 1}, White: 1, Classes: strings.Split("0123456789", "")}
	b := open(t, s)
	b.set("speed", "61", "input")
	b.drag("input", [2]float64{0.3, 0.2}, [2]float64{0.7, 0.2}, [2]float64{0.4, 0.9})
	b.says("status", "Step 300,")
	b.do(chromedp.KeyEvent("3")) // whose class settles on

	first := value[float64](b, "drawn.frames")
	b.says("status", "Step 600,")
	b.until("drawn.until > drawn.since")
	last, seconds := value[float64](b, "drawn.frames"), value[float64](b, "(drawn.until - drawn.since) / 1000")
	t.Logf("%.0f steps drawn in %.2f s: %.0f a second", last-first, seconds, (last-first)/seconds)
	b.shoot("mnist-size")
	b.do(chromedp.EmulateViewport(700, 900), chromedp.Sleep(300*time.Millisecond))
	if width := value[float64](b, "document.documentElement.scrollWidth"); width > 700 {
		t.Errorf("on a page 700 wide it is %v wide", width)
	}
	b.shoot("narrow")
}

// TestBarsInBrowser plays with a network that has no image and no classes.
func TestBarsInBrowser(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, y := make([]float64, 60), make([]float64, 40)
	for i := range x {
		x[i] = 5 + rng.NormFloat64()
	}
	for i := range y {
		y[i] = rng.NormFloat64()
	}
	set := must(data.NewRegression("flowers", 20, x, y))(t)
	n := must(model.New(model.Config{Layers: []int{3, 4, 2}}))(t)
	b := open(t, &Subject{Title: "flowers", Network: n, Inputs: data.Transform{Shift: []float64{5}}, Columns: []string{"length", "width", "height"}, Examples: set})
	b.says("status", "Step 20,")
	b.says("input-free", "clamped")
	b.drag("target", [2]float64{0.25, 0.1}, [2]float64{0.25, 0.3})
	b.says("target-free", "1 of 2 units are free")
	b.do(chromedp.Focus("#input"), chromedp.KeyEvent("f"))
	b.says("input-free", "1 of 3 units are free")
	b.shoot("bars")
}
