package types

import (
	"math"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// zoneTable is a zone's history as a table, since package time evaluates a zone's current rule anew for each
// question, which costs a few hundred nanoseconds. Seconds count from 1970.
type zoneTable struct {
	starts []int64 // of each period of one offset; the first is the beginning of time
	zones  []zonePeriod
	end    int64 // where the table ends and package time takes over
}

type zonePeriod struct {
	east   int64
	abbrev string
}

// zoneTableYear is the year up to which tables reach.
const zoneTableYear = 2100

// zoneTables are the tables of the zones loaded from the database, and so bounded in number. The map is
// replaced, never changed.
var (
	zoneTables      atomic.Pointer[map[*time.Location]*zoneTable]
	zoneTablesMutex sync.Mutex
)

func addZoneTable(loc *time.Location) {
	table := newZoneTable(loc)
	zoneTablesMutex.Lock()
	defer zoneTablesMutex.Unlock()
	tables := map[*time.Location]*zoneTable{loc: table}
	if old := zoneTables.Load(); old != nil {
		for k, v := range *old {
			tables[k] = v
		}
	}
	zoneTables.Store(&tables)
}

// tableOf gives a zone's table, or nil.
func tableOf(loc *time.Location) *zoneTable {
	if tables := zoneTables.Load(); tables != nil {
		return (*tables)[loc]
	}
	return nil
}

func newZoneTable(loc *time.Location) *zoneTable {
	z := &zoneTable{starts: []int64{math.MinInt64}, end: math.MaxInt64}
	t := time.Unix(-1<<40, 0).In(loc)
	name, east := t.Zone()
	z.zones = []zonePeriod{{int64(east), name}}
	for {
		_, end := t.ZoneBounds()
		switch {
		case end.IsZero():
			return z
		case end.Year() > zoneTableYear:
			z.end = end.Unix()
			return z
		case !end.After(t):
			// Package time cuts periods under a rule at the year's end, and in leap years a day too early.
			end = t.AddDate(0, 0, 1)
		}
		t = end
		name, east := t.Zone()
		if p := (zonePeriod{int64(east), name}); p != z.zones[len(z.zones)-1] {
			z.starts = append(z.starts, t.Unix())
			z.zones = append(z.zones, p)
		}
	}
}

// period gives the index of the period that holds sec, which must lie before z.end.
func (z *zoneTable) period(sec int64) int {
	return sort.Search(len(z.starts)-1, func(i int) bool { return z.starts[i+1] > sec })
}
