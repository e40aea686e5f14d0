package scalar

import (
	"bytes"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

func stringFunctions() []*expr.Function {
	return []*expr.Function{
		{Name: "||", Operator: true, Args: with(tText, tText), Ret: tText, Eval: concatPair},
		{Name: "||", Operator: true, Args: with(tText, anyNonArray), Ret: tText, Eval: concatPair},
		{Name: "||", Operator: true, Args: with(anyNonArray, tText), Ret: tText, Eval: concatPair},
		{Name: "textcat", Args: with(tText, tText), Ret: tText, Eval: concatPair},
		{Name: "concat", Args: with(anyType), Variadic: true, Ret: tText, NullCall: true, Volatility: expr.Stable, Uses: expr.UsesSettings, Eval: toBytes(concat)},
		{Name: "concat_ws", Args: with(tText, anyType), Variadic: true, Ret: tText, NullCall: true, Volatility: expr.Stable, Uses: expr.UsesSettings, Eval: toBytes(concatWS)},

		{Name: "length", Args: with(tText), Ret: tInt4, Total: true, Eval: charLength},
		{Name: "length", Args: with(tBpchar), Ret: tInt4, Total: true, Eval: toInt(bpcharLength)},
		{Name: "char_length", Args: with(tText), Ret: tInt4, Total: true, Eval: charLength},
		{Name: "char_length", Args: with(tBpchar), Ret: tInt4, Total: true, Eval: toInt(bpcharLength)},
		{Name: "character_length", Args: with(tText), Ret: tInt4, Total: true, Eval: charLength},
		{Name: "character_length", Args: with(tBpchar), Ret: tInt4, Total: true, Eval: toInt(bpcharLength)},
		{Name: "octet_length", Args: with(tText), Ret: tInt4, Total: true, Eval: toInt(byteLength)},
		{Name: "octet_length", Args: with(tBpchar), Ret: tInt4, Total: true, Eval: toInt(byteLength)},
		{Name: "bit_length", Args: with(tText), Ret: tInt4, Total: true, Eval: toInt(bitLength)},

		{Name: "lower", Args: with(tText), Ret: tText, Total: true, Eval: toBytes(lower)},
		{Name: "upper", Args: with(tText), Ret: tText, Total: true, Eval: toBytes(upper)},
		{Name: "initcap", Args: with(tText), Ret: tText, Total: true, Eval: toBytes(initcap)},
		{Name: "reverse", Args: with(tText), Ret: tText, Total: true, Eval: toBytes(reverse)},

		{Name: "substring", Args: with(tText, tInt4), Ret: tText, Total: true, Eval: toBytes(substringFrom)},
		{Name: "substring", Args: with(tText, tInt4, tInt4), Ret: tText, Eval: toBytes(substringFor)},
		{Name: "substr", Args: with(tText, tInt4), Ret: tText, Total: true, Eval: toBytes(substringFrom)},
		{Name: "substr", Args: with(tText, tInt4, tInt4), Ret: tText, Eval: toBytes(substringFor)},
		{Name: "left", Args: with(tText, tInt4), Ret: tText, Total: true, Eval: toBytes(left)},
		{Name: "right", Args: with(tText, tInt4), Ret: tText, Total: true, Eval: toBytes(right)},
		{Name: "overlay", Args: with(tText, tText, tInt4), Ret: tText, Eval: toBytes(overlay)},
		{Name: "overlay", Args: with(tText, tText, tInt4, tInt4), Ret: tText, Eval: toBytes(overlay)},

		{Name: "lpad", Args: with(tText, tInt4), Ret: tText, Eval: toBytes(pad(true))},
		{Name: "lpad", Args: with(tText, tInt4, tText), Ret: tText, Eval: toBytes(pad(true))},
		{Name: "rpad", Args: with(tText, tInt4), Ret: tText, Eval: toBytes(pad(false))},
		{Name: "rpad", Args: with(tText, tInt4, tText), Ret: tText, Eval: toBytes(pad(false))},
		{Name: "btrim", Args: with(tText), Ret: tText, Total: true, Eval: toBytes(trim(true, true))},
		{Name: "btrim", Args: with(tText, tText), Ret: tText, Total: true, Eval: toBytes(trim(true, true))},
		{Name: "ltrim", Args: with(tText), Ret: tText, Total: true, Eval: toBytes(trim(true, false))},
		{Name: "ltrim", Args: with(tText, tText), Ret: tText, Total: true, Eval: toBytes(trim(true, false))},
		{Name: "rtrim", Args: with(tText), Ret: tText, Total: true, Eval: toBytes(trim(false, true))},
		{Name: "rtrim", Args: with(tText, tText), Ret: tText, Total: true, Eval: toBytes(trim(false, true))},

		{Name: "replace", Args: with(tText, tText, tText), Ret: tText, Eval: toBytes(replace)},
		{Name: "translate", Args: with(tText, tText, tText), Ret: tText, Eval: toBytes(translate)},
		{Name: "repeat", Args: with(tText, tInt4), Ret: tText, Eval: toBytes(repeat)},
		{Name: "strpos", Args: with(tText, tText), Ret: tInt4, Total: true, Eval: toInt(strpos)},
		{Name: "position", Args: with(tText, tText), Ret: tInt4, Total: true, Eval: toInt(strpos)},
		{Name: "starts_with", Args: with(tText, tText), Ret: tBool, Total: true, Eval: toBool(startsWith)},
		{Name: "^@", Operator: true, Args: with(tText, tText), Ret: tBool, Total: true, Eval: toBool(startsWith)},
		{Name: "split_part", Args: with(tText, tText, tInt4), Ret: tText, Eval: toBytes(splitPart)},
		{Name: "string_to_array", Args: with(tText, tText), Ret: tTextArray, NullCall: true, Eval: toBytes(stringToArray)},
		{Name: "string_to_array", Args: with(tText, tText, tText), Ret: tTextArray, NullCall: true, Eval: toBytes(stringToArray)},

		{Name: "ascii", Args: with(tText), Ret: tInt4, Total: true, Eval: toInt(ascii)},
		{Name: "chr", Args: with(tInt4), Ret: tText, Eval: toBytes(chr)},
		{Name: "to_hex", Args: with(tInt4), Ret: tText, Total: true, Eval: toBytes(toHex)},
		{Name: "to_hex", Args: with(tInt8), Ret: tText, Total: true, Eval: toBytes(toHex)},
	}
}

// concatPair is || of two texts.
func concatPair(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
	a, b, ma, mb := args.V[0], args.V[1], args.Mask(0), args.Mask(1)
	args.EachBytes(out, errs, func(dst []byte, r int) ([]byte, error) {
		dst = append(dst, a.Bytes(r&ma)...)
		return append(dst, b.Bytes(r&mb)...), nil
	})
}

// concat joins the text of its arguments, NULLs left out.
func concat(x *row, dst []byte) ([]byte, error) {
	for i := range x.len() {
		if !x.null(i) {
			dst = types.AppendText(dst, x.typ(i), x.datum(i), x.ctx.Env)
		}
	}
	return dst, nil
}

func concatWS(x *row, dst []byte) ([]byte, error) {
	if x.null(0) {
		return nil, errNull
	}
	first := true
	for i := 1; i < x.len(); i++ {
		if x.null(i) {
			continue
		}
		if !first {
			dst = append(dst, x.bytes(0)...)
		}
		first = false
		dst = types.AppendText(dst, x.typ(i), x.datum(i), x.ctx.Env)
	}
	return dst, nil
}

func charLength(_ *expr.Context, args expr.Args, out *delta.Vec, _ *expr.Errors) {
	v, mask, dst := args.V[0], args.Mask(0), expr.GrowInts(out, args.N)
	args.Each(func(r int) { dst[r] = int64(utf8.RuneCount(v.Bytes(r & mask))) })
}

func bpcharLength(x *row) (int64, error) {
	return int64(utf8.RuneCount(types.TrimBpchar(x.bytes(0)))), nil
}
func byteLength(x *row) (int64, error) { return int64(len(x.bytes(0))), nil }
func bitLength(x *row) (int64, error)  { return 8 * int64(len(x.bytes(0))), nil }

// mapCase maps a text's case, by a table as long as it is ASCII.
func mapCase(dst, s []byte, table *[utf8.RuneSelf]byte, f func(rune) rune) []byte {
	start := len(dst)
	dst = append(dst, s...)
	for i, c := range dst[start:] {
		if c >= utf8.RuneSelf {
			return mapRunes(dst[:start], s, func(c byte) byte { return table[c] }, f)
		}
		dst[start+i] = table[c]
	}
	return dst
}

var lowerTable, upperTable = func() (lower, upper [utf8.RuneSelf]byte) {
	for c := range byte(utf8.RuneSelf) {
		lower[c], upper[c] = asciiLower(c), asciiUpper(c)
	}
	return lower, upper
}()

// mapRunes appends s with f applied to each character; ascii does the same for single bytes.
func mapRunes(dst, s []byte, ascii func(byte) byte, f func(rune) rune) []byte {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			dst = append(dst, ascii(s[i]))
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		dst = utf8.AppendRune(dst, f(r))
		i += n
	}
	return dst
}

