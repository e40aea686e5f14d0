package types

import (
	"testing"
)

func benchParse(b *testing.B, typ T, text string) {
	s := []byte(text)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseText(typ, s, DefaultEnv); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseText(b *testing.B) {
	for _, c := range []struct{ name, typ, text string }{
		{"int4", "int4", "1234567"}, {"int8", "int8", "-1234567890123"}, {"float8", "float8", "1234.5678"},
		{"numeric", "numeric", "12345.67"}, {"numeric_mod", "numeric(10,2)", "12345.67"}, {"text", "text", "hello, world"},
		{"varchar", "varchar(20)", "hello, world"}, {"bool", "bool", "true"}, {"uuid", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{"int4_array", "int4[]", "{1,2,3,4,5,6,7,8}"}, {"timestamp", "timestamp", "2024-02-29 12:34:56.789"},
	} {
		b.Run(c.name, func(b *testing.B) { benchParse(b, formType(b, c.typ), c.text) })
	}
}

func BenchmarkAppendText(b *testing.B) {
	for _, c := range []struct{ name, typ, text string }{
		{"int4", "int4", "1234567"}, {"int8", "int8", "-1234567890123"}, {"float8", "float8", "1234.5678"},
		{"numeric", "numeric", "12345.67"}, {"text", "text", "hello, world"}, {"uuid", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{"int4_array", "int4[]", "{1,2,3,4,5,6,7,8}"}, {"text_array", "text[]", "{a,b c,d}"}, {"timestamp", "timestamp", "2024-02-29 12:34:56.789"},
	} {
		typ := formType(b, c.typ)
		d, err := ParseText(typ, []byte(c.text), nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst = AppendText(dst[:0], typ, d, DefaultEnv)
			}
		})
	}
}

func BenchmarkNumeric(b *testing.B) {
	x, y, z := mustNumeric(b, "12345.67"), mustNumeric(b, "-0.0825"), mustNumeric(b, "12345.60")
	wide := mustNumeric(b, "1666.6666666666666667")
	var dst []byte
	for _, c := range []struct {
		name string
		op   func()
	}{
		{"add_same_scale", func() { dst, _ = NumericAdd(dst[:0], x, z) }},
		{"add", func() { dst, _ = NumericAdd(dst[:0], x, y) }},
		{"mul", func() { dst, _ = NumericMul(dst[:0], x, y) }},
		{"div", func() { dst, _ = NumericDiv(dst[:0], x, y) }},
		{"round", func() { dst, _ = NumericRound(dst[:0], x, 1) }},
		{"round_wide", func() { dst, _ = NumericRound(dst[:0], wide, 2) }},
		{"cmp_same_scale", func() { NumericCmp(x, z) }},
		{"cmp", func() { NumericCmp(x, y) }},
		{"hash", func() { HashNumeric(z, 1) }},
		{"binary", func() { dst = AppendNumericBinary(dst[:0], x) }},
		{"sqrt", func() { dst, _ = NumericSqrt(dst[:0], x) }},
		{"ln", func() { dst, _ = NumericLn(dst[:0], x) }},
		{"exp", func() { dst, _ = NumericExp(dst[:0], y) }},
		{"power", func() { dst, _ = NumericPower(dst[:0], x, y) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.op()
			}
		})
	}
}

func BenchmarkNumericSum(b *testing.B) {
	x := mustNumeric(b, "12345.67")
	b.Run("add", func(b *testing.B) {
		b.ReportAllocs()
		var s NumericSum
		for b.Loop() {
			s.Add(x, 1)
		}
	})
	b.Run("add_int", func(b *testing.B) {
		b.ReportAllocs()
		var s NumericSum
		for b.Loop() {
			s.AddInt(1234567, 1)
		}
	})
	b.Run("state", func(b *testing.B) {
		b.ReportAllocs()
		s := sumOf([][]byte{x, x, x})
		var dst []byte
		for b.Loop() {
			dst = s.Append(dst[:0])
			*s, _ = DecodeNumericSum(dst)
		}
	})
	b.Run("avg", func(b *testing.B) {
		b.ReportAllocs()
		s := sumOf([][]byte{x, x, x})
		var dst []byte
		for b.Loop() {
			dst, _ = s.Avg(dst[:0], 3)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	text := NewString("a key of some length")
	b.Run("int", func(b *testing.B) {
		h := uint64(0)
		for b.Loop() {
			h = HashInt(42, h)
		}
	})
	b.Run("text", func(b *testing.B) {
		h := uint64(0)
		for b.Loop() {
			h = Hash(Of(Text), text, h)
		}
	})
}

func BenchmarkArrayRead(b *testing.B) {
	builder := NewArrayBuilder(Of(Int8))
	for i := range int64(100) {
		builder.Append(NewInt(i))
	}
	a := builder.Build(nil)
	b.ReportAllocs()
	for b.Loop() {
		r := ReadArray(Of(Int8), a)
		for {
			if _, ok := r.Next(); !ok {
				break
			}
		}
	}
}
