package types

import "strings"

// unsupported are the types of PostgreSQL 15 that Millrace does not have, by their names in pg_type, with the names that
// messages give them.
var unsupported = map[string]string{
	"timetz": "time with time zone",
	"bit":    "bit",
	"varbit": "bit varying",
	"money":  "money",
	"xml":    "xml",

	"int4range": "int4range", "int8range": "int8range", "numrange": "numrange",
	"tsrange": "tsrange", "tstzrange": "tstzrange", "daterange": "daterange",
	"int4multirange": "int4multirange", "int8multirange": "int8multirange", "nummultirange": "nummultirange",
	"tsmultirange": "tsmultirange", "tstzmultirange": "tstzmultirange", "datemultirange": "datemultirange",

	"point": "point", "line": "line", "lseg": "lseg", "box": "box", "path": "path", "polygon": "polygon", "circle": "circle",

	"tsvector": "tsvector", "tsquery": "tsquery", "gtsvector": "gtsvector", "jsonpath": "jsonpath",

	"tid": "tid", "xid": "xid", "xid8": "xid8", "cid": "cid", "pg_lsn": "pg_lsn",
	"pg_snapshot": "pg_snapshot", "txid_snapshot": "txid_snapshot", "refcursor": "refcursor",
	"int2vector": "int2vector", "oidvector": "oidvector", "aclitem": "aclitem",
	"regprocedure": "regprocedure", "regoper": "regoper", "regoperator": "regoperator", "regconfig": "regconfig",
	"regdictionary": "regdictionary", "regcollation": "regcollation",
	"macaddr": "macaddr", "macaddr8": "macaddr8",
}

// Unsupported reports whether name is a type of PostgreSQL that Millrace does not have, or the array of one (_bit), and
// gives the name for the message, as format_type spells it.
func Unsupported(name string) (display string, ok bool) {
	if display, ok = unsupported[name]; ok {
		return display, true
	}
	if elem, array := strings.CutPrefix(name, "_"); array {
		if display, ok = unsupported[elem]; ok {
			return display + "[]", true
		}
	}
	return "", false
}