func asciiLower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}

func asciiUpper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		c &^= 0x20
	}
	return c
}

func lower(x *row, dst []byte) ([]byte, error) {
	return mapCase(dst, x.bytes(0), &lowerTable, unicode.ToLower), nil
}

func upper(x *row, dst []byte) ([]byte, error) {
	return mapCase(dst, x.bytes(0), &upperTable, unicode.ToUpper), nil
}

// initcap raises the first letter of each word, a word being a run of letters and digits.
func initcap(x *row, dst []byte) ([]byte, error) {
	inWord := false
	for _, r := range x.str(0) {
		if inWord {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		} else {
			dst = utf8.AppendRune(dst, unicode.ToUpper(r))
		}
		inWord = unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	return dst, nil
}

func reverse(x *row, dst []byte) ([]byte, error) {
	s := x.bytes(0)
	for len(s) > 0 {
		_, n := utf8.DecodeLastRune(s)
		dst = append(dst, s[len(s)-n:]...)
		s = s[:len(s)-n]
	}
	return dst, nil
}

// skipChars gives the offset of the character after the first n of s, at most len(s).
func skipChars(s []byte, n int64) int {
	if n >= int64(len(s)) {
		return len(s)
	}
	i := 0
	for ; n > 0 && i < len(s); n-- {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRune(s[i:])
		i += size
	}
	return i
}

// dropChars gives the offset before the last n characters of s, at least 0.
func dropChars(s []byte, n int64) int {
	if n >= int64(len(s)) {
		return 0
	}
	i := len(s)
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRune(s[:i])
		i -= size
	}
	return i
}

