package mysql

import (
	"strconv"
	"strings"

	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/sql/ast"
)

func timeFunctions() map[string]lowering {
	return map[string]lowering{
		"now":               {0, 1, now},
		"current_timestamp": {0, 1, now},
		"localtime":         {0, 1, now},
		"localtimestamp":    {0, 1, now},
		"sysdate":           {0, 1, func(c *invocation) ast.Expr { return castTo(c.call("clock_timestamp"), "timestamp", c.precision()) }},
		"curdate":           {0, 0, currentDate},
		"current_date":      {0, 0, currentDate},
		"curtime":           {0, 1, currentTime},
		"current_time":      {0, 1, currentTime},
		"utc_timestamp":     {0, 1, func(c *invocation) ast.Expr { return c.utcNow() }},
		"utc_date":          {0, 0, func(c *invocation) ast.Expr { return castTo(c.utcNow(), "date") }},
		"utc_time":          {0, 1, func(c *invocation) ast.Expr { return castTo(c.utcNow(), "time", 0) }},

		mast.DateLiteral:      {1, 1, func(c *invocation) ast.Expr { return typed(c.pos, "date", c.stringArg(0)) }},
		mast.TimeLiteral:      {1, 1, func(c *invocation) ast.Expr { return typed(c.pos, "time", c.stringArg(0)) }},
		mast.TimestampLiteral: {1, 1, func(c *invocation) ast.Expr { return typed(c.pos, "timestamp", c.stringArg(0)) }},

		"date": {1, 1, func(c *invocation) ast.Expr { return castTo(c.arg(0), "date") }},
		"time": {1, 1, func(c *invocation) ast.Expr { return castTo(c.arg(0), "time") }},
		"timestamp": {1, 2, func(c *invocation) ast.Expr {
			if len(c.args) == 2 {
				return binaryOp(c.pos, "+", c.timestamp(0), castTo(c.arg(1), "time"))
			}
			return c.timestamp(0)
		}},
		"makedate": {2, 2, func(c *invocation) ast.Expr {
			first := c.call("make_date", c.arg(0), number(c.pos, 1), number(c.pos, 1))
			return binaryOp(c.pos, "-", binaryOp(c.pos, "+", first, c.arg(1)), number(c.pos, 1))
		}},
		"from_days": {1, 1, func(c *invocation) ast.Expr {
			return binaryOp(c.pos, "+", typed(c.pos, "date", dayOne), castTo(binaryOp(c.pos, "-", c.arg(0), number(c.pos, daysBefore)), "int4"))
		}},
		"to_days": {1, 1, func(c *invocation) ast.Expr {
			days := binaryOp(c.pos, "-", castTo(c.arg(0), "date"), typed(c.pos, "date", dayOne))
			return binaryOp(c.pos, "+", days, number(c.pos, daysBefore))
		}},
		"last_day": {1, 1, func(c *invocation) ast.Expr {
			first := c.call("date_trunc", str(c.pos, "month"), c.timestamp(0))
			return castTo(binaryOp(c.pos, "-", binaryOp(c.pos, "+", first, typed(c.pos, "interval", "1 month")), typed(c.pos, "interval", "1 day")), "date")
		}},
		"time_to_sec": {1, 1, func(c *invocation) ast.Expr {
			return castTo(c.call("floor", c.extractField("epoch", castTo(c.arg(0), "time"))), "int4")
		}},

		"year":        {1, 1, field("year")},
		"quarter":     {1, 1, field("quarter")},
		"month":       {1, 1, field("month")},
		"day":         {1, 1, field("day")},
		"dayofmonth":  {1, 1, field("day")},
		"dayofyear":   {1, 1, field("doy")},
		"weekofyear":  {1, 1, field("week")},
		"hour":        {1, 1, timeField("hour")},
		"minute":      {1, 1, timeField("minute")},
		"second":      {1, 1, timeField("second")},
		"microsecond": {1, 1, timeField("microsecond")},
		"dayofweek":   {1, 1, func(c *invocation) ast.Expr { return binaryOp(c.pos, "+", field("dow")(c), number(c.pos, 1)) }},
		"weekday":     {1, 1, func(c *invocation) ast.Expr { return binaryOp(c.pos, "-", field("isodow")(c), number(c.pos, 1)) }},
		"week":        {1, 2, week},
		"yearweek":    {2, 2, yearWeek},
		"dayname":     {1, 1, func(c *invocation) ast.Expr { return c.call("to_char", c.timestamp(0), str(c.pos, "FMDay")) }},
		"monthname":   {1, 1, func(c *invocation) ast.Expr { return c.call("to_char", c.timestamp(0), str(c.pos, "FMMonth")) }},
		"extract":     {2, 2, extractUnit},

		"date_format":    {2, 2, dateFormat},
		"str_to_date":    {2, 2, strToDate},
		"unix_timestamp": {0, 1, unixTimestamp},
		"from_unixtime":  {1, 2, fromUnixtime},
		"convert_tz":     {3, 3, convertTZ},

		"date_add":      {3, 3, func(c *invocation) ast.Expr { return c.dateAdd(c.args[0], c.args[1], c.unit(2), "+") }},
		"adddate":       {3, 3, func(c *invocation) ast.Expr { return c.dateAdd(c.args[0], c.args[1], c.unit(2), "+") }},
		"date_sub":      {3, 3, func(c *invocation) ast.Expr { return c.dateAdd(c.args[0], c.args[1], c.unit(2), "-") }},
		"subdate":       {3, 3, func(c *invocation) ast.Expr { return c.dateAdd(c.args[0], c.args[1], c.unit(2), "-") }},
		"timestampadd":  {3, 3, func(c *invocation) ast.Expr { return c.dateAdd(c.args[2], c.args[1], c.unit(0), "+") }},
		"timestampdiff": {3, 3, timestampDiff},
		"datediff": {2, 2, func(c *invocation) ast.Expr {
			return binaryOp(c.pos, "-", castTo(c.arg(0), "date"), castTo(c.arg(1), "date"))
		}},
	}
}

