package data_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"gorgonia.org/tensor"

	"example.com/pcn/train/data"
)

func Example() {
	digits, err := data.Digits()
	if err != nil {
		log.Fatal(err)
	}
	parts, err := data.Split(digits, 1, 0.8, 0.2)
	if err != nil {
		log.Fatal(err)
	}
	train, test := parts[0], parts[1]
	fmt.Printf("%d to train, %d to test, %d pixels, %d classes\n",
		train.Len(), test.Len(), train.InputSize(), train.Classes)

	inputs := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2, train.InputSize()))
	targets := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2, train.TargetSize()))
	if err := digits.Gather([]int{3, 0}, inputs, targets); err != nil {
		log.Fatal(err)
	}
	fmt.Println(targets.Data())
	// Output:
	// 1438 to train, 359 to test, 64 pixels, 10 classes
	// [0 0 0 1 0 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0]
}

func ExampleReadCSV() {
	text := `length,width,kind
5.1,3.5,0
7.0,3.2,1
6.3,3.3,2
`
	flowers, err := data.ReadCSV(strings.NewReader(text), "flowers", data.Columns{Label: "kind"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(flowers.Len(), flowers.InputSize(), flowers.Classes, flowers.Labels())

	homes, err := data.ReadCSV(strings.NewReader("town;area;price\nUlm;81,5;190\nBonn;;250\nUlm;62;180\n"), "homes", data.Columns{Targets: []string{"price"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", homes.InputNames())
	fmt.Println(strings.Join(homes.Remarks(), "\n"))
	// Output:
	// 3 2 3 [0 1 2]
	// ["town=Bonn" "town=Ulm" "area" "area missing"]
	// column 1 ("town") has 2 texts: an input for each
	// column 2 ("area") has numbers with commas: 81,5 is 81.5
	// 1 missing value: each is taken for the mean of its column, and an input says that it is missing
}

func ExampleRead() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "flowers.csv")
	text := "kind,length,width\nsetosa,5.1,3.5\nvirginica,6.3,3.3\nsetosa,4.9,3.0\n"
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		log.Fatal(err)
	}
	flowers, _, err := data.Read(path, data.Columns{Label: "kind"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(flowers.Name, flowers.Len(), flowers.InputSize(), flowers.ClassNames, flowers.Labels())

	_, _, err = data.Read(path, data.Columns{Label: "species"})
	fmt.Println(strings.Replace(err.Error(), dir, "", 1))
	// Output:
	// flowers 3 2 [setosa virginica] [0 1 0]
	// data: /flowers.csv: line 1: no column "species": must have "species", got "kind", "length", "width"
}

func ExampleSet_Standardization() {
	set, err := data.NewRegression("rain", 4, []float64{10, 20, 30, 40}, []float64{1, 1, 3, 3})
	if err != nil {
		log.Fatal(err)
	}
	set = set.WithTransforms(set.Standardization(data.PerColumn))
	inputs := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(2, 1))
	targets := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(2, 1))
	if err := set.Gather([]int{0, 3}, inputs, targets); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f %.3f\n", inputs.Data(), targets.Data())

	// Back to the original units, as for predictions.
	if err := set.TargetTransform().Invert().Apply(targets); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f\n", targets.Data())
	// Output:
	// [-1.342 1.342] [-1.000 1.000]
	// [1.000 3.000]
}

func ExamplePixelRange() {
	t := data.PixelRange(-1, 1, 255)
	fmt.Println(t.Shift, t.Scale)
	// Output:
	// [127.5] [0.00784313725490196]
}

func ExampleIDX() {
	dir, ok := data.Find("mnist")
	if !ok {
		log.Fatal("MNIST is not here")
	}
	train, test, err := data.IDX(dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(train.Len(), test.Len())
}
