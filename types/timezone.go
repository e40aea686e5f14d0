package types

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/binary"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"millrace/pgerr"
)

// zoneArchive is the IANA time zone database (release 2025c, public domain), in the archive that Go's own
// distribution builds from it (lib/time/zoneinfo.zip). It is embedded here, and not taken from the machine or through
// time.LoadLocation, so that a stored view gives the same answer on every machine, and so that zone names can be
// listed and found in any case. To update, copy a newer Go's archive over it.
//
//go:embed zoneinfo.zip
var zoneArchive []byte

// zoneIndex finds a zone's file by its lower-case name.
type zoneIndex struct {
	files map[string]*zip.File
	names []string // as the database spells them, in order
}

var loadZoneIndex = sync.OnceValue(func() zoneIndex {
	ix := zoneIndex{files: map[string]*zip.File{}}
	r, err := zip.NewReader(bytes.NewReader(zoneArchive), int64(len(zoneArchive)))
	if err != nil {
		panic("types: embedded time zone database: " + err.Error())
	}
	for _, f := range r.File {
		if !strings.HasSuffix(f.Name, "/") {
			ix.files[strings.ToLower(f.Name)] = f
			ix.names = append(ix.names, f.Name)
		}
	}
	return ix
})

// loadedZones keeps each zone of the database once loaded, by lower-case name. It cannot grow beyond the database.
var loadedZones sync.Map

// ZoneNames lists the names in the time zone database, in the archive's order. The result is shared: don't change it.
func ZoneNames() []string { return loadZoneIndex().names }

// LoadZone finds a time zone as SET TimeZone does: a name of the IANA database in any case, or a POSIX
// specification such as UTC+3 or EST5EDT,M3.2.0,M11.1.0 (whose sign is opposite to ISO 8601: UTC+3 lies
// west of Greenwich). The error is PostgreSQL's, 22023.
func LoadZone(name string) (*time.Location, error) {
	if loc := findZone(name); loc != nil {
		return loc, nil
	}
	return nil, errZoneUnknown(name)
}

// LookupZone finds a time zone as AT TIME ZONE does: a time zone abbreviation such as CET, else as [LoadZone].
// An abbreviation whose meaning changed over time, such as MSK, gives the zone that it belongs to.
func LookupZone(name string) (*time.Location, error) {
	if a, ok := zoneAbbrevs()[strings.ToLower(name)]; ok {
		if a.zone == "" {
			return a.fixed, nil
		}
		return LoadZone(a.zone)
	}
	return LoadZone(name)
}

func errZoneUnknown(name string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "time zone \"%s\" not recognized", name)
}

// zoneNameMax bounds what is tried as a zone's name.
const zoneNameMax = 255

func findZone(name string) *time.Location {
	if name == "" || len(name) > zoneNameMax {
		return nil
	}
	lower := strings.ToLower(name)
	if lower == "utc" {
		return time.UTC
	}
	if loc, ok := loadedZones.Load(lower); ok {
		return loc.(*time.Location)
	}
	f := loadZoneIndex().files[lower]
	if f == nil {
		return posixZone(name)
	}
	loc, err := readZone(f)
	if err != nil {
		panic("types: embedded time zone database: " + f.Name + ": " + err.Error())
	}
	got, loaded := loadedZones.LoadOrStore(lower, loc)
	if !loaded {
		addZoneTable(loc)
	}
	return got.(*time.Location)
}

func readZone(f *zip.File) (*time.Location, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(f.Name, data)
}

// posixHoursMax bounds the offset in a POSIX specification, as PostgreSQL does.
const posixHoursMax = 24*7 - 1

// posixZone reads a POSIX TZ specification: std offset [dst [offset] [,rule]]. A specification that names
// daylight saving time without a rule follows the rule of the United States, as in PostgreSQL, which also allows
// any characters in names except digits, commas and signs. It gives nil for what is none.
func posixZone(spec string) *time.Location {
	spec = strings.Clone(spec) // the zone keeps parts of it
	std, afterStd, ok := posixName(spec)
	if !ok {
		return nil
	}
	west, rest, ok := posixOffset(afterStd)
	if !ok {
		return nil
	}
	if rest == "" {
		return time.FixedZone(std, -west)
	}
	offset := afterStd[:len(afterStd)-len(rest)]
	dst, rest, ok := posixName(rest)
	if !ok || dst == "" {
		return nil
	}
	dstOffset := ""
	if rest != "" && rest[0] != ',' && rest[0] != ';' {
		_, after, ok := posixOffset(rest)
		if !ok {
			return nil
		}
		dstOffset, rest = rest[:len(rest)-len(after)], after
	}
	if rest == "" {
		rest = ",M3.2.0,M11.1.0"
	}
	start, rest, ok := posixRule(rest)
	if !ok {
		return nil
	}
	end, rest, ok := posixRule(rest)
	if !ok || rest != "" {
		return nil
	}
	// The names go between brackets, where they may be of any length.
	return posixRuleZone(spec, std, -west, "<"+std+">"+offset+"<"+dst+">"+dstOffset+","+start+","+end)
}

