package data

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"
)

// TestParseNumber: commas and points as people write them, by what separates fields.
func TestParseNumber(t *testing.T) {
	for _, tt := range []struct {
		text      string
		separator rune
		want      float64 // NaN for none
	}{
		{"7", ',', 7}, {" -2.5e1 ", ',', -25}, {"5,1", ';', 5.1}, {"5,1", ',', 5.1}, {"-,5", ';', -.5},
		{"1,234", ';', 1.234}, {"1,234", ',', 1234}, {"1,234.5", ';', 1234.5}, {"1.234,5", ';', 1234.5},
		{"1,234,567", ';', 1234567}, {"0,234", ',', 234}, {"1,23,4", ';', math.NaN()}, {"1.2.3,4", ';', math.NaN()},
		{"12,5.5", ';', math.NaN()}, {"1,", ';', 1}, {",", ';', math.NaN()}, {"inf", ',', math.NaN()}, {"1e999", ',', math.NaN()}, {"five", ',', math.NaN()},
	} {
		got, ok := parseNumber(tt.text, tt.separator)
		if !ok {
			got = math.NaN()
		}
		if got != tt.want && !(got != got && tt.want != tt.want) {
			t.Errorf("%q between %q: got %v, want %v", tt.text, tt.separator, got, tt.want)
		}
	}
}

