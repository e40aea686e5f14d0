package exec

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/types"
	"millrace/watermark"
)

// TestAsOfExpire runs streams whose rows come out of order, but never below the watermark: the result must be that over all rows, and the
// state must not grow with them.
func TestAsOfExpire(t *testing.T) {
	const disorder, keys, steps = 12, 3, 80
	kinds := []types.Kind{types.Int8, types.Timestamp, types.Int8}
	ts := kindsOf(kinds...)
	for mode := range 8 {
		n := physical.AsOf{LeftKeys: []int{0}, RightKeys: []int{0}, LeftTime: 1, RightTime: 1, Ties: []int{2}}
		n.Outer, n.After, n.Strict = mode&1 != 0, mode&2 != 0, mode&4 != 0
		t.Run(fmt.Sprintf("outer %v after %v strict %v", n.Outer, n.After, n.Strict), func(t *testing.T) {
			join := asOfNode(n, ts, ts)
			join.Expire = &physical.Expire{Mark: watermark.Least(watermark.Of(1, "a"), watermark.Of(2, "b"))}
			plan := planOf(scanOf(true, kinds...), scanOf(true, kinds...), join)
			seed := seedOf(t)
			for c, cfg := range someConfigs(seed, t.Name()) {
				rng := rand.New(rand.NewPCG(seed, uint64(c)))
				r := newRunner(t, cfg, plan)
				contents := map[int][]row{}
				now := int64(0)
				for step := range steps {
					now += rng.Int64N(5)
					r.flow.SetWatermark(1, now-disorder)
					r.flow.SetWatermark(2, now-disorder-rng.Int64N(3))
					var batches []scanBatch
					for range rng.IntN(6) {
						scan := rng.IntN(2)
						x := row{types.NewInt(rng.Int64N(keys)), types.NewInt(now - rng.Int64N(disorder+1)), types.NewInt(int64(step))}
						contents[scan] = append(contents[scan], x)
						b := delta.NewBatch(ts, 1)
						b.AppendRow(x, 1)
						batches = append(batches, scanBatch{scan, b})
					}
					if err := r.step(batches); err != nil {
						t.Fatalf("%s: %v", cfg.name, err)
					}
					want, _ := naive(plan, contents)
					if err := r.out.check(want, nil); err != nil {
						t.Fatalf("%s: step %d: %v", cfg.name, step, err)
					}
				}
				if e := r.entries(); e > 120 && !cfg.discard { // a repeated step knows of no watermark here
					t.Errorf("%s: %d entries of state after %d rows", cfg.name, e, len(contents[0])+len(contents[1]))
				}
				r.close()
			}
		})
	}
}

// TestAsOfExpireAgain: a key of which something is left when it is visited is visited again, also where the dataflow is opened anew in
// between.
func TestAsOfExpireAgain(t *testing.T) {
	kinds := []types.Kind{types.Int8, types.Timestamp}
	ts := kindsOf(kinds...)
	join := asOfNode(physical.AsOf{LeftKeys: []int{0}, RightKeys: []int{0}, LeftTime: 1, RightTime: 1}, ts, ts)
	join.Expire = &physical.Expire{Mark: watermark.Of(1, "a")}
	plan := planOf(scanOf(true, kinds...), scanOf(true, kinds...), join)
	for _, cfg := range configs {
		if cfg.discard { // a repeated step knows of no watermark here
			continue
		}
		r := newRunner(t, cfg, plan)
		b := delta.NewBatch(ts, 2)
		b.AppendRow(row{types.NewInt(1), types.NewInt(10)}, 1)
		b.AppendRow(row{types.NewInt(1), types.NewInt(100)}, 1)
		if err := r.step([]scanBatch{{0, b}}); err != nil {
			t.Fatalf("%s: %v", cfg.name, err)
		}
		for _, mark := range []int64{50, 200} {
			r.flow.SetWatermark(1, mark)
			if err := r.step(nil); err != nil {
				t.Fatalf("%s: %v", cfg.name, err)
			}
		}
		if e := r.entries(); e != 0 {
			t.Errorf("%s: %d entries are left", cfg.name, e)
		}
		r.close()
	}
}
