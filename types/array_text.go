package types

import (
	"encoding/binary"
	"strconv"

	"millrace/pgerr"
)

// parseArray reads an array literal: {1,2}, {{a,"b c"},{NULL,d}}, [2:3]={1,2}. It accepts what PostgreSQL 15 accepts,
// except sub-arrays of different depth as in {{1},{{2}}}, which later versions refuse as well.
func parseArray(elem T, s []byte, env *Env) ([]byte, error) {
	p := arrayParser{s: s, elem: elem, env: env}
	p.builder.Reset(elem)
	declared, nd, err := p.dimensions()
	if err != nil {
		return nil, err
	}
	if err := p.body(); err != nil {
		return nil, err
	}
	if p.fault != nil {
		return nil, p.fault
	}
	dims := p.dims[:p.ndim]
	if p.builder.Len() == 0 {
		dims = nil
	}
	if nd > 0 {
		if nd != len(dims) {
			return nil, p.malformed(arrayDimsMismatch)
		}
		for i := range dims {
			if dims[i].Len != declared[i].Len {
				return nil, p.malformed(arrayDimsMismatch)
			}
			dims[i].Lower = declared[i].Lower
		}
	}
	if _, err := CheckArrayDims(dims); err != nil {
		return nil, err
	}
	return p.builder.BuildDims(nil, dims), nil
}

const (
	arrayDimsMismatch = "Specified array dimensions do not match array contents."
	arraySubMismatch  = "Multidimensional arrays must have sub-arrays with matching dimensions."
	arrayEnd          = "Unexpected end of input."
	arrayElement      = "Unexpected array element."
)

// arrayParser reads a literal in one pass without recursion: nesting is a counter, bounded by arrayDimsMax.
type arrayParser struct {
	s       []byte
	i       int
	elem    T
	env     *Env
	builder ArrayBuilder
	token   []byte // an element's text when it had escapes
	fault   error  // of the first bad element: faults of the literal's structure come before it
	ndim    int
	frozen  bool // the number of dimensions is known: an element or a closed level was seen
	dims    [arrayDimsMax]ArrayDim
	counts  [arrayDimsMax]int32
}

func (p *arrayParser) malformed(detail string) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "malformed array literal: \"%s\"", validText(p.s)).WithDetail("%s", detail)
}

func (p *arrayParser) unexpected(c byte) error {
	return p.malformed(`Unexpected "` + string(rune(c)) + `" character.`)
}

func (p *arrayParser) skipSpace() {
	for p.i < len(p.s) && asciiSpace(p.s[p.i]) {
		p.i++
	}
}

