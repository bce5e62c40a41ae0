package fetch_test

import (
	"context"
	"fmt"
	"log"
	"path/filepath"

	"example.com/pcn/train/data"
	"example.com/pcn/train/data/fetch"
)

func ExampleSet_Get() {
	mnist, ok := fetch.Find("mnist")
	if !ok {
		log.Fatal("MNIST is not known")
	}
	folder, err := data.Folder()
	if err != nil {
		log.Fatal(err)
	}
	err = mnist.Get(context.Background(), filepath.Join(folder, mnist.Name), fetch.Options{Event: func(e fetch.Event) {
		fmt.Println(e.File, e.Done, "of", e.Total)
	}})
	if err != nil {
		log.Fatal(err)
	}
}
