package pgcopy

import (
	"bytes"
	"encoding/binary"

	"millrace/pgerr"
	"millrace/types"
)

// signature begins binary COPY data.
const signature = "PGCOPY\n\xff\r\n\x00"

const headerBytes = len(signature) + 8 // flags and the extension's length

// binaryRows decodes the complete tuples of data and says how many bytes it used.
func (d *Decoder) binaryRows(data []byte) (used int, err error) {
	if !d.started {
		n, err := d.binaryHeader(data)
		if err != nil || n == 0 {
			return 0, err
		}
		used = n
		d.started = true
	}
	for {
		n, err := d.binaryRow(data[used:])
		if err != nil {
			return used, err
		}
		if n == 0 {
			return used, nil
		}
		used += n
		if d.done {
			if used < len(data) {
				return used, d.fail(-1, "", pgerr.New(pgerr.BadCopyFileFormat, "received copy data after EOF marker"))
			}
			return used, nil
		}
	}
}

func (d *Decoder) binaryHeader(data []byte) (int, error) {
	if len(data) < headerBytes {
		if n := min(len(data), len(signature)); string(data[:n]) != signature[:n] {
			return 0, pgerr.New(pgerr.BadCopyFileFormat, "COPY file signature not recognized")
		}
		return 0, nil
	}
	if !bytes.HasPrefix(data, []byte(signature)) {
		return 0, pgerr.New(pgerr.BadCopyFileFormat, "COPY file signature not recognized")
	}
	flags := binary.BigEndian.Uint32(data[len(signature):])
	if flags>>16 != 0 {
		return 0, pgerr.New(pgerr.BadCopyFileFormat, "unrecognized critical flags in COPY file header")
	}
	ext := binary.BigEndian.Uint32(data[len(signature)+4:])
	if ext > RowBytesMax {
		return 0, pgerr.New(pgerr.BadCopyFileFormat, "invalid COPY file header (wrong length)")
	}
	if len(data) < headerBytes+int(ext) {
		return 0, nil
	}
	return headerBytes + int(ext), nil
}

// binaryRow decodes one tuple; 0 means that it is not complete. Lengths are checked before anything is appended.
func (d *Decoder) binaryRow(data []byte) (int, error) {
	if len(data) < 2 {
		return 0, nil
	}
	fields := int(int16(binary.BigEndian.Uint16(data)))
	if fields == -1 {
		d.done = true
		return 2, nil
	}
	if fields != len(d.cols) {
		d.line++
		return 0, d.fail(-1, "", pgerr.New(pgerr.BadCopyFileFormat, "row field count is %d, expected %d", fields, len(d.cols)))
	}
	at := 2
	for range fields {
		if len(data) < at+4 {
			return 0, nil
		}
		n := int(int32(binary.BigEndian.Uint32(data[at:])))
		at += 4
		switch {
		case n == -1:
		case n < 0 || n > RowBytesMax:
			d.line++
			return 0, d.fail(-1, "", pgerr.New(pgerr.BadCopyFileFormat, "invalid field size"))
		case len(data) < at+n:
			return 0, nil
		default:
			at += n
		}
	}
	d.line++
	at = 2
	for i := range d.cols {
		n := int(int32(binary.BigEndian.Uint32(data[at:])))
		at += 4
		v := d.batch.Cols[d.cols[i].Index]
		if n == -1 {
			v.AppendNull()
			continue
		}
		x, err := types.ParseBinary(v.Type, data[at:at+n])
		if err != nil {
			return 0, d.fail(i, "", err)
		}
		v.Append(x)
		at += n
	}
	d.endRow()
	return at, nil
}