// TestSeparator: what separates fields is found by one record.
func TestSeparator(t *testing.T) {
	for text, want := range map[string]rune{
		"a,b": ',', "a;b": ';', "a\tb": '\t', "a|b": '|', "a": ',', "5,1;3,5": ';', "5,1\t3,5": '\t', `"a;b";c;"d,e,f"`: ';', `"a;b;c",d`: ',', "a b, c;d": ',', "7": ',',
	} {
		if got := separator([]byte(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// passengers are rows with all that a column may hold.
const passengers = `;Name;Sex;Age;Fare;Alone;Booked;Class;Lives
0;"Ann;
Lee";female;29;7,25;yes;31.1.1912;1;1
1;Bo;male;;8,5;no;1.2.1912;2;0
2;Cy;male;41;NA;no;2.2.1912;unknown;0
3;Di;;17;1,5;yes;3.2.1912;3;
4;Ed;male;?;2,5;yes;4.2.1912;3;1
5;Flo;female;30;7,5;no;5.2.1912;3;1
6;Gus;male;31;9,5;no;6.2.1912;1;0
`

// TestTable: what the columns of a file are is found out, said, and the same for other
// rows, in any order and case.
func TestTable(t *testing.T) {
	s, err := ReadCSV(strings.NewReader(passengers), "passengers", Columns{Label: "lives", Drop: []string{"NAME"}})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"Sex=female", "Sex=male", "Sex=", "Age", "Age missing", "Fare", "Fare missing", "Alone", "Booked", "Class", "Class missing"}
	if !slices.Equal(s.InputNames(), names) || !slices.Equal(s.Labels(), []int{1, 0, 0, 1, 1, 0}) {
		t.Errorf("got inputs %q, labels %v", s.InputNames(), s.Labels())
	}
	mean := (29. + 41 + 30 + 31) / 4 // of the rows that are left
	want := []float64{0, 1, 0, mean, 1, 8.5, 0, 0, -21154, 2, 0}
	if x, _ := all(t, s); !slices.Equal(x[11:22], want) {
		t.Errorf("got %v, want %v", x[11:22], want)
	}
	said := strings.Join(s.Remarks(), "\n")
	for _, what := range []string{
		`column 1 ("") has no name and counts the rows: it is left out`,
		`column 3 ("Sex") has 2 texts: an input for each`,
		`column 5 ("Fare") has numbers with commas: 7,25 is 7.25`,
		`column 6 ("Alone") is taken for 1 and 0`,
		`column 7 ("Booked") has dates such as 2.1.2006`,
		`column 8 ("Class") has numbers, and "unknown" for values that are missing`,
		`missing values: each is taken for the mean of its column, and an input says that it is missing`,
		`rows in which column 9 ("Lives") is missing are left out`,
	} {
		if !strings.Contains(said, what) {
			t.Errorf("not said: %s\n%s", what, said)
		}
	}

	rows := func(text string, learned int) ([][]float64, error) {
		o := RowOptions{Columns: Columns{Table: s.Table(), Label: "lives", Classes: []string{"0", "1"}}, Outputs: learned}
		if learned == 0 {
			o.Label, o.Classes = "", nil
		}
		return readAll(t, strings.NewReader(text), o)
	}
	nan := math.NaN()
	for text, want := range map[string][]float64{
		"class,BOOKED,alone,fare,age,sex\n2,1.2.1912,f,8.5,n/a,male\n":                  {0, 1, 0, nan, 1, 8.5, 0, 0, -21154, 2, 0},
		"male|1|8.5|true|1.2.1912|unknown\n":                                            {0, 1, 0, 1, 0, 8.5, 0, 1, -21154, nan, 1}, // without a header, in the order of the model
		"9;x;neither;1;8,5;true;1.2.1912;1;0\n":                                         {0, 0, 0, 1, 0, 8.5, 0, 1, -21154, 1, 0},   // or with all that there was
		`{"Sex":null,"Age":1,"Fare":null,"Alone":true,"Booked":"1.2.1912","Class":"1"}`: {0, 0, 1, 1, 0, nan, 1, 1, -21154, 1, 0},
	} {
		got, err := rows(text, 0)
		if err != nil || len(got) != 1 || !slices.EqualFunc(got[0], want, func(a, b float64) bool { return a == b || a != a && b != b }) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"sex,age\nmale,1\n":                                         `no column "Fare", "Alone", "Booked", "Class"`,
		"a,b,c,d,e,f\nmale,1,1,no,1.2.1912,1\n":                     `no column "Sex"`,
		"sex,age,fare,alone,booked,class\nmale,x,1,no,1.2.1912,1\n": `column 2 ("age"): must be a finite number, got "x"`,
		"sex,age,fare,alone,booked,class\nmale,1,1,no,1912,1\n":     `column 5 ("booked"): must be a date such as 2.1.2006, got "1912"`,
		"sex,age,fare,alone,booked,class\nmale,1,1,9,1.2.1912,1\n":  `column 4 ("alone"): must be true or false, got "9"`,
	} {
		if _, err := rows(text, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one that says %q", text, err, want)
		}
	}
	if got, err := rows(passengers, 1); err != nil || len(got) != 6 {
		t.Errorf("got %d rows, %v", len(got), err)
	}
}

// TestEncodings: UTF-16, with a mark and without, is read as UTF-8 is.
func TestEncodings(t *testing.T) {
	text := "größe\tart\n1,5\tä\n2,5\tö\n"
	for name, e := range map[string]unicode.Endianness{"little": unicode.LittleEndian, "big": unicode.BigEndian} {
		for mark, policy := range map[string]unicode.BOMPolicy{"mark": unicode.UseBOM, "none": unicode.IgnoreBOM} {
			b, err := unicode.UTF16(e, policy).NewEncoder().String(text)
			if err != nil {
				t.Fatal(err)
			}
			s, err := ReadCSV(strings.NewReader(b), name+mark, Columns{Label: "Art"})
			if err != nil || !slices.Equal(s.ClassNames, []string{"ä", "ö"}) || !slices.Equal(s.InputNames(), []string{"größe"}) {
				t.Errorf("%s, %s: got %v, %v", name, mark, s, err)
			}
		}
	}
}

// TestTextsAlone: a file of texts alone has a header where columns are asked for by name,
// and none where they are asked for by place and the next row has no numbers either.
func TestTextsAlone(t *testing.T) {
	for text, tt := range map[string]struct {
		label string
		n     int
		err   string
	}{
		"p,x,s\ne,x,y\np,b,s\n":   {"1", 3, ""},
		"p,x,s\ne,x,y\ne,b,s\nq,": {"s", 0, "line 4: must have 3 fields"},
		"p,x,s\ne,x,y\np,b,t\n":   {"s", 2, ""},
		"a,b,k\n1,2,u\n3,4,v\n":   {"3", 0, `no column "3": must have "3", got "a", "b", "k"`},
	} {
		s, err := ReadCSV(strings.NewReader(text), "f", Columns{Label: tt.label})
		if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) || tt.err == "" && (err != nil || s.Len() != tt.n) {
			t.Errorf("%q by %s: got %v, %v", text, tt.label, s, err)
		}
	}
}

// TestMixedColumns: a column of numbers and texts is one of texts, which new texts are
// none of.
func TestMixedColumns(t *testing.T) {
	s, err := ReadCSV(strings.NewReader("a,y\n1,0\nx,1\n1,0\n2,1\n"), "f", Columns{Label: "y"})
	if err != nil || !slices.Equal(s.InputNames(), []string{"a=1", "a=2", "a=x"}) {
		t.Errorf("got %q, %v", s.InputNames(), err)
	}
	x, _ := all(t, s)
	if want := []float64{1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0}; !slices.Equal(x, want) {
		t.Errorf("got %v, want %v", x, want)
	}
}

// TestUnits: a sign of a share or a currency is no part of a number, and a code is no number.
func TestUnits(t *testing.T) {
	for text, want := range map[string]float64{"12%": 12, "12.5 %": 12.5, "$7": 7, "-$7.25": -7.25, "€ 1": 1, "3,50 €": 3.5, "$1,200": 1200, "£-3": -3, "5‰": 5} {
		if x, ok := parseNumber(text, ';'); text != "$1,200" && (!ok || x != want) {
			t.Errorf("%s is %v, %v, want %v", text, x, ok, want)
		}
		if x, ok := parseNumber(text, ','); !ok || x != want {
			t.Errorf("%s between commas is %v, %v, want %v", text, x, ok, want)
		}
	}
	for _, text := range []string{"%", "$", "5%5", "A5", "5kg", "$$5", "5%%", "$5%", "1 2%", "--$5"} {
		if x, ok := parseNumber(text, ','); ok {
			t.Errorf("%s is taken for %v", text, x)
		}
	}
}

// TestThousands: commas between thousands are said to be such.
func TestThousands(t *testing.T) {
	s, err := ReadCSV(strings.NewReader("a,y\n\"1,000\",0\n\"2,500\",1\n"), "f", Columns{Label: "y"})
	if err != nil {
		t.Fatal(err)
	}
	if x, _ := all(t, s); !slices.Equal(x, []float64{1000, 2500}) || !slices.Contains(s.Remarks(), `column 1 ("a") has numbers with commas: 1,000 is 1000`) {
		t.Errorf("got %v, %q", x, s.Remarks())
	}
}

// TestLabelsThatMeasure: labels that are many numbers are asked about.
func TestLabelsThatMeasure(t *testing.T) {
	var column *ColumnError
	var text strings.Builder
	text.WriteString("a;y\n")
	for i := range 30 {
		text.WriteString(strings.Repeat("1", i%3+1) + ";" + strings.Repeat("2", i%15+1) + "," + strings.Repeat("5", i/15+1) + "\n")
	}
	_, err := ReadCSV(strings.NewReader(text.String()), "f", Columns{Label: "y"})
	if !errors.As(err, &column) || !strings.Contains(err.Error(), `label "y": has 30 different numbers in 30 rows, each a class: is it a target to regress on?`) {
		t.Errorf("got error %v", err)
	}
}

// TestOtherArrays: arrays of other names, whatever their case, and classes that are
// one-hot, floats, or no places.
func TestOtherArrays(t *testing.T) {
	x := []float64{1, 2.5, 3, 4, 5, 6, 7, 8, 9, 10}
	half := []float64{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}
	for name, tt := range map[string]struct {
		arrays  map[string]any
		cols    Columns
		labels  []int
		classes []string
		remark  string
	}{
		"another case":  {map[string]any{"X": x, "Y": []int64{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}}, Columns{}, []int{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, nil, ""},
		"other names":   {map[string]any{"features": x, "labels": half}, Columns{}, []int{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, nil, "array labels has few whole numbers"},
		"given":         {map[string]any{"pixels": x, "kind": half, "y": x}, Columns{Inputs: []string{"Pixels"}, Label: "KIND"}, []int{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, nil, ""},
		"minus one":     {map[string]any{"x": x[:3], "y": []int64{-1, 1, -1}}, Columns{}, []int{0, 1, 0}, []string{"-1", "1"}, ""},
		"train_x":       {map[string]any{"train_x": x[:3], "train_y": []int64{0, 1, 0}, "TEST_X": x[:1], "test_y": []int64{1}}, Columns{}, []int{0, 1, 0}, nil, ""},
		"known classes": {map[string]any{"x": x[:3], "y": []int64{1, 1, -1}}, Columns{Label: "y", Classes: []string{"-1", "0", "1"}}, []int{2, 2, 0}, []string{"-1", "0", "1"}, ""},
		"targets":       {map[string]any{"x": x, "y": half}, Columns{Targets: []string{"y"}}, nil, nil, ""},
	} {
		s, _, err := Read(write(t, t.TempDir()+"/a.npz", npzOf(t, tt.arrays)), tt.cols)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.Equal(s.Labels(), tt.labels) || !slices.Equal(s.ClassNames, tt.classes) || !strings.Contains(strings.Join(s.Remarks(), "\n"), tt.remark) {
			t.Errorf("%s: got labels %v of %q, remarks %q", name, s.Labels(), s.ClassNames, s.Remarks())
		}
	}
	hot := packed(t, "x.npy", header("|u1", false, "3")+"abc", "y.npy", header("|u1", false, "3, 2")+"\x01\x00\x00\x01\x01\x00")
	s, _, err := Read(write(t, t.TempDir()+"/a.npz", hot), Columns{})
	if err != nil || !slices.Equal(s.Labels(), []int{0, 1, 0}) || s.Classes != 2 || len(s.Remarks()) == 0 {
		t.Errorf("one-hot: got %v, %v", s, err)
	}
	if _, _, err := Read(write(t, t.TempDir()+"/a.npz", npzOf(t, map[string]any{"pixels": x, "kind": half})), Columns{}); err == nil || !strings.Contains(err.Error(), `got "`) || !strings.Contains(err.Error(), `"pixels"`) {
		t.Errorf("got error %v", err)
	}
}
