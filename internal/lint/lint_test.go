package lint

import (
	"flag"
	"os"
	"testing"
)

// TestHouseRules holds the repository to the rules of the package comment.
func TestHouseRules(t *testing.T) {
	findings, err := Check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}

var update = flag.Bool("update", false, "write the generated reference pages")

// TestUnsupportedPage holds the list of refused features against the code.
func TestUnsupportedPage(t *testing.T) {
	want, err := Unsupported(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	file := "../../" + UnsupportedDoc
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the code says (%v); go test ./internal/lint -run Unsupported -update", UnsupportedDoc, err)
	}
}
