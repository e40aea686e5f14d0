package scalar

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// unicodeFunctions are those of Unicode's escapes and normal forms.
func unicodeFunctions() []*expr.Function {
	nfc := []*expr.Const{{Value: types.NewString("NFC"), T: tText}}
	return []*expr.Function{
		{Name: "unistr", Args: with(tText), Ret: tText, Eval: toBytes(unistr)},
		{Name: "normalize", Args: with(tText, tText), Defaults: nfc, Ret: tText, Eval: toBytes(normalize)},
		{Name: "is_normalized", Args: with(tText, tText), Defaults: nfc, Ret: tBool, Eval: toBool(isNormalized)},
	}
}

func normalForm(name string) (norm.Form, error) {
	switch strings.ToUpper(name) {
	case "NFC":
		return norm.NFC, nil
	case "NFD":
		return norm.NFD, nil
	case "NFKC":
		return norm.NFKC, nil
	case "NFKD":
		return norm.NFKD, nil
	}
	return 0, pgerr.New(pgerr.InvalidParameterValue, "invalid normalization form: %s", name)
}

func normalize(x *row, dst []byte) ([]byte, error) {
	form, err := normalForm(x.str(1))
	if err != nil {
		return nil, err
	}
	s := x.bytes(0)
	if form.IsNormal(s) {
		return append(dst, s...), nil
	}
	return appendNormal(dst, s, form)
}

func isNormalized(x *row) (bool, error) {
	form, err := normalForm(x.str(1))
	if err != nil {
		return false, err
	}
	s := x.bytes(0)
	if form.IsNormal(s) {
		return true, nil
	}
	normal, err := appendNormal(nil, s, form)
	return bytes.Equal(normal, s), err
}

// mark is a decomposed character with its canonical combining class.
type mark struct {
	r     rune
	class uint8
}

// appendNormal appends s in a normal form: decomposed, its marks in canonical order and, for the composed forms,
// put together again (Unicode Standard Annex 15). The tables are those of package norm, whose own conversion cannot
// be used: it breaks sequences of more than 30 marks with a joiner, as streams need it, and PostgreSQL does not.
func appendNormal(dst, s []byte, form norm.Form) ([]byte, error) {
	start := len(dst)
	composed := form == norm.NFC || form == norm.NFKC
	var segment []mark // what can change places or join: no character of it joins to one outside
	flush := func() {
		order(segment)
		if composed {
			segment = compose(segment)
		}
		for _, m := range segment {
			dst = utf8.AppendRune(dst, m.r)
		}
		segment = segment[:0]
	}
	for len(s) > 0 {
		props := form.Properties(s)
		n := max(props.Size(), 1)
		parts := s[:n]
		if d := props.Decomposition(); d != nil {
			parts = d
		} else if r, _ := utf8.DecodeRune(s); isHangulSyllable(r) {
			parts = norm.NFD.Bytes(s[:n])
		}
		for len(parts) > 0 {
			r, size := utf8.DecodeRune(parts)
			p := norm.NFC.Properties(parts)
			if p.CCC() == 0 && p.BoundaryBefore() {
				flush()
			}
			segment = append(segment, mark{r, p.CCC()})
			parts = parts[size:]
		}
		if len(dst)-start+len(segment) > expr.MaxValueBytes { // a character may become eighteen
			return nil, expr.ErrTooLarge()
		}
		s = s[n:]
	}
	flush()
	return dst, nil
}

func isHangulSyllable(r rune) bool { return 0xac00 <= r && r <= 0xd7a3 }

// compose joins characters of a segment to the starters before them, where nothing between blocks that.
//
// A starter that joins to nothing before it begins a segment, but others may be within: vowels and final consonants of
// Hangul, and signs of Indic scripts.
func compose(segment []mark) []mark {
	out := segment[:0]
	starter := -1 // the last one, in out
	for _, m := range segment {
		// The character before is the starter or a mark; one of the same class or of a higher one blocks.
		free := starter >= 0 && (len(out)-1 == starter || out[len(out)-1].class < m.class)
		if free {
			if r, ok := composite(out[starter].r, m.r); ok {
				out[starter].r = r
				continue
			}
		}
		if m.class == 0 {
			starter = len(out)
		}
		out = append(out, m)
	}
	return out
}

// order sorts each run of marks by class.
func order(segment []mark) {
	for i := 0; i < len(segment); {
		if segment[i].class == 0 {
			i++
			continue
		}
		end := i
		for end < len(segment) && segment[end].class != 0 {
			end++
		}
		slices.SortStableFunc(segment[i:end], func(a, b mark) int { return int(a.class) - int(b.class) })
		i = end
	}
}

// composite gives the character that stands for a followed by b, of which a is composed and b is ordered after what
// a is made of.
func composite(a, b rune) (rune, bool) {
	var in, out [2 * utf8.UTFMax]byte
	pair := utf8.AppendRune(in[:0], a)
	n := len(pair)
	pair = utf8.AppendRune(pair, b)
	if norm.NFC.Properties(pair[n:]).BoundaryBefore() {
		return 0, false
	}
	joined := norm.NFC.Append(out[:0], pair...)
	r, size := utf8.DecodeRune(joined)
	return r, size == len(joined)
}

// unistr reads Unicode escapes, of which there are four forms, with 4, 4, 6 and 8 hexadecimal digits.
func unistr(x *row, dst []byte) ([]byte, error) {
	s := x.bytes(0)
	high := rune(0) // the first half of a surrogate pair, which the second must follow
	errPair := pgerr.New(pgerr.SyntaxError, "invalid Unicode surrogate pair")
	for len(s) > 0 {
		doubled := len(s) > 1 && s[0] == '\\' && s[1] == '\\'
		if s[0] != '\\' || doubled {
			if high != 0 {
				return nil, errPair
			}
			dst = append(dst, s[0])
			if s = s[1:]; doubled {
				s = s[1:]
			}
			continue
		}
		code, n := unicodeEscape(s[1:])
		if n == 0 {
			return nil, pgerr.New(pgerr.SyntaxError, "invalid Unicode escape").
				WithHint(`Unicode escapes must be \XXXX, \+XXXXXX, \uXXXX, or \UXXXXXXXX.`)
		}
		if code == 0 || code > utf8.MaxRune {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid Unicode code point: %04X", code)
		}
		s = s[1+n:]
		r := rune(code)
		isLow := 0xdc00 <= r && r < 0xe000
		switch {
		case isLow != (high != 0):
			return nil, errPair
		case 0xd800 <= r && r < 0xdc00:
			high = r
			continue
		case isLow:
			r, high = 0x10000+(high-0xd800)<<10+(r-0xdc00), 0
		}
		dst = utf8.AppendRune(dst, r)
	}
	if high != 0 {
		return nil, errPair
	}
	return dst, nil
}

// unicodeEscape reads an escape without its backslash; n is its length, 0 for none.
func unicodeEscape(s []byte) (code uint32, n int) {
	digits, skip := 4, 0
	if len(s) > 0 {
		switch s[0] {
		case 'u':
			skip = 1
		case '+':
			digits, skip = 6, 1
		case 'U':
			digits, skip = 8, 1
		}
	}
	if len(s) < skip+digits {
		return 0, 0
	}
	for _, c := range s[skip : skip+digits] {
		d := hexDigit(c)
		if d > 15 {
			return 0, 0
		}
		code = code<<4 | uint32(d)
	}
	return code, skip + digits
}
