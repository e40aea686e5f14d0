package types

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// formatPatterns are the patterns and some text around them.
var formatPatterns = strings.Fields(`HH HH12 HH24 MI SS MS US FF1 FF2 FF3 FF4 FF5 FF6 SSSS SSSSS AM A.M. pm p.m. Y,YYY YYYY YYY YY Y IYYY IYY IY I
	BC A.D. ad b.c. MONTH Month month MON Mon mon MM DAY Day day DY Dy dy DDD IDDD DD D ID W WW IW CC J Q RM rm TZ tz TZH TZM OF
	hh24 yyyy dd ddd iyyy ms us ff3 FX mm j q w cc`)

func randomFormat(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(6) {
		b.WriteString([]string{"", "", "", "FM", "fm", "TM"}[r.IntN(6)])
		b.WriteString(formatPatterns[r.IntN(len(formatPatterns))])
		b.WriteString([]string{"", "", "", "", "TH", "th", "SP"}[r.IntN(7)])
		b.WriteString([]string{"", " ", "-", "/", ":", `"T"`, `"x\"y`, "x", `\"`, ", ", "é"}[r.IntN(11)])
	}
	return b.String()
}

func TestToCharAgainstPostgres(t *testing.T) {
	r := testRand(t)
	p := askPostgres(t)
	env := p.session("Asia/Kolkata", "ISO, MDY", "postgres")
	var queries, ours []string
	add := func(text []byte, ok bool, err error, query string, args ...any) {
		queries = append(queries, fmt.Sprintf("SELECT "+query, args...))
		switch {
		case err != nil:
			ours = append(ours, asError(err))
		case !ok:
			ours = append(ours, "NULL")
		default:
			ours = append(ours, string(text))
		}
	}
	formats := append([]string{"", "FM", "FMFM", "TMMonth", `"unclosed`, `back\slash`, "YYYYYYY", "HH24:MI:SS.MS", "Dd dD MOn"}, formatPatterns...)
	for range 800 {
		formats = append(formats, randomFormat(r))
	}
	for _, format := range formats {
		f := CompileDateFormat(format)
		ts, iv := randomTimestamp(r), randomInterval(r)
		if r.IntN(50) == 0 {
			ts = TimestampInfinity
		}
		out, ok := f.AppendTimestamp(nil, ts)
		add(out, ok, nil, "to_char(%s::timestamp, %s)", timestampText(ts), quote(format))
		tz, err := TimestampToTZ(ts, env.TimeZone)
		if err != nil {
			t.Fatal(err)
		}
		out, ok = f.AppendTimestampTZ(nil, tz, env.TimeZone)
		add(out, ok, nil, "to_char(%s::timestamptz, %s)", timestampText(ts), quote(format))
		if strings.ContainsAny(format, "jJiI") { // Julian days and ISO weeks of an interval
			continue
		}
		out, ok, err = f.AppendInterval(nil, iv)
		add(out, ok, err, "to_char(%s, %s)", intervalText(iv), quote(format))
	}
	p.compare(queries, ours)
}

