package slt

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
)

const (
	nullText  = "NULL"
	emptyText = "(empty)"
)

// formatValue writes a value in its server's text form, nil being NULL, as it stands in a file.
func formatValue(v []byte) string {
	if v == nil {
		return nullText
	}
	if len(v) == 0 {
		return emptyText
	}
	if s := string(v); !mistakable(s) {
		return s
	}
	return strconv.Quote(string(v))
}

// mistakable tells whether a value must be quoted for a reader, human or not, to see what it is.
func mistakable(s string) bool {
	if s == nullText || s == emptyText || s[0] == ' ' || s[len(s)-1] == ' ' {
		return true
	}
	if strings.Contains(s, "  ") || !utf8.ValidString(s) {
		return true
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return true
	}
	if s[0] != '"' {
		return false
	}
	// A quote that begins no whole literal could join with what follows it in the line. A value that reads like one we
	// quoted is quoted again, so that different values never look the same; quoting doubles the backslashes of
	// what it quotes, so this goes only a few levels deep.
	inner, err := strconv.Unquote(s)
	return err != nil || inner == "" || mistakable(inner)
}

// formatClassic writes a value in the form of SQLite's own suite, according to the column's type letter.
func formatClassic(v []byte, letter byte) string {
	if v == nil {
		return nullText
	}
	s := string(v)
	switch letter {
	case 'I':
		if s == "t" {
			return "1"
		}
		if s == "f" {
			return "0"
		}
		whole, _, _ := strings.Cut(s, ".")
		if _, err := strconv.ParseInt(whole, 10, 64); err == nil {
			return whole
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1<<62 {
			return strconv.FormatInt(int64(f), 10)
		}
		return s
	case 'R':
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return strconv.FormatFloat(f, 'f', 3, 64)
		}
		return s
	}
	if s == "" {
		return emptyText
	}
	b := []byte(s)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '@'
		}
	}
	return string(b)
}

// splitRow splits an expected line into columns, as the package comment says.
func splitRow(line string, columns int) []string {
	if columns == 1 {
		return []string{line}
	}
	if fields := splitWide(line); len(fields) > 1 {
		return fields
	}
	return strings.Fields(line)
}

// splitWide splits at tabs and runs of two or more spaces, but not inside a quoted value.
func splitWide(line string) []string {
	var fields []string
	start := 0
	for i := 0; i < len(line); {
		if i == start && line[i] == '"' {
			if q, err := strconv.QuotedPrefix(line[i:]); err == nil {
				if end := i + len(q); end == len(line) || blanks(line[end:]) > 0 {
					i = end
					continue
				}
			}
		}
		n := blanks(line[i:])
		if n == 0 {
			i++
			continue
		}
		fields = append(fields, line[start:i])
		i += n
		start = i
	}
	return append(fields, line[start:])
}

// blanks returns the length of the column separator that s starts with, or 0.
func blanks(s string) int {
	n := len(s) - len(strings.TrimLeft(s, " \t"))
	if n >= 2 || n == 1 && s[0] == '\t' {
		return n
	}
	return 0
}

// joinRows writes rows as lines with aligned columns.
func joinRows(rows [][]string) []string {
	// One very long value must not push all others to the far right.
	const widthMax = 40
	var width []int
	for _, row := range rows {
		for i, v := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], min(utf8.RuneCountInString(v), widthMax))
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		var b strings.Builder
		for j, v := range row {
			b.WriteString(v)
			if j < len(row)-1 {
				b.WriteString(strings.Repeat(" ", max(0, width[j]-utf8.RuneCountInString(v))+2))
			}
		}
		lines[i] = b.String()
	}
	return lines
}

// hashOf is a result's hash: MD5 over the values, each followed by a newline.
func hashOf(rows [][]string) string {
	h := md5.New()
	for _, row := range rows {
		for _, v := range row {
			h.Write([]byte(v))
			h.Write([]byte{'\n'})
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashLine(rows [][]string) string {
	return fmt.Sprintf("%d values hashing to %s", countValues(rows), hashOf(rows))
}

func countValues(rows [][]string) int {
	n := 0
	for _, row := range rows {
		n += len(row)
	}
	return n
}

// arrange puts rows into the order of a sort mode; valuesort makes each value a row.
func arrange(rows [][]string, mode SortMode) [][]string {
	switch mode {
	case RowSort:
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, slices.Compare[[]string])
	case ValueSort:
		var values [][]string
		for _, row := range rows {
			for _, v := range row {
				values = append(values, []string{v})
			}
		}
		slices.SortStableFunc(values, slices.Compare[[]string])
		return values
	}
	return rows
}

// closeFloats tells whether two numbers in text are within the relative tolerance of each other.
func closeFloats(a, b string, tolerance float64) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil || math.IsInf(x, 0) || math.IsInf(y, 0) {
		return false
	}
	return math.Abs(x-y) <= tolerance*max(math.Abs(x), math.Abs(y))
}

// typeLetters are those that a query's header may have. The recorder writes T, I and R.
const typeLetters = "TIR?BFODP"

// takes tells whether a type letter other than the one that the recorder writes is right for a column too.
func takes(letter byte, oid uint32) bool {
	switch letter {
	case '?':
		return true
	case 'B':
		return oid == pgtype.BoolOID
	case 'F':
		return isFloat(oid)
	case 'O':
		return oid == pgtype.OIDOID
	case 'D', 'P':
		switch oid {
		case pgtype.DateOID, pgtype.TimeOID, pgtype.TimestampOID, pgtype.TimestamptzOID, pgtype.IntervalOID:
			return true
		}
	}
	return false
}

// letterOf is the type letter of a column with the given type OID.
func letterOf(oid uint32) byte {
	switch oid {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID:
		return 'I'
	case pgtype.NumericOID, pgtype.Float4OID, pgtype.Float8OID:
		return 'R'
	}
	return 'T'
}

func isFloat(oid uint32) bool { return oid == pgtype.Float4OID || oid == pgtype.Float8OID }
