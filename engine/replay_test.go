package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"millrace/engine"
	"millrace/internal/testseed"
	"millrace/types"
)

// TestReplayIsTheSame makes the same commits several times, with restarts in between in some runs and none of the operators' state in
// memory in others, and compares the bytes of the views' changelogs.
func TestReplayIsTheSame(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("MILLRACE_SEED=%d", seed)
	var first []string
	for run, opt := range []engine.Options{{}, {}, {StateBytes: -1}} {
		got := changelogs(t, seed, opt, run == 1)
		if run == 0 {
			first = got
		}
		for i, v := range timedViews {
			if got[i] != first[i] {
				t.Errorf("run %d: the changelog of %s is another", run, v.name)
			}
		}
	}
}

// changelogs makes commits and hashes the changelog of each of the views.
func changelogs(t *testing.T, seed uint64, opt engine.Options, restarts bool) []string {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 9))
	clock := &engine.ManualClock{}
	now := int64(30 * types.MicrosPerDay)
	clock.Set(now)
	opt.Clock, opt.NoBackground = clock, true
	h := timedHarness(t, opt)
	var ids []uint32
	for _, v := range timedViews {
		ids = append(ids, h.view(v.name, v.query))
		h.view(v.name+"_follows", "SELECT count(*) AS n FROM "+v.name) // so that a changelog is kept
	}
	settle := func() {
		t.Helper()
		if err := h.eng.Settle(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	settle()
	type kept struct{ at, v int64 }
	rows := map[int64]kept{}
	for next := range int64(80) {
		now += r.Int64N(types.MicrosPerDay / 20)
		clock.Set(now)
		var changes []change
		if old := r.Int64N(next + 1); rows[old] != (kept{}) {
			changes = append(changes, minus(old, rows[old].at, rows[old].v))
			delete(rows, old)
		}
		for i := range int64(4) {
			k := kept{now + r.Int64N(4*types.MicrosPerHour) - 3*types.MicrosPerHour, r.Int64N(4)}
			rows[next*4+i+1000] = k
			changes = append(changes, plus(next*4+i+1000, k.at, k.v))
		}
		h.mustCommit(h.write("ev", changes...), h.write("log", plus(next, now, r.Int64N(3))))
		settle()
		if _, err := h.eng.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
		settle()
		if restarts && next%9 == 0 {
			h.reopen()
			settle()
		}
	}
	var out []string
	for _, id := range ids {
		sum, entries := sha256.New(), 0
		it := h.eng.Store().ReadViewLog(id, 0, 1<<40)
		for it.Next() {
			p := it.Position()
			sum.Write(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, p.Epoch), p.Seq))
			sum.Write(it.Value())
			entries++
		}
		if err := it.Close(); err != nil {
			t.Fatal(err)
		}
		if entries == 0 {
			t.Fatalf("view %d has no changelog", id)
		}
		out = append(out, hex.EncodeToString(sum.Sum(nil)))
	}
	h.close()
	return out
}
