package scalar_test

import (
	"fmt"
	"math/rand"
	"testing"

	"millrace/delta"
	"millrace/expr"
	"millrace/types"
)

const benchRows = 8192

// bids is a batch like those of a stream of bids.
func bids() (*delta.Batch, *binder) {
	rng := rand.New(rand.NewSource(1))
	ts := []types.T{types.Of(types.Int8), types.Of(types.Int8), types.Of(types.Numeric), types.Of(types.Text), types.Of(types.Timestamp), types.Of(types.Float8), types.Of(types.Int8)}
	names := []string{"auction", "bidder", "price", "channel", "ts", "f", "nullable"}
	b := &binder{columns: map[string]*expr.Column{}}
	for i, t := range ts {
		b.columns[names[i]] = &expr.Column{Index: i, T: t, Name: names[i]}
	}
	batch := delta.NewBatch(ts, benchRows)
	for i := range benchRows {
		price := types.NumericFromInt(nil, rng.Int63n(10000000))
		nullable := types.NewInt(rng.Int63n(1000))
		if i%7 == 0 {
			nullable = types.Null
		}
		batch.AppendRow([]types.Datum{
			types.NewInt(rng.Int63n(10000)), types.NewInt(rng.Int63n(100000)), types.NewBytes(price),
			types.NewString(fmt.Sprintf("channel-%d", rng.Intn(10000))), types.NewInt(rng.Int63n(1e15)),
			types.NewFloat(rng.Float64() * 1000), nullable,
		}, 1)
	}
	return batch, b
}

// BenchmarkEval gives the time a row for projections, in ns/row, and BenchmarkFilter for conditions.
func BenchmarkEval(b *testing.B) {
	for _, sql := range []string{
		"auction",
		"auction + 1",
		"auction + bidder",
		"auction * bidder",
		"nullable + auction",
		"f * 1.5::float8",
		"price * 0.908",
		"auction = 123",
		"auction % 123",
		"channel || '-x'",
		"lower(channel)",
		"length(channel)",
		"substring(channel, 9)",
		"split_part(channel, '-', 2)",
		"channel LIKE '%-9%'",
		"channel ~ '^channel-[0-9]+$'",
		"regexp_match(channel, 'channel-([0-9]+)')",
		"date_trunc('hour', ts)",
		"ts - interval '5 seconds'",
		"extract(hour from ts)",
		"to_char(ts, 'YYYY-MM-DD')",
		"CASE WHEN auction < 5000 THEN 'low' ELSE 'high' END",
		"coalesce(nullable, auction)",
		"greatest(auction, bidder)",
		"price::float8",
		"auction::text",
		"auction::numeric",
	} {
		b.Run(sql, func(b *testing.B) {
			batch, p := program(b, sql)
			ctx := &expr.Context{Env: types.DefaultEnv}
			var errs expr.Errors
			b.ReportAllocs()
			for b.Loop() {
				p.Eval(ctx, batch, &errs)
			}
			if len(errs.List) > 0 {
				b.Fatal(errs.List[0].Err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
		})
	}
}

func BenchmarkFilter(b *testing.B) {
	for _, sql := range []string{
		"auction < 5000",
		"auction % 123 = 0",
		"auction < 5000 AND bidder > 50000",
		"nullable < 500",
		"channel = 'channel-77'",
		"auction IN (1007, 1020, 2001, 2019, 2087)",
		"price > 5000000",
	} {
		b.Run(sql, func(b *testing.B) {
			batch, p := program(b, sql)
			ctx := &expr.Context{Env: types.DefaultEnv}
			var errs expr.Errors
			var sel []uint32
			b.ReportAllocs()
			for b.Loop() {
				sel = p.EvalPred(ctx, batch, sel, &errs)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
		})
	}
}

func program(b *testing.B, sql string) (*delta.Batch, *expr.Program) {
	b.Helper()
	batch, binder := bids()
	e, err := binder.parse(sql)
	if err != nil {
		b.Fatal(err)
	}
	p, err := expr.Compile(expr.Fold(e))
	if err != nil {
		b.Fatal(err)
	}
	return batch, p
}
