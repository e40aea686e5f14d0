package types

import (
	"strings"

	"millrace/pgerr"
)

// Field is a part of a date, time or interval, as in extract(field FROM x) and date_trunc. A kernel looks
// it up once; whether it exists for a type is known when a value of that type is asked for it.
type Field struct {
	code fieldCode
	name string // in lower case, for messages
}

// Name gives the field's name as it was asked for, in lower case.
func (f Field) Name() string { return f.name }

type fieldCode uint8

const (
	fieldUnknown fieldCode = iota
	fieldMicrosecond
	fieldMillisecond
	fieldSecond
	fieldMinute
	fieldHour
	fieldDay
	fieldWeek
	fieldMonth
	fieldQuarter
	fieldYear
	fieldDecade
	fieldCentury
	fieldMillennium
	fieldTimezone
	fieldTimezoneHour
	fieldTimezoneMinute

	// What follows date_trunc does not know.
	fieldDayOfWeek
	fieldISODayOfWeek
	fieldDayOfYear
	fieldISOYear
	fieldJulian
	fieldEpoch
	fieldReserved // a word that is something else in date literals, as "now"
)

var fieldOfUnit = map[intervalUnit]fieldCode{
	unitMicrosecond: fieldMicrosecond, unitMillisecond: fieldMillisecond, unitSecond: fieldSecond,
	unitMinute: fieldMinute, unitHour: fieldHour, unitDay: fieldDay, unitWeek: fieldWeek, unitMonth: fieldMonth,
	unitYear: fieldYear, unitDecade: fieldDecade, unitCentury: fieldCentury, unitMillennium: fieldMillennium,
}

var fieldWords = map[string]fieldCode{
	"qtr": fieldQuarter, "quarter": fieldQuarter,
	"timezone": fieldTimezone, "timezone_h": fieldTimezoneHour, "timezone_m": fieldTimezoneMinute,
	"dow": fieldDayOfWeek, "isodow": fieldISODayOfWeek, "doy": fieldDayOfYear, "isoyear": fieldISOYear,
	"j": fieldJulian, "jd": fieldJulian, "julian": fieldJulian, "epoch": fieldEpoch,
}

// ParseField finds a field by name, in any case and with PostgreSQL's synonyms. A name that is none gives a field
// that every type refuses.
func ParseField(name string) Field {
	lower := strings.ToLower(name)
	word := lower[:min(len(lower), unitWordMax)]
	f := Field{name: lower}
	if u, ok := intervalUnits[word]; ok {
		f.code = fieldOfUnit[u]
	} else if f.code, ok = fieldWords[word]; !ok {
		if w, ok := lookupDateWord(word); ok && w.class == dwReserved {
			f.code = fieldReserved
		}
	}
	return f
}

// truncates reports whether date_trunc knows the field.
func (f Field) truncates() bool { return f.code != fieldUnknown && f.code < fieldDayOfWeek }

// err is the error of a field that a type does not have: 0A000 if other types do, else 22023.
func (f Field) err(typeName string) *pgerr.Error {
	if f.code == fieldUnknown {
		return f.unknown(typeName)
	}
	return pgerr.New(pgerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", f.name, typeName)
}

// errWord is [Field.err] of the types for which a reserved word is nothing special.
func (f Field) errWord(typeName string) *pgerr.Error {
	if f.code == fieldReserved {
		return f.unknown(typeName)
	}
	return f.err(typeName)
}

func (f Field) unknown(typeName string) *pgerr.Error {
	return pgerr.New(pgerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", f.name, typeName)
}

// The names of types as these errors give them.
const (
	nameTime        = "time without time zone"
	nameTimestamp   = "timestamp without time zone"
	nameTimestampTZ = "timestamp with time zone"
)
