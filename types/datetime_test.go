package types

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"millrace/internal/testseed"
	"millrace/pgerr"
)

// TestDateTimeLiterals holds a few answers of PostgreSQL 15, for machines without one.
func TestDateTimeLiterals(t *testing.T) {
	berlin, err := LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	iso, german := *DefaultEnv, *DefaultEnv
	iso.TimeZone = berlin
	german.DateStyle, german.TimeZone = "German, DMY", berlin
	for _, c := range []struct {
		env                *Env
		typ, literal, want string
	}{
		{&iso, "date", "January 8, 1999", "1999-01-08"},
		{&iso, "date", "18/1/1999", `ERROR 22008: date/time field value out of range: "18/1/1999"`},
		{&german, "date", "18/1/1999", "18.01.1999"},
		{&iso, "date", "J2451187", "1999-01-08"},
		{&iso, "date", "44-03-15 BC", `ERROR 22008: date/time field value out of range: "44-03-15 BC"`},
		{&iso, "date", "0044-03-15 BC", "0044-03-15 BC"},
		{&iso, "date", "foo", `ERROR 22007: invalid input syntax for type date: "foo"`},
		{&iso, "time", "04:05:06.7891239 PM", "16:05:06.789124"},
		{&iso, "time", "24:00", "24:00:00"},
		{&iso, "timestamp", "20200101T101112.5Z", "2020-01-01 10:11:12.5"},
		{&iso, "timestamp", "2020-12-31 23:59:60", "2021-01-01 00:00:00"},
		{&iso, "timestamp", "-infinity", "-infinity"},
		{&iso, "timestamptz", "2020-07-01 12:00", "2020-07-01 12:00:00+02"},
		{&iso, "timestamptz", "2020-07-01 12:00 America/New_York", "2020-07-01 18:00:00+02"},
		{&iso, "timestamptz", "2020-03-29 02:30", "2020-03-29 03:30:00+02"},
		{&iso, "timestamptz", "2020-10-25 02:30", "2020-10-25 02:30:00+01"},
		{&iso, "timestamptz", "2020-07-01 12:00+17", `ERROR 22009: time zone displacement out of range: "2020-07-01 12:00+17"`},
		{&iso, "timestamptz", "2020-07-01 12:00 Foo/Bar", `ERROR 22023: time zone "foo/bar" not recognized`},
		{&german, "timestamptz", "1.7.2020 12:00", "01.07.2020 12:00:00 CEST"},
		{&iso, "interval", "1.5 years 1.5 mons 1.5 weeks -1.5 h", "1 year 7 mons 25 days 10:30:00"},
		{&iso, "interval", "P1Y2M3DT4H5M6.7S", "1 year 2 mons 3 days 04:05:06.7"},
		{&iso, "interval", "2147483648 days", `ERROR 22015: interval field value out of range: "2147483648 days"`},
	} {
		if got := castText(c.typ, c.literal, c.env); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.typ, c.literal, got, c.want)
		}
	}
	_, err = ParseDate("2020-13-01", &iso)
	var e *pgerr.Error
	if !errors.As(err, &e) || e.Hint != `Perhaps you need a different "datestyle" setting.` {
		t.Errorf("error %v has hint %q", err, e.Hint)
	}
}

