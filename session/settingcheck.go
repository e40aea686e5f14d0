package session

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"millrace/pgerr"
	"millrace/types"
)

func checkBool(s string) (string, error) {
	low := strings.ToLower(s)
	switch {
	case low == "":
	case strings.HasPrefix("true", low), strings.HasPrefix("yes", low), low == "on", low == "1":
		return "on", nil
	case strings.HasPrefix("false", low), strings.HasPrefix("no", low), low == "off", low == "of", low == "0":
		return "off", nil
	}
	return s, pgerr.New(pgerr.InvalidParameterValue, "parameter requires a Boolean value")
}

func checkOnlyOn(s string) (string, error) {
	v, err := checkBool(s)
	if err == nil && v != "on" {
		return s, pgerr.Unsupported("standard_conforming_strings = off")
	}
	return v, err
}

func checkName(s string) (string, error) {
	if len(s) > 1024 {
		return s, pgerr.New(pgerr.InvalidParameterValue, "the value of a parameter may have at most 1024 bytes")
	}
	return s, nil
}

// errInvalid refuses a value without more to say.
var errInvalid = errors.New("invalid value")

// hintError refuses a value with a hint for the user, a sentence.
type hintError struct{ hint string }

// Error implements error.
func (e *hintError) Error() string { return e.hint }

func checkEnum(values ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		if low := strings.ToLower(s); slices.Contains(values, low) {
			return low, nil
		}
		return s, &hintError{"Available values: " + strings.Join(values, ", ") + "."}
	}
}

func checkEncoding(s string) (string, error) {
	switch strings.ToUpper(strings.NewReplacer("-", "", "_", "", "'", "").Replace(s)) {
	case "UTF8", "UNICODE":
		return "UTF8", nil
	}
	return s, pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"client_encoding\": %q", s).WithHint("Only UTF8 is supported.")
}

func checkIsolation(s string) (string, error) {
	return checkEnum("serializable", "repeatable read", "read committed", "read uncommitted")(s)
}

// checkInt accepts an integer with one of PostgreSQL's time units when unit is ms.
func checkInt(least, most int64, unit string) func(string) (string, error) {
	return func(s string) (string, error) {
		text, factor := strings.TrimSpace(s), 1.0
		if unit == "ms" {
			for _, u := range []struct {
				name   string
				factor float64
			}{{"ms", 1}, {"us", 0.001}, {"min", 60_000}, {"s", 1000}, {"h", 3_600_000}, {"d", 86_400_000}} {
				if rest, ok := strings.CutSuffix(text, u.name); ok {
					text, factor = strings.TrimSpace(rest), u.factor
					break
				}
			}
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return s, errInvalid
		}
		n := int64(f*factor + 0.5)
		if f < 0 {
			n = int64(f*factor - 0.5)
		}
		if n < least || n > most {
			return s, pgerr.New(pgerr.InvalidParameterValue, "%d is outside the valid range (%d .. %d)", n, least, most)
		}
		return strconv.FormatInt(n, 10), nil
	}
}

func checkTimeZone(s string) (string, error) {
	text := s
	if hours, err := strconv.ParseFloat(s, 64); err == nil && hours > -24 && hours < 24 {
		text = offsetZone(hours)
	}
	loc, err := types.LoadZone(text)
	if err != nil {
		return s, pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"TimeZone\": %q", s)
	}
	if text != s {
		return text, nil
	}
	return loc.String(), nil
}

// offsetZone is a fixed offset in hours as PostgreSQL names it: <+03>-03, whose sign after the name counts west.
func offsetZone(hours float64) string {
	east, west := "+", "-"
	if hours < 0 {
		east, west, hours = "-", "+", -hours
	}
	clock := strconv.Itoa(int(hours) + 100)[1:]
	if m := int(hours*60+0.5) % 60; m != 0 {
		clock += ":" + strconv.Itoa(m + 100)[1:]
	}
	return "<" + east + clock + ">" + west + clock
}

// checkDateStyle accepts an output style, a field order or both, keeping what is not named as ISO, MDY.
func checkDateStyle(s string) (string, error) {
	style, order := "ISO", "MDY"
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		switch low := strings.ToLower(w); low {
		case "iso":
			style = "ISO"
		case "sql":
			style = "SQL"
		case "german":
			style, order = "German", "DMY"
		case "postgres", "postgresql":
			style = "Postgres"
		case "mdy", "us", "noneuro", "noneuropean":
			order = "MDY"
		case "dmy", "euro", "european":
			order = "DMY"
		case "ymd":
			order = "YMD"
		case "default":
		default:
			return s, errInvalid
		}
	}
	return style + ", " + order, nil
}