func (p *arrayParser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

// dimensions reads [lower:upper]... = before the braces.
func (p *arrayParser) dimensions() (dims [arrayDimsMax]ArrayDim, n int, err error) {
	p.skipSpace()
	for p.peek() == '[' {
		if n >= arrayDimsMax {
			return dims, n, errArrayDims(n + 1)
		}
		p.i++
		upper, ok := p.bound()
		if !ok {
			return dims, n, p.malformed(`"[" must introduce explicitly-specified array dimensions.`)
		}
		lower := int64(1)
		if p.peek() == ':' {
			p.i++
			lower = upper
			if upper, ok = p.bound(); !ok {
				return dims, n, p.malformed("Missing array dimension value.")
			}
		}
		if p.peek() != ']' {
			return dims, n, p.malformed(`Missing "]" after array dimensions.`)
		}
		p.i++
		switch {
		case upper < lower:
			return dims, n, pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
		case lower != int64(int32(lower)) || upper-lower >= arrayElementMax:
			return dims, n, pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", arrayElementMax)
		}
		dims[n] = ArrayDim{Len: int32(upper - lower + 1), Lower: int32(lower)}
		n++
		p.skipSpace()
	}
	if n > 0 {
		if p.peek() != '=' {
			return dims, n, p.malformed(`Missing "=" after array dimensions.`)
		}
		p.i++
		p.skipSpace()
	}
	if p.peek() != '{' {
		if n > 0 {
			return dims, n, p.malformed(`Array contents must start with "{".`)
		}
		return dims, n, p.malformed(`Array value must start with "{" or dimension information.`)
	}
	return dims, n, nil
}

// bound reads a signed integer, cut off well beyond the range of subscripts.
func (p *arrayParser) bound() (int64, bool) {
	sign := p.peek()
	if sign == '-' || sign == '+' {
		p.i++
	}
	n := leadingDigits(p.s[p.i:])
	v := int64(0)
	for range n {
		v = min(v*10+int64(p.s[p.i]-'0'), 1<<40)
		p.i++
	}
	if sign == '-' {
		v = -v
	}
	return v, n > 0
}

// body reads the braces and what is in them.
func (p *arrayParser) body() error {
	level, wantDelim := 0, false
	for {
		p.skipSpace()
		if p.i == len(p.s) {
			return p.malformed(arrayEnd)
		}
		switch c := p.s[p.i]; c {
		case '{':
			if wantDelim || p.frozen && level >= p.ndim {
				return p.unexpected(c)
			}
			if level == arrayDimsMax {
				return errArrayDims(level + 1)
			}
			p.counts[level] = 0
			level++
			p.ndim = max(p.ndim, level)
			p.i++
		case '}':
			if !wantDelim && (p.ndim > 1 || p.counts[0] > 0) {
				return p.unexpected(c)
			}
			level--
			if err := p.closeLevel(level); err != nil {
				return err
			}
			wantDelim = true
			p.i++
			if level == 0 {
				p.skipSpace()
				if p.i < len(p.s) {
					return p.malformed("Junk after closing right brace.")
				}
				return nil
			}
		case ',':
			if !wantDelim {
				return p.unexpected(c)
			}
			wantDelim = false
			p.i++
		default:
			if wantDelim || p.frozen && level != p.ndim {
				return p.malformed(arrayElement)
			}
			p.frozen = true
			p.counts[level-1]++
			if err := p.element(); err != nil {
				return err
			}
			wantDelim = true
		}
	}
}

// closeLevel checks that the level just closed is as long as its siblings, and counts it in its parent.
func (p *arrayParser) closeLevel(level int) error {
	p.frozen = true
	switch n := p.counts[level]; {
	case p.dims[level].Lower == 0:
		p.dims[level] = ArrayDim{Len: n, Lower: 1}
	case p.dims[level].Len != n:
		return p.malformed(arraySubMismatch)
	}
	if level > 0 {
		p.counts[level-1]++
	}
	return nil
}

// element reads one element and adds it.
func (p *arrayParser) element() error {
	text, null, err := p.elementText()
	if err != nil {
		return err
	}
	if null || p.fault != nil {
		p.builder.Append(Null)
		return nil
	}
	d, err := ParseText(p.elem, text, p.env)
	if err != nil {
		p.fault = err
		return nil
	}
	if p.builder.Len() >= arrayElementMax {
		return pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", arrayElementMax)
	}
	p.builder.Append(d)
	return nil
}

// elementText gives an element's text without quotes, escapes and the blanks around it. The text aliases the literal or
// p.token.
func (p *arrayParser) elementText() (text []byte, null bool, err error) {
	quoted := p.s[p.i] == '"'
	if quoted {
		p.i++
	}
	start := p.i
	escaped := false
	p.token = p.token[:0]
	end := 0 // length of the token up to its last character that is no unescaped blank
	for ; p.i < len(p.s); p.i++ {
		c := p.s[p.i]
		switch {
		case c == '\\':
			if !escaped {
				escaped = true
				p.token = append(p.token, p.s[start:p.i]...)
			}
			p.i++
			if p.i == len(p.s) {
				return nil, false, p.malformed(arrayEnd)
			}
			p.token = append(p.token, p.s[p.i])
			end = len(p.token)
			continue
		case quoted && c == '"':
			text = p.s[start:p.i]
			if escaped {
				text = p.token
			}
			p.i++
			return text, false, p.afterQuote()
		case quoted:
		case c == '"':
			return nil, false, p.malformed(arrayElement)
		case c == '{':
			return nil, false, p.unexpected(c)
		case c == ',' || c == '}':
			if escaped {
				for len(p.token) > end && asciiSpace(p.token[len(p.token)-1]) {
					p.token = p.token[:len(p.token)-1]
				}
				return p.token, false, nil
			}
			text = trimSpace(p.s[start:p.i])
			return text, asciiEqualFold(text, "null"), nil
		}
		if escaped {
			p.token = append(p.token, c)
		}
	}
	return nil, false, p.malformed(arrayEnd)
}

// afterQuote checks that nothing but a delimiter follows a quoted element; body meets it next.
func (p *arrayParser) afterQuote() error {
	p.skipSpace()
	switch c := p.peek(); {
	case p.i == len(p.s):
		return p.malformed(arrayEnd)
	case c == '{':
		return p.unexpected(c)
	case c != ',' && c != '}':
		return p.malformed(arrayElement)
	}
	return nil
}

// appendArray appends an array's text.
func appendArray(dst []byte, elem T, b []byte, env *Env) []byte {
	r := ReadArray(elem, b)
	if r.n == 0 {
		return append(dst, "{}"...)
	}
	for _, d := range r.Dims() {
		if d.Lower != 1 {
			dst = appendArrayDims(dst, r.Dims())
			break
		}
	}
	bare := neverQuoted(elem.Kind)
	for i := range r.n {
		d, ok := r.Next()
		if !ok {
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendBraces(dst, r.Dims(), i, '{')
		switch {
		case d.Null:
			dst = append(dst, "NULL"...)
		case bare:
			dst = AppendText(dst, elem, d, env)
		default:
			start := len(dst)
			dst = quoteElement(AppendText(dst, elem, d, env), start)
		}
		dst = appendBraces(dst, r.Dims(), i+1, '}')
	}
	return dst
}

// appendBraces appends as many braces as levels begin before, or end after, the element with the row-major index i.
func appendBraces(dst []byte, dims []ArrayDim, i int, brace byte) []byte {
	size := 1
	for k := len(dims) - 1; k >= 0; k-- {
		if size *= int(dims[k].Len); i%size != 0 {
			break
		}
		dst = append(dst, brace)
	}
	return dst
}

func appendArrayDims(dst []byte, dims []ArrayDim) []byte {
	for _, d := range dims {
		dst = append(dst, '[')
		dst = strconv.AppendInt(dst, int64(d.Lower), 10)
		dst = append(dst, ':')
		dst = strconv.AppendInt(dst, int64(d.Lower)+int64(d.Len)-1, 10)
		dst = append(dst, ']')
	}
	return append(dst, '=')
}

// neverQuoted tells the kinds whose text has none of the characters that need quotes.
func neverQuoted(k Kind) bool {
	switch k {
	case Bool, Int2, Int4, Int8, Float4, Float8, Numeric, OID, UUID:
		return true
	}
	return false
}

// quoteElement puts quotes around the element text at dst[start:] if it needs them.
func quoteElement(dst []byte, start int) []byte {
	text := dst[start:]
	need := len(text) == 0 || asciiEqualFold(text, "null")
	escapes := 0
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			escapes++
			need = true
		case c == '{' || c == '}' || c == ',' || asciiSpace(c):
			need = true
		}
	}
	if !need {
		return dst
	}
	// Widen the text in place, from its end.
	n := len(text)
	for range escapes + 2 {
		dst = append(dst, 0)
	}
	to := len(dst) - 1
	dst[to] = '"'
	for from := start + n - 1; from >= start; from-- {
		to--
		dst[to] = dst[from]
		if c := dst[to]; c == '"' || c == '\\' {
			to--
			dst[to] = '\\'
		}
	}
	dst[start] = '"'
	return dst
}