// dayOne is the day of which TO_DAYS is daysBefore.
const (
	dayOne     = "0001-01-01"
	daysBefore = 366
)

// precision is the number of fractional digits that the only argument of NOW and its like asks for.
func (c *invocation) precision() int {
	if len(c.args) == 0 {
		return 0
	}
	return c.intArg(0)
}

func now(c *invocation) ast.Expr {
	return &ast.SQLValue{Pos: c.pos, Kind: ast.LocalTimestamp, Precision: c.precision()}
}

func currentDate(c *invocation) ast.Expr {
	return &ast.SQLValue{Pos: c.pos, Kind: ast.CurrentDate, Precision: -1}
}

func currentTime(c *invocation) ast.Expr {
	return &ast.SQLValue{Pos: c.pos, Kind: ast.LocalTime, Precision: c.precision()}
}

func (c *invocation) utcNow() ast.Expr {
	return &ast.AtTimeZone{Pos: c.pos, Arg: &ast.SQLValue{Pos: c.pos, Kind: ast.CurrentTimestamp, Precision: c.precision()}, Zone: str(c.pos, "UTC")}
}

// timestamp lowers an argument to a timestamp without time zone: texts and dates are taken as well, and a timestamp
// with time zone is seen in the session's, as MySQL sees its TIMESTAMP.
func (c *invocation) timestamp(i int) ast.Expr { return timestampOf(c.arg(i)) }

func timestampOf(x ast.Expr) ast.Expr {
	switch t := x.(type) {
	case *ast.Literal:
		if s, ok := stringLiteral(x); ok {
			return typed(x.Position(), "timestamp", s)
		}
	case *ast.TypedLiteral:
		if t.Type.Name.Name == "timestamp" {
			return x
		}
	case *ast.Cast:
		if t.Type.Name.Name == "timestamp" {
			return x
		}
	case *ast.SQLValue:
		if t.Kind == ast.LocalTimestamp {
			return x
		}
	}
	return castTo(x, "timestamp")
}

// extractField makes EXTRACT(field FROM x).
func (c *invocation) extractField(field string, x ast.Expr) ast.Expr {
	return &ast.FuncCall{
		Pos: c.pos, Form: ast.ExtractForm, Name: ast.ObjectName{Pos: c.pos, Schema: "pg_catalog", Name: "extract"},
		Args: []ast.Expr{str(c.pos, field), x},
	}
}

// field lowers to a part of a date, an integer.
func field(part string) func(*invocation) ast.Expr {
	return func(c *invocation) ast.Expr { return castTo(c.extractField(part, c.timestamp(0)), "int4") }
}

// timeField lowers to a part of the time of day, an integer.
func timeField(part string) func(*invocation) ast.Expr {
	return func(c *invocation) ast.Expr { return c.partOfTime(part, c.arg(0)) }
}

func (c *invocation) partOfTime(part string, x ast.Expr) ast.Expr {
	if s, ok := stringLiteral(x); ok && !strings.ContainsAny(s, "-/") {
		x = typed(x.Position(), "time", s)
	} else {
		x = castTo(x, "time")
	}
	switch part {
	case "second": // with the fraction, which MySQL cuts off
		return castTo(c.call("floor", c.extractField(part, x)), "int4")
	case "microsecond": // with the seconds, which MySQL leaves out
		return castTo(binaryOp(c.pos, "%", c.extractField("microseconds", x), number(c.pos, 1_000_000)), "int4")
	}
	return castTo(c.extractField(part, x), "int4")
}

// unit gives an argument that is a unit.
func (c *invocation) unit(i int) mast.TimeUnitType { return c.args[i].(*mast.TimeUnitExpr).Unit }

