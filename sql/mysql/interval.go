package mysql

import (
	"math"
	"strconv"
	"strings"

	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/pgerr"
	"millrace/sql/ast"
)

// unitParts has the parts of each unit, in PostgreSQL's words, from the largest to the smallest.
var unitParts = map[mast.TimeUnitType][]string{
	mast.TimeUnitMicrosecond:       {"microseconds"},
	mast.TimeUnitSecond:            {"seconds"},
	mast.TimeUnitMinute:            {"minutes"},
	mast.TimeUnitHour:              {"hours"},
	mast.TimeUnitDay:               {"days"},
	mast.TimeUnitWeek:              {"weeks"},
	mast.TimeUnitMonth:             {"months"},
	mast.TimeUnitQuarter:           {"quarters"},
	mast.TimeUnitYear:              {"years"},
	mast.TimeUnitSecondMicrosecond: {"seconds", "microseconds"},
	mast.TimeUnitMinuteMicrosecond: {"minutes", "seconds", "microseconds"},
	mast.TimeUnitMinuteSecond:      {"minutes", "seconds"},
	mast.TimeUnitHourMicrosecond:   {"hours", "minutes", "seconds", "microseconds"},
	mast.TimeUnitHourSecond:        {"hours", "minutes", "seconds"},
	mast.TimeUnitHourMinute:        {"hours", "minutes"},
	mast.TimeUnitDayMicrosecond:    {"days", "hours", "minutes", "seconds", "microseconds"},
	mast.TimeUnitDaySecond:         {"days", "hours", "minutes", "seconds"},
	mast.TimeUnitDayMinute:         {"days", "hours", "minutes"},
	mast.TimeUnitDayHour:           {"days", "hours"},
	mast.TimeUnitYearMonth:         {"years", "months"},
}

// dateUnit says whether a unit is one of whole days.
func dateUnit(u mast.TimeUnitType) bool {
	switch u {
	case mast.TimeUnitDay, mast.TimeUnitWeek, mast.TimeUnitMonth, mast.TimeUnitQuarter, mast.TimeUnitYear, mast.TimeUnitYearMonth:
		return true
	}
	return false
}

// dateAdd lowers date + INTERVAL count unit and its like. The sum of a date and whole days is a date in MySQL, and a
// timestamp in PostgreSQL; where the form says that it is a date, it becomes one again.
func (c *invocation) dateAdd(date, count mast.ExprNode, unit mast.TimeUnitType, op string) ast.Expr {
	defer c.link(1)()
	x := c.value(date)
	if s, ok := stringLiteral(x); ok {
		if x = timestampOf(x); dateUnit(unit) && strings.Count(s, "-") == 2 && !strings.ContainsAny(s, " :Tt") {
			x = typed(x.Position(), "date", s)
		}
	} else if _, ok := x.(*ast.Param); ok {
		x = castTo(x, "timestamp")
	}
	sum := binaryOp(c.pos, op, x, c.interval(count, unit))
	if dateUnit(unit) && isDate(x) {
		return castTo(sum, "date")
	}
	return sum
}

// isDate says whether a lowered expression is a date by its form.
func isDate(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.SQLValue:
		return x.Kind == ast.CurrentDate
	case *ast.TypedLiteral:
		return x.Type.Name.Name == "date"
	case *ast.Cast:
		return x.Type.Name.Name == "date"
	case *ast.FuncCall:
		return x.Name.Name == "to_date" || x.Name.Name == "make_date"
	}
	return false
}

// interval lowers INTERVAL count unit.
func (l *lowerer) interval(count mast.ExprNode, unit mast.TimeUnitType) ast.Expr {
	pos := l.at(count)
	parts, ok := unitParts[unit]
	if !ok {
		l.unsupported(pos, "INTERVAL of this unit")
	}
	x := l.value(count)
	if text, ok := constantText(x); ok {
		s, ok := intervalText(text, parts)
		if !ok {
			fail(pgerr.New(pgerr.InvalidDatetimeFormat, "invalid input syntax for INTERVAL ... %s: \"%s\"", unit.String(), text).At(pos))
		}
		return typed(pos, "interval", s)
	}
	if len(parts) > 1 {
		l.unsupported(pos, "INTERVAL "+unit.String()+" of what is not a constant")
	}
	one := "1 " + strings.TrimSuffix(parts[0], "s")
	if parts[0] == "quarters" {
		one = "3 months"
	}
	if _, ok := x.(*ast.Param); ok {
		x = castTo(x, "float8")
	}
	return binaryOp(pos, "*", x, typed(pos, "interval", one))
}

// constantText is the text of a number or string constant.
func constantText(x ast.Expr) (string, bool) {
	switch x := x.(type) {
	case *ast.Literal:
		switch x.Kind {
		case ast.IntLiteral, ast.NumericLiteral, ast.StringLiteral:
			return x.Text, true
		}
	case *ast.UnaryOp:
		s, ok := constantText(x.Arg)
		return x.Op + s, ok
	}
	return "", false
}

// intervalText writes MySQL's '1:30' MINUTE_SECOND as PostgreSQL's '1 minutes 30 seconds'. Any sign but a digit
// separates; where numbers are missing they are the first ones. Only seconds have a fraction, other numbers are rounded.
func intervalText(text string, parts []string) (string, bool) {
	text = strings.TrimSpace(text)
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	if len(parts) == 1 {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(n) > 1e15 {
			return "", false
		}
		switch parts[0] {
		case "seconds":
			return sign + text + " seconds", true
		case "quarters":
			return sign + strconv.FormatFloat(math.Round(n)*3, 'f', -1, 64) + " months", true
		}
		return sign + strconv.FormatFloat(math.Round(n), 'f', -1, 64) + " " + parts[0], true
	}
	numbers := strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if len(numbers) == 0 || len(numbers) > len(parts) {
		return "", false
	}
	var words []string
	for i, n := range numbers {
		part := parts[len(parts)-len(numbers)+i]
		if len(n) > 15 {
			return "", false
		}
		if part == "microseconds" { // .5 is half a second
			n = (n + "000000")[:6]
		}
		words = append(words, sign+n+" "+part)
	}
	return strings.Join(words, " "), true
}
