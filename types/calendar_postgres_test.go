package types

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

// randomTimestamp picks times near and far, with a liking for the ends of days, months and years.
func randomTimestamp(r *rand.Rand) int64 {
	year := int64(1990 + r.IntN(60))
	switch r.IntN(8) {
	case 0:
		year = int64(r.IntN(14000) - 4700)
	case 1:
		year = int64(r.IntN(6))*100 + int64(r.IntN(3)) - 201
	}
	ts := DaysFromCivil(year, int64(1+r.IntN(12)), int64(r.IntN(32)))*MicrosPerDay + int64(r.IntN(25))*MicrosPerHour
	switch r.IntN(4) {
	case 0:
		ts += int64(r.IntN(1000000000))
	case 1:
		ts--
	case 2:
		ts += r.Int64N(MicrosPerDay)
	}
	return ts
}

func randomInterval(r *rand.Rand) IntervalValue {
	var iv IntervalValue
	if r.IntN(2) == 0 {
		iv.Months = int32(r.IntN(60) - 30)
	}
	if r.IntN(2) == 0 {
		iv.Days = int32(r.IntN(200) - 100)
	}
	if r.IntN(2) == 0 {
		iv.Micros = r.Int64N(8*MicrosPerDay) - 4*MicrosPerDay
	}
	switch r.IntN(12) {
	case 0:
		iv.Months *= 1000
	case 1:
		iv.Days *= 1 << 24
	case 2:
		iv.Micros *= 20000
	}
	return iv
}

func timestampText(ts int64) string { return quote(string(AppendTimestamp(nil, ts, DefaultEnv))) }

func intervalText(iv IntervalValue) string {
	return quote(string(AppendInterval(nil, iv, DefaultEnv))) + "::interval"
}

// shown writes a result as its text, or the error.
func shown[V any](v V, err error, text func([]byte, V, *Env) []byte, env *Env) string {
	if err != nil {
		return asError(err)
	}
	return string(text(nil, v, env))
}

func TestArithmeticAgainstPostgres(t *testing.T) {
	r := testRand(t)
	p := askPostgres(t)
	var queries, ours []string
	add := func(want, query string, args ...any) {
		queries = append(queries, "SELECT ("+fmt.Sprintf(query, args...)+")::text")
		ours = append(ours, want)
	}
	for _, zone := range []string{"UTC", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"} {
		env := p.session(zone, "ISO, MDY", "postgres")
		queries, ours = nil, nil
		for range 400 {
			a, b, iv, iv2 := randomTimestamp(r), randomTimestamp(r), randomInterval(r), randomInterval(r)
			ta, tb, ti, ti2 := timestampText(a), timestampText(b), intervalText(iv), intervalText(iv2)
			factor := float64(r.IntN(2000)-1000) / float64(1+r.IntN(200))
			tf := strconv.FormatFloat(factor, 'g', -1, 64)

			ts, err := TimestampAddInterval(a, iv)
			add(shown(ts, err, AppendTimestamp, env), "%s::timestamp + %s", ta, ti)
			tz, err := TimestampToTZ(a, env.TimeZone)
			if err != nil {
				t.Fatal(err)
			}
			ts, err = TimestampTZAddInterval(tz, iv, env.TimeZone)
			add(shown(ts, err, AppendTimestampTZ, env), "%s::timestamptz + %s", ta, ti)
			d, err := TimestampSub(a, b)
			add(shown(d, err, AppendInterval, env), "%s::timestamp - %s::timestamp", ta, tb)
			d, err = Age(a, b)
			add(shown(d, err, AppendInterval, env), "age(%s::timestamp, %s::timestamp)", ta, tb)
			zb, err := TimestampToTZ(b, env.TimeZone)
			if err != nil {
				t.Fatal(err)
			}
			d, err = AgeTZ(tz, zb, env.TimeZone)
			add(shown(d, err, AppendInterval, env), "age(%s::timestamptz, %s::timestamptz)", ta, tb)

			d, err = iv.Add(iv2)
			add(shown(d, err, AppendInterval, env), "%s + %s", ti, ti2)
			d, err = iv.Sub(iv2)
			add(shown(d, err, AppendInterval, env), "%s - %s", ti, ti2)
			d, err = iv.Neg()
			add(shown(d, err, AppendInterval, env), "- %s", ti)
			d, err = iv.Mul(factor)
			add(shown(d, err, AppendInterval, env), "%s * %s::float8", ti, quote(tf))
			d, err = iv.Div(factor)
			add(shown(d, err, AppendInterval, env), "%s / %s::float8", ti, quote(tf))
			add(strconv.Itoa(iv.Compare(iv2)), "CASE WHEN %[1]s < %[2]s THEN -1 WHEN %[1]s = %[2]s THEN 0 ELSE 1 END", ti, ti2)
			for name, f := range map[string]func(IntervalValue) (IntervalValue, error){
				"justify_days": JustifyDays, "justify_hours": JustifyHours, "justify_interval": JustifyInterval} {
				d, err = f(iv)
				add(shown(d, err, AppendInterval, env), "%s(%s)", name, ti)
			}
			clock := floorMod(a, MicrosPerDay)
			tt := quote(string(AppendTime(nil, clock, env)))
			add(string(AppendTime(nil, TimeAddInterval(clock, iv), env)), "%s::time + %s", tt, ti)
			add(string(AppendTime(nil, TimeSubInterval(clock, iv), env)), "%s::time - %s", tt, ti)
			add(string(AppendTime(nil, TimeFromInterval(iv), env)), "%s::time", ti)
		}
		p.compare(queries, ours)
	}
}