// toTimestampCases are text and template, one pair a line.
const toTimestampCases = `
2024-02-29 12:34:56|YYYY-MM-DD HH24:MI:SS
2024-02-30|YYYY-MM-DD
2024-13-01|YYYY-MM-DD
20240229|YYYYMMDD
20240229123456|YYYYMMDDHH24MISS
2024 02 29|YYYY-MM-DD
2024/02/29|YYYY MM DD
   2024   02   29|YYYY-MM-DD
2024-02-29|YYYY MM DD
2024--02--29|YYYY-MM-DD
2024x02y29|YYYYaMMbDD
29 Feb 2024|DD Mon YYYY
29 February 2024|DD Month YYYY
29 FEBRUARY 2024|DD month YYYY
29 Foo 2024|DD Mon YYYY
29-II-2024|DD-RM-YYYY
29-xii-2024|DD-rm-YYYY
29-IIII-2024|DD-RM-YYYY
Thursday 29 February 2024|Day DD Month YYYY
Thu 29 Feb 2024|Dy DD Mon YYYY
24|YY
70|YY
69|YY
4|Y
024|YYY
520|YYY
999|YYY
2,024|Y,YYY
2024|Y,YYY
99 BC|YYYY BC
99 b.c.|YYYY B.C.
44 AD|YYYY BC
-44|YYYY
21|CC
21 04|CC YY
21 00|CC YY
6 50 BC|CC YY BC
2024-060|YYYY-DDD
2024-366|YYYY-DDD
2023-366|YYYY-DDD
2024-367|YYYY-DDD
060|DDD
2024-09|YYYY-WW
2024-02-2|YYYY-MM-W
2024-09|IYYY-IW
2024-09-4|IYYY-IW-ID
2024-060|IYYY-IDDD
2024-09-5|IYYY-IW-D
2024-09|YYYY-IW
2460370|J
12 PM|HH PM
12 AM|HH AM
13 PM|HH PM
1:30 p.m.|HH:MI P.M.
0 AM|HH AM
00:00|HH:MI
12:30|HH12:MI
25:00|HH24:MI
12:60|HH24:MI
12:34:60|HH24:MI:SS
45296|SSSS
45296|SSSSS
123456|SSSS
12:34:56.7|HH24:MI:SS.MS
12:34:56.789|HH24:MI:SS.MS
12:34:56.78|HH24:MI:SS.US
12:34:56.7891|HH24:MI:SS.FF3
12:34:56.789123|HH24:MI:SS.FF6
12:34:56.7891234|HH24:MI:SS.US
12:34:56.7|HH24:MI:SS.FF1
12:34:56 +05|HH24:MI:SS TZH
12:34:56 -05:30|HH24:MI:SS TZH:TZM
12:34:56-05|HH24:MI:SS-TZH
12:34:56 - 05|HH24:MI:SS TZH
12:34:56 +16|HH24:MI:SS TZH
2024 UTC|YYYY TZ
2024 +00|YYYY OF
29th Feb 2024|DDth Mon YYYY
1st|DDth
Q1 2024|"Q"Q YYYY
2024 2025|YYYY YYYY
2024 2024|YYYY YYYY
02 Mar 2024|MM Mon YYYY
2|MM
 2|MM
2|FMMM
22|DDD
2 3|FXMM DD
 2024|FXYYYY
2024  02|FXYYYY MM
2024-02|FXYYYY MM
1|DDMM
123|DDMM
1a|DDMM
ab|DD
99999999999|YYYY
10000-01-01|YYYY-MM-DD
100000101|YYYYMMDD
12345678|FMYYYYMMDD
2024-02-29T12:34:56Z|YYYY-MM-DD"T"HH24:MI:SS"Z"
2024-02-29 12:34:56|YYYY-MM-DD"T"HH24:MI:SS

2024|
|YYYY
2024-02-29 junk|YYYY-MM-DD
5874898-01-01|YYYY-MM-DD
294277-01-01|YYYY-MM-DD
July  4 2024|Month DD YYYY
JulyX4 2024|Month DD YYYY
AMx|AM
PM 12:01|AM HH:MI
12:01 AM PM|HH:MI AM PM
é2024|YYYY
2024é02|YYYYxMM
`

func TestToTimestampAgainstPostgres(t *testing.T) {
	p := askPostgres(t)
	env := p.session("America/New_York", "ISO, MDY", "postgres")
	var queries, ours []string
	for _, line := range strings.Split(toTimestampCases, "\n") {
		text, format, _ := strings.Cut(line, "|")
		queries, ours = p.appendToTimestamp(queries, ours, text, format, env)
	}
	p.compare(queries, ours)
}

func (p *postgres) appendToTimestamp(queries, ours []string, text, format string, env *Env) ([]string, []string) {
	f := CompileDateFormat(format)
	v, err := f.ParseTimestampTZ(text, env)
	queries = append(queries, fmt.Sprintf("SELECT to_timestamp(%s, %s)::text", quote(text), quote(format)))
	ours = append(ours, shown(v, err, AppendTimestampTZ, env))
	v, err = f.ParseDate(text)
	queries = append(queries, fmt.Sprintf("SELECT to_date(%s, %s)::text", quote(text), quote(format)))
	return queries, append(ours, shown(v, err, AppendDate, env))
}

// TestRandomToTimestampAgainstPostgres reads back, and misreads, what to_char wrote.
func TestRandomToTimestampAgainstPostgres(t *testing.T) {
	r := testRand(t)
	p := askPostgres(t)
	env := p.session("Europe/Berlin", "ISO, MDY", "postgres")
	var queries, ours []string
	for range 3000 {
		format := randomFormat(r)
		text, ok := CompileDateFormat(format).AppendTimestamp(nil, randomTimestamp(r))
		if !ok {
			continue
		}
		if r.IntN(3) == 0 {
			format = randomFormat(r)
		}
		queries, ours = p.appendToTimestamp(queries, ours, string(text), format, env)
	}
	p.compare(queries, ours)
}