func substringFrom(x *row, dst []byte) ([]byte, error) {
	s := x.bytes(0)
	return append(dst, s[skipChars(s, x.int(1)-1):]...), nil
}

func errNegativeSubstring() error {
	return pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
}

// between gives the characters from (counted from 1, possibly below) to from+count, as substring cuts.
func between(s []byte, from, count int64) ([]byte, error) {
	if count < 0 {
		return nil, errNegativeSubstring()
	}
	end := from + count // both are int4
	from = max(from, 1)
	if end <= from {
		return nil, nil
	}
	s = s[skipChars(s, from-1):]
	return s[:skipChars(s, end-from)], nil
}

func substringFor(x *row, dst []byte) ([]byte, error) {
	s, err := between(x.bytes(0), x.int(1), x.int(2))
	return append(dst, s...), err
}

func left(x *row, dst []byte) ([]byte, error) {
	s, n := x.bytes(0), x.int(1)
	if n < 0 {
		return append(dst, s[:dropChars(s, -n)]...), nil
	}
	return append(dst, s[:skipChars(s, n)]...), nil
}

func right(x *row, dst []byte) ([]byte, error) {
	s, n := x.bytes(0), x.int(1)
	if n < 0 {
		return append(dst, s[skipChars(s, -n):]...), nil
	}
	return append(dst, s[dropChars(s, n):]...), nil
}

