package datagen

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"

	"millrace/catalog"
	"millrace/connector"
	"millrace/delta"
	"millrace/pgerr"
	"millrace/types"
)

// batchRows is the size of a batch at full speed; pollMicros how long one may wait to fill when there is a rate.
const (
	batchRows  = 10_000
	pollMicros = 5_000
)

// Definition declares the connector.
func Definition() *connector.Definition {
	return &connector.Definition{
		Name:   "datagen",
		Doc:    "Random rows for the columns that the stream declares.",
		Source: open,
		Options: []connector.Option{
			{Name: "seed", Type: connector.Integer, Default: "1", Doc: "Seed of all values."},
			{Name: "rate", Type: connector.Integer, Default: "1000", Min: 0, Max: 1 << 40, Doc: "Rows a second; 0 is as fast as possible."},
			{Name: "rows", Type: connector.Integer, Default: "0", Min: 0, Max: 1 << 60, Doc: "Rows after which the source ends; 0 is endless."},
			{Name: "row_rate", Type: connector.Integer, Default: "1000", Min: 1, Max: 1_000_000_000, Doc: "Rows in one second of event time."},
			{Name: "cardinality", Type: connector.Integer, Default: "1000", Min: 1, Max: 1 << 53, Doc: "Number of different values of a column."},
			{Name: "start_time", Default: "2026-01-01 00:00:00", Doc: "Event time of the first row, in UTC."},
		},
		Columns: columns,
	}
}

// columns checks that there is a generator for each declared column.
func columns(v connector.Values, declared []catalog.Column) ([]catalog.Column, error) {
	if len(declared) == 0 {
		return nil, pgerr.New(pgerr.InvalidTableDefinition, "connector \"datagen\" needs a list of columns")
	}
	if _, err := types.ParseTimestamp(v.String("start_time"), types.DefaultEnv); err != nil {
		return nil, err
	}
	for _, c := range declared {
		switch c.T.Kind {
		case types.Bool, types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric, types.Text, types.Varchar,
			types.Date, types.Timestamp, types.TimestampTZ:
		default:
			return nil, pgerr.Unsupported("generating values of type " + c.T.String())
		}
	}
	return declared, nil
}

type source struct {
	cols        []catalog.Column
	types       []types.T
	seed        uint64
	start       int64
	rowRate     int64
	cardinality int64
	rate, end   int64
	next        int64
	clock       connector.Clock
	opened      int64
	first       int64
}

func open(c connector.SourceConfig) (connector.Source, error) {
	start, err := types.ParseTimestamp(c.Options.String("start_time"), types.DefaultEnv)
	if err != nil {
		return nil, err
	}
	s := &source{
		cols: c.Relation.Columns, types: c.Relation.Types(), seed: uint64(c.Options.Int("seed")), start: start,
		rowRate: c.Options.Int("row_rate"), cardinality: c.Options.Int("cardinality"),
		rate: c.Options.Int("rate"), end: c.Options.Int("rows"), clock: c.Clock,
	}
	if c.Offset != nil {
		if len(c.Offset) != 8 {
			return nil, fmt.Errorf("datagen: the stored offset has %d bytes", len(c.Offset))
		}
		s.next = int64(binary.BigEndian.Uint64(c.Offset))
	}
	s.opened, s.first = c.Clock.Now(), s.next
	return s, nil
}

// Close does nothing.
func (s *source) Close() error { return nil }

// Next gives the rows that are due.
func (s *source) Next(ctx context.Context) (*delta.Batch, []byte, error) {
	if s.end > 0 && s.next >= s.end {
		return nil, nil, connector.ErrDone
	}
	until := s.next + batchRows
	if s.end > 0 {
		until = min(until, s.end)
	}
	for s.rate > 0 {
		elapsed := s.clock.Now() - s.opened
		allowed := s.first + elapsed/1_000_000*s.rate + elapsed%1_000_000*s.rate/1_000_000
		if allowed > s.next {
			until = min(until, allowed)
			break
		}
		if err := s.clock.Sleep(ctx, s.clock.Now()+pollMicros); err != nil {
			return nil, nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	b := delta.NewBatch(s.types, int(until-s.next))
	for ; s.next < until; s.next++ {
		for i := range s.cols {
			b.Cols[i].Append(s.value(i))
		}
		b.N++
	}
	return b, binary.BigEndian.AppendUint64(nil, uint64(s.next)), nil
}

// value gives column i of the next row, cut to its type's length or precision.
func (s *source) value(i int) types.Datum {
	t := s.types[i]
	d, err := types.ApplyMod(t, s.random(i), true)
	if err != nil { // a number with more digits than the column takes
		return s.zero(t)
	}
	return d
}

// zero is the number 0; columns may be NOT NULL.
func (s *source) zero(t types.T) types.Datum {
	d, err := types.ParseText(t, []byte("0"), types.DefaultEnv)
	if err != nil {
		return types.Null
	}
	return d
}

func (s *source) random(i int) types.Datum {
	z := mix(s.seed ^ mix(uint64(s.next)<<12|uint64(i)))
	hi, _ := bits.Mul64(z, uint64(s.cardinality))
	n := int64(hi)
	at := s.start + s.next/s.rowRate*1_000_000 + s.next%s.rowRate*1_000_000/s.rowRate
	c := &s.cols[i]
	switch c.T.Kind {
	case types.Bool:
		return types.NewBool(z>>63 != 0)
	case types.Int2:
		return types.NewInt(n & 0x7fff)
	case types.Int4:
		n &= 0x7fffffff
		if c.Name == "id" {
			n = s.next & 0x7fffffff
		}
		return types.NewInt(n)
	case types.Int8:
		if c.Name == "id" {
			n = s.next
		}
		return types.NewInt(n)
	case types.Float4:
		return types.NewFloat(float64(float32(float64(z>>11) / (1 << 53) * float64(s.cardinality))))
	case types.Float8:
		return types.NewFloat(float64(z>>11) / (1 << 53) * float64(s.cardinality))
	case types.Numeric:
		d, err := types.ParseText(types.Of(types.Numeric), []byte(strconv.FormatInt(n, 10)+"."+strconv.FormatInt(int64(10+z%90), 10)), types.DefaultEnv)
		if err != nil {
			return s.zero(c.T)
		}
		return d
	case types.Date:
		return types.NewInt(at / 86_400_000_000)
	case types.Timestamp, types.TimestampTZ:
		return types.NewInt(at)
	}
	return types.NewString(c.Name + "-" + strconv.FormatInt(n, 10))
}

// mix is the output function of splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
func mix(z uint64) uint64 {
	z += 0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
