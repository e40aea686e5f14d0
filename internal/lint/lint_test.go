package lint

import (
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
