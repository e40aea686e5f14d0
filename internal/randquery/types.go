package randquery

// Type is the type of a column or an expression, as SQL writes it.
type Type string

// The types that are generated.
const (
	Int       Type = "int4"
	BigInt    Type = "int8"
	Numeric   Type = "numeric"
	Float     Type = "float8"
	Text      Type = "text"
	Bool      Type = "bool"
	Date      Type = "date"
	Timestamp Type = "timestamp"
	Ints      Type = "int4[]"
	Texts     Type = "text[]"
)

// allTypes are the types of columns; the first, of which keys are, has the greatest weight.
var allTypes = []Type{Int, Int, Int, Int, BigInt, Numeric, Float, Text, Text, Bool, Date, Timestamp, Ints, Texts}

// declared is the type as a table declares it. A numeric column has a scale: equal values then have equal texts.
func (t Type) declared() string {
	if t == Numeric {
		return "numeric(10,2)"
	}
	return string(t)
}

// values are few, so that they meet. Those of extremes are rare.
var values = map[Type]struct{ usual, extremes []string }{
	Int:       {[]string{"0", "1", "1", "2", "2", "3", "4", "5", "-1"}, []string{"2147483647", "-2147483648", "1000000"}},
	BigInt:    {[]string{"0", "1", "2", "2", "3", "-1", "10"}, []string{"9223372036854775807", "-9223372036854775808", "4294967296"}},
	Numeric:   {[]string{"0", "1", "1.50", "-2.25", "2", "0.01", "3.33"}, []string{"99999999.99", "-99999999.99", "'NaN'"}},
	Float:     {[]string{"0", "0.5", "1.25", "-2.75", "1", "2", "3"}, []string{"1e10", "'NaN'", "'Infinity'", "'-Infinity'", "'-0'"}},
	Text:      {[]string{"''", "'a'", "'b'", "'a'", "'ab'", "'b,c'", "'x'", "'A'"}, []string{"'Ä€😀'", "' a '", "'0'", "'%_'", "'it''s \\ \"q\"'"}},
	Bool:      {[]string{"true", "false"}, []string{"true"}},
	Date:      {[]string{"'2024-01-01'", "'2024-01-02'", "'2024-02-29'", "'2023-12-31'"}, []string{"'infinity'", "'-infinity'", "'0001-01-01'", "'9999-12-31'"}},
	Timestamp: {[]string{"'2024-01-01 00:00'", "'2024-01-01 10:30'", "'2024-01-02 00:00'", "'2024-02-29 23:59:59.999999'"}, []string{"'infinity'", "'-infinity'", "'1969-12-31 23:59:59.5'"}},
	Ints:      {[]string{"'{}'", "'{1}'", "'{1,2}'", "'{2,2,NULL}'", "'{3,1}'"}, []string{"'{NULL}'", "'{{1,2},{3,4}}'"}},
	Texts:     {[]string{"'{}'", "'{a}'", "'{a,b}'", "'{b,NULL,a}'"}, []string{"'{\"\"}'", "'{\"NULL\",\"x y\"}'"}},
}

// nullPercent is the share of NULLs where they may be.
const nullPercent = 18

// value is a literal of the type, as VALUES takes it: text in quotes that the column's type gives a meaning.
func (g *Generator) value(t Type, nulls bool) string {
	v := values[t]
	switch {
	case nulls && g.chance(nullPercent):
		return "NULL"
	case g.chance(3) && g.opts.Extremes:
		return v.extremes[g.pick(len(v.extremes))]
	}
	return v.usual[g.pick(len(v.usual))]
}

// literal is a value that carries its type.
func (g *Generator) literal(t Type) *Node {
	v := g.value(t, false)
	switch {
	case g.chance(8):
		v = "NULL::" + string(t)
	case t != Int && t != Bool || v[0] == '-':
		// A minus sign binds less tightly than a cast.
		v = "(" + v + ")::" + string(t)
	}
	return build(string(t), v)
}