func TestExtractAgainstPostgres(t *testing.T) {
	r := testRand(t)
	p := askPostgres(t)
	fields := strings.Fields(`century day decade dow doy epoch hour isodow isoyear julian microseconds millennium milliseconds
		minute month quarter second timezone timezone_hour timezone_minute week year now foo j c usec decs qtr`)
	numeric := func(e Extracted, err error) string {
		switch {
		case err != nil:
			return asError(err)
		case e.Null:
			return "NULL"
		}
		return string(AppendNumericText(nil, e.AppendNumeric(nil)))
	}
	double := func(e Extracted, err error) string {
		switch {
		case err != nil:
			return asError(err)
		case e.Null:
			return "NULL"
		}
		return string(AppendText(nil, Of(Float8), NewFloat(e.Float()), DefaultEnv))
	}
	env := p.session("America/St_Johns", "ISO, MDY", "postgres")
	var queries, ours []string
	add := func(want, query string, args ...any) {
		queries = append(queries, fmt.Sprintf("SELECT ("+query+")::text", args...))
		ours = append(ours, want)
	}
	times := []int64{TimestampInfinity, TimestampNegInfinity, timestampEnd - MicrosPerDay, timestampMin, 0, -1, UnixEpochMicros}
	for range 40 {
		times = append(times, randomTimestamp(r))
	}
	for _, ts := range times {
		iv := randomInterval(r)
		text, ti := timestampText(ts), intervalText(iv)
		for _, name := range fields {
			f := ParseField(strings.ToUpper(name))
			e, err := ExtractTimestamp(f, ts)
			add(numeric(e, err), "extract(%s FROM %s::timestamp)", name, text)
			add(double(e, err), "date_part(%s, %s::timestamp)", quote(name), text)
			if ts > timestampMin && ts < timestampEnd-MicrosPerDay || !TimestampIsFinite(ts) {
				e, err = ExtractTimestampTZ(f, ts, env.TimeZone)
				add(numeric(e, err), "extract(%s FROM (%s || 'Z')::timestamptz)", name, strings.Replace(text, " BC", "Z BC", 1))
				if strings.Contains(text, "BC") || !TimestampIsFinite(ts) {
					queries[len(queries)-1] = strings.Replace(queries[len(queries)-1], " || 'Z'", "", 1)
				}
			}
			days := DateFromTimestamp(ts)
			e, err = ExtractDate(f, days)
			add(numeric(e, err), "extract(%s FROM %s::date)", name, text)
			e, err = ExtractInterval(f, iv)
			add(numeric(e, err), "extract(%s FROM %s)", name, ti)
			add(double(e, err), "date_part(%s, %s)", quote(name), ti)
			clock, ok := TimeFromTimestamp(ts)
			if !ok {
				continue
			}
			e, err = ExtractTime(f, clock)
			add(numeric(e, err), "extract(%s FROM %s::time)", name, quote(string(AppendTime(nil, clock, env))))
		}
	}
	p.compare(queries, ours)
}

