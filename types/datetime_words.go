package types

// dtWordClass says what a word in a date or time literal is.
type dtWordClass uint8

const (
	dwReserved dtWordClass = iota + 1 // a value by itself, as in 'now'
	dwIgnored                         // a filler, as in "at"
	dwMonth
	dwWeekday
	dwMeridian // am, pm
	dwEra      // ad, bc
	dwUnit     // a label that says what the next number is, as in y2001m02d04
	dwISOTime  // the T between date and time
	dwDST      // the modifier in "MET DST"
)

// The values of reserved words.
const (
	dvNow = iota + 1
	dvToday
	dvTomorrow
	dvYesterday
	dvAllballs
	dvEpoch
	dvInfinity
	dvNegInfinity
)

// The values of eras and of the halves of a day.
const (
	dvAD = 0
	dvBC = 1
	dvAM = 1
	dvPM = 2
)

// The values of units.
const (
	dvYear = iota + 1
	dvMonth
	dvDay
	dvHour
	dvMinute
	dvSecond
	dvJulian
	dvTime
	dvOther // a unit that no literal may hold, though PostgreSQL knows the word
)

type dtWord struct {
	class dtWordClass
	value int64
}

// lookupDateWord finds a word of date and time literals, in lower case.
func lookupDateWord(s string) (dtWord, bool) {
	w, ok := dateWords[s]
	return w, ok
}

// The words of PostgreSQL's documentation, appendix B.2.
var dateWords = map[string]dtWord{
	"now": {dwReserved, dvNow}, "today": {dwReserved, dvToday}, "tomorrow": {dwReserved, dvTomorrow},
	"yesterday": {dwReserved, dvYesterday}, "allballs": {dwReserved, dvAllballs}, "epoch": {dwReserved, dvEpoch},
	"infinity": {dwReserved, dvInfinity}, "-infinity": {dwReserved, dvNegInfinity},

	"at": {dwIgnored, 0}, "on": {dwIgnored, 0},
	"ad": {dwEra, dvAD}, "bc": {dwEra, dvBC}, "am": {dwMeridian, dvAM}, "pm": {dwMeridian, dvPM},
	"dst": {dwDST, 3600},

	"jan": {dwMonth, 1}, "january": {dwMonth, 1}, "feb": {dwMonth, 2}, "february": {dwMonth, 2},
	"mar": {dwMonth, 3}, "march": {dwMonth, 3}, "apr": {dwMonth, 4}, "april": {dwMonth, 4},
	"may": {dwMonth, 5}, "jun": {dwMonth, 6}, "june": {dwMonth, 6}, "jul": {dwMonth, 7}, "july": {dwMonth, 7},
	"aug": {dwMonth, 8}, "august": {dwMonth, 8}, "sep": {dwMonth, 9}, "sept": {dwMonth, 9},
	"september": {dwMonth, 9}, "oct": {dwMonth, 10}, "october": {dwMonth, 10},
	"nov": {dwMonth, 11}, "november": {dwMonth, 11}, "dec": {dwMonth, 12}, "december": {dwMonth, 12},

	"sun": {dwWeekday, 0}, "sunday": {dwWeekday, 0}, "mon": {dwWeekday, 1}, "monday": {dwWeekday, 1},
	"tue": {dwWeekday, 2}, "tues": {dwWeekday, 2}, "tuesday": {dwWeekday, 2},
	"wed": {dwWeekday, 3}, "weds": {dwWeekday, 3}, "wednesday": {dwWeekday, 3},
	"thu": {dwWeekday, 4}, "thur": {dwWeekday, 4}, "thurs": {dwWeekday, 4}, "thursday": {dwWeekday, 4},
	"fri": {dwWeekday, 5}, "friday": {dwWeekday, 5}, "sat": {dwWeekday, 6}, "saturday": {dwWeekday, 6},

	"y": {dwUnit, dvYear}, "m": {dwUnit, dvMonth}, "d": {dwUnit, dvDay}, "h": {dwUnit, dvHour},
	"mm": {dwUnit, dvMinute}, "s": {dwUnit, dvSecond},
	"j": {dwUnit, dvJulian}, "jd": {dwUnit, dvJulian}, "julian": {dwUnit, dvJulian},
	"dow": {dwUnit, dvOther}, "doy": {dwUnit, dvOther}, "isodow": {dwUnit, dvOther}, "isoyear": {dwUnit, dvOther},
	"t": {dwISOTime, dvTime},
}