// overlay replaces a part of a text: as many characters as the new text has, or as the fourth argument says.
func overlay(x *row, dst []byte) ([]byte, error) {
	s, part, from := x.bytes(0), x.bytes(1), x.int(2)
	count := int64(utf8.RuneCount(part))
	if x.len() == 4 {
		count = x.int(3)
	}
	switch {
	case from <= 0:
		return nil, errNegativeSubstring()
	case from+count > math.MaxInt32:
		return nil, expr.ErrOutOfRange(types.Int4)
	}
	dst = append(dst, s[:skipChars(s, from-1)]...)
	dst = append(dst, part...)
	if rest := from + count - 1; rest > 0 {
		return append(dst, s[skipChars(s, rest):]...), nil
	}
	return append(dst, s...), nil
}

func errRequestedLength() error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "requested length too large")
}

// pad fills a text to a length in characters, or cuts it to that.
func pad(leftSide bool) func(x *row, dst []byte) ([]byte, error) {
	blank := []byte(" ")
	return func(x *row, dst []byte) ([]byte, error) {
		s, n, fill := x.bytes(0), x.int(1), blank
		if x.len() == 3 {
			fill = x.bytes(2)
		}
		have := int64(utf8.RuneCount(s))
		missing := n - have
		if missing <= 0 || len(fill) == 0 {
			return append(dst, s[:skipChars(s, max(n, 0))]...), nil
		}
		if missing*int64(len(fill)) > 4*expr.MaxValueBytes || missing > expr.MaxValueBytes {
			return nil, errRequestedLength()
		}
		if !leftSide {
			dst = append(dst, s...)
		}
		width := int64(utf8.RuneCount(fill))
		for ; missing >= width; missing -= width {
			dst = append(dst, fill...)
		}
		dst = append(dst, fill[:skipChars(fill, missing)]...)
		if leftSide {
			dst = append(dst, s...)
		}
		return dst, nil
	}
}

// trim removes characters of a set (blanks by default) from the ends.
func trim(start, end bool) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		s, set := x.bytes(0), " "
		if x.len() == 2 {
			set = x.str(1)
		}
		if start {
			s = bytes.TrimLeft(s, set)
		}
		if end {
			s = bytes.TrimRight(s, set)
		}
		return append(dst, s...), nil
	}
}

func replace(x *row, dst []byte) ([]byte, error) {
	s, from, to := x.bytes(0), x.bytes(1), x.bytes(2)
	if len(from) == 0 {
		return append(dst, s...), nil
	}
	start := len(dst)
	for {
		i := bytes.Index(s, from)
		if i < 0 {
			return append(dst, s...), nil
		}
		dst = append(dst, s[:i]...)
		dst = append(dst, to...)
		s = s[i+len(from):]
		if len(dst)-start > expr.MaxValueBytes {
			return nil, expr.ErrTooLarge()
		}
	}
}

// translate maps characters of the second text to those at the same place in the third, or to nothing.
func translate(x *row, dst []byte) ([]byte, error) {
	from, to := x.bytes(1), x.bytes(2)
	key := append(append(append([]byte{}, from...), 0), to...)
	table, _ := remember(x, key, func(key string) (map[rune]rune, error) {
		from, to, _ := strings.Cut(key, "\x00")
		targets := []rune(to)
		m := map[rune]rune{}
		for i, r := range []rune(from) {
			if _, ok := m[r]; ok {
				continue
			}
			m[r] = -1
			if i < len(targets) {
				m[r] = targets[i]
			}
		}
		return m, nil
	})
	s := x.bytes(0)
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if mapped, ok := table[r]; !ok {
			dst = append(dst, s[:n]...)
		} else if mapped >= 0 {
			dst = utf8.AppendRune(dst, mapped)
		}
		s = s[n:]
	}
	return dst, nil
}

