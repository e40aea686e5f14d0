package scalar

import (
	"math"
	"unicode/utf8"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// formatSpec is one %[position$][flags][width]type of format().
type formatSpec struct {
	argument int // from 1; 0 is the next
	left     bool
	width    int64
	star     bool // the width is an argument
	starArg  int
	kind     byte
}

func errFormat(message string, args ...any) error {
	return pgerr.New(pgerr.InvalidParameterValue, message, args...)
}

func errFormatEnd() error {
	err := pgerr.New(pgerr.InvalidParameterValue, "unterminated format() type specifier")
	return err.WithHint("For a single \"%%\" use \"%%%%\".")
}

// format is PostgreSQL's format(): %s, %I and %L with the arguments after the first.
func format(x *row, dst []byte) ([]byte, error) {
	if x.null(0) {
		return nil, errNull
	}
	s, start := x.bytes(0), len(dst)
	next := 1 // the argument that a specifier without position takes
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			dst = append(dst, s[i])
			continue
		}
		if i++; i == len(s) {
			return nil, errFormatEnd()
		}
		if s[i] == '%' {
			dst = append(dst, '%')
			continue
		}
		spec, n, err := parseFormatSpec(s[i:])
		if err != nil {
			return nil, err
		}
		i += n - 1
		if dst, next, err = formatArgument(x, dst, spec, next); err != nil {
			return nil, err
		}
		if len(dst)-start > expr.MaxValueBytes {
			return nil, expr.ErrTooLarge()
		}
	}
	return dst, nil
}

// parseFormatSpec reads what follows a %, and gives how many bytes it takes.
func parseFormatSpec(s []byte) (spec formatSpec, n int, err error) {
	digits := func() (v int64, ok bool, err error) {
		for n < len(s) && isDigit(s[n]) {
			if v = v*10 + int64(s[n]-'0'); v > math.MaxInt32 {
				return 0, false, pgerr.New(pgerr.NumericValueOutOfRange, "number is out of range")
			}
			n, ok = n+1, true
		}
		return v, ok, nil
	}
	v, ok, err := digits()
	if err != nil {
		return spec, n, err
	}
	width := ok
	if ok && n < len(s) && s[n] == '$' {
		if v == 0 {
			return spec, n, errFormat("format specifies argument 0, but arguments are numbered from 1")
		}
		spec.argument, width = int(v), false
		n++
	}
	if width {
		spec.width = v
	} else {
		for n < len(s) && s[n] == '-' {
			spec.left = true
			n++
		}
		if n < len(s) && s[n] == '*' {
			n++
			spec.star = true
			v, ok, err := digits()
			if err != nil {
				return spec, n, err
			}
			if ok {
				if n >= len(s) || s[n] != '$' {
					return spec, n, errFormat("width argument position must be ended by \"$\"")
				}
				if v == 0 {
					return spec, n, errFormat("format specifies argument 0, but arguments are numbered from 1")
				}
				n++
				spec.starArg = int(v)
			}
		} else if spec.width, _, err = digits(); err != nil {
			return spec, n, err
		}
	}
	if n == len(s) {
		return spec, n, errFormatEnd()
	}
	spec.kind = s[n]
	size := skipChars(s[n:], 1)
	if spec.kind != 's' && spec.kind != 'I' && spec.kind != 'L' {
		err := pgerr.New(pgerr.InvalidParameterValue, "unrecognized format() type specifier \"%s\"", s[n:n+size])
		return spec, n, err.WithHint("For a single \"%%\" use \"%%%%\".")
	}
	return spec, n + size, nil
}

func formatArgument(x *row, dst []byte, spec formatSpec, next int) ([]byte, int, error) {
	errTooFew := func() error { return errFormat("too few arguments for format()") }
	if spec.star {
		at := spec.starArg
		if at == 0 {
			at = next
			next++
		} else {
			next = at + 1
		}
		if at >= x.len() {
			return nil, next, errTooFew()
		}
		if !x.null(at) {
			w, err := types.ParseInt(x.text(at), types.Int4)
			if err != nil {
				return nil, next, err
			}
			spec.width = w
			if w < 0 {
				spec.left, spec.width = true, -w
			}
		}
	}
	at := spec.argument
	if at == 0 {
		at = next
	}
	next = at + 1
	if at >= x.len() {
		return nil, next, errTooFew()
	}
	var value []byte
	switch {
	case x.null(at) && spec.kind == 'I':
		return nil, next, pgerr.New(pgerr.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
	case x.null(at) && spec.kind == 'L':
		value = []byte("NULL")
	case x.null(at):
	case spec.kind == 'I':
		value = QuoteIdent(nil, x.text(at))
	case spec.kind == 'L':
		value = appendLiteral(nil, x.text(at))
	default:
		value = x.text(at)
	}
	missing := spec.width - int64(utf8.RuneCount(value))
	if missing > expr.MaxValueBytes {
		return nil, next, expr.ErrTooLarge()
	}
	if spec.left {
		dst = append(dst, value...)
	}
	for ; missing > 0; missing-- {
		dst = append(dst, ' ')
	}
	if !spec.left {
		dst = append(dst, value...)
	}
	return dst, next, nil
}
