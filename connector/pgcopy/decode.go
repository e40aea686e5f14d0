package pgcopy

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/types"
)

// Column is a target column: its place in the batch and its name for messages.
type Column struct {
	Index int
	Name  string
}

// Decoder turns COPY data into batches.
type Decoder struct {
	opt     Options
	env     *types.Env
	table   string
	cols    []Column
	types   []types.T
	batch   *delta.Batch
	rest    []byte // the unfinished row at the end of the last piece
	line    int    // lines begun
	done    bool   // the end marker was seen
	header  bool   // the header is still to come
	field   []byte // scratch for unescaped text
	quoted  bool   // csv: the rest ends inside quotes
	scanned int    // csv: bytes of rest that were looked at
	started bool   // binary: the signature was read
	missing []int  // batch columns that COPY does not name
	defs    []types.Datum
}

// NewDecoder makes a decoder for a relation whose batches have columns of types ts. cols are those that the data
// has, in its order; the others get the values of defaults (one for each of ts).
func NewDecoder(table string, ts []types.T, cols []Column, defaults []types.Datum, env *types.Env, opt Options) *Decoder {
	d := &Decoder{opt: opt, env: env, table: table, cols: cols, types: ts, defs: defaults, header: opt.Header}
	named := map[int]bool{}
	for _, c := range cols {
		named[c.Index] = true
	}
	for i := range ts {
		if !named[i] {
			d.missing = append(d.missing, i)
		}
	}
	d.batch = delta.NewBatch(ts, 1024)
	return d
}

// Rows is the number of rows that are collected and not taken.
func (d *Decoder) Rows() int { return d.batch.N }

// Bytes estimates the memory of the rows that are collected.
func (d *Decoder) Bytes() int { return d.batch.Bytes() }

// Take gives the rows collected so far.
func (d *Decoder) Take() *delta.Batch {
	b := d.batch
	d.batch = delta.NewBatch(d.types, min(max(b.N, 1024), 1<<16))
	return b
}

// Write takes the next piece of data.
func (d *Decoder) Write(p []byte) error {
	if d.done {
		if d.opt.Format == Binary {
			return d.fail(-1, "", pgerr.New(pgerr.BadCopyFileFormat, "received copy data after EOF marker"))
		}
		return nil
	}
	data := p
	if len(d.rest) > 0 {
		d.rest = append(d.rest, p...)
		data = d.rest
	}
	var used int
	var err error
	switch d.opt.Format {
	case Text:
		used, err = d.textRows(data)
	case CSV:
		used, err = d.csvRows(data)
	default:
		used, err = d.binaryRows(data)
	}
	if err != nil {
		return err
	}
	left := data[used:]
	if len(left) > RowBytesMax {
		return d.fail(-1, "", pgerr.New(pgerr.ProgramLimitExceeded, "a row of COPY data is larger than %d bytes", RowBytesMax))
	}
	d.rest = append(d.rest[:0], left...)
	return nil
}

// Finish takes the end of the data: a last line need not end with a newline.
func (d *Decoder) Finish() error {
	switch {
	case d.done:
		return nil
	case d.opt.Format == Binary:
		if len(d.rest) > 0 || !d.started {
			return d.fail(-1, "", pgerr.New(pgerr.BadCopyFileFormat, "unexpected EOF in COPY data"))
		}
		return nil
	case len(d.rest) == 0:
		return nil
	case d.opt.Format == CSV && d.quoted:
		d.line++
		return d.fail(-1, "", pgerr.New(pgerr.BadCopyFileFormat, "unterminated CSV quoted field"))
	}
	return d.Write([]byte{'\n'})
}

// fail puts the place of an error into its context line.
func (d *Decoder) fail(col int, value string, err error) error {
	var pe *pgerr.Error
	if !errors.As(err, &pe) {
		pe = pgerr.New(pgerr.InternalError, "%v", err)
	}
	e := *pe
	e.Where = fmt.Sprintf("COPY %s, line %d", d.table, d.line)
	if d.opt.Format == Binary {
		e.Where = fmt.Sprintf("COPY %s, row %d", d.table, d.line)
	}
	if col >= 0 && col < len(d.cols) {
		e.Where += ", column " + d.cols[col].Name
		if value != "" {
			e.Where += ": " + strconv.Quote(clip(value))
		}
	} else if value != "" {
		e.Where += ": " + strconv.Quote(clip(value))
	}
	return &e
}