func repeat(x *row, dst []byte) ([]byte, error) {
	s, n := x.bytes(0), max(x.int(1), 0)
	if int64(len(s))*n > expr.MaxValueBytes {
		return nil, errRequestedLength()
	}
	for range n {
		dst = append(dst, s...)
	}
	return dst, nil
}

// strpos gives the character position of the second text in the first, 0 where it is not there.
func strpos(x *row) (int64, error) {
	s := x.bytes(0)
	i := bytes.Index(s, x.bytes(1))
	if i < 0 {
		return 0, nil
	}
	return int64(utf8.RuneCount(s[:i])) + 1, nil
}

func startsWith(x *row) (bool, error) { return bytes.HasPrefix(x.bytes(0), x.bytes(1)), nil }

// splitPart gives the n-th field, from the end for a negative n; an empty text where there is none.
func splitPart(x *row, dst []byte) ([]byte, error) {
	s, sep, n := x.bytes(0), x.bytes(1), x.int(2)
	switch {
	case n == 0:
		return nil, pgerr.New(pgerr.InvalidParameterValue, "field position must not be zero")
	case len(sep) == 0:
		if n == 1 || n == -1 {
			return append(dst, s...), nil
		}
		return dst, nil
	case n < 0:
		fields := int64(bytes.Count(s, sep)) + 1
		if n += fields + 1; n <= 0 {
			return dst, nil
		}
	}
	for ; n > 1; n-- {
		i := bytes.Index(s, sep)
		if i < 0 {
			return dst, nil
		}
		s = s[i+len(sep):]
	}
	if i := bytes.Index(s, sep); i >= 0 {
		s = s[:i]
	}
	return append(dst, s...), nil
}

// stringToArray splits by a delimiter: between all characters for NULL, not at all for ”. Fields equal to the third
// argument become NULL.
func stringToArray(x *row, dst []byte) ([]byte, error) {
	if x.null(0) {
		return nil, errNull
	}
	b := types.NewArrayBuilder(tText)
	add := func(field []byte) {
		if x.len() == 3 && !x.null(2) && bytes.Equal(field, x.bytes(2)) {
			b.Append(types.Null)
			return
		}
		b.Append(types.NewBytes(field))
	}
	s := x.bytes(0)
	switch {
	case len(s) == 0:
	case x.null(1):
		for len(s) > 0 {
			_, n := utf8.DecodeRune(s)
			add(s[:n])
			s = s[n:]
		}
	case len(x.bytes(1)) == 0:
		add(s)
	default:
		for sep := x.bytes(1); ; {
			i := bytes.Index(s, sep)
			if i < 0 {
				add(s)
				break
			}
			add(s[:i])
			s = s[i+len(sep):]
		}
	}
	return b.Build(dst), nil
}

func ascii(x *row) (int64, error) {
	if len(x.bytes(0)) == 0 {
		return 0, nil
	}
	r, _ := utf8.DecodeRune(x.bytes(0))
	return int64(r), nil
}

func chr(x *row, dst []byte) ([]byte, error) {
	n := x.int(0)
	switch {
	case n < 0:
		return nil, pgerr.New(pgerr.InvalidParameterValue, "character number must be positive")
	case n == 0:
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "null character not permitted")
	case n > unicode.MaxRune:
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "requested character too large for encoding: %d", n)
	case !utf8.ValidRune(rune(n)):
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "requested character not valid for encoding: %d", n)
	}
	return utf8.AppendRune(dst, rune(n)), nil
}

func toHex(x *row, dst []byte) ([]byte, error) {
	v := uint64(x.int(0))
	if x.typ(0).Is(types.Int4) {
		v = uint64(uint32(v))
	}
	const digits = "0123456789abcdef"
	shift := 60
	for shift > 0 && v>>shift == 0 {
		shift -= 4
	}
	for ; shift >= 0; shift -= 4 {
		dst = append(dst, digits[v>>shift&15])
	}
	return dst, nil
}
