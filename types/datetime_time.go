package types

import "strings"

// decodeTimeOnly interprets the fields of a literal as a time of day. A date and a zone may stand beside it
// where PostgreSQL's "time with time zone" would need them; the value of a time without zone ignores both.
func (d *dtDecoder) decodeTimeOnly() dtFault {
	for i := 0; i < d.f.n; i++ {
		mask, fault := d.timeOnlyField(i)
		if fault != dtOK {
			return fault
		}
		if mask&d.mask != 0 {
			return dtBadFormat
		}
		d.mask |= mask
	}
	if fault := d.validateDate(); fault != dtOK {
		return fault
	}
	if fault := d.applyMeridian(); fault != dtOK {
		return fault
	}
	if d.timeOverflows() {
		return dtOverflow
	}
	if d.mask&mTime != mTime {
		return dtBadFormat
	}
	return d.checkTimeZone()
}

// checkTimeZone refuses what would leave the offset of a "time with time zone" open: a zone whose clocks change
// without a date, and a part of a date.
func (d *dtDecoder) checkTimeZone() dtFault {
	date := d.mask & mDate
	switch {
	case d.mask&mZoneDST != 0 && (d.zone != nil || d.mask&mZone == 0):
		return dtBadFormat
	case date == mDate:
	case d.zone != nil && d.zoneAbbrev == "" && !zoneIsFixed(d.zone):
		return dtBadFormat
	case date != 0 && (d.mask&mZone == 0 || d.zoneAbbrev != ""):
		return dtBadFormat
	}
	return dtOK
}

// timeOnlyField interprets field i and gives the parts that it held.
func (d *dtDecoder) timeOnlyField(i int) (dtMask, dtFault) {
	text, last := d.f.tok[i].text, d.f.n-1
	switch d.f.tok[i].kind {
	case dtDate:
		switch {
		case i == 0 && last >= 1 && (d.f.tok[last].kind == dtDate || d.f.tok[1].kind == dtTime):
			return d.dateField(text)
		case !isDigit(text[0]):
			mask, fault := d.namedZone(text)
			d.f.tok[i].kind = dtZone
			return mask, fault
		case d.mask&mTime == mTime:
			return 0, dtBadFormat
		}
		return d.timeWithOffset(text, d.mask|mDate)
	case dtTime:
		return mTime, d.clockField(text)
	case dtZone:
		return mZone, d.zoneOffset(text)
	case dtNumber:
		if d.label != 0 {
			return d.labelledNumber(text)
		}
		dot := strings.IndexByte(text, '.')
		switch {
		case dot >= 0 && i == 0 && last >= 1 && d.f.tok[last].kind == dtDate:
			return d.dateField(text)
		case dot > 2, dot < 0 && len(text) > 4:
			return d.runTogether(text, d.mask|mDate)
		case dot >= 0:
			return 0, dtBadFormat
		}
		return d.number(text, false, d.mask|mDate)
	}
	return d.timeOnlyWord(i)
}

func (d *dtDecoder) timeOnlyWord(i int) (dtMask, dtFault) {
	text := d.f.tok[i].text
	if _, ok := zoneAbbrevs()[text]; ok {
		return d.wordField(i)
	}
	w, ok := lookupDateWord(text)
	if !ok {
		return d.wordField(i)
	}
	switch w.class {
	case dwReserved:
		switch w.value {
		case dvNow:
			if _, fault := d.reservedWord(dvNow); fault != dtOK {
				return 0, fault
			}
			return mTime, dtOK
		case dvAllballs:
			return d.reservedWord(dvAllballs)
		}
		return 0, dtBadFormat
	case dwISOTime:
		if !d.timeFollows(i) {
			return 0, dtBadFormat
		}
		d.label = w.value
		return 0, dtOK
	case dwMonth, dwWeekday:
		return 0, dtBadFormat
	}
	return d.wordField(i)
}
