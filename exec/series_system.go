package exec

import (
	"millrace/sql/lex"
	"millrace/types"
)

// systemFuncs are the functions that list what is built in.
var systemFuncs = map[string]func(args []types.Datum, add func(row ...types.Datum)) error{
	"pg_get_keywords":   listKeywords,
	"pg_timezone_names": listZones,
}

// keywordClasses are PostgreSQL's letter and description for each class of keyword.
var keywordClasses = map[lex.Class]struct {
	code byte
	text string
}{
	lex.Unreserved:   {'U', "unreserved"},
	lex.ColumnName:   {'C', "unreserved (cannot be function or type name)"},
	lex.TypeFuncName: {'T', "reserved (can be function or type name)"},
	lex.Reserved:     {'R', "reserved"},
}

// listKeywords is pg_get_keywords(): PostgreSQL's keywords. Millrace's own are left out: they may be used wherever any
// other word may, and clients that quote what is listed here quote for PostgreSQL, too.
func listKeywords(_ []types.Datum, add func(row ...types.Datum)) error {
	for _, k := range lex.Keywords() {
		if k.Extension {
			continue
		}
		class, bare := keywordClasses[k.Class], "requires AS"
		if k.BareLabel {
			bare = "can be bare label"
		}
		add(types.NewString(k.Word), types.NewInt(int64(class.code)), types.NewBool(k.BareLabel), types.NewString(class.text), types.NewString(bare))
	}
	return nil
}

// listZones is pg_timezone_names() at the time of its argument: the time zones of the database that is built in, whose
// names differ from those that PostgreSQL finds on its machine.
func listZones(args []types.Datum, add func(row ...types.Datum)) error {
	for _, z := range types.ZonesAt(args[0].I) {
		add(types.NewString(z.Name), types.NewString(z.Abbrev), types.NewBytes(z.Offset.Encode(nil)), types.NewBool(z.DST))
	}
	return nil
}
