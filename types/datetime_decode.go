package types

import (
	"math"
	"strings"
	"time"

	"millrace/pgerr"
)

// dtFault is why a literal is not a date or time. Its text and code need the literal and the type, which
// only the caller knows; see [dtFault.err].
type dtFault uint8

const (
	dtOK dtFault = iota
	dtBadFormat
	dtOverflow
	dtMonthDayOverflow // perhaps a mistaken order of month and day
	dtIntervalOverflow
	dtZoneOverflow
	dtZoneUnknown // see dtDecoder.zoneText
)

// zoneDisplacementCode is PostgreSQL's invalid_time_zone_displacement_value.
const zoneDisplacementCode pgerr.Code = "22009"

// err makes PostgreSQL's error for a literal s of the type with the given name.
func (f dtFault) err(s, typeName string) error {
	switch f {
	case dtOverflow:
		return pgerr.New(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
	case dtMonthDayOverflow:
		return pgerr.New(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s).
			WithHint("Perhaps you need a different \"datestyle\" setting.")
	case dtIntervalOverflow:
		return pgerr.New(pgerr.IntervalFieldOverflow, "interval field value out of range: \"%s\"", s)
	case dtZoneOverflow:
		return pgerr.New(zoneDisplacementCode, "time zone displacement out of range: \"%s\"", s)
	}
	return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", typeName, s)
}

// dtMask is the set of parts that a literal has given so far; a part given twice is an error.
type dtMask uint32

const (
	mYear dtMask = 1 << iota
	mMonth
	mDay
	mDayOfYear
	mHour
	mMinute
	mSecond
	mFraction
	mZone
	mZoneAbbrev    // an abbreviation of standard time
	mZoneAbbrevDST // an abbreviation of daylight saving time
	mZoneChanging
	mZoneDST // the word "dst" after a zone
	mWeekday
	mMeridian
	mEra
	mReserved

	mDate    = mYear | mMonth | mDay
	mSeconds = mSecond | mFraction
	mTime    = mHour | mMinute | mSeconds
)

// dtDecoder holds the parts of a literal while its fields are interpreted.
type dtDecoder struct {
	env   *Env
	order dateOrder
	f     dtFields
	mask  dtMask

	year, month, day, yday       int64
	hour, minute, second, micros int64 // micros are those beyond the second

	label      int64 // the unit that the field before announced, as in y2001; 0 is none
	textMonth  bool
	julian     bool
	twoDigits  bool // the year was given with at most two digits
	era        int64
	meridian   int64
	special    int64 // dvEpoch, dvInfinity, dvNegInfinity or 0
	west       int64 // zone offset in seconds west of Greenwich, where mask has mZone
	zone       *time.Location
	zoneAbbrev string
	zoneText   string // a zone name that does not exist
}

type dateOrder uint8

const (
	orderMDY dateOrder = iota
	orderDMY
	orderYMD
)

// decodeDateTime interprets the fields of a literal as a date with or without time and zone.
func (d *dtDecoder) decodeDateTime() dtFault {
	for i := 0; i < d.f.n; i++ {
		mask, fault := d.dateTimeField(i)
		if fault != dtOK {
			return fault
		}
		if mask&d.mask != 0 {
			return dtBadFormat
		}
		d.mask |= mask
	}
	if d.special != 0 {
		return dtOK
	}
	if fault := d.validateDate(); fault != dtOK {
		return fault
	}
	if fault := d.applyMeridian(); fault != dtOK {
		return fault
	}
	if d.mask&mDate != mDate {
		return dtBadFormat
	}
	return d.resolveZone()
}

// dateTimeField interprets field i and gives the parts that it held.
func (d *dtDecoder) dateTimeField(i int) (dtMask, dtFault) {
	text := d.f.tok[i].text
	switch d.f.tok[i].kind {
	case dtDate:
		switch {
		case d.label == dvJulian:
			return d.julianWithZone(text)
		case d.label != 0 || d.mask&(mMonth|mDay) == mMonth|mDay:
			return d.timeOrZone(text)
		}
		return d.dateField(text)
	case dtTime:
		if d.label != 0 {
			if d.label != dvTime {
				return 0, dtBadFormat
			}
			d.label = 0
		}
		if fault := d.clockField(text); fault != dtOK {
			return 0, fault
		}
		if d.timeOverflows() {
			return 0, dtOverflow
		}
		return mTime, dtOK
	case dtZone:
		return mZone, d.zoneOffset(text)
	case dtNumber:
		if d.label != 0 {
			return d.labelledNumber(text)
		}
		dot := strings.IndexByte(text, '.')
		switch {
		case dot >= 0 && d.mask&mDate == 0:
			return d.dateField(text)
		case dot > 2, len(text) >= 6 && (d.mask&mDate == 0 || d.mask&mTime == 0):
			return d.runTogether(text, d.mask)
		}
		return d.number(text, d.textMonth, d.mask)
	}
	return d.wordField(i)
}

// wordField interprets a field of letters.
func (d *dtDecoder) wordField(i int) (dtMask, dtFault) {
	text := d.f.tok[i].text
	if a, ok := zoneAbbrevs()[text]; ok {
		return d.abbrevField(text, a)
	}
	w, ok := lookupDateWord(text)
	if !ok {
		if d.zone = findZone(text); d.zone == nil {
			return 0, dtBadFormat
		}
		return mZone, dtOK
	}
	switch w.class {
	case dwIgnored:
		return 0, dtOK
	case dwReserved:
		return d.reservedWord(w.value)
	case dwMonth:
		mask := mMonth
		if d.mask&mMonth != 0 && !d.textMonth && d.mask&mDay == 0 && d.month >= 1 && d.month <= 31 {
			// What looked like a numeric month was the day.
			d.day, mask = d.month, mDay
		}
		d.textMonth, d.month = true, w.value
		return mask, dtOK
	case dwDST:
		d.west -= w.value
		return mZoneDST, dtOK
	case dwMeridian:
		d.meridian = w.value
		return mMeridian, dtOK
	case dwEra:
		d.era = w.value
		return mEra, dtOK
	case dwWeekday:
		return mWeekday, dtOK
	case dwUnit:
		d.label = w.value
		return 0, dtOK
	case dwISOTime:
		if d.mask&mDate != mDate || !d.timeFollows(i) {
			return 0, dtBadFormat
		}
		d.label = w.value
		return 0, dtOK
	}
	return 0, dtBadFormat
}

// timeFollows reports whether the field after i can be a time that a "t" announces.
func (d *dtDecoder) timeFollows(i int) bool {
	if i+1 >= d.f.n {
		return false
	}
	switch d.f.tok[i+1].kind {
	case dtNumber, dtTime, dtDate:
		return true
	}
	return false
}

func (d *dtDecoder) abbrevField(text string, a zoneAbbrev) (dtMask, dtFault) {
	if a.zone != "" {
		d.zone, d.zoneAbbrev = findZone(a.zone), text
		return mZone | mZoneChanging, dtOK
	}
	d.west = -a.offset
	if a.dst {
		return mZone | mZoneAbbrevDST, dtOK
	}
	return mZoneAbbrev | mZone, dtOK
}

func (d *dtDecoder) reservedWord(value int64) (dtMask, dtFault) {
	d.special = 0
	switch value {
	case dvNow:
		offset, _ := zoneOffsetAt(d.env.Now, d.env.TimeZone)
		days, micros := splitTimestamp(d.env.Now + offset*MicrosPerSecond)
		d.setDay(days)
		d.setTime(micros)
		d.west = -offset
		return mDate | mTime | mZone, dtOK
	case dvYesterday:
		d.setDay(d.today() - 1)
		return mDate, dtOK
	case dvToday:
		d.setDay(d.today())
		return mDate, dtOK
	case dvTomorrow:
		d.setDay(d.today() + 1)
		return mDate, dtOK
	case dvAllballs:
		d.setTime(0)
		d.west = 0
		return mTime | mZone, dtOK
	}
	d.special = value
	return mReserved, dtOK
}

// today gives the session's current day.
func (d *dtDecoder) today() int64 {
	offset, _ := zoneOffsetAt(d.env.Now, d.env.TimeZone)
	return floorDiv(d.env.Now+offset*MicrosPerSecond, MicrosPerDay)
}

func (d *dtDecoder) setDay(days int64) { d.year, d.month, d.day = CivilFromDays(days); d.julian = true }

func (d *dtDecoder) setTime(micros int64) {
	d.hour, micros = micros/MicrosPerHour, micros%MicrosPerHour
	d.minute, micros = micros/MicrosPerMinute, micros%MicrosPerMinute
	d.second, d.micros = micros/MicrosPerSecond, micros%MicrosPerSecond
}

// julianWithZone interprets what follows "J" where a zone is attached: a day and an offset.
func (d *dtDecoder) julianWithZone(text string) (dtMask, dtFault) {
	jday, rest, fault := leadingInt(text)
	if fault != dtOK || jday < 0 {
		return 0, dtOverflow
	}
	d.setDay(jday - PostgresEpochJDay)
	d.label = 0
	return mDate | mTime | mZone, d.zoneOffset(rest)
}

// timeOrZone interprets a field with punctuation that comes after the date: a run-together time with an
// offset, as in 040506-08, or the name of a zone.
func (d *dtDecoder) timeOrZone(text string) (dtMask, dtFault) {
	if !isDigit(text[0]) && d.label == 0 {
		return d.namedZone(text)
	}
	if d.label != 0 {
		if d.label != dvTime {
			return 0, dtBadFormat
		}
		d.label = 0
	}
	if d.mask&mTime == mTime {
		return 0, dtBadFormat
	}
	return d.timeWithOffset(text, d.mask)
}

func (d *dtDecoder) timeWithOffset(text string, have dtMask) (dtMask, dtFault) {
	dash := strings.IndexByte(text, '-')
	if dash < 0 {
		return 0, dtBadFormat
	}
	if fault := d.zoneOffset(text[dash:]); fault != dtOK {
		return 0, fault
	}
	mask, fault := d.runTogether(text[:dash], have)
	return mask | mZone, fault
}

func (d *dtDecoder) namedZone(text string) (dtMask, dtFault) {
	if d.zone = findZone(text); d.zone == nil {
		d.zoneText = text
		return 0, dtZoneUnknown
	}
	return mZone, dtOK
}

// labelledNumber interprets a number whose meaning the field before announced.
func (d *dtDecoder) labelledNumber(text string) (dtMask, dtFault) {
	label := d.label
	d.label, d.special = 0, 0
	v, rest, fault := leadingInt(text)
	if fault != dtOK {
		return 0, fault
	}
	if rest != "" && (rest[0] != '.' || label != dvJulian && label != dvTime && label != dvSecond) {
		return 0, dtBadFormat
	}
	switch label {
	case dvYear:
		d.year = v
		return mYear, dtOK
	case dvMonth:
		if d.mask&mMonth != 0 && d.mask&mHour != 0 {
			d.minute = v
			return mMinute, dtOK
		}
		d.month = v
		return mMonth, dtOK
	case dvDay:
		d.day = v
		return mDay, dtOK
	case dvHour:
		d.hour = v
		return mHour, dtOK
	case dvMinute:
		d.minute = v
		return mMinute, dtOK
	case dvSecond:
		d.second = v
		if rest == "" {
			return mSecond, dtOK
		}
		return mSeconds, d.fraction(rest)
	case dvJulian:
		return d.julianDay(v, rest)
	case dvTime:
		mask, fault := d.runTogether(text, d.mask|mDate)
		if fault == dtOK && mask != mTime {
			fault = dtBadFormat
		}
		return mask, fault
	}
	return 0, dtBadFormat
}

// julianDay takes a Julian day, whose fraction is a time of day.
func (d *dtDecoder) julianDay(day int64, fraction string) (dtMask, dtFault) {
	if day < 0 {
		return 0, dtOverflow
	}
	d.setDay(day - PostgresEpochJDay)
	if fraction == "" {
		return mDate, dtOK
	}
	part, err := parseFraction(fraction)
	if err {
		return 0, dtBadFormat
	}
	d.setTime(int64(part * float64(MicrosPerDay)))
	return mDate | mTime, dtOK
}

// dateField interprets a date written with punctuation.
func (d *dtDecoder) dateField(text string) (dtMask, dtFault) {
	var parts [dtFieldsMax]string
	n := 0
	for i := 0; i < len(text) && n < len(parts); n++ {
		for i < len(text) && !isDigit(text[i]) && !isAlpha(text[i]) {
			i++
		}
		if i == len(text) {
			return 0, dtBadFormat
		}
		start := i
		if isDigit(text[i]) {
			i = skipDigits(text, i)
		} else {
			for i < len(text) && isAlpha(text[i]) {
				i++
			}
		}
		parts[n] = text[start:i]
		if i < len(text) {
			i++ // the separator
		}
	}
	have, got, textMonth := d.mask, dtMask(0), false
	for i, p := range parts[:n] { // a month in letters is certain, so it comes first
		if !isAlpha(p[0]) {
			continue
		}
		parts[i] = ""
		w, ok := lookupDateWord(p)
		if ok && w.class == dwIgnored {
			continue
		}
		if !ok || w.class != dwMonth || have&mMonth != 0 {
			return 0, dtBadFormat
		}
		d.month, textMonth = w.value, true
		have |= mMonth
		got |= mMonth
	}
	for _, p := range parts[:n] {
		if p == "" {
			continue
		}
		mask, fault := d.number(p, textMonth, have)
		if fault != dtOK {
			return 0, fault
		}
		if have&mask != 0 {
			return 0, dtBadFormat
		}
		have |= mask
		got |= mask
	}
	if have&^(mDayOfYear|mZone) != mDate {
		return 0, dtBadFormat
	}
	return got, dtOK
}

// number interprets a number without label: which part of the date it is depends on those already known
// and on the session's order of them. After a whole date it is a time.
func (d *dtDecoder) number(text string, textMonth bool, have dtMask) (dtMask, dtFault) {
	v, rest, fault := leadingInt(text)
	if fault != dtOK {
		return 0, fault
	}
	if len(rest) == len(text) {
		return 0, dtBadFormat
	}
	if rest != "" {
		if rest[0] != '.' {
			return 0, dtBadFormat
		}
		if len(text)-len(rest) > 2 {
			return d.runTogether(text, have|mDate)
		}
		if fault := d.fraction(rest); fault != dtOK {
			return 0, fault
		}
	}
	if len(text) == 3 && have&mDate == mYear && v >= 1 && v <= 366 {
		d.yday = v
		return mDayOfYear | mMonth | mDay, dtOK
	}
	long := len(text) >= 3
	var part dtMask
	switch have & mDate {
	case 0:
		switch {
		case long || d.order == orderYMD:
			part = mYear
		case d.order == orderDMY:
			part = mDay
		default:
			part = mMonth
		}
	case mYear, mDay:
		part = mMonth
	case mMonth:
		part = mDay
		if textMonth && (long || d.order == orderYMD) {
			part = mYear
		}
	case mYear | mMonth:
		part = mDay
		if textMonth && long && d.twoDigits {
			// DD-MON-YYYY under YMD: the first number was the day after all.
			d.day, d.year, d.twoDigits = d.year, v, false
			return mDay, dtOK
		}
	case mMonth | mDay:
		part = mYear
	case mDate:
		return d.runTogether(text, have)
	default:
		return 0, dtBadFormat
	}
	switch part {
	case mYear:
		d.year, d.twoDigits = v, len(text) <= 2
	case mMonth:
		d.month = v
	case mDay:
		d.day = v
	}
	return part, dtOK
}

// runTogether interprets digits without punctuation: a date (YYYYMMDD, YYMMDD) or else a time (HHMMSS, HHMM,
// HHMMSS.ffffff).
func (d *dtDecoder) runTogether(text string, have dtMask) (dtMask, dtFault) {
	if dot := strings.IndexByte(text, '.'); dot >= 0 {
		part, bad := parseFraction(text[dot:])
		if bad {
			return 0, dtBadFormat
		}
		d.micros = int64(math.RoundToEven(part * 1e6))
		text = text[:dot]
	} else if have&mDate != mDate && len(text) >= 6 {
		n := len(text)
		year, _, fault := leadingInt(text[:n-4])
		if fault != dtOK {
			return 0, fault
		}
		d.year, d.month, d.day = year, twoDigits(text[n-4:]), twoDigits(text[n-2:])
		if n == 6 {
			d.twoDigits = true
		}
		return mDate, dtOK
	}
	if have&mTime != mTime {
		switch len(text) {
		case 6:
			d.hour, d.minute, d.second = twoDigits(text), twoDigits(text[2:]), twoDigits(text[4:])
			return mTime, dtOK
		case 4:
			d.hour, d.minute, d.second = twoDigits(text), twoDigits(text[2:]), 0
			return mTime, dtOK
		}
	}
	return 0, dtBadFormat
}

// validateDate settles the year and checks the parts of the date against each other.
func (d *dtDecoder) validateDate() dtFault {
	if d.mask&mYear != 0 && !d.julian {
		switch {
		case d.era == dvBC:
			if d.year <= 0 {
				return dtOverflow
			}
			d.year = 1 - d.year
		case d.twoDigits && d.year < 70:
			d.year += 2000
		case d.twoDigits && d.year < 100:
			d.year += 1900
		case d.year <= 0:
			return dtOverflow
		}
	}
	if d.mask&mDayOfYear != 0 {
		d.year, d.month, d.day = CivilFromDays(DaysFromCivil(d.year, 1, 1) + d.yday - 1)
	}
	if d.mask&mMonth != 0 && (d.month < 1 || d.month > 12) {
		return dtMonthDayOverflow
	}
	if d.mask&mDay != 0 && (d.day < 1 || d.day > 31) {
		return dtMonthDayOverflow
	}
	if d.mask&mDate == mDate && d.day > DaysInMonth(d.year, d.month) {
		return dtOverflow
	}
	return dtOK
}

func (d *dtDecoder) applyMeridian() dtFault {
	if d.meridian == 0 {
		return dtOK
	}
	switch {
	case d.hour > 12:
		return dtOverflow
	case d.meridian == dvAM && d.hour == 12:
		d.hour = 0
	case d.meridian == dvPM && d.hour != 12:
		d.hour += 12
	}
	return dtOK
}

// resolveZone settles the offset once date and time are known.
func (d *dtDecoder) resolveZone() dtFault {
	if d.mask&mZoneDST != 0 && (d.zone != nil || d.mask&mZone == 0) {
		return dtBadFormat
	}
	local := DaysFromCivil(d.year, d.month, d.day)*86400 - UnixEpochDays*86400 + (d.hour*60+d.minute)*60 + d.second
	switch {
	case d.zone != nil && d.zoneAbbrev != "":
		d.west = -abbrevOffsetLocal(local, d.zoneAbbrev, d.zone)
	case d.zone != nil:
		d.west = -zoneOffsetLocal(local, d.zone)
	case d.mask&mZone == 0:
		d.west = -zoneOffsetLocal(local, d.env.TimeZone)
	}
	return dtOK
}