func TestCurrentTimeLiterals(t *testing.T) {
	env := *DefaultEnv
	var err error
	if env.TimeZone, err = LoadZone("America/New_York"); err != nil {
		t.Fatal(err)
	}
	// 02:30:00.5 UTC on the 2nd is still the 1st in New York.
	if env.Now, err = ParseTimestampTZ("2024-07-02 02:30:00.5Z", &env); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]string{
		{"date", "now", "2024-07-01"}, {"date", "today", "2024-07-01"}, {"date", "tomorrow", "2024-07-02"}, {"date", "yesterday", "2024-06-30"},
		{"time", "now", "22:30:00.5"}, {"timestamp", "now", "2024-07-01 22:30:00.5"}, {"timestamptz", "NOW", "2024-07-01 22:30:00.5-04"},
		{"timestamp", "today 10:00", "2024-07-01 10:00:00"}, {"timestamptz", "tomorrow allballs", "2024-07-01 20:00:00-04"},
	} {
		if got := castText(c[0], c[1], &env); got != c[2] {
			t.Errorf("%s %q: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

// TestISOPathAgreesWithDecoder holds the short way for ISO literals to what the general decoder says.
func TestISOPathAgreesWithDecoder(t *testing.T) {
	r := testRand(t)
	pieces := [][]string{
		{"20##-0#-1#", "19##-1#-2#", "####-##-##", "2024-02-29", "0001-01-01", "9999-12-31"},
		{" ", "T", "T"},
		{"1#:2#", "##:##", "2#:##:##", "1#:2#:3#.#", "2#:5#:59.######", "00:00:00.#######"},
		{"", "", "Z", "+0#", "-1#", "+0#:30", "-0#45", "+##:##"},
	}
	taken := 0
	for range 100000 {
		s := randomLiteral(r, pieces)
		iso, ok := parseISO(s)
		if !ok {
			continue
		}
		taken++
		var d dtDecoder
		if err := d.decode(s, "timestamp", DefaultEnv); err != nil {
			t.Fatalf("%q: the decoder refuses what parseISO takes: %v", s, err)
		}
		days, micros := DaysFromCivil(d.year, d.month, d.day), d.timeMicros()
		if iso.days != days || iso.micros != micros || iso.zoned && iso.east != -d.west || iso.zoned != (d.mask&mZone != 0) {
			t.Fatalf("%q: parseISO says %+v, the decoder day %d, %d us, %d s west", s, iso, days, micros, d.west)
		}
	}
	if taken < 10000 {
		t.Errorf("only %d literals took the short way", taken)
	}
}

func TestTextRoundTrips(t *testing.T) {
	r := testRand(t)
	for range 20000 {
		env := *DefaultEnv
		env.DateStyle = sessions[r.IntN(len(sessions))].dateStyle
		if env.DateStyle == "Postgres, YMD" { // PostgreSQL itself cannot read back the dates that it writes so
			env.DateStyle = "Postgres, MDY"
		}
		env.IntervalStyle = sessions[r.IntN(len(sessions))].intervalStyle
		ts := randomTimestamp(r)
		text := AppendTimestamp(nil, ts, &env)
		if got, err := ParseTimestamp(string(text), &env); err != nil || got != ts {
			t.Fatalf("%s: %q reads as %d (%v), want %d", env.DateStyle, text, got, err, ts)
		}
		days := DateFromTimestamp(ts)
		text = AppendDate(nil, days, &env)
		if got, err := ParseDate(string(text), &env); err != nil || got != days {
			t.Fatalf("%s: %q reads as %d (%v), want %d", env.DateStyle, text, got, err, days)
		}
		iv := randomInterval(r)
		text = AppendInterval(nil, iv, &env)
		if got, err := ParseInterval(string(text), -1, &env); err != nil || got != iv {
			t.Fatalf("%s: %q reads as %+v (%v), want %+v", env.IntervalStyle, text, got, err, iv)
		}
		env.DateStyle = "ISO, DMY"
		zone := ZoneNames()[r.IntN(len(ZoneNames()))]
		var err error
		if env.TimeZone, err = LoadZone(zone); err != nil {
			t.Fatal(err)
		}
		text = AppendTimestampTZ(nil, ts, &env)
		if got, err := ParseTimestampTZ(string(text), &env); err != nil || got != ts {
			t.Fatalf("%s: %q reads as %d (%v), want %d", zone, text, got, err, ts)
		}
	}
}

// TestLocalTimesAreConsistent checks that a local time and the instant found for it agree, except in gaps.
func TestLocalTimesAreConsistent(t *testing.T) {
	r := testRand(t)
	for range 20000 {
		zone := ZoneNames()[r.IntN(len(ZoneNames()))]
		loc, err := LoadZone(zone)
		if err != nil {
			t.Fatal(err)
		}
		ts := (DaysFromCivil(1900+int64(r.IntN(200)), 1, 1)+int64(r.IntN(366)))*MicrosPerDay + r.Int64N(MicrosPerDay)
		instant, err := TimestampToTZ(ts, loc)
		if err != nil {
			t.Fatal(err)
		}
		back, err := TimestampFromTZ(instant, loc)
		if err != nil {
			t.Fatal(err)
		}
		if back == ts {
			continue
		}
		// In a gap the clock moves ahead by the gap, at most the one day that Samoa and others skipped.
		if back < ts || back-ts > 24*MicrosPerHour {
			t.Fatalf("%s: %s comes back as %s", zone, AppendTimestamp(nil, ts, DefaultEnv), AppendTimestamp(nil, back, DefaultEnv))
		}
	}
}

func TestLoadZone(t *testing.T) {
	for _, c := range []struct {
		name, want string
		east       int64
	}{
		{"UTC", "UTC", 0}, {"utc", "UTC", 0}, {"Europe/Berlin", "Europe/Berlin", 7200}, {"EUROPE/berlin", "Europe/Berlin", 7200},
		{"UTC+3", "UTC", -10800}, {"<+03>-3", "+03", 10800}, {"EST5EDT,M3.2.0,M11.1.0", "EST5EDT,M3.2.0,M11.1.0", -14400}, {"Foo5Bar", "Foo5Bar", -14400},
	} {
		loc, err := LoadZone(c.name)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		july := DaysFromCivil(2024, 7, 1) * MicrosPerDay
		if east, _ := zoneOffsetAt(july, loc); loc.String() != c.want || east != c.east {
			t.Errorf("%s: zone %s, %d s east, want %s, %d", c.name, loc, east, c.want, c.east)
		}
	}
	for _, name := range []string{"", "Foo", "Foo/Bar", "../etc/passwd", "UTC+168", "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3", "<abc", "Europe", "Europe/", string(make([]byte, 300))} {
		if loc, err := LoadZone(name); err == nil {
			t.Errorf("%q is zone %s", name, loc)
		} else if pgerr.CodeOf(err) != pgerr.InvalidParameterValue {
			t.Errorf("%q: %v", name, err)
		}
	}
	if len(ZoneNames()) < 500 {
		t.Errorf("only %d zones", len(ZoneNames()))
	}
	if loc, err := LookupZone("pst"); err != nil || loc.String() != "PST" {
		t.Errorf("pst is %v, %v", loc, err)
	}
}

func TestTextDoesNotAllocate(t *testing.T) {
	env := *DefaultEnv
	var err error
	if env.TimeZone, err = LoadZone("Europe/Berlin"); err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 0, 100)
	ts, _ := ParseTimestamp("2024-02-29 12:34:56.789", &env)
	iv := IntervalValue{Months: 14, Days: 3, Micros: 14706000001}
	format := CompileDateFormat("Day DD Month YYYY HH24:MI:SS.US TZ")
	for name, f := range map[string]func(){
		"AppendDate":        func() { AppendDate(dst, 8000, &env) },
		"AppendTime":        func() { AppendTime(dst, 45296789, &env) },
		"AppendTimestamp":   func() { AppendTimestamp(dst, ts, &env) },
		"AppendTimestampTZ": func() { AppendTimestampTZ(dst, ts, &env) },
		"AppendInterval":    func() { AppendInterval(dst, iv, &env) },
		"ParseDate":         func() { _, err = ParseDate("2024-02-29", &env) },
		"ParseTime":         func() { _, err = ParseTime("12:34:56.789", &env) },
		"ParseTimestamp":    func() { _, err = ParseTimestamp("2024-02-29 12:34:56.789", &env) },
		"ParseTimestampTZ":  func() { _, err = ParseTimestampTZ("2024-02-29T12:34:56.789+02:00", &env) },
		"decoded timestamp": func() { _, err = ParseTimestamp("feb 29 2024 12:34 pm", &env) },
		"ParseInterval":     func() { _, err = ParseInterval("1 year 2 mons 04:05:06", -1, &env) },
		"to_char":           func() { format.AppendTimestampTZ(dst, ts, env.TimeZone) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 || err != nil {
			t.Errorf("%s: %g allocations, %v", name, n, err)
		}
	}
}

func TestIntervalEncoding(t *testing.T) {
	r := testRand(t)
	for range 2000 {
		a, b := randomInterval(r), randomInterval(r)
		if r.IntN(3) == 0 { // another way to write the same length
			b = IntervalValue{Months: a.Months - 1, Days: a.Days + 31, Micros: a.Micros - MicrosPerDay}
		}
		ea, eb := a.Encode(nil), b.Encode(nil)
		if DecodeInterval(ea) != a {
			t.Fatalf("%+v decodes as %+v", a, DecodeInterval(ea))
		}
		c := CompareInterval(ea, eb)
		if c != -CompareInterval(eb, ea) {
			t.Fatalf("%+v and %+v: %d one way only", a, b, c)
		}
		if c == 0 && HashInterval(ea, 7) != HashInterval(eb, 7) {
			t.Fatalf("%+v and %+v are equal and hash apart", a, b)
		}
		if wire := AppendBinaryInterval(nil, ea); len(wire) != 16 {
			t.Fatalf("%d bytes on the wire", len(wire))
		} else if got, err := ParseBinaryInterval(wire); err != nil || got != a {
			t.Fatalf("%+v, %v from the wire, want %+v", got, err, a)
		}
	}
	for _, n := range []int{0, 15, 17} {
		if _, err := ParseBinaryInterval(make([]byte, n)); err == nil {
			t.Errorf("%d bytes are an interval", n)
		}
	}
	day, month := IntervalValue{Days: 30}.Encode(nil), IntervalValue{Months: 1}.Encode(nil)
	if CompareInterval(day, month) != 0 {
		t.Error("30 days are not 1 month")
	}
}

func TestIntervalOverflow(t *testing.T) {
	least := IntervalValue{Months: -1 << 31, Days: -1 << 31, Micros: -1 << 63}
	for name, f := range map[string]func() (IntervalValue, error){
		"neg":            least.Neg,
		"add":            func() (IntervalValue, error) { return least.Add(IntervalValue{Days: -1}) },
		"add micros":     func() (IntervalValue, error) { return least.Add(IntervalValue{Micros: -1}) },
		"sub":            func() (IntervalValue, error) { return least.Sub(IntervalValue{Micros: 1}) },
		"mul":            func() (IntervalValue, error) { return least.Mul(1.5) },
		"div":            func() (IntervalValue, error) { return least.Div(0.5) },
		"div by 0":       func() (IntervalValue, error) { return least.Div(0) },
		"justify days":   func() (IntervalValue, error) { return JustifyDays(least) },
		"justify hours":  func() (IntervalValue, error) { return JustifyHours(least) },
		"justify":        func() (IntervalValue, error) { return JustifyInterval(least) },
		"make years":     func() (IntervalValue, error) { return MakeInterval(1<<31-1, 0, 0, 0, 0, 0, 0) },
		"make weeks":     func() (IntervalValue, error) { return MakeInterval(0, 0, 1<<31-1, 0, 0, 0, 0) },
		"make secs":      func() (IntervalValue, error) { return MakeInterval(0, 0, 0, 0, 0, 0, 1e30) },
		"make hour+secs": func() (IntervalValue, error) { return MakeInterval(0, 0, 0, 0, 1<<31-1, 0, 9e12) },
	} {
		if got, err := f(); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := string(AppendInterval(nil, least, DefaultEnv)); got != "-178956970 years -8 mons -2147483648 days -2562047788:00:54.775808" {
		t.Errorf("the least interval is %s", got)
	}
}

func ExampleTimestampTZAddInterval() {
	berlin, _ := LoadZone("Europe/Berlin")
	env := *DefaultEnv
	env.TimeZone = berlin
	ts, _ := ParseTimestampTZ("2024-03-30 12:00", &env) // clocks go forward the night after
	day, _ := TimestampTZAddInterval(ts, IntervalValue{Days: 1}, berlin)
	hours, _ := TimestampTZAddInterval(ts, IntervalValue{Micros: 24 * MicrosPerHour}, berlin)
	fmt.Printf("%s\n%s\n", AppendTimestampTZ(nil, day, &env), AppendTimestampTZ(nil, hours, &env))
	// Output:
	// 2024-03-31 12:00:00+02
	// 2024-03-31 13:00:00+02
}

func FuzzDateTimeLiterals(f *testing.F) {
	for _, s := range []string{"2024-02-29 12:34:56.789+02", "Jan 8, 1999", "J2451187.5", "y2001m02d04t040506", "Mon Feb 10 17:32:01 1997 PST BC",
		"1 year 2 mons -3 days 04:05:06", "P1Y2M3DT4H5M6S", "P0001-02-03T04:05:06", "10:00 MET DST", "FOO5BAR,M3.2.0,M11.1.0"} {
		testseed.Add(f, s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := ParseDate(s, DefaultEnv); err == nil {
			if got, err := ParseDate(string(AppendDate(nil, v, DefaultEnv)), DefaultEnv); err != nil || got != v {
				t.Errorf("date %q: %d comes back as %d, %v", s, v, got, err)
			}
		}
		if v, err := ParseTime(s, DefaultEnv); err == nil {
			if got, err := ParseTime(string(AppendTime(nil, v, DefaultEnv)), DefaultEnv); err != nil || got != v {
				t.Errorf("time %q: %d comes back as %d, %v", s, v, got, err)
			}
		}
		if v, err := ParseTimestamp(s, DefaultEnv); err == nil {
			if got, err := ParseTimestamp(string(AppendTimestamp(nil, v, DefaultEnv)), DefaultEnv); err != nil || got != v {
				t.Errorf("timestamp %q: %d comes back as %d, %v", s, v, got, err)
			}
		}
		if v, err := ParseTimestampTZ(s, DefaultEnv); err == nil {
			if got, err := ParseTimestampTZ(string(AppendTimestampTZ(nil, v, DefaultEnv)), DefaultEnv); err != nil || got != v {
				t.Errorf("timestamptz %q: %d comes back as %d, %v", s, v, got, err)
			}
		}
		if v, err := ParseInterval(s, -1, DefaultEnv); err == nil {
			if got, err := ParseInterval(string(AppendInterval(nil, v, DefaultEnv)), -1, DefaultEnv); err != nil || got != v {
				t.Errorf("interval %q: %+v comes back as %+v, %v", s, v, got, err)
			}
		}
		if loc, err := LookupZone(s); err == nil {
			zoneOffsetAt(0, loc)
			zoneOffsetLocal(0, loc)
		}
	})
}

func FuzzDateFormat(f *testing.F) {
	testseed.Add(f, "YYYY-MM-DD HH24:MI:SS.US TZH:TZM", "2024-02-29 12:34:56.789 +05:30", int64(0), int32(14), int32(3))
	testseed.Add(f, `FMDay, DDth "of" FMMonth Y,YYY BC RM IW J`, "Thursday, 29th of February 2,024 AD II", int64(-1), int32(-14), int32(-3))
	f.Fuzz(func(t *testing.T, format, text string, micros int64, months, days int32) {
		c := CompileDateFormat(format)
		if ts, ok := addTimestamp(micros, 0); ok {
			c.AppendTimestampTZ(nil, ts, time.UTC)
		}
		c.AppendInterval(nil, IntervalValue{Months: months, Days: days, Micros: micros})
		if ts, err := c.ParseTimestampTZ(text, DefaultEnv); err == nil && !timestampInRange(ts) {
			t.Errorf("to_timestamp(%q, %q) = %d, out of range", text, format, ts)
		}
		if d, err := c.ParseDate(text); err == nil && !dateInRange(d) {
			t.Errorf("to_date(%q, %q) = %d, out of range", text, format, d)
		}
	})
}

func BenchmarkDateTime(b *testing.B) {
	env := *DefaultEnv
	var err error
	if env.TimeZone, err = LoadZone("Europe/Berlin"); err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 100)
	ts, err := ParseTimestamp("2024-02-29 12:34:56.789", &env)
	if err != nil {
		b.Fatal(err)
	}
	iv := IntervalValue{Months: 14, Days: 3, Micros: 14706000001}
	format := CompileDateFormat("YYYY-MM-DD HH24:MI:SS")
	month := ParseField("month")
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"ParseTimestamp", func() { _, err = ParseTimestamp("2024-02-29 12:34:56.789", &env) }},
		{"ParseTimestampTZ/offset", func() { _, err = ParseTimestampTZ("2024-02-29 12:34:56.789+02", &env) }},
		{"ParseTimestampTZ/local", func() { _, err = ParseTimestampTZ("2024-02-29 12:34:56.789", &env) }},
		{"ParseTimestamp/decoder", func() { _, err = ParseTimestamp("Feb 29 2024 12:34:56", &env) }},
		{"ParseInterval", func() { _, err = ParseInterval("1 day 04:05:06", -1, &env) }},
		{"AppendTimestamp", func() { AppendTimestamp(dst, ts, &env) }},
		{"AppendTimestampTZ", func() { AppendTimestampTZ(dst, ts, &env) }},
		{"AppendInterval", func() { AppendInterval(dst, iv, &env) }},
		{"DateTruncTZ", func() { _, err = DateTruncTZ(month, ts, env.TimeZone) }},
		{"DateTrunc", func() { _, err = DateTrunc(month, ts) }},
		{"ExtractTimestamp", func() { _, err = ExtractTimestamp(month, ts) }},
		{"TimestampAddInterval", func() { _, err = TimestampAddInterval(ts, iv) }},
		{"ToChar", func() { format.AppendTimestamp(dst, ts) }},
		{"ToTimestamp", func() { _, err = format.ParseDate("2024-02-29 12:34:56") }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}

// TestZoneTables holds the tables to package time, at every change and between.
func TestZoneTables(t *testing.T) {
	for _, name := range ZoneNames() {
		loc, err := LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		z := tableOf(loc)
		if z == nil {
			if loc != time.UTC {
				t.Errorf("%s has no table", name)
			}
			continue
		}
		ends := append(z.starts[1:len(z.starts):len(z.starts)], min(z.end, 1<<40))
		for _, end := range ends {
			for _, sec := range []int64{end - 86400*40, end - 1, end, end + 86400*40} {
				want, east := time.Unix(sec, 0).In(loc).Zone()
				got, abbrev := zoneOffsetAt((sec+UnixEpochMicros/MicrosPerSecond)*MicrosPerSecond, loc)
				if got != int64(east) || abbrev != want {
					t.Fatalf("%s at %d: %d %s, want %d %s", name, sec, got, abbrev, east, want)
				}
			}
		}
	}
}
