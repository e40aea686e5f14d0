package pgcatalog

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"millrace/catalog"
	"millrace/types"
)

// typeInfo is what pg_attribute repeats of a type.
type typeInfo struct {
	length         int
	byValue        bool
	align, storage string
	collation      uint32
	btreeClass     uint32 // default operator class; 0 when there is none
}

// builtinTypes reads pg_type and the default operator classes once.
var builtinTypes = sync.OnceValue(func() map[uint32]typeInfo {
	out := map[uint32]typeInfo{}
	id := func(s string) uint32 {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			panic("pgcatalog: " + err.Error())
		}
		return uint32(n)
	}
	for _, line := range lines("pg_type.tsv") {
		f := strings.Split(line, "\t")
		length, err := strconv.Atoi(f[2])
		if err != nil {
			panic("pgcatalog: " + err.Error())
		}
		out[id(f[0])] = typeInfo{length: length, byValue: f[3] == "t", align: f[17], storage: f[18], collation: id(f[22])}
	}
	for _, line := range lines("pg_opclass.tsv") {
		f := strings.Split(line, "\t")
		if f[1] == "403" && f[5] == "t" {
			t := out[id(f[4])]
			t.btreeClass = id(f[0])
			out[id(f[4])] = t
		}
	}
	return out
})

func infoOf(t types.T) typeInfo {
	if i, ok := builtinTypes()[t.OID()]; ok {
		return i
	}
	return typeInfo{length: -1, align: "i", storage: "x"}
}

// btreeClass is the default operator class of a type. Types without their own use that of the type they are compared as.
func btreeClass(t types.T) uint32 {
	if c := infoOf(t).btreeClass; c != 0 {
		return c
	}
	switch t.Kind {
	case types.Varchar:
		return builtinTypes()[uint32(25)].btreeClass
	case types.Array:
		return builtinTypes()[uint32(2277)].btreeClass // anyarray
	}
	return 0
}

var typeColumns = []string{"oid", "typname", "typlen", "typbyval", "typtype", "typcategory", "typispreferred", "typdelim", "typelem", "typarray", "typsubscript",
	"typinput", "typoutput", "typreceive", "typsend", "typmodin", "typmodout", "typalign", "typstorage", "typbasetype", "typtypmod", "typndims", "typcollation"}

// enumLabels fills pg_enum. A label's id is computed from its type's and its place in order.
func enumLabels(s *Source, t *table) {
	for _, u := range s.Catalog.Types() {
		for i, l := range u.Labels {
			t.add("oid", partOID(u.ID, i&(columnsMax-1)), "enumtypid", u.ID, "enumsortorder", i+1, "enumlabel", l.Text)
		}
	}
}

// The functions of row types and of arrays.
const (
	recordIn, recordOut, recordReceive, recordSend = 2290, 2291, 2402, 2403
	arrayIn, arrayOut, arrayReceive, arraySend     = 750, 751, 2400, 2401
	enumIn, enumOut, enumReceive, enumSend         = 3506, 3507, 3532, 3533
	arraySubscript                                 = 6179
)

