package session

import (
	"testing"

	"millrace/pgerr"
)

// TestPartsAreBounded: what all parts of a statement return counts.
func TestPartsAreBounded(t *testing.T) {
	var p parts
	for range 2 {
		if err := p.keep(pendingRowsMax / 2); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.keep(1); pgerr.CodeOf(err) != pgerr.ProgramLimitExceeded {
		t.Errorf("one row more gives %v", err)
	}
}