func extractUnit(c *invocation) ast.Expr {
	inner := &invocation{lowerer: c.lowerer, name: c.name, pos: c.pos, args: c.args[1:]}
	switch unit := c.unit(0); unit {
	case mast.TimeUnitYear, mast.TimeUnitQuarter, mast.TimeUnitMonth, mast.TimeUnitDay:
		return field(strings.ToLower(unit.String()))(inner)
	case mast.TimeUnitHour, mast.TimeUnitMinute, mast.TimeUnitSecond, mast.TimeUnitMicrosecond:
		return timeField(strings.ToLower(unit.String()))(inner)
	case mast.TimeUnitWeek:
		return week(inner)
	case mast.TimeUnitYearMonth:
		return castTo(c.call("to_char", inner.timestamp(0), str(c.pos, "YYYYMM")), "int4")
	default:
		c.unsupported(c.pos, "EXTRACT of "+unit.String())
	}
	return nil
}

// week lowers WEEK(x, mode). In mode 0 week 1 begins with the year's first Sunday, in mode 5 with its first Monday; the
// days before are in week 0. Mode 3 is ISO's.
func week(c *invocation) ast.Expr {
	mode := 0
	if len(c.args) == 2 {
		mode = c.intArg(1)
	}
	weekday, shift := "dow", 6
	switch mode {
	case 0:
	case 3:
		return field("week")(c)
	case 5:
		weekday, shift = "isodow", 7
	default:
		c.unsupported(c.pos, c.title()+" in mode "+strconv.Itoa(mode))
	}
	x := c.timestamp(0)
	day := castTo(c.extractField("doy", x), "int4")
	n := binaryOp(c.pos, "-", binaryOp(c.pos, "+", day, number(c.pos, shift)), castTo(c.extractField(weekday, c.again(x)), "int4"))
	return binaryOp(c.pos, "/", n, number(c.pos, 7))
}

// yearWeek lowers YEARWEEK(x, mode), of which modes 1 and 3 are ISO's.
func yearWeek(c *invocation) ast.Expr {
	if mode := c.intArg(1); mode != 1 && mode != 3 {
		c.unsupported(c.pos, c.title()+" in mode "+strconv.Itoa(mode))
	}
	return castTo(c.call("to_char", c.timestamp(0), str(c.pos, "IYYYIW")), "int4")
}

// unixTimestamp lowers UNIX_TIMESTAMP: whole seconds.
func unixTimestamp(c *invocation) ast.Expr {
	var x ast.Expr = &ast.SQLValue{Pos: c.pos, Kind: ast.CurrentTimestamp, Precision: -1}
	if len(c.args) == 1 {
		x = castTo(c.arg(0), "timestamptz")
	}
	return castTo(c.call("floor", c.extractField("epoch", x)), "int8")
}

func fromUnixtime(c *invocation) ast.Expr {
	x := castTo(c.call("to_timestamp", castTo(c.arg(0), "float8")), "timestamp")
	if len(c.args) == 1 {
		return x
	}
	return c.call("to_char", x, str(c.pos, c.format(1, formatTime)))
}

// convertTZ lowers CONVERT_TZ(x, from, to). PostgreSQL reads an offset that is text as POSIX does, with the sign turned.
func convertTZ(c *invocation) ast.Expr {
	zone := func(i int) ast.Expr {
		z := c.stringArg(i)
		if strings.HasPrefix(z, "+") || strings.HasPrefix(z, "-") {
			return typed(c.pos, "interval", z)
		}
		return str(c.pos, z)
	}
	return &ast.AtTimeZone{Pos: c.pos, Zone: zone(2), Arg: &ast.AtTimeZone{Pos: c.pos, Arg: c.timestamp(0), Zone: zone(1)}}
}

// secondsOf has the units of fixed length, in microseconds.
var microsecondsOf = map[mast.TimeUnitType]int{
	mast.TimeUnitMicrosecond: 1, mast.TimeUnitSecond: 1_000_000, mast.TimeUnitMinute: 60_000_000,
	mast.TimeUnitHour: 3_600_000_000, mast.TimeUnitDay: 86_400_000_000, mast.TimeUnitWeek: 604_800_000_000,
}

// timestampDiff lowers TIMESTAMPDIFF(unit, a, b): the whole units from a to b.
func timestampDiff(c *invocation) ast.Expr {
	a, b := c.timestamp(1), c.timestamp(2)
	unit := c.unit(0)
	whole := func(x ast.Expr, n int) ast.Expr {
		if n > 1 {
			x = binaryOp(c.pos, "/", x, number(c.pos, n))
		}
		return castTo(c.call("trunc", x), "int8")
	}
	if us, ok := microsecondsOf[unit]; ok {
		seconds := c.extractField("epoch", binaryOp(c.pos, "-", b, a))
		if us < 1_000_000 {
			return castTo(binaryOp(c.pos, "*", seconds, number(c.pos, 1_000_000)), "int8")
		}
		return whole(seconds, us/1_000_000)
	}
	age := c.call("age", b, a)
	years := c.extractField("year", age)
	if unit == mast.TimeUnitYear {
		return castTo(years, "int8")
	}
	months := binaryOp(c.pos, "+", binaryOp(c.pos, "*", years, number(c.pos, 12)), c.extractField("month", c.again(age)))
	if unit == mast.TimeUnitQuarter {
		return whole(months, 3)
	}
	return castTo(months, "int8")
}
