package types

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"millrace/internal/testseed"
)

// castText gives what 'literal'::type::text gives under env, or the error.
func castText(typ, literal string, env *Env) string {
	var dst []byte
	var v int64
	var err error
	switch typ {
	case "date":
		if v, err = ParseDate(literal, env); err == nil {
			dst = AppendDate(nil, v, env)
		}
	case "time":
		if v, err = ParseTime(literal, env); err == nil {
			dst = AppendTime(nil, v, env)
		}
	case "timestamp":
		if v, err = ParseTimestamp(literal, env); err == nil {
			dst = AppendTimestamp(nil, v, env)
		}
	case "timestamptz":
		if v, err = ParseTimestampTZ(literal, env); err == nil {
			dst = AppendTimestampTZ(nil, v, env)
		}
	case "interval":
		var iv IntervalValue
		if iv, err = ParseInterval(literal, -1, env); err == nil {
			dst = AppendInterval(nil, DecodeInterval(iv.Encode(nil)), env)
		}
	default:
		panic(typ)
	}
	if err != nil {
		return asError(err)
	}
	return string(dst)
}

// session gives an environment, and sets PostgreSQL's session to the same.
func (p *postgres) session(zone, dateStyle, intervalStyle string) *Env {
	p.t.Helper()
	loc, err := LoadZone(zone)
	if err != nil {
		p.t.Fatal(err)
	}
	p.exec("SET timezone = " + quote(zone))
	p.exec("SET datestyle = " + quote(dateStyle))
	p.exec("SET intervalstyle = " + quote(intervalStyle))
	env := *DefaultEnv
	env.TimeZone, env.DateStyle, env.IntervalStyle = loc, dateStyle, intervalStyle
	return &env
}

// compareCasts checks each literal as each type.
func (p *postgres) compareCasts(env *Env, types, literals []string) {
	p.t.Helper()
	var queries, ours []string
	for _, typ := range types {
		for _, l := range literals {
			queries = append(queries, fmt.Sprintf("SELECT %s::%s::text", quote(l), typ))
			ours = append(ours, castText(typ, l, env))
		}
	}
	p.compare(queries, ours)
}

var dateTypes = []string{"date", "time", "timestamp", "timestamptz"}

var sessions = []struct{ zone, dateStyle, intervalStyle string }{
	{"UTC", "ISO, MDY", "postgres"},
	{"America/New_York", "SQL, MDY", "postgres_verbose"},
	{"Europe/Berlin", "German, DMY", "iso_8601"},
	{"Australia/Lord_Howe", "Postgres, YMD", "sql_standard"},
	{"Asia/Kathmandu", "Postgres, DMY", "postgres"},
	{"UTC+3", "ISO, YMD", "postgres"},
	{"America/Sao_Paulo", "SQL, DMY", "postgres"},
}

