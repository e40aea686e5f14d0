package types

import "math"

// Datum is one value outside a column: a constant, a parameter, a decoded field. Its type stands beside it.
// Booleans are I 0 or 1, floats are their IEEE bits in I, values of RepBytes are B. A Datum does not own B.
type Datum struct {
	Null bool
	I    int64
	B    []byte
}

// Null is the NULL datum, of every type.
var Null = Datum{Null: true}

// NewBool, NewInt, NewFloat and NewBytes make a datum of each representation.
func NewBool(v bool) Datum {
	if v {
		return Datum{I: 1}
	}
	return Datum{}
}

// NewInt makes a datum of RepInt.
func NewInt(v int64) Datum { return Datum{I: v} }

// NewFloat makes a datum of RepFloat.
func NewFloat(v float64) Datum { return Datum{I: int64(math.Float64bits(v))} }

// NewBytes makes a datum of RepBytes that aliases b.
func NewBytes(b []byte) Datum { return Datum{B: b} }

// NewString makes a datum of RepBytes from s.
func NewString(s string) Datum { return Datum{B: []byte(s)} }

// Bool, Float read a datum of that representation.
func (d Datum) Bool() bool { return d.I != 0 }

// Float reads a datum of RepFloat.
func (d Datum) Float() float64 { return math.Float64frombits(uint64(d.I)) }
