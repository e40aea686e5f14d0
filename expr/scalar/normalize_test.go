package scalar

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"millrace/expr"
)

// A short text may have a long normal form, which must be refused before it is in memory.
func TestNormalizeTooLarge(t *testing.T) {
	s := []byte(strings.Repeat("\ufdfa", expr.MaxValueBytes/30))
	if out, err := appendNormal(nil, s, norm.NFKC); err == nil {
		t.Errorf("%d bytes", len(out))
	}
	if _, err := appendNormal(nil, s[:3], norm.NFKC); err != nil {
		t.Error(err)
	}
}
