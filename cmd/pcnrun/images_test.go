package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// gems DIR writes gems.
func writeGems(ts *testscript.TestScript, _ bool, args []string) { ts.Check(gems(ts.MkAbs(args[0]))) }

// gems writes a folder of PNG files of several sizes for each of two classes, 30 of
// each: rubies are red and sapphires blue.
func gems(folder string) error {
	for name, of := range map[string]color.RGBA{"ruby": {200, 40, 40, 255}, "sapphire": {40, 80, 255, 255}} {
		dir := filepath.Join(folder, name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		for i := range 30 {
			m := image.NewRGBA(image.Rect(0, 0, 8+i%3, 6+i%4))
			for y := range m.Rect.Dy() {
				for x := range m.Rect.Dx() {
					m.Set(x, y, color.Gray{byte(10 + (x*7+y*5+i)%30)})
					if x > 1 && y > 1 && x < 6 && y < 5 {
						m.Set(x, y, of)
					}
				}
			}
			var b bytes.Buffer
			if err := png.Encode(&b, m); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.png", i)), b.Bytes(), 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}

// cifar DIR writes a folder of files in the format of CIFAR-10: 4 images of each class
// for training and 1 for the test, of which the class decides where the red is.
func writeCIFAR(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	names := ""
	for part, file := range []string{"test_batch.bin", "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"} {
		var b bytes.Buffer
		for class := range 10 {
			if part == 0 {
				names += fmt.Sprintf("class%d\n", class)
			} else if part == 5 && class > 4 {
				continue
			}
			record := make([]byte, 3073)
			record[0] = byte(class)
			for i := range 96 {
				record[1+96*class+i] = byte(200 + part)
			}
			b.Write(record)
		}
		ts.Check(os.WriteFile(filepath.Join(dir, file), b.Bytes(), 0o666))
	}
	ts.Check(os.WriteFile(filepath.Join(dir, "batches.meta.txt"), []byte(names), 0o666))
}