func TestTruncateAgainstPostgres(t *testing.T) {
	r := testRand(t)
	p := askPostgres(t)
	fields := strings.Fields(`microseconds milliseconds second minute hour day week month quarter year decade century millennium
		timezone dow epoch foo us`)
	for _, zone := range []string{"UTC", "America/Sao_Paulo", "Australia/Lord_Howe"} {
		env := p.session(zone, "ISO, MDY", "postgres")
		var queries, ours []string
		add := func(want, query string, args ...any) {
			queries = append(queries, fmt.Sprintf("SELECT ("+query+")::text", args...))
			ours = append(ours, want)
		}
		for range 60 {
			ts, origin, iv, stride := randomTimestamp(r), randomTimestamp(r), randomInterval(r), randomInterval(r)
			tz, err := TimestampToTZ(ts, env.TimeZone)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range fields {
				f := ParseField(name)
				v, err := DateTrunc(f, ts)
				add(shown(v, err, AppendTimestamp, env), "date_trunc(%s, %s::timestamp)", quote(name), timestampText(ts))
				v, err = DateTruncTZ(f, tz, env.TimeZone)
				add(shown(v, err, AppendTimestampTZ, env), "date_trunc(%s, %s::timestamptz)", quote(name), timestampText(ts))
				d, err := DateTruncInterval(f, iv)
				add(shown(d, err, AppendInterval, env), "date_trunc(%s, %s)", quote(name), intervalText(iv))
			}
			v, err := DateBin(stride, ts, origin)
			add(shown(v, err, AppendTimestamp, env), "date_bin(%s, %s::timestamp, %s::timestamp)", intervalText(stride), timestampText(ts), timestampText(origin))
		}
		p.compare(queries, ours)
	}
}

