package agg

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// percentiles are percentile_cont and percentile_disc, for one fraction and for an array of them.
func percentiles() []*Function {
	one, many := types.Of(types.Float8), types.ArrayOf(types.Of(types.Float8))
	f8, iv := types.Of(types.Float8), types.Of(types.Interval)
	of := func(name string, oid uint32, fraction, value, ret types.T) *Function {
		cont, array := name == "percentile_cont", fraction == many
		return &Function{Name: name, OID: oid, Form: OrderedSet, Direct: 1, Args: []types.T{fraction, value}, Ret: ret, Strict: 1,
			Fold: func(args []types.T) Fold { return &percentileFold{t: args[0], cont: cont, array: array} }}
	}
	fs := []*Function{
		of("percentile_disc", 3972, one, expr.AnyElement, expr.AnyElement),
		of("percentile_disc", 3978, many, expr.AnyElement, expr.AnyArray),
		of("percentile_cont", 3974, one, f8, f8),
		of("percentile_cont", 3976, one, iv, iv),
		of("percentile_cont", 3980, many, f8, many),
		of("percentile_cont", 3982, many, iv, types.ArrayOf(iv)),
	}
	fs[0].RetOf = func(args []types.T) types.T { return args[1].WithoutMod() }
	fs[1].RetOf = func(args []types.T) types.T { return types.ArrayOf(args[1].WithoutMod()) }
	for _, f := range fs[:2] {
		f.Note = "The first value whose place in the order is at least the fraction."
	}
	for _, f := range fs[2:] {
		f.Note = "The value at the fraction of the order, interpolated between neighbours."
	}
	return fs
}

// percentileFold is the percentiles of one group. Cost: the number of distinct rows up to the highest fraction, each passed
// over without being decoded.
type percentileFold struct {
	t     types.T
	cont  bool // interpolated
	array bool // an array of fractions

	none  bool // the result is NULL
	at    []fraction
	want  []wanted
	next  int // the first of want that is not found
	dims  []types.ArrayDim
	out   types.ArrayBuilder
	value []ownDatum // two per fraction
}

// fraction is one result: between the values 2i and 2i+1, by part of their difference.
type fraction struct {
	null bool
	part float64
}

// wanted is a position and where its value goes.
type wanted struct {
	pos int64
	to  int
}

func (f *percentileFold) Begin(direct []types.Datum, rows int64) (int64, error) {
	f.at, f.want, f.next, f.dims = f.at[:0], f.want[:0], 0, f.dims[:0]
	d := direct[0]
	if f.none = d.Null || f.array && rows == 0; f.none {
		return Done, nil
	}
	if !f.array {
		if err := f.add(d, rows); err != nil {
			return Done, err
		}
		f.none = rows == 0
	} else {
		r := types.ReadArray(types.Of(types.Float8), d.B)
		f.dims = append(f.dims, r.Dims()...)
		for {
			e, ok := r.Next()
			if !ok {
				break
			}
			if err := f.add(e, rows); err != nil {
				return Done, err
			}
		}
	}
	for len(f.value) < 2*len(f.at) {
		f.value = append(f.value, ownDatum{})
	}
	slices.SortStableFunc(f.want, func(a, b wanted) int { return cmp.Compare(a.pos, b.pos) })
	return f.position(), nil
}

// add takes one more fraction.
func (f *percentileFold) add(d types.Datum, rows int64) error {
	i := 2 * len(f.at)
	if d.Null {
		f.at = append(f.at, fraction{null: true})
		return nil
	}
	p := d.Float()
	if !(p >= 0 && p <= 1) {
		return pgerr.New(pgerr.NumericValueOutOfRange, "percentile value %s is not between 0 and 1", strconv.FormatFloat(p, 'g', 6, 64))
	}
	if !f.cont {
		f.at = append(f.at, fraction{})
		f.want = append(f.want, wanted{max(int64(math.Ceil(p*float64(rows))), 1) - 1, i})
		return nil
	}
	place := p * float64(rows-1)
	low := math.Floor(place)
	f.at = append(f.at, fraction{part: place - low})
	f.want = append(f.want, wanted{int64(low), i}, wanted{int64(math.Ceil(place)), i + 1})
	return nil
}

func (f *percentileFold) position() int64 {
	if f.next == len(f.want) {
		return Done
	}
	return f.want[f.next].pos
}

func (f *percentileFold) Row(args []types.Datum, at, n int64) (int64, error) {
	for f.next < len(f.want) && f.want[f.next].pos < at+n {
		f.value[f.want[f.next].to].set(args[0])
		f.next++
	}
	return f.position(), nil
}

func (f *percentileFold) End(out *delta.Vec) error {
	if f.none {
		out.AppendNull()
		return nil
	}
	f.out.Reset(f.t)
	for i := range f.at {
		d, err := f.result(i)
		switch {
		case err != nil:
			out.AppendNull()
			return err
		case !f.array:
			out.Append(d)
			return nil
		}
		f.out.Append(d)
	}
	out.Data = f.out.BuildDims(out.Data, f.dims)
	out.EndBytes()
	return nil
}

// result is the value at fraction i.
func (f *percentileFold) result(i int) (types.Datum, error) {
	at, low, high := f.at[i], f.value[2*i].Datum, f.value[2*i+1].Datum
	switch {
	case at.null:
		return types.Null, nil
	case !f.cont || at.part == 0:
		return low, nil
	case f.t.Kind == types.Float8:
		return types.NewFloat(low.Float() + float64(at.part*(high.Float()-low.Float()))), nil
	}
	a := types.DecodeInterval(low.B)
	d, err := types.DecodeInterval(high.B).Sub(a)
	if err == nil {
		d, err = d.Mul(at.part)
	}
	if err == nil {
		a, err = a.Add(d)
	}
	if err != nil {
		return types.Null, err
	}
	return types.NewBytes(a.Encode(nil)), nil
}