// posixName splits off an abbreviation: up to a digit, comma or sign, or anything between angle brackets.
func posixName(s string) (name, rest string, ok bool) {
	if strings.HasPrefix(s, "<") {
		end := strings.IndexByte(s, '>')
		if end < 0 {
			return "", "", false
		}
		return s[1:end], s[end+1:], true
	}
	n := strings.IndexAny(s, "0123456789,-+")
	if n < 0 {
		n = len(s)
	}
	return s[:n], s[n:], true
}

// posixOffset splits off [+-]hh[:mm[:ss]], in seconds.
func posixOffset(s string) (sec int, rest string, ok bool) {
	sign := 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	limits := [3]int{posixHoursMax, 59, 60}
	for i, unit := range [3]int{3600, 60, 1} {
		if i > 0 {
			if s == "" || s[0] != ':' {
				break
			}
			s = s[1:]
		}
		n := 0
		if n, s, ok = posixNumber(s, 0, limits[i]); !ok {
			return 0, "", false
		}
		sec += n * unit
	}
	return sign * sec, s, true
}

// posixNumber splits off a number within bounds.
func posixNumber(s string, least, most int) (n int, rest string, ok bool) {
	i := 0
	for ; i < len(s) && isDigit(s[i]); i++ {
		if n = n*10 + int(s[i]-'0'); n > most {
			return 0, s, false
		}
	}
	return n, s[i:], i > 0 && n >= least
}

// posixRule splits off a comma and the day and time of a change: Jn, n or Mm.w.d, perhaps with /time.
func posixRule(s string) (rule, rest string, ok bool) {
	if s == "" || s[0] != ',' && s[0] != ';' {
		return "", "", false
	}
	s = s[1:]
	rest = s
	switch {
	case strings.HasPrefix(s, "J"):
		_, rest, ok = posixNumber(s[1:], 1, 365)
	case strings.HasPrefix(s, "M"):
		for i, most := range [3]int{12, 5, 6} {
			if rest == "" || i > 0 && rest[0] != '.' {
				return "", "", false
			}
			if _, rest, ok = posixNumber(rest[1:], min(1, 2-i), most); !ok {
				break
			}
		}
	default:
		_, rest, ok = posixNumber(s, 0, 365)
	}
	if ok && strings.HasPrefix(rest, "/") {
		_, rest, ok = posixOffset(rest[1:])
	}
	return s[:len(s)-len(rest)], rest, ok
}

// posixRuleZone builds a zone that follows a POSIX rule at all times: a TZif file (RFC 8536) of version 2
// without transitions, whose footer is the rule. Package time reads footers from 1970 on only: before that a
// change can come up to a day late.
func posixRuleZone(name, std string, offset int, spec string) *time.Location {
	var file []byte
	for range 2 { // the 32-bit block, which readers of version 2 skip, then the 64-bit block
		file = append(file, "TZif2"...)
		file = append(file, make([]byte, 15)...)
		for _, n := range [6]uint32{0, 0, 0, 0, 1, uint32(len(std) + 1)} {
			file = binary.BigEndian.AppendUint32(file, n)
		}
		file = binary.BigEndian.AppendUint32(file, uint32(int32(offset)))
		file = append(file, 0, 0)
		file = append(file, std...)
		file = append(file, 0)
	}
	file = append(file, '\n')
	file = append(file, spec...)
	file = append(file, '\n')
	loc, err := time.LoadLocationFromTZData(name, file)
	if err != nil {
		return nil
	}
	return loc
}

