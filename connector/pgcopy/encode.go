package pgcopy

import (
	"bytes"
	"encoding/binary"

	"millrace/delta"
	"millrace/types"
)

// Encoder writes rows in a COPY format.
type Encoder struct {
	opt   Options
	env   *types.Env
	names []string
	field []byte
}

// NewEncoder makes an encoder for columns with the given names.
func NewEncoder(names []string, env *types.Env, opt Options) *Encoder {
	return &Encoder{opt: opt, env: env, names: names}
}

// AppendHeader appends what comes before the first row.
func (e *Encoder) AppendHeader(dst []byte) []byte {
	if e.opt.Format == Binary {
		dst = append(dst, signature...)
		return append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	}
	if !e.opt.Header {
		return dst
	}
	for i, n := range e.names {
		if i > 0 {
			dst = append(dst, e.opt.Delimiter)
		}
		if e.opt.Format == CSV {
			dst = e.appendCSV(dst, []byte(n), false)
		} else {
			dst = appendEscaped(dst, []byte(n), e.opt.Delimiter)
		}
	}
	return append(dst, '\n')
}

// AppendTrailer appends what comes after the last row.
func (e *Encoder) AppendTrailer(dst []byte) []byte {
	if e.opt.Format == Binary {
		return append(dst, 0xff, 0xff)
	}
	return dst
}

// AppendRow appends row i of the first n columns of b.
func (e *Encoder) AppendRow(dst []byte, b *delta.Batch, n, i int) []byte {
	if e.opt.Format == Binary {
		return appendBinaryRow(dst, b, n, i)
	}
	for c, v := range b.Cols[:n] {
		if c > 0 {
			dst = append(dst, e.opt.Delimiter)
		}
		if v.IsNull(i) {
			dst = append(dst, e.opt.Null...)
			continue
		}
		e.field = types.AppendText(e.field[:0], v.Type, v.Datum(i), e.env)
		if e.opt.Format == CSV {
			dst = e.appendCSV(dst, e.field, e.opt.ForceQuote != nil && e.opt.ForceQuote[c])
		} else {
			dst = appendEscaped(dst, e.field, e.opt.Delimiter)
		}
	}
	return append(dst, '\n')
}

func appendBinaryRow(dst []byte, b *delta.Batch, n, i int) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	for _, v := range b.Cols[:n] {
		if v.IsNull(i) {
			dst = append(dst, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = types.AppendBinary(dst, v.Type, v.Datum(i))
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

// appendEscaped appends a text field with PostgreSQL's backslash sequences.
func appendEscaped(dst, s []byte, delimiter byte) []byte {
	for _, c := range s {
		switch c {
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\v':
			dst = append(dst, '\\', 'v')
		case '\\', delimiter:
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendCSV appends a field, quoted where it must be: also when it looks like NULL or, alone on its line, like the
// end marker.
func (e *Encoder) appendCSV(dst, s []byte, force bool) []byte {
	if !force && string(s) != e.opt.Null && string(s) != `\.` &&
		bytes.IndexByte(s, e.opt.Delimiter) < 0 && bytes.IndexByte(s, e.opt.Quote) < 0 && !bytes.ContainsAny(s, "\r\n") {
		return append(dst, s...)
	}
	dst = append(dst, e.opt.Quote)
	for _, c := range s {
		if c == e.opt.Quote || c == e.opt.Escape {
			dst = append(dst, e.opt.Escape)
		}
		dst = append(dst, c)
	}
	return append(dst, e.opt.Quote)
}
