package trained

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/internal/dense"
	"example.com/pcn/internal/quoted"
	"example.com/pcn/model"
	"example.com/pcn/train"
)

// Answers are what a model says of some rows: to each, where there are classes, one, and
// numbers.
type Answers struct {
	Files   []string      // by row; nil where rows are no files
	Classes []int         // by row; nil where there are none
	Name    string        // what JSON calls the numbers
	Numbers *tensor.Dense // (B, k)
}

// NumberName is what the numbers are that m predicts: probabilities only where they are such.
func (m *Model) NumberName() string {
	if m.Probable() {
		return "probabilities"
	}
	return "targets"
}

// numberNames are fields of CSV that name what m predicts, in its order.
func (m *Model) numberNames() []string {
	kind, names := "target", m.Recipe.Data.Target
	if m.Classifies() {
		names = m.ClassNames()
	}
	if m.Probable() {
		kind = "probability"
	}
	fields := make([]string, m.Network.Size(m.Network.TargetNode()))
	for j := range fields {
		name := fmt.Sprint(j)
		if len(names) == len(fields) {
			name = names[j]
		}
		fields[j] = quoted.CSV(kind + " " + name)
	}
	return fields
}

// CSVHeader is a line that names the columns of [Model.AppendCSV].
func (m *Model) CSVHeader(of Answers) string {
	var names []string
	if of.Files != nil {
		names = append(names, "file")
	}
	if of.Classes != nil {
		names = append(names, "class")
	}
	return strings.Join(append(names, m.numberNames()...), ",") + "\n"
}

// AppendCSV appends a line of CSV for each row to text: its file and its class, where there
// are such, and its numbers.
func (m *Model) AppendCSV(text []byte, of Answers) []byte {
	for i, row := range model.Rows(of.Numbers) {
		if of.Files != nil {
			text = append(text, quoted.CSV(of.Files[i])+","...)
		}
		if of.Classes != nil {
			text = m.appendClass(text, of.Classes[i])
		}
		text = append(dense.AppendCSV(text, row, of.Numbers.Dtype()), '\n')
	}
	return text
}

// appendClass appends a class as a field of CSV with a comma behind it.
func (m *Model) appendClass(text []byte, k int) []byte {
	return append(text, quoted.CSV(fmt.Sprint(m.Class(k)))+","...)
}

// AppendJSON appends a line with a JSON object for each row to text: the same by name.
func (m *Model) AppendJSON(text []byte, of Answers) []byte {
	member := func(name string, value any) {
		of, _ := json.Marshal(value) // of a text or a whole number never fails
		text = append(append(append(text, name...), of...), ',')
	}
	for i, row := range model.Rows(of.Numbers) {
		text = append(text, '{')
		if of.Files != nil {
			member(`"file":`, of.Files[i])
		}
		if of.Classes != nil {
			member(`"class":`, m.Class(of.Classes[i]))
		}
		text = append(strconv.AppendQuote(text, of.Name), ":["...)
		text = append(dense.AppendCSV(text, row, of.Numbers.Dtype()), "]}\n"...)
	}
	return text
}

// WriteMistakes writes a line of CSV for each mistake of m, below a header: by the row of the
// file where that is known, so that a spreadsheet shows it.
func (m *Model) WriteMistakes(w io.Writer, mistakes []train.Mistake) error {
	out := bufio.NewWriter(w)
	first := "example"
	if len(mistakes) > 0 && mistakes[0].Row > 0 {
		first = "row"
	}
	fmt.Fprintf(out, "%s,class,taken for,%s\n", first, strings.Join(m.numberNames(), ","))
	d := m.Network.Config().Dtype.Tensor()
	for _, is := range mistakes {
		line := fmt.Appendf(nil, "%d,", cmp.Or(is.Row, is.Example+1))
		line = m.appendClass(m.appendClass(line, is.Class), is.Taken)
		out.Write(append(dense.AppendCSV(line, is.Predicted, d), '\n'))
	}
	return out.Flush()
}