// dateLiterals are one a line, so that what PostgreSQL accepts and refuses is easy to extend.
const dateLiterals = `
2024-02-29
2023-02-29
2024-13-01
2024-00-10
2024-02-00
2024-02-32
1999-01-08
January 8, 1999
1/8/1999
1/18/1999
18/1/1999
01/02/03
1999-Jan-08
Jan-08-1999
08-Jan-1999
99-Jan-08
08-Jan-99
Jan-08-99
19990108
990108
1999.008
1999.366
J2451187
J2451187.5
J-5
January 8, 99 BC
8 Jan 0001
0001-01-01
0000-01-01
1 BC
4714-11-24 BC
4714-11-23 BC
5874897-12-31
5874898-01-01
294276-12-31 23:59:59.999999
294277-01-01
1997.040
97-040
1997 040
y2001m02d04
y2001m02d04t040506
y2001m02d04 h04mm05s06.789
Mon Feb 10 17:32:01 1997 PST
Feb 10 17:32:01 1997 -0800
19970210 173201 -0800
19970210 173201-0800
19970210T173201Z
19970210t173201.5+01
1997-02-10T17:32:01.999999999Z
1997-02-10T17:32:01.123456Z
1997-02-10 17:32:01.1234564
1997-02-10 17:32:01.1234565
1997-02-10 17:32:01.1234575
1997-02-10 17:32:01.
1997-02-10 17:32
1997-02-10 17
1997-02-10T17
1997-02-10T
1997-02-10 5:32 PM
1997-02-10 5:32PM
1997-02-10 12:32 AM
1997-02-10 12:32 PM
1997-02-10 13:32 PM
1997-02-10 17:32:01 America/New_York
1997-02-10 17:32:01 america/new_york
1997-02-10 17:32:01 America/Nowhere
1997-02-10 17:32:01 Nowhere
1997-02-10 17:32:01 EST5EDT
1997-02-10 17:32:01 UTC+5
1997-07-10 17:32:01 MET DST
1997-07-10 17:32:01 DST
1997-02-10 17:32:01 EST EST
1997-02-10 17:32:01 CET
1997-02-10 17:32:01 +15:59:59
1997-02-10 17:32:01 +16:00
1997-02-10 17:32:01 -00:30
1997-02-10 17:32:01+1:2:3
1997-02-10 17:32:01+530
1997-02-10 17:32:01+05:60
2005-07-01 12:00 MSK
2012-07-01 12:00 MSK
2020-07-01 12:00 MSK
1900-07-01 12:00 MSK
2020-07-01 12:00 IST
2020-07-01 12:00 CLT
2020-01-01 12:00 clt
1930-01-01 12:00 ART
2020-07-01 12:00 SGT
2020-07-01 12:00 LHDT
2020-03-29 02:30 Europe/Berlin
2020-03-29 02:00 Europe/Berlin
2020-03-29 03:00 Europe/Berlin
2020-10-25 02:30 Europe/Berlin
2020-10-25 02:00 Europe/Berlin
2020-10-25 03:00 Europe/Berlin
2020-03-08 02:30
2020-11-01 01:30
2018-11-04 00:00
2018-02-17 23:30
2020-03-29 02:30
2020-10-25 02:30
2020-04-05 01:45
2020-10-04 02:15
1883-11-18 12:01
1800-01-01 00:00:00
2500-07-01 00:00:00
9999-12-31 23:59:60
2024-02-29 23:59:60
2024-02-29 23:59:61
2024-02-29 24:00:00
2024-02-29 24:00:00.000001
2024-02-29 25:00
2024-02-29 10:60
epoch
infinity
-infinity
+infinity
today infinity
allballs
2024-02-29 allballs
Monday 2024-02-29
24-02-29
29-02-24
2-29-24
2024/02/29
2024.02.29
2024 02 29
29.02.2024
Feb 29 2024
29 Feb 2024
2024 Feb 29
2024Feb29
Sept 1 2024
on 2024-02-29 at 10:00
2024-02-29,10:00
2024-02-29 10:00 AD
2024-02-29 10:00 BC
2024-02-29 BC 10:00
2024-02-29 2024-02-29
10:00 10:00
10:00:00
T10:00
t101112
10:00 PM
040506
0405
04:05:06.789-8
04:05:06-08:00
040506-08
04:05:06 PST
04:05:06 Europe/Berlin
04:05:06 Etc/GMT+3
2003-04-12 04:05:06 America/New_York
04:05.5
4:5:6:7
24:00:00
24:00:01
-10:00
4 PM
foo

10:00 foo
1
12345
123456
1234567
123.456
20240229.5
99999999999-01-01
1.5
2024-02-29 10:00:00.5.5
2024--02-29
2024-02-29-
é
2024-02-29 é
1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
`

func TestDateLiteralsAgainstPostgres(t *testing.T) {
	p := askPostgres(t)
	for _, s := range sessions {
		t.Run(s.zone+" "+s.dateStyle, func(t *testing.T) {
			p.t = t
			p.compareCasts(p.session(s.zone, s.dateStyle, s.intervalStyle), dateTypes, strings.Split(dateLiterals, "\n"))
		})
	}
}

