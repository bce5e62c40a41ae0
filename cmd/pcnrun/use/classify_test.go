package use

import "testing"

func TestConfusionText(t *testing.T) {
	got := confusionText([][]int{{10, 0}, {1, 2}}, []string{"Größe", "a\tb"})
	if want := "       Größe a?b\n Größe    10   .\n   a?b     1   2\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