// zoneOffsetAt gives the offset east of Greenwich, in seconds, that loc has at a stored timestamptz, and the
// zone's abbreviation there.
func zoneOffsetAt(ts int64, loc *time.Location) (offset int64, abbrev string) {
	if loc == time.UTC {
		return 0, "UTC"
	}
	sec := unixSeconds(ts)
	if z := tableOf(loc); z != nil && sec < z.end {
		p := z.zones[z.period(sec)]
		return p.east, p.abbrev
	}
	name, off := time.Unix(sec, 0).In(loc).Zone()
	return int64(off), name
}

// zoneOffsetLocal gives the offset, in seconds, by which a local time in loc becomes UTC. The local time is
// in seconds from 1970 as if it were UTC.
//
// Where clocks go forward a local time does not exist, where they go back it comes twice. PostgreSQL takes
// the first as if clocks had not yet changed, the second as after the change; in both cases this is the
// smaller of the two offsets, so that the result never depends on a search's direction.
func zoneOffsetLocal(local int64, loc *time.Location) int64 {
	if loc == time.UTC {
		return 0
	}
	// The day before, the zone is surely before any change that could concern this time.
	before, change, after := nextZoneChange(local-86400, loc)
	switch {
	case local-before < change && local-after < change:
		return before
	case local-before > change && local-after >= change:
		return after
	}
	return min(before, after)
}

// nextZoneChange gives the offset at sec, the time when it changes next, and the offset then. Where it never
// changes again, the time is the end of time.
func nextZoneChange(sec int64, loc *time.Location) (before, change, after int64) {
	if z := tableOf(loc); z != nil && sec < z.end {
		i := z.period(sec)
		before = z.zones[i].east
		if i+1 < len(z.starts) {
			return before, z.starts[i+1], z.zones[i+1].east
		}
		if z.end == math.MaxInt64 {
			return before, z.end, before
		}
	}
	t := time.Unix(sec, 0).In(loc)
	_, off := t.Zone()
	_, end := t.ZoneBounds()
	if end.IsZero() {
		return int64(off), math.MaxInt64, int64(off)
	}
	_, offAfter := end.Zone()
	return int64(off), end.Unix(), int64(offAfter)
}

// zoneAbbrev is what a time zone abbreviation means: a fixed offset, or whatever its zone says.
type zoneAbbrev struct {
	offset int64 // seconds east of Greenwich
	dst    bool
	fixed  *time.Location
	zone   string // if set, the zone decides, since the abbreviation's meaning changed over time
}

// zoneAbbrevs gives PostgreSQL's default set of abbreviations (timezone_abbreviations = 'Default'), by lower-case name.
var zoneAbbrevs = sync.OnceValue(func() map[string]zoneAbbrev {
	m := map[string]zoneAbbrev{}
	for _, group := range []struct {
		dst  bool
		list []offsetAbbrevs
	}{{false, standardAbbrevs}, {true, daylightAbbrevs}} {
		for _, e := range group.list {
			for name := range strings.FieldsSeq(e.names) {
				fixed := time.FixedZone(strings.ToUpper(name), e.offset)
				if e.offset == 0 && name == "utc" {
					fixed = time.UTC
				}
				m[name] = zoneAbbrev{offset: int64(e.offset), dst: group.dst, fixed: fixed}
			}
		}
	}
	for _, e := range changingAbbrevs {
		for name := range strings.FieldsSeq(e.names) {
			m[name] = zoneAbbrev{zone: e.zone}
		}
	}
	return m
})

// abbrevOffsetLocal gives the offset of an abbreviation that belongs to a zone, for a local time (as in
// [zoneOffsetLocal]): the offset that the abbreviation had when the zone last used it before that time, or
// first used it after. A zone that never uses it decides by itself.
func abbrevOffsetLocal(local int64, abbrev string, loc *time.Location) int64 {
	offset := zoneOffsetLocal(local, loc)
	z := tableOf(loc)
	if z == nil || local-offset >= z.end {
		return offset
	}
	now := z.period(local - offset)
	for i := now; i >= 0; i-- {
		if strings.EqualFold(z.zones[i].abbrev, abbrev) {
			return z.zones[i].east
		}
	}
	for _, p := range z.zones[now:] {
		if strings.EqualFold(p.abbrev, abbrev) {
			return p.east
		}
	}
	return offset
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// zoneIsFixed reports whether a zone has had one offset at all times.
func zoneIsFixed(loc *time.Location) bool {
	start, end := time.Unix(0, 0).In(loc).ZoneBounds()
	return start.IsZero() && end.IsZero()
}