const intervalLiterals = `
1
-1.5
1 day
-1 day
1 day ago
1 ago
ago
1 year 2 mons 3 days 04:05:06.789
1 year 2 mons -3 days +04:05:06.789
-1 year -2 mons +3 days -04:05:06.789
@ 1 year 2 mons -3 days 4 hours 5 mins 6.789 secs ago
1-2
-1-2
+1-2
1-12
1-2 3 4:05:06
3 4:05:06
-3 4:05:06
3 -4:05:06
-3 +4:05:06
4:05
4:05:06
4:05:06.7891234
4:05.5
100:00
-100:00
4:60
4:05:60
4:05:61
P1Y2M3DT4H5M6S
P1Y2M3DT4H5M6.7S
P-1Y2M-3DT4H-5M6S
P1W
P0.5Y
P0.5M
P0.5W
P0.5D
PT0.5H
P00010203
P00010203T040506
P00010203T040506.5
P0001-02-03
P0001-02-03T04:05:06
P0001-02
P0001
PT04:05:06
PT04:05
PT04
PT040506
P1Y-2
P1Y1Y
P1e3D
P1.5e1D
P
PT
P1
P1S
P1DT
P1H
p1d
P 1D
P+1D
1.5 years
1.5 mons
1.5 weeks
1.5 days
1.5 hours
1.5 minutes
1.5 seconds
1.999999 years
0.1 century
0.7 millennium
-0.7 millennium
1.23456789 decades
1 c 2 dec 3 y 4 mon 5 w 6 d 7 h 8 m 9 s 10 ms 11 us
1 centuries 2 decades 3 years 4 months 5 weeks 6 days 7 hours 8 minutes 9 secs
1 millennia
1 mil
1 mils
1 microsecond
1 microseconds
2.5 us
3.5 us
0.0000005 s
0.0000015 s
1 msec 1 usec
1.5 s 5 ms
10 s 5 ms
1 day 1 day
1 2 days
2 h 1
1 h 2
1 year ago 2 days
1 month 1 year
1 qtr
1 quarter
1 foo
foo

1e3 days
1:2:3.4.5
- 1 day
+1 -2:03
1 day,2 hours
2147483647 days
2147483648 days
-2147483648 days
-2147483648 days ago
178956970 years 7 mons
178956970 years 8 mons
2147483647 years
2147483647 weeks
9223372036854775807 us
-9223372036854775808 us
9223372036854775808 us
2562047788:00:54.775807
2562047788:00:54.775808
-2562047788:00:54.775808
2562047789:00
99999999999999999999 s
99999999999 years
0 days
0
00:00
infinity
1 day 00:00:00.000001
-00:00:00.5
-1 day 00:00:00.5
1 day -00:00:00.5
-1 day -00:00:00.5
1 sec
-1 sec
1 hour -1 min
1000000:00:00
`

func TestIntervalLiteralsAgainstPostgres(t *testing.T) {
	p := askPostgres(t)
	for _, style := range []string{"postgres", "postgres_verbose", "iso_8601", "sql_standard"} {
		t.Run(style, func(t *testing.T) {
			p.t = t
			p.compareCasts(p.session("UTC", "ISO, MDY", style), []string{"interval"}, strings.Split(intervalLiterals, "\n"))
		})
	}
}

func TestIntervalModifiersAgainstPostgres(t *testing.T) {
	p := askPostgres(t)
	env := p.session("UTC", "ISO, MDY", "postgres")
	literals := []string{"1", "1.7", "-1.7", "1-2", "1 2", "1:2", "1:2:3", "-1:2:3.456789", "3 1:2:3.987654", "1 year 2 mons 3 days 04:05:06.789654",
		"-1 year -2 mons -3 days -04:05:06.789654", "99:59:59.999999", "0.5"}
	var queries, ours []string
	for _, fields := range []string{"", "year", "month", "day", "hour", "minute", "second", "year to month", "day to hour",
		"day to minute", "day to second", "hour to minute", "hour to second", "minute to second"} {
		for precision := -1; precision <= 6; precision += 2 {
			if precision >= 0 && fields != "" && !strings.HasSuffix(fields, "second") {
				continue
			}
			mod, err := IntervalMod(fields, precision)
			if err != nil {
				t.Fatal(err)
			}
			spec := "interval " + fields
			if precision >= 0 {
				spec += fmt.Sprintf("(%d)", precision)
			}
			for _, l := range literals {
				queries = append(queries, fmt.Sprintf("SELECT %s::%s::text", quote(l), spec))
				iv, err := ParseInterval(l, mod, env)
				if err != nil {
					ours = append(ours, asError(err))
					continue
				}
				ours = append(ours, string(AppendInterval(nil, iv, env)))
			}
		}
	}
	p.compare(queries, ours)
}

