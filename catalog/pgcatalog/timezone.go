package pgcatalog

import "millrace/types"

// timeZones fills pg_timezone_names.
func timeZones(s *Source, t *table) {
	for _, z := range types.ZonesAt(s.Now) {
		t.add("name", z.Name, "abbrev", z.Abbrev, "utc_offset", types.NewBytes(z.Offset.Encode(nil)), "is_dst", z.DST)
	}
}