func typeRows(s *Source, t *table) {
	t.defaults("typnamespace", pgCatalogOID, "typowner", roleOID, "typisdefined", true, "typrelid", 0, "typanalyze", 0, "typnotnull", false)
	t.copyRows("pg_type.tsv", typeColumns, nil)
	t.defaults("typlen", -1, "typbyval", false, "typispreferred", false, "typdelim", ",", "typelem", 0, "typarray", 0, "typsubscript", 0,
		"typmodin", 0, "typmodout", 0, "typalign", "d", "typstorage", "x", "typbasetype", 0, "typtypmod", -1, "typndims", 0, "typcollation", 0)
	for _, u := range s.Catalog.Types() {
		if u.Domain != nil {
			domainType(s, t, u)
			continue
		}
		ns := schemaOID(s, u.Schema)
		common := []any{"oid", u.ID, "typname", u.Name, "typnamespace", ns, "typarray", u.ArrayID}
		if u.Enum {
			t.add(append(common, "typtype", "e", "typcategory", "E", "typlen", 4, "typbyval", true, "typalign", "i", "typstorage", "p",
				"typinput", enumIn, "typoutput", enumOut, "typreceive", enumReceive, "typsend", enumSend)...)
		} else {
			t.add(append(common, "typtype", "c", "typcategory", "C", "typinput", recordIn, "typoutput", recordOut, "typreceive", recordReceive,
				"typsend", recordSend)...)
		}
		t.add("oid", u.ArrayID, "typname", "_"+u.Name, "typnamespace", ns, "typtype", "b", "typcategory", "A", "typelem", u.ID,
			"typsubscript", arraySubscript, "typinput", arrayIn, "typoutput", arrayOut, "typreceive", arrayReceive, "typsend", arraySend)
	}
	for _, r := range visible(s) {
		if r.Kind == catalog.System || r.Kind == catalog.Index {
			continue
		}
		ns := schemaOID(s, r.Schema)
		t.add("oid", RowTypeOID(r.ID), "typname", r.Name, "typnamespace", ns, "typtype", "c", "typcategory", "C", "typrelid", r.ID,
			"typarray", rowArrayOID+r.ID, "typinput", recordIn, "typoutput", recordOut, "typreceive", recordReceive, "typsend", recordSend)
		t.add("oid", rowArrayOID+r.ID, "typname", "_"+r.Name, "typnamespace", ns, "typtype", "b", "typcategory", "A", "typelem", RowTypeOID(r.ID),
			"typsubscript", arraySubscript, "typinput", arrayIn, "typoutput", arrayOut, "typreceive", arrayReceive, "typsend", arraySend)
	}
}

// functions lists the functions that Millrace has under PostgreSQL's names, and those that types refer to.
func functions(s *Source, t *table) {
	needed := map[string]bool{}
	for _, line := range lines("pg_type.tsv") {
		for _, f := range strings.Split(line, "\t")[10:17] {
			needed[f] = true
		}
	}
	for _, f := range []string{"3", "330", "2246", "2248"} { // access methods, languages
		needed[f] = true
	}
	for _, line := range lines("pg_operator.tsv") {
		f := strings.Split(line, "\t")
		if s.Known(f[1]) {
			needed[f[10]] = true
		}
	}
	t.defaults("pronamespace", pgCatalogOID, "proowner", roleOID, "prolang", 12, "procost", 1, "prorows", 0, "prosupport", 0, "prosecdef", false,
		"proleakproof", false)
	// An internal function's source is its name.
	columns := []string{"oid", "proname", "prokind", "proretset", "proisstrict", "provolatile", "proparallel", "provariadic", "pronargs", "pronargdefaults",
		"prorettype", "proargtypes", "proallargtypes", "proargmodes", "proargnames", "prosrc=1"}
	t.copyRows("pg_proc.tsv", columns, func(f []string) bool { return needed[f[0]] || s.Known(f[1]) })
}

func aggregates(s *Source, t *table) {
	known := map[string]bool{}
	for _, line := range lines("pg_proc.tsv") {
		f := strings.Split(line, "\t")
		known[f[0]] = f[2] == "a" && s.Known(f[1])
	}
	t.defaults("aggcombinefn", 0, "aggserialfn", 0, "aggdeserialfn", 0, "aggmtransfn", 0, "aggminvtransfn", 0, "aggmfinalfn", 0, "aggfinalextra", false,
		"aggmfinalextra", false, "aggfinalmodify", "r", "aggmfinalmodify", "r", "aggsortop", 0, "aggtransspace", 0, "aggmtranstype", 0, "aggmtransspace", 0)
	t.copyRows("pg_aggregate.tsv", []string{"aggfnoid", "aggkind", "aggnumdirectargs", "aggtransfn", "aggfinalfn", "aggtranstype"},
		func(f []string) bool { return known[f[0]] })
}