func TestTimePrecisionAgainstPostgres(t *testing.T) {
	p := askPostgres(t)
	env := p.session("UTC", "ISO, MDY", "postgres")
	var queries, ours []string
	for precision := int32(0); precision <= 6; precision++ {
		for _, l := range []string{"1999-12-31 23:59:59.999999", "1999-12-31 23:59:59.9985", "2000-01-01 00:00:00.0005", "2024-02-29 12:34:56.125",
			"2024-02-29 12:34:56.5", "1969-07-20 20:17:40.555555", "infinity", "-infinity"} {
			queries = append(queries, fmt.Sprintf("SELECT %s::timestamp(%d)::text", quote(l), precision))
			v, err := ParseTimestamp(l, env)
			if err != nil {
				t.Fatal(err)
			}
			ours = append(ours, string(AppendTimestamp(nil, ApplyTimeMod(Timestamp, v, precision), env)))
			if strings.HasSuffix(l, "infinity") {
				continue
			}
			queries = append(queries, fmt.Sprintf("SELECT %s::time(%d)::text", quote(l[11:]), precision))
			v, err = ParseTime(l[11:], env)
			if err != nil {
				t.Fatal(err)
			}
			ours = append(ours, string(AppendTime(nil, ApplyTimeMod(Time, v, precision), env)))
		}
	}
	p.compare(queries, ours)
}

// randomLiteral makes a literal out of pieces that mostly fit together, and sometimes damages it.
func randomLiteral(r *rand.Rand, pieces [][]string) string {
	var b strings.Builder
	for _, alternatives := range pieces {
		if r.IntN(8) == 0 {
			continue
		}
		piece := alternatives[r.IntN(len(alternatives))]
		for i := 0; i < len(piece); i++ {
			if piece[i] == '#' {
				b.WriteByte(byte('0' + r.IntN(10)))
			} else {
				b.WriteByte(piece[i])
			}
		}
	}
	s := b.String()
	if r.IntN(4) == 0 && len(s) > 0 {
		const alphabet = "0123456789 :-+./,TZtzapmbcy"
		i := r.IntN(len(s))
		c := string(alphabet[r.IntN(len(alphabet))])
		switch r.IntN(3) {
		case 0:
			s = s[:i] + s[i+1:]
		case 1:
			s = s[:i] + c + s[i:]
		default:
			s = s[:i] + c + s[i+1:]
		}
	}
	return s
}

