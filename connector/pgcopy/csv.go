package pgcopy

import (
	"bytes"

	"millrace/pgerr"
)

// csvRows decodes the complete records of data and says how many bytes it used. A record ends at the first
// newline outside quotes.
func (d *Decoder) csvRows(data []byte) (used int, err error) {
	for {
		end := d.recordEnd(data[used:])
		if end < 0 {
			return used, nil
		}
		rec := data[used : used+end]
		used += end + 1
		d.scanned, d.quoted = 0, false
		if n := len(rec); n > 0 && rec[n-1] == '\r' {
			rec = rec[:n-1]
		}
		d.line++
		if d.header {
			d.header = false
			if err := d.csvHeader(rec); err != nil {
				return used, err
			}
			continue
		}
		if string(rec) == `\.` {
			d.done = true
			return len(data), nil
		}
		if err := d.csvRecord(rec); err != nil {
			return used, err
		}
		d.line += bytes.Count(rec, []byte{'\n'})
	}
}

// recordEnd finds the newline that ends the record at the start of data; it remembers how far it looked, so that
// a long quoted field in many pieces is scanned once.
func (d *Decoder) recordEnd(data []byte) int {
	q, e := d.opt.Quote, d.opt.Escape
	i := min(d.scanned, len(data))
	for i < len(data) {
		if !d.quoted {
			nl := bytes.IndexByte(data[i:], '\n')
			qu := bytes.IndexByte(data[i:], q)
			switch {
			case nl < 0 && qu < 0:
				d.scanned = len(data)
				return -1
			case nl >= 0 && (qu < 0 || nl < qu):
				return i + nl
			}
			i += qu + 1
			d.quoted = true
			continue
		}
		c := data[i]
		if c == e && e != q {
			if i+1 == len(data) {
				break // the escaped byte is yet to come
			}
			if data[i+1] == q || data[i+1] == e {
				i += 2
				continue
			}
		}
		if c == q {
			d.quoted = false // of a doubled quote the second one opens again, which comes to the same
		}
		i++
	}
	d.scanned = i
	return -1
}

func (d *Decoder) csvHeader(rec []byte) error {
	var fields [][]byte
	for rest := rec; rest != nil; {
		var f []byte
		var err error
		if f, _, rest, err = d.csvField(rest); err != nil {
			return err
		}
		fields = append(fields, append([]byte(nil), f...))
	}
	return d.checkHeader(fields)
}

func (d *Decoder) csvRecord(rec []byte) error {
	rest := rec
	for i := range d.cols {
		if rest == nil {
			return d.fail(-1, string(rec), pgerr.New(pgerr.BadCopyFileFormat, "missing data for column %q", d.cols[i].Name))
		}
		field, quoted, next, err := d.csvField(rest)
		if err != nil {
			return err
		}
		rest = next
		v := d.batch.Cols[d.cols[i].Index]
		isNull := string(field) == d.opt.Null
		if quoted {
			isNull = isNull && d.opt.ForceNull != nil && d.opt.ForceNull[i]
		} else {
			isNull = isNull && (d.opt.ForceNotNull == nil || !d.opt.ForceNotNull[i])
		}
		if isNull {
			v.AppendNull()
			continue
		}
		if err := appendValue(v, field, d.env); err != nil {
			return d.fail(i, string(field), err)
		}
	}
	if rest != nil {
		return d.fail(-1, string(rec), pgerr.New(pgerr.BadCopyFileFormat, "extra data after last expected column"))
	}
	d.endRow()
	return nil
}

// csvField cuts the next field off a record; rest is nil when it was the last. Quotes may begin and end anywhere
// in a field, as in PostgreSQL.
func (d *Decoder) csvField(s []byte) (field []byte, quoted bool, rest []byte, err error) {
	q, e, delim := d.opt.Quote, d.opt.Escape, d.opt.Delimiter
	i := 0
	for i < len(s) && s[i] != delim && s[i] != q {
		i++
	}
	if i == len(s) {
		return s, false, nil, nil
	}
	if s[i] == delim {
		return s[:i], false, s[i+1:], nil
	}
	out := append(d.field[:0], s[:i]...)
	in := false
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case !in && c == delim:
			d.field = out
			return out, quoted, s[i+1:], nil
		case !in && c == q:
			in, quoted = true, true
		case in && c == e && i+1 < len(s) && (s[i+1] == q || s[i+1] == e):
			i++
			out = append(out, s[i])
		case in && c == q:
			in = false
		default:
			out = append(out, c)
		}
	}
	d.field = out
	if in {
		return nil, true, nil, d.fail(-1, "", pgerr.New(pgerr.BadCopyFileFormat, "unterminated CSV quoted field"))
	}
	return out, quoted, nil, nil
}
