package mysql

import (
	"strings"

	"millrace/pgerr"
	"millrace/sql/ast"
)

// formatUse says what a format is for: to_char, or to_date and to_timestamp.
type formatUse uint8

const (
	formatTime formatUse = iota // DATE_FORMAT
	parseTime                   // STR_TO_DATE
)

// formatLetters are the letters of DATE_FORMAT that PostgreSQL has a pattern for.
var formatLetters = map[byte]string{
	'Y': "YYYY", 'y': "YY", 'm': "MM", 'c': "FMMM", 'd': "DD", 'e': "FMDD", 'D': "FMDDth", 'j': "DDD",
	'M': "FMMonth", 'b': "Mon", 'W': "FMDay", 'a': "Dy",
	'H': "HH24", 'k': "FMHH24", 'h': "HH12", 'I': "HH12", 'l': "FMHH12", 'i': "MI", 's': "SS", 'S': "SS", 'f': "US", 'p': "AM",
	'T': "HH24:MI:SS", 'r': "HH12:MI:SS AM", 'v': "IW", 'x': "IYYY",
}

// format gives the pattern for an argument that is a format.
func (c *invocation) format(i int, use formatUse) string {
	pattern, bad := datePattern(c.stringArg(i), use)
	if bad != 0 {
		c.unsupported(c.at(c.args[i]), "the format %"+string(rune(bad))+" of "+strings.ToUpper(c.name))
	}
	return pattern
}

// datePattern writes a format of MySQL's as a pattern of PostgreSQL's; bad is the first letter that has none.
func datePattern(format string, use formatUse) (pattern string, bad byte) {
	var b, plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(plain.String()) + `"`)
			plain.Reset()
		}
	}
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c == '%' && i+1 < len(format):
			i++
			p, ok := formatLetters[format[i]]
			switch {
			case ok && use == parseTime && (format[i] == 'v' || format[i] == 'x' || format[i] == 'W' || format[i] == 'a'):
				return "", format[i] // they say nothing without a week's year
			case ok:
				flush()
				b.WriteString(p)
			case strings.IndexByte("wUuVX", format[i]) >= 0:
				return "", format[i]
			default:
				plain.WriteByte(format[i]) // %% and %x for any other x
			}
		case strings.IndexByte("-/:., ", c) >= 0: // these stand for themselves
			flush()
			b.WriteByte(c)
		default:
			plain.WriteByte(c)
		}
	}
	flush()
	return b.String(), 0
}

func dateFormat(c *invocation) ast.Expr {
	return c.call("to_char", c.timestamp(0), str(c.pos, c.format(1, formatTime)))
}

// strToDate lowers STR_TO_DATE: a date, or a timestamp where the format has parts of the time of day.
func strToDate(c *invocation) ast.Expr {
	format := c.stringArg(1)
	pattern := c.format(1, parseTime)
	date, clock := false, false
	for i := 0; i+1 < len(format); i++ {
		if format[i] == '%' {
			i++
			date = date || strings.IndexByte("YymcdeDjMb", format[i]) >= 0
			clock = clock || strings.IndexByte("HkhIlisSfpTr", format[i]) >= 0
		}
	}
	switch {
	case !date && !clock:
		fail(pgerr.New(pgerr.InvalidDatetimeFormat, "the format of STR_TO_DATE names no part of a date").At(c.at(c.args[1])))
	case !date:
		return castTo(castTo(c.call("to_timestamp", c.textArg(0), str(c.pos, pattern)), "timestamp"), "time")
	case !clock:
		return c.call("to_date", c.textArg(0), str(c.pos, pattern))
	}
	return castTo(c.call("to_timestamp", c.textArg(0), str(c.pos, pattern)), "timestamp")
}
