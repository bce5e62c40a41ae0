package rule

import (
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// TestDoc: the package's comment and the README have each rule.
func TestDoc(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "rule.go", nil, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		if !strings.Contains(f.Doc.Text(), "\n\t"+name+" ") {
			t.Errorf("the package's comment has no %s", name)
		}
		if !strings.Contains(string(readme), "\n| `"+name+"` |") {
			t.Errorf("the README has no %s", name)
		}
	}
}
