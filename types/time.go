package types

import (
	"math"
	"strconv"
	"time"

	"millrace/pgerr"
)

// ParseTime reads a literal of time without time zone and gives the microseconds since midnight, up to and
// including 24:00:00. A date or zone in the literal is checked and ignored. Errors as of [ParseDate].
func ParseTime(s string, env *Env) (int64, error) {
	if micros, n, ok := parseISOClock(s); ok && n == len(s) {
		return micros, nil
	}
	d := dtDecoder{env: env, order: env.dateStyle().order}
	fault := dtBadFormat
	if d.f.scan(s) {
		fault = d.decodeTimeOnly()
	}
	if err := d.faultErr(fault, s, "time"); err != nil {
		return 0, err
	}
	return d.timeMicros(), nil
}

// AppendTime appends a time's text, which depends on no setting.
func AppendTime(dst []byte, v int64, _ *Env) []byte { return appendClock(dst, v) }

// MakeTime is make_time. The seconds may carry a fraction, which is rounded to microseconds.
func MakeTime(hour, minute int64, sec float64) (int64, error) {
	micros, ok := clockMicros(hour, minute, sec)
	if !ok {
		return 0, errTimeField(hour, minute, sec)
	}
	return micros, nil
}

func errTimeField(hour, minute int64, sec float64) error {
	return pgerr.New(pgerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%s", hour, minute, secondText(sec))
}

// secondText writes a second in messages: at least two characters, as C's %02g.
func secondText(sec float64) string {
	text := strconv.FormatFloat(sec, 'g', 6, 64)
	if len(text) < 2 {
		text = "0" + text
	}
	return text
}

// clockMicros checks an hour, minute and second and gives the microseconds since midnight.
func clockMicros(hour, minute int64, sec float64) (int64, bool) {
	if hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(sec >= 0 && sec <= 60) {
		return 0, false
	}
	micros := (hour*60+minute)*MicrosPerMinute + int64(math.RoundToEven(sec*1e6))
	return micros, micros <= MicrosPerDay
}

// TimeAddInterval is time + interval: only the interval's part below a day counts, and the result wraps at
// midnight. For time - interval use [TimeSubInterval].
func TimeAddInterval(t int64, iv IntervalValue) int64 {
	return floorMod(t+iv.Micros%MicrosPerDay, MicrosPerDay)
}

// TimeSubInterval is time - interval; see [TimeAddInterval].
func TimeSubInterval(t int64, iv IntervalValue) int64 {
	return floorMod(t-iv.Micros%MicrosPerDay, MicrosPerDay)
}

// TimeFromInterval is the cast from interval to time: its part below a day, wrapped into one.
func TimeFromInterval(iv IntervalValue) int64 { return floorMod(iv.Micros, MicrosPerDay) }

// TimeFromTimestamp is the cast from timestamp to time; ok is false for the infinities, which give NULL.
func TimeFromTimestamp(ts int64) (t int64, ok bool) {
	if !TimestampIsFinite(ts) {
		return 0, false
	}
	return floorMod(ts, MicrosPerDay), true
}

// TimeFromTimestampTZ is the cast from timestamptz to time in zone loc; ok as in [TimeFromTimestamp].
func TimeFromTimestampTZ(ts int64, loc *time.Location) (t int64, ok bool) {
	if !TimestampIsFinite(ts) {
		return 0, false
	}
	east, _ := zoneOffsetAt(ts, loc)
	return floorMod(floorMod(ts, MicrosPerDay)+east*MicrosPerSecond, MicrosPerDay), true
}

// ApplyTimeMod rounds a value of kind Time, Timestamp or TimestampTZ to the precision (0..6 digits of a second) of
// a type modifier, half away from 2000-01-01 or midnight as PostgreSQL does. Modifier -1, infinite values
// and other kinds are left as they are.
func ApplyTimeMod(k Kind, v int64, mod int32) int64 {
	if mod < 0 || mod >= TimePrecisionMax {
		return v
	}
	switch k {
	case Timestamp, TimestampTZ:
		if !TimestampIsFinite(v) {
			return v
		}
	case Time:
	default:
		return v
	}
	return roundMicros(v, mod)
}

// microScale is the number of microseconds in a unit of the last digit, by precision.
var microScale = [7]int64{1_000_000, 100_000, 10_000, 1_000, 100, 10, 1}

// roundMicros rounds to the given number of digits of a second, half away from zero.
func roundMicros(v int64, digits int32) int64 {
	scale := microScale[digits]
	half := scale / 2
	if v < 0 {
		half = -half
	}
	if sum := v + half; (sum < 0) == (v < 0) || v == 0 {
		v = sum
	}
	return v / scale * scale
}
