package types

import (
	"slices"
	"strings"
	"time"
)

// ZoneState is a time zone of the database at some time.
type ZoneState struct {
	Name   string
	Abbrev string // of the time that its clocks show: CET or CEST
	Offset IntervalValue
	DST    bool
}

// ZonesAt lists the time zones of the database that is built in, in order of their names, at a timestamp with time zone. It
// is the content of PostgreSQL's pg_timezone_names, whose names are those found on its machine. It reads the whole
// database, which costs tens of milliseconds.
func ZonesAt(ts int64) []ZoneState {
	at := time.Unix(unixSeconds(ts), 0)
	index := loadZoneIndex()
	out := make([]ZoneState, 0, len(index.names))
	for _, name := range index.names {
		// Not by findZone, which would keep hundreds of zones that nobody uses.
		zone, err := readZone(index.files[strings.ToLower(name)])
		if err != nil {
			panic("types: embedded time zone database: " + name + ": " + err.Error())
		}
		local := at.In(zone)
		abbrev, east := local.Zone()
		out = append(out, ZoneState{name, abbrev, IntervalValue{Micros: int64(east) * 1e6}, local.IsDST()})
	}
	slices.SortFunc(out, func(a, b ZoneState) int { return strings.Compare(a.Name, b.Name) })
	return out
}