func testRand(t testing.TB) *rand.Rand {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestRandomDateLiteralsAgainstPostgres(t *testing.T) {
	r := testRand(t)
	p := askPostgres(t)
	pieces := [][]string{
		{"20##-0#-#", "19##-1#-1#", "#/#/20##", "1#/2#/##", "0#.0#.20##", "Jan #, 20##", "2# Feb ##", "20##Mar1#", "Thu 1#-Apr-20##", "20##0#1#", "##0#0#", "J24####1",
			"20##.1##", "####-0#-2#", "1####-0#-2#", "#-#-#", "y20##m0#d1#"},
		{"", " ", "T", "t", "  ", ","},
		{"", "1#:##", "0#:##:##", "2#:##:##.#", "1#:2#:3#.######", "1#:2#:3#.#######", "1#2#3#", "1#2#", "#:##", "2#:00", "h1#mm2#s3#"},
		{"", "", " am", "PM", " p.m."},
		{"", "Z", "+0#", "-0#:30", "+0#30", " CET", " pst", " America/Chicago", " Asia/Kolkata", " UTC-#", " Etc/GMT+#", " MSK", " est dst", " +0#:##:##"},
		{"", "", "", " BC", " AD", " ad"},
	}
	for _, s := range sessions {
		var literals []string
		for range 400 {
			literals = append(literals, randomLiteral(r, pieces))
		}
		p.compareCasts(p.session(s.zone, s.dateStyle, s.intervalStyle), dateTypes, literals)
	}
}

func TestRandomIntervalLiteralsAgainstPostgres(t *testing.T) {
	r := testRand(t)
	p := askPostgres(t)
	units := []string{" years", "y", " mons", " month ", " days", "d", " weeks", " hours", "h", " mins", "m", " s", " ms", " usec", " decades", " century", " foo"}
	var signed []string
	for _, u := range units {
		signed = append(signed, "#"+u, "-##"+u, "+#.##"+u, "#.####"+u)
	}
	postgres := [][]string{{"", "", "@ "}, signed, {" "}, signed, {" ", ""}, append(signed, "##:##", "-#:##:##.###", "#-#", "# ##:##"), {"", "", " ago"}}
	iso := [][]string{{"P"}, {"", "#Y", "-#.#Y", "#M", "##W"}, {"", "#M", "#.##D", "-##D"}, {"T", "T", ""}, {"", "#H", "-##.##H"}, {"", "##M", "#.###M"}, {"", "#S", "##.######S", "-#.#S"}}
	alternative := [][]string{{"P"}, {"000#-0#-1#", "000#0#1#", "00##"}, {"T"}, {"0#:1#:##", "0#1###", "##:##"}}
	for _, style := range []string{"postgres", "postgres_verbose", "iso_8601", "sql_standard"} {
		var literals []string
		for range 500 {
			literals = append(literals, randomLiteral(r, postgres), randomLiteral(r, iso), randomLiteral(r, alternative))
		}
		p.compareCasts(p.session("UTC", "ISO, MDY", style), []string{"interval"}, literals)
	}
}

// TestRandomInstantsAgainstPostgres checks zones over their whole history.
func TestRandomInstantsAgainstPostgres(t *testing.T) {
	r := testRand(t)
	p := askPostgres(t)
	zones := []string{"UTC", "America/New_York", "Europe/London", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Tehran", "Africa/Cairo",
		"Pacific/Apia", "America/St_Johns", "Asia/Pyongyang", "Antarctica/Troll", "Africa/Casablanca", "FOO-3:30BAR,M3.2.0,M11.1.0"}
	for _, zone := range zones {
		env := p.session(zone, "ISO, MDY", "postgres")
		var queries, ours []string
		for range 150 {
			year := int64(1850 + r.IntN(250))
			switch r.IntN(10) {
			case 0:
				year = int64(1 + r.IntN(12000))
			case 1:
				year = int64(2030 + r.IntN(20))
			}
			if strings.Contains(zone, ",") { // see posixRuleZone
				year = max(year, 1971)
			}
			days := DaysFromCivil(year, 1, 1) + int64(r.IntN(366))
			ts := days*MicrosPerDay + int64(r.IntN(96))*15*MicrosPerMinute
			text := string(AppendTimestamp(nil, ts, DefaultEnv))
			queries = append(queries, "SELECT ("+quote(text)+"::timestamptz)::text", "SELECT ("+quote(text+"Z")+"::timestamptz)::text",
				"SELECT ("+quote(text)+"::timestamp AT TIME ZONE "+quote(zone)+")::text")
			local, err := TimestampToTZ(ts, env.TimeZone)
			if err != nil {
				t.Fatal(err)
			}
			shown := string(AppendTimestampTZ(nil, local, env))
			ours = append(ours, castText("timestamptz", text, env), string(AppendTimestampTZ(nil, ts, env)), shown)
		}
		p.compare(queries, ours)
	}
}