func clip(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// endRow fills in the columns that the data does not have.
func (d *Decoder) endRow() {
	for _, c := range d.missing {
		d.batch.Cols[c].Append(d.defs[c])
	}
	d.batch.N++
}

// textRows decodes the complete lines of data in the text format and says how many bytes it used.
func (d *Decoder) textRows(data []byte) (used int, err error) {
	for {
		end := lineEnd(data[used:])
		if end < 0 {
			return used, nil
		}
		line := data[used : used+end]
		used += end + 1
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		d.line++
		if d.header {
			d.header = false
			if err := d.checkHeader(bytes.Split(line, []byte{d.opt.Delimiter})); err != nil {
				return used, err
			}
			continue
		}
		if len(line) == 2 && line[0] == '\\' && line[1] == '.' {
			d.done = true
			return len(data), nil
		}
		if err := d.textLine(line); err != nil {
			return used, err
		}
	}
}

// lineEnd finds the newline that ends a line: one that no backslash escapes. -1 when there is none yet.
func lineEnd(data []byte) int {
	from := 0
	for {
		i := bytes.IndexByte(data[from:], '\n')
		if i < 0 {
			return -1
		}
		i += from
		slashes := 0
		for j := i - 1; j >= 0 && data[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
		from = i + 1
	}
}

func (d *Decoder) textLine(line []byte) error {
	escaped := bytes.IndexByte(line, '\\') >= 0
	rest := line
	for i := range d.cols {
		if rest == nil {
			return d.fail(-1, string(line), pgerr.New(pgerr.BadCopyFileFormat, "missing data for column %q", d.cols[i].Name))
		}
		var field []byte
		if escaped {
			field, rest = cutEscaped(rest, d.opt.Delimiter)
		} else if k := bytes.IndexByte(rest, d.opt.Delimiter); k >= 0 {
			field, rest = rest[:k], rest[k+1:]
		} else {
			field, rest = rest, nil
		}
		v := d.batch.Cols[d.cols[i].Index]
		if string(field) == d.opt.Null {
			v.AppendNull()
			continue
		}
		if escaped && bytes.IndexByte(field, '\\') >= 0 {
			d.field = unescape(d.field[:0], field)
			field = d.field
		}
		if err := appendValue(v, field, d.env); err != nil {
			return d.fail(i, string(field), err)
		}
	}
	if rest != nil {
		return d.fail(-1, string(line), pgerr.New(pgerr.BadCopyFileFormat, "extra data after last expected column"))
	}
	d.endRow()
	return nil
}

// cutEscaped cuts at the first delimiter that no backslash escapes; rest is nil at the end of the line.
func cutEscaped(s []byte, delimiter byte) (field, rest []byte) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case delimiter:
			return s[:i], s[i+1:]
		}
	}
	return s, nil
}

// unescape appends a text field with its backslash sequences replaced.
func unescape(dst, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			dst = append(dst, s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'v':
			dst = append(dst, '\v')
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n, k := 0, 0
			for k < 3 && i+k < len(s) && s[i+k] >= '0' && s[i+k] <= '7' {
				n = n*8 + int(s[i+k]-'0')
				k++
			}
			i += k - 1
			dst = append(dst, byte(n))
		case 'x':
			n, k := 0, 0
			for k < 2 && i+1+k < len(s) {
				h := hexDigit(s[i+1+k])
				if h < 0 {
					break
				}
				n = n*16 + h
				k++
			}
			if k == 0 {
				dst = append(dst, 'x')
				continue
			}
			i += k
			dst = append(dst, byte(n))
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (d *Decoder) checkHeader(fields [][]byte) error {
	if !d.opt.MatchHeader {
		return nil
	}
	if len(fields) != len(d.cols) {
		return d.fail(-1, "", pgerr.New(pgerr.BadCopyFileFormat, "wrong number of fields in header line: got %d, expected %d", len(fields), len(d.cols)))
	}
	for i, f := range fields {
		if string(f) != d.cols[i].Name {
			return d.fail(-1, "", pgerr.New(pgerr.BadCopyFileFormat, "column name mismatch in header line field %d: got %q, expected %q", i+1, f, d.cols[i].Name))
		}
	}
	return nil
}

// appendValue parses a field into a column: directly for plain integers and text, through types.ParseText for the
// rest.
func appendValue(v *delta.Vec, s []byte, env *types.Env) error {
	switch v.Type.Kind {
	case types.Int4, types.Int8:
		if n, ok := plainInt(s); ok && (v.Type.Kind == types.Int8 || n == int64(int32(n))) {
			v.Ints = append(v.Ints, n)
			if v.Nulls != nil {
				v.Nulls = v.Nulls.Grow(len(v.Ints))
			}
			return nil
		}
	}
	d, err := types.ParseText(v.Type, s, env)
	if err != nil {
		return err
	}
	v.Append(d)
	return nil
}

// plainInt parses what has up to 18 digits and maybe a minus, which cannot overflow.
func plainInt(s []byte) (n int64, ok bool) {
	neg := len(s) > 0 && s[0] == '-'
	if neg {
		s = s[1:]
	}
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if neg {
		n = -n
	}
	return n, true
}
