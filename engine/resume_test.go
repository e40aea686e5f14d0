package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"millrace/catalog"
	"millrace/engine"
	"millrace/planner/physical"
)

// TestResumeBelowIdleView resumes a failed view under one that had nothing to do meanwhile, and so has not failed with it: that
// one follows the resumed view, which makes single steps of the commits where the history of the one above needs them.
func TestResumeBelowIdleView(t *testing.T) {
	broken := false
	h := open(t, engine.Options{NoBackground: true})
	h.table("t", "id", "g", "v")
	const sizes = "SELECT n, count(*) AS c FROM sums GROUP BY n"
	sums := h.view("sums", groupQuery)
	h.view("sizes", sizes, keptFor(hour))
	h.mustCommit(h.write("t", plus(1, 10, 100)))
	h.same("sizes", sizes)
	h.opt.Plan = func(r *catalog.Relation, c *catalog.Snapshot) (*physical.Plan, string, error) {
		if broken && r.ID == sums {
			return nil, "", errors.New("broken")
		}
		return planView(r, c)
	}
	broken = true
	h.reopen()
	if v, _ := h.eng.ViewStatus(sums); v.Status != engine.Failed {
		t.Fatalf("the view below is %s", v.Status)
	}
	broken = false
	if err := h.eng.Resume(sums); err != nil {
		t.Fatal(err)
	}
	pause := func(paused bool) {
		h.ddl(func(e *catalog.Edit) error {
			return e.Modify(sums, func(r *catalog.Relation) { r.SetPaused(paused) })
		})
	}
	pause(true) // so that all commits wait together
	type state struct {
		epoch uint64
		rows  []string
	}
	var states []state
	for i := range int64(4) {
		h.mustCommit(h.write("t", plus(2+i, 20, i)))
		epoch, _ := h.eng.Epoch()
		states = append(states, state{epoch, h.rows("SELECT n, count(*) FROM (SELECT count(*) AS n FROM t GROUP BY g) AS x GROUP BY n")})
	}
	pause(false)
	if err := h.eng.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.same("sizes", sizes)
	for _, s := range states {
		if got := h.rows(fmt.Sprintf("SELECT * FROM sizes AS OF %d", s.epoch)); !slices.Equal(got, s.rows) {
			t.Errorf("as of %d\n got %v\nwant %v", s.epoch, got, s.rows)
		}
	}
}
