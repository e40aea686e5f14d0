package engine_test

import (
	"testing"

	"millrace/catalog"
	"millrace/engine"
)

// TestUnfinishedReplacement: a view that was to take another's place when the process ended is gone after the start, and the
// other is as it was.
func TestUnfinishedReplacement(t *testing.T) {
	h := open(t, engine.Options{})
	h.table("t", "id", "g", "v")
	old := h.view("sums", groupQuery)
	next := h.view("next", groupQuery)
	h.ddl(func(e *catalog.Edit) error {
		return e.Modify(next, func(r *catalog.Relation) { r.Replaces = old })
	})
	h.mustCommit(h.write("t", plus(1, 10, 100)))
	h.same("sums", groupQuery)
	h.reopen()
	if _, ok := h.eng.Catalog().Lookup("public", "next"); ok {
		t.Error("the unfinished view is still there")
	}
	if _, ok := h.eng.ViewStatus(next); ok {
		t.Error("the unfinished view still runs")
	}
	h.same("sums", groupQuery)
}