func operators(s *Source, t *table) {
	t.defaults("oprnamespace", pgCatalogOID, "oprowner", roleOID)
	t.copyRows("pg_operator.tsv", []string{"oid", "oprname", "oprkind", "oprcanmerge", "oprcanhash", "oprleft", "oprright", "oprresult", "oprcom", "oprnegate",
		"oprcode", "oprrest", "oprjoin"}, func(f []string) bool { return s.Known(f[1]) })
}

func casts(_ *Source, t *table) {
	t.copyRows("pg_cast.tsv", []string{"oid", "castsource", "casttarget", "castfunc", "castcontext", "castmethod"}, nil)
}

func opclasses(_ *Source, t *table) {
	t.defaults("opcnamespace", pgCatalogOID, "opcowner", roleOID)
	t.copyRows("pg_opclass.tsv", []string{"oid", "opcmethod", "opcname", "opcfamily", "opcintype", "opcdefault", "opckeytype"},
		func(f []string) bool { return f[1] == strconv.Itoa(btreeAM) })
}

func opfamilies(_ *Source, t *table) {
	t.defaults("opfnamespace", pgCatalogOID, "opfowner", roleOID)
	t.copyRows("pg_opfamily.tsv", []string{"oid", "opfmethod", "opfname"}, func(f []string) bool { return f[1] == strconv.Itoa(btreeAM) })
}

// internalTypes are the types of functions that SQL cannot call: internal, cstring, handlers, triggers and the like.
var internalTypes = map[string]bool{"2281": true, "2275": true, "325": true, "269": true, "3115": true, "3310": true, "2280": true, "2279": true, "3838": true, "32": true}

// FunctionNames lists the names of the functions of PostgreSQL 15 that statements call, in order: not those behind operators,
// casts, types, indexes and aggregates, nor those that look into a server's insides.
func FunctionNames() []string {
	behind := map[string]bool{}
	mark := func(file string, fields ...int) {
		for _, line := range lines(file) {
			f := strings.Split(line, "\t")
			for _, i := range fields {
				behind[f[i]] = true
			}
		}
	}
	mark("pg_operator.tsv", 10, 11, 12)
	mark("pg_cast.tsv", 3)
	mark("pg_type.tsv", 10, 11, 12, 13, 14, 15, 16)
	mark("pg_aggregate.tsv", 3, 4)
	seen := map[string]bool{}
	var names []string
	for _, line := range lines("pg_proc.tsv") {
		f := strings.Split(line, "\t")
		name := f[1]
		internal := internalTypes[f[10]] || behind[f[0]] || insides(name)
		for _, t := range strings.Fields(f[11]) {
			internal = internal || internalTypes[t]
		}
		if !internal && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// insides reports whether a function's name is of those about a server's own state.
func insides(name string) bool {
	for _, prefix := range []string{"pg_stat_", "binary_upgrade_", "pg_replication_", "pg_logical_", "pg_ls_", "pg_wal", "gin_", "gist_", "spg_", "brin_", "ts_", "lo_",
		"pg_create_", "pg_drop_", "pg_copy_", "pg_get_replic", "pg_get_shmem", "pg_get_publication", "pg_backup", "pg_show_", "pg_config", "pg_hba", "pg_ident",
		"pg_event_trigger", "RI_", "fmgr_", "hash", "pg_snapshot", "txid_", "pg_export", "pg_prepared", "pg_last_", "pg_control", "pg_partition", "pg_nextoid", "pg_stop", "pg_start",
		"pg_identify", "pg_describe", "pg_extension", "pg_available_ext", "pg_timezone_a", "satisfies_", "bt", "in_range", "pg_xact", "pg_rotate", "pg_reload", "pg_log_", "pg_promote"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
