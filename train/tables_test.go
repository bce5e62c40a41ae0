package train

import (
	"strings"
	"testing"
)

func TestWriteConfusion(t *testing.T) {
	var got strings.Builder
	if err := WriteConfusion(&got, [][]int{{10, 0}, {1, 2}}, []string{"Größe", "a\tb"}); err != nil {
		t.Fatal(err)
	}
	if want := "       Größe a?b\n Größe    10   .\n   a?b     1   2\n"; got.String() != want {
		t.Errorf("got\n%swant\n%s", &got, want)
	}
}
