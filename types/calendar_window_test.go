package types

import (
	"math/rand/v2"
	"testing"
	"time"

	"millrace/internal/testseed"
)

// TestCalendarWindows: in every zone of the database, windows follow each other without gaps, each time is found in the one that holds
// it, and days and months begin where date_trunc says, but for a midnight that comes twice.
func TestCalendarWindows(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	fields := map[string]Field{}
	for _, name := range []string{"day", "month", "quarter", "year"} {
		fields[name] = ParseField(name)
	}
	twice := 0
	for _, name := range ZoneNames() {
		zone, err := LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			unit string
			w    CalendarWindows
		}{
			{"day", CalendarWindows{Days: 1}}, {"month", CalendarWindows{Months: 1}}, {"quarter", CalendarWindows{Months: 3}},
			{"year", CalendarWindows{Months: 12}}, {"", CalendarWindows{Days: 7, Shift: 30 * MicrosPerHour}},
		} {
			unit, w := c.unit, c.w
			w.Zone = zone
			for range 12 {
				ts := rng.Int64N(150*366*MicrosPerDay) - 110*366*MicrosPerDay
				k, start, end, ok := w.Find(ts)
				if !ok || start > ts || end <= ts {
					t.Fatalf("%s, %s: %d is found in window %d from %d to %d, %t", name, unit, ts, k, start, end, ok)
				}
				if s, ok := w.Start(k); !ok || s != start {
					t.Fatalf("%s, %s: window %d begins at %d, was found at %d", name, unit, k, s, start)
				}
				if e, ok := w.Start(k + 1); !ok || e != end {
					t.Fatalf("%s, %s: window %d ends at %d, the next begins at %d", name, unit, k, end, e)
				}
				if n, s, _, ok := w.Find(end); !ok || n <= k || s != end {
					t.Fatalf("%s, %s: the end of window %d is found in window %d from %d", name, unit, k, n, s)
				}
				if unit == "" {
					continue
				}
				want, err := DateTruncTZ(fields[unit], ts, zone)
				if err != nil {
					t.Fatal(err)
				}
				local, err := TimestampFromTZ(start, zone)
				if err != nil {
					t.Fatal(err)
				}
				if back, err := TimestampToTZ(local, zone); err == nil && back != start {
					twice++ // the clock shows the beginning twice; date_trunc takes the second
					continue
				}
				if start != want {
					t.Fatalf("%s: %s of %d begins at %d, date_trunc says %d", name, unit, ts, start, want)
				}
			}
		}
	}
	t.Logf("%d windows begin at a time that comes twice", twice)
}

// TestCalendarWindowTwice: a midnight that comes twice, and an offset into the hour that is left out.
func TestCalendarWindowTwice(t *testing.T) {
	at := func(s string) int64 {
		ts, err := ParseTimestampTZ(s, DefaultEnv)
		if err != nil {
			t.Fatal(err)
		}
		return ts
	}
	zone := func(name string) *time.Location {
		loc, err := LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		return loc
	}
	for _, c := range []struct {
		zone           string
		shift          int64
		ts, start, end string
	}{
		{"America/Havana", 0, "2023-11-05 04:30+00", "2023-11-05 04:00+00", "2023-11-06 05:00+00"},
		{"America/Havana", 0, "2023-11-05 05:30+00", "2023-11-05 04:00+00", "2023-11-06 05:00+00"},
		{"Europe/Berlin", 150 * MicrosPerMinute, "2024-03-31 00:59:59+00", "2024-03-30 01:30+00", "2024-03-31 01:00+00"},
		{"Europe/Berlin", 150 * MicrosPerMinute, "2024-03-31 01:00+00", "2024-03-31 01:00+00", "2024-04-01 00:30+00"},
		{"Pacific/Apia", 0, "2011-12-30 09:59+00", "2011-12-29 10:00+00", "2011-12-30 10:00+00"},
		{"Pacific/Apia", 0, "2011-12-30 10:00+00", "2011-12-30 10:00+00", "2011-12-31 10:00+00"},
	} {
		w := CalendarWindows{Days: 1, Shift: c.shift, Zone: zone(c.zone)}
		_, start, end, ok := w.Find(at(c.ts))
		if !ok || start != at(c.start) || end != at(c.end) {
			t.Errorf("%s, %s: from %s to %s, %t", c.zone, c.ts, AppendTimestampTZ(nil, start, DefaultEnv), AppendTimestampTZ(nil, end, DefaultEnv), ok)
		}
	}
	for _, ts := range []int64{timestampMin, timestampEnd - 1} {
		w := CalendarWindows{Months: 12, Zone: zone("Asia/Tokyo")}
		if _, start, end, ok := w.Find(ts); ok && (start > ts || end <= ts) {
			t.Errorf("%d is found in a window from %d to %d", ts, start, end)
		}
	}
}