// appendArrayBinary appends an array in PostgreSQL's binary format: number of dimensions, flag for NULLs, element type,
// length and lower bound of each dimension, then each element with its length (-1 for NULL); all int32, big endian.
func appendArrayBinary(dst []byte, elem T, b []byte) []byte {
	be := binary.BigEndian
	r := ReadArray(elem, b)
	dst = be.AppendUint32(dst, uint32(r.ndim))
	flags := uint32(0)
	if r.HasNulls() {
		flags = 1
	}
	dst = be.AppendUint32(dst, flags)
	dst = be.AppendUint32(dst, elem.OID())
	for _, d := range r.Dims() {
		dst = be.AppendUint32(dst, uint32(d.Len))
		dst = be.AppendUint32(dst, uint32(d.Lower))
	}
	for {
		d, ok := r.Next()
		if !ok {
			return dst
		}
		at := len(dst)
		dst = be.AppendUint32(dst, ^uint32(0))
		if !d.Null {
			dst = AppendBinary(dst, elem, d)
			be.PutUint32(dst[at:], uint32(len(dst)-at-4))
		}
	}
}

// parseArrayBinary reads that format.
func parseArrayBinary(elem T, b []byte) ([]byte, error) {
	m := binaryMessage{rest: b}
	ndim, flags, oid := int32(m.uint32()), m.uint32(), m.uint32()
	switch {
	case m.short:
		return nil, errShortBinary()
	case ndim < 0:
		return nil, errBinary("invalid number of dimensions: " + strconv.Itoa(int(ndim)))
	case ndim > arrayDimsMax:
		return nil, errArrayDims(int(ndim))
	case flags > 1:
		return nil, errBinary("invalid array flags")
	case oid != elem.OID():
		return nil, pgerr.New(pgerr.DatatypeMismatch, "binary data has array element type %d instead of expected %d (%s)", oid, elem.OID(), elem.WithoutMod())
	}
	dims := make([]ArrayDim, ndim)
	for i := range dims {
		dims[i] = ArrayDim{Len: int32(m.uint32()), Lower: int32(m.uint32())}
		if dims[i].Len < 0 {
			return nil, pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", arrayElementMax)
		}
	}
	n, err := CheckArrayDims(dims)
	if err != nil {
		return nil, err
	}
	if m.short || n > len(m.rest)/4 { // each element has a length word
		return nil, errShortBinary()
	}
	builder := NewArrayBuilder(elem)
	for range n {
		size := int32(m.uint32())
		if size == -1 && !m.short {
			builder.Append(Null)
			continue
		}
		raw := m.bytes(int(size))
		if m.short {
			return nil, errShortBinary()
		}
		d, err := ParseBinary(elem, raw)
		if err != nil {
			return nil, err
		}
		builder.Append(d)
	}
	if len(m.rest) > 0 {
		return nil, errBinary("incorrect binary data format")
	}
	return builder.BuildDims(nil, dims), nil
}
