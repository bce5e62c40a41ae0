package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/png"
	"io"

	"example.com/pcn/internal/atomicfile"
)

// Page is a report as one HTML file that needs nothing beside it: its pictures
// are within, and it has no script.
type Page struct {
	Title    string
	Summary  string // a line under the title
	Facts    []Fact
	Command  string // how to get this again
	Sections []Section
}

// Fact is a name and a value.
type Fact struct{ Name, Value string }

// Section is a part of a page. Each of its parts may be missing.
type Section struct {
	Title   string
	Text    string
	Panels  []*Panel
	Images  []Image
	Table   *Table
	Squares *Confusion
}

// Image is a picture with a line under it.
type Image struct {
	Picture image.Image
	Caption string
}

// Table has a heading for each column; the first column names the rows.
type Table struct {
	Head []string
	Rows [][]string
}

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"svg":   func(p *Panel) (template.URL, error) { text, err := p.SVG(); return dataURI("image/svg+xml", text), err },
	"png":   pngURI,
	"shade": cellShade,
	"sum": func(row []int) (total int) {
		for _, n := range row {
			total += n
		}
		return total
	},
	"half": func(i image.Image) int { return (i.Bounds().Dx() + 1) / 2 },
}).Parse(pageText))

// Write writes the page as HTML.
func (p *Page) Write(w io.Writer) error {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Save writes the page to path, beside it first, and renamed.
func (p *Page) Save(path string) error { return atomicfile.Write(path, p.Write) }

// dataURI returns the address of data within itself.
func dataURI(kind string, data []byte) template.URL {
	return template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data))
}

func pngURI(img image.Image) (template.URL, error) {
	if img == nil {
		return "", errors.New("must be a picture, got none")
	}
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img)
	return dataURI("image/png", b.Bytes()), err
}

// cellShade returns the style of a cell of a confusion matrix with n of a row of
// total examples: right ones blue, wrong ones red.
func cellShade(right bool, n, total int) template.CSS {
	if n == 0 || total == 0 {
		return ""
	}
	share := float64(n) / float64(total)
	colour := "213,94,0"
	if right {
		colour = "0,114,178"
	}
	return template.CSS(fmt.Sprintf("background:rgba(%s,%.2f)", colour, 0.15+0.7*share))
}
