package pgcopy

import (
	"fmt"
	"strings"

	"millrace/pgerr"
)

// Format is a COPY format.
type Format uint8

// The formats.
const (
	Text Format = iota
	CSV
	Binary
)

// RowBytesMax bounds one row's encoded bytes, and so what an endless line can make the server hold.
const RowBytesMax = 256 << 20

// Options are the options of a COPY, checked by Check.
type Options struct {
	Format    Format
	Delimiter byte
	Null      string
	Header    bool
	// MatchHeader demands that the header names the columns.
	MatchHeader  bool
	Quote        byte
	Escape       byte
	ForceQuote   []bool // per column; nil is none
	ForceNotNull []bool
	ForceNull    []bool
}

// Default gives the options of a format when nothing else is said.
func Default(f Format) Options {
	if f == CSV {
		return Options{Format: CSV, Delimiter: ',', Quote: '"', Escape: '"'}
	}
	return Options{Format: f, Delimiter: '\t', Null: `\N`}
}

// Check holds PostgreSQL's rules about which values go together.
func (o *Options) Check() error {
	bad := func(format string, args ...any) error {
		return pgerr.New(pgerr.InvalidParameterValue, "%s", fmt.Sprintf(format, args...))
	}
	switch {
	case o.Delimiter == '\n' || o.Delimiter == '\r':
		return bad("COPY delimiter cannot be newline or carriage return")
	case strings.ContainsAny(o.Null, "\r\n"):
		return bad("COPY null representation cannot use newline or carriage return")
	case o.Format == Text && strings.IndexByte("\\.abcdefghijklmnopqrstuvwxyz0123456789", o.Delimiter) >= 0:
		return bad("COPY delimiter cannot be %q", string(o.Delimiter))
	case o.Format == CSV && o.Delimiter == o.Quote:
		return bad("COPY delimiter and quote must be different")
	case o.Format != Binary && strings.IndexByte(o.Null, o.Delimiter) >= 0:
		return bad("COPY delimiter must not appear in the NULL specification")
	case o.Format == CSV && strings.IndexByte(o.Null, o.Quote) >= 0 && o.Null != "":
		return bad("CSV quote character must not appear in the NULL specification")
	}
	return nil
}