func TestMakeAgainstPostgres(t *testing.T) {
	p := askPostgres(t)
	env := p.session("UTC", "ISO, MDY", "postgres")
	var queries, ours []string
	add := func(want, query string, args ...any) {
		queries = append(queries, fmt.Sprintf("SELECT ("+query+")::text", args...))
		ours = append(ours, want)
	}
	for _, y := range []int64{2024, 2023, 0, -1, -4713, -4714, 5874897, 5874898, 294276, 294277} {
		for _, md := range [][2]int64{{2, 29}, {13, 1}, {12, 31}, {0, 1}, {1, 0}, {11, 24}, {11, 23}} {
			v, err := MakeDate(y, md[0], md[1])
			add(shown(v, err, AppendDate, env), "make_date(%d, %d, %d)", y, md[0], md[1])
			v, err = MakeTimestamp(y, md[0], md[1], 1, 2, 3.4)
			add(shown(v, err, AppendTimestamp, env), "make_timestamp(%d, %d, %d, 1, 2, 3.4)", y, md[0], md[1])
		}
	}
	for _, c := range []struct {
		h, m int64
		s    float64
	}{{1, 2, 3.4567891}, {24, 0, 0}, {24, 0, 0.1}, {23, 59, 60}, {23, 60, 0}, {25, 0, 0}, {-1, 0, 0}, {1, 1, 61}, {1, 1, -1}, {1, 1, 60.5}} {
		v, err := MakeTime(c.h, c.m, c.s)
		add(shown(v, err, AppendTime, env), "make_time(%d, %d, %g)", c.h, c.m, c.s)
	}
	for _, f := range []string{"0", "1234567890.123456", "-1", "-210866803200", "-210866803201", "9224318015999.999", "9224318016000", "1e18", "nan", "inf", "-inf"} {
		x, err := strconv.ParseFloat(f, 64)
		if err != nil {
			t.Fatal(err)
		}
		v, err := TimestampFromUnix(x)
		add(shown(v, err, AppendTimestampTZ, env), "to_timestamp(%s::float8)", quote(f))
	}
	for _, c := range []struct{ y, mo, w, d, h, mi int32 }{{1, 2, 3, 4, 5, 6}, {-1, 2, -3, 4, -5, 6}, {0, 0, 0, 0, 2147483647, 2147483647}} {
		v, err := MakeInterval(c.y, c.mo, c.w, c.d, c.h, c.mi, 7.8)
		add(shown(v, err, AppendInterval, env), "make_interval(%d, %d, %d, %d, %d, %d, 7.8)", c.y, c.mo, c.w, c.d, c.h, c.mi)
	}
	for _, l := range []string{"infinity", "-infinity", "2024-02-29", "5874897-12-31", "4714-11-24 BC", "294276-12-31", "294277-01-01"} {
		days, err := ParseDate(l, env)
		if err != nil {
			t.Fatal(err)
		}
		v, err := TimestampFromDate(days)
		add(shown(v, err, AppendTimestamp, env), "%s::date::timestamp", quote(l))
		v, err = DateAddDays(days, 1)
		add(shown(v, err, AppendDate, env), "%s::date + 1", quote(l))
		v, err = DateAddDays(days, -1)
		add(shown(v, err, AppendDate, env), "%s::date - 1", quote(l))
		v, err = DateAddInterval(days, IntervalValue{Months: 1, Micros: 1})
		add(shown(v, err, AppendTimestamp, env), "%s::date + '1 mon 1 us'::interval", quote(l))
		v, err = DateSubDate(days, 0)
		if err == nil {
			add(strconv.FormatInt(v, 10), "%s::date - '2000-01-01'::date", quote(l))
		} else {
			add(asError(err), "%s::date - '2000-01-01'::date", quote(l))
		}
		for _, ts := range []int64{0, TimestampInfinity, TimestampNegInfinity, timestampEnd - 1} {
			add(strconv.Itoa(CompareDateTimestamp(days, ts)), "CASE WHEN %[1]s::date < %[2]s::timestamp THEN -1 WHEN %[1]s::date = %[2]s::timestamp THEN 0 ELSE 1 END",
				quote(l), timestampText(ts))
		}
	}
	for _, o := range [][4]int64{{1, 5, 5, 9}, {1, 5, 4, 9}, {5, 1, 9, 4}, {1, 1, 1, 1}, {1, 1, 1, 5}, {5, 5, 1, 5}, {3, 3, 1, 5}, {1, 9, 3, 4}} {
		d := func(v int64) string { return quote(string(AppendDate(nil, v, env))) }
		add(strconv.FormatBool(Overlaps(o[0], o[1], o[2], o[3])), "(%s::date, %s::date) OVERLAPS (%s::date, %s::date)", d(o[0]), d(o[1]), d(o[2]), d(o[3]))
	}
	for _, l := range []string{"2024-02-29 12:34:56.7", "0044-03-15 01:02:03 BC", "infinity"} {
		v, err := ParseTimestamp(l, env)
		if err != nil {
			t.Fatal(err)
		}
		add(quoteJSON(AppendTimestampXSD(nil, v)), "to_json(%s::timestamp)", quote(l))
		add(quoteJSON(AppendTimestampTZXSD(nil, v, time.UTC)), "to_json(%s::timestamptz)", quote(l))
	}
	p.compare(queries, ours)
}

func quoteJSON(s []byte) string { return string(AppendJSONString(nil, s)) }
