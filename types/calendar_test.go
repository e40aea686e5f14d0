package types

import (
	"math"
	"testing"
	"time"
)

func TestCivilAgainstPackageTime(t *testing.T) {
	// One whole cycle of the calendar around the epoch, then far away.
	check := func(days int64) {
		want := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(days))
		year, month, day := CivilFromDays(days)
		if year != int64(want.Year()) || month != int64(want.Month()) || day != int64(want.Day()) {
			t.Fatalf("day %d is %d-%d-%d, want %s", days, year, month, day, want)
		}
		if back := DaysFromCivil(year, month, day); back != days {
			t.Fatalf("%d-%d-%d is day %d, want %d", year, month, day, back, days)
		}
		if w := Weekday(days); w != int64(want.Weekday()) {
			t.Fatalf("day %d is weekday %d, want %s", days, w, want.Weekday())
		}
		if n := DayOfYear(days); n != int64(want.YearDay()) {
			t.Fatalf("day %d is day %d of its year, want %d", days, n, want.YearDay())
		}
		isoYear, isoWeek := want.ISOWeek()
		if y, w := ISOWeek(days); y != int64(isoYear) || w != int64(isoWeek) {
			t.Fatalf("day %d is week %d of %d, want %d of %d", days, w, y, isoWeek, isoYear)
		}
	}
	for days := int64(-100000); days < 50000; days++ {
		check(days)
	}
	for days := dateMin; days < dateEnd; days += 999_983 {
		check(days)
	}
	check(dateMin)
	check(dateEnd - 1)
}

func TestDaysFromCivilCarries(t *testing.T) {
	for _, c := range []struct{ year, month, day, wantYear, wantMonth, wantDay int64 }{
		{2023, 13, 1, 2024, 1, 1}, {2024, 0, 1, 2023, 12, 1}, {2024, -11, 1, 2023, 1, 1}, {2024, 3, 0, 2024, 2, 29}, {2023, 2, 29, 2023, 3, 1},
	} {
		if got, want := DaysFromCivil(c.year, c.month, c.day), DaysFromCivil(c.wantYear, c.wantMonth, c.wantDay); got != want {
			t.Errorf("%d-%d-%d: day %d, want %d", c.year, c.month, c.day, got, want)
		}
	}
}

func TestTumbleStart(t *testing.T) {
	for _, c := range []struct{ ts, size, offset, want int64 }{
		{0, 10, 0, 0}, {9, 10, 0, 0}, {10, 10, 0, 10}, {-1, 10, 0, -10}, {-10, 10, 0, -10}, {-11, 10, 0, -20},
		{0, 10, 3, -7}, {2, 10, 3, -7}, {3, 10, 3, 3}, {-8, 10, 3, -17}, {5, 10, -3, -3}, {7, 10, -3, 7}, {5, 10, 23, 3},
		{TimestampInfinity, 10, 0, TimestampInfinity}, {TimestampNegInfinity, 10, 3, TimestampNegInfinity},
	} {
		if got, ok := TumbleStart(c.ts, c.size, c.offset); !ok || got != c.want {
			t.Errorf("TumbleStart(%d, %d, %d) = %d, %t, want %d", c.ts, c.size, c.offset, got, ok, c.want)
		}
	}
	if got, ok := TumbleStart(math.MinInt64+1, 10, 0); ok {
		t.Errorf("the window before all times starts at %d", got)
	}
	r := testRand(t)
	for range 10000 {
		ts, size, offset := r.Int64()-r.Int64(), 1+r.Int64N(MicrosPerDay*400), r.Int64()-r.Int64()
		start, ok := TumbleStart(ts, size, offset)
		if !ok || start > ts || ts-start >= size || floorMod(start, size) != floorMod(offset, size) {
			t.Fatalf("TumbleStart(%d, %d, %d) = %d, %t", ts, size, offset, start, ok)
		}
	}
}

func TestTimestampBounds(t *testing.T) {
	last := timestampEnd - 1
	for _, c := range []struct {
		name string
		ts   int64
		iv   IntervalValue
	}{
		{"past the end", last, IntervalValue{Micros: 1}},
		{"days past the end", last, IntervalValue{Days: 1}},
		{"months past the end", last, IntervalValue{Months: math.MaxInt32}},
		{"far past the end", last, IntervalValue{Micros: math.MaxInt64}},
		{"before the start", timestampMin, IntervalValue{Micros: -1}},
		{"far before the start", timestampMin, IntervalValue{Days: math.MinInt32, Months: math.MinInt32, Micros: math.MinInt64}},
	} {
		if got, err := TimestampAddInterval(c.ts, c.iv); err == nil {
			t.Errorf("%s: got %d", c.name, got)
		}
		if got, err := TimestampTZAddInterval(c.ts, c.iv, time.UTC); err == nil {
			t.Errorf("%s with zone: got %d", c.name, got)
		}
	}
	if got, err := TimestampAddInterval(TimestampInfinity, IntervalValue{Days: -1}); err != nil || got != TimestampInfinity {
		t.Errorf("infinity - 1 day = %d, %v", got, err)
	}
}
