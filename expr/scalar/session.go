package scalar

import (
	"encoding/binary"
	"slices"
	"strconv"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// sessionFunctions read the session: they are stable, and fail in views, which have none.
func sessionFunctions() []*expr.Function {
	fn := func(name string, ret types.T, kernel expr.EvalFunc, args ...types.T) *expr.Function {
		return stable(&expr.Function{Name: name, Args: args, Ret: ret, Eval: kernel}, expr.UsesSession)
	}
	nameOf := func(read func(expr.SessionInfo) string) expr.EvalFunc {
		return toBytes(func(x *row, dst []byte) ([]byte, error) {
			if x.ctx.Session == nil {
				return nil, errNoSession()
			}
			return append(dst, read(x.ctx.Session)...), nil
		})
	}
	user := nameOf(expr.SessionInfo.CurrentUser)
	database := nameOf(expr.SessionInfo.CurrentDatabase)
	list := []*expr.Function{
		fn("current_user", tName, user),
		fn("current_role", tName, user),
		fn("user", tName, user),
		fn("session_user", tName, nameOf(expr.SessionInfo.SessionUser)),
		fn("current_database", tName, database),
		fn("current_catalog", tName, database),
		fn("current_schema", tName, toBytes(currentSchema)),
		fn("current_schemas", types.ArrayOf(tName), toBytes(currentSchemas), tBool),
		fn("current_setting", tText, toBytes(currentSetting), tText),
		fn("current_setting", tText, toBytes(currentSetting), tText, tBool),
		fn("pg_backend_pid", tInt4, toInt(func(x *row) (int64, error) {
			if x.ctx.Session == nil {
				return 0, errNoSession()
			}
			return int64(x.ctx.Session.BackendPID()), nil
		})),
		{Name: "pg_typeof", Args: with(anyType), Ret: tRegtype, NullCall: true, Total: true, Eval: toInt(func(x *row) (int64, error) {
			return int64(x.typ(0).OID()), nil
		})},
		{Name: "gen_random_uuid", Ret: tUUID, Volatility: expr.Volatile, Uses: expr.UsesRandom, Eval: toBytes(randomUUID)},
		{Name: "pg_size_pretty", Args: with(tInt8), Ret: tText, Eval: toBytes(sizePretty)},
		{Name: "pg_size_pretty", Args: with(tNumeric), Ret: tText, Eval: toBytes(sizePrettyNumeric)},
	}
	return append(list, catalogFunctions()...)
}

func errNoSession() error {
	return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "session information is not available here")
}

func currentSchema(x *row, dst []byte) ([]byte, error) {
	if x.ctx.Session == nil {
		return nil, errNoSession()
	}
	schema := x.ctx.Session.CurrentSchema()
	if schema == "" {
		return nil, errNull
	}
	return append(dst, schema...), nil
}

func currentSchemas(x *row, dst []byte) ([]byte, error) {
	if x.ctx.Session == nil {
		return nil, errNoSession()
	}
	b := types.NewArrayBuilder(tName)
	for _, s := range x.ctx.Session.SearchPath(x.bool(0)) {
		b.Append(types.NewString(s))
	}
	return b.Build(dst), nil
}

func currentSetting(x *row, dst []byte) ([]byte, error) {
	if x.ctx.Session == nil {
		return nil, errNoSession()
	}
	value, ok := x.ctx.Session.Setting(x.str(0))
	switch {
	case ok:
		return append(dst, value...), nil
	case x.len() == 2 && x.bool(1):
		return nil, errNull
	}
	return nil, pgerr.New(pgerr.UndefinedObject, "unrecognized configuration parameter \"%s\"", x.bytes(0))
}

// randomUUID makes a version 4 UUID (RFC 9562) of the context's random bits.
func randomUUID(x *row, dst []byte) ([]byte, error) {
	if x.ctx.Random == nil {
		return nil, errNoRandom("gen_random_uuid()")
	}
	high := x.ctx.Random()&^0xf000 | 0x4000
	low := x.ctx.Random()&^(3<<62) | 2<<62
	dst = binary.BigEndian.AppendUint64(dst, high)
	return binary.BigEndian.AppendUint64(dst, low), nil
}

var sizeUnits = []string{"bytes", "kB", "MB", "GB", "TB", "PB"}

// sizePrettyNumeric is sizePretty for sizes of any magnitude: where bigint does not hold one, petabytes do.
func sizePrettyNumeric(x *row, dst []byte) ([]byte, error) {
	n := x.bytes(0)
	if isSpecial(n) {
		return append(types.AppendNumericText(dst, n), " PB"...), nil
	}
	small, err := types.NumericToInt64(n)
	if err == nil && (small < 10*1024 && small > -10*1024) {
		return append(types.AppendNumericText(dst, n), " bytes"...), nil
	}
	if err == nil {
		whole, err := types.NumericToInt64(mustTrunc(n))
		if err != nil {
			return nil, err
		}
		return appendSize(dst, whole), nil
	}
	half, err := types.NumericDivTrunc(nil, n, types.NumericFromInt(nil, 1<<49))
	if err != nil {
		return nil, err
	}
	v, err := types.NumericToInt64(half)
	if err != nil {
		return nil, err
	}
	return append(strconv.AppendInt(dst, halved(v), 10), " PB"...), nil
}

func mustTrunc(n []byte) []byte {
	whole, err := types.NumericTrunc(nil, n, 0)
	if err != nil {
		return n
	}
	return whole
}

// halved rounds half of v away from zero.
func halved(v int64) int64 {
	if v < 0 {
		return -((-v + 1) / 2)
	}
	return (v + 1) / 2
}

// sizePretty shows a number of bytes in the unit that leaves at most four digits, as PostgreSQL does.
func sizePretty(x *row, dst []byte) ([]byte, error) { return appendSize(dst, x.int(0)), nil }

func appendSize(dst []byte, v int64) []byte {
	units := sizeUnits
	const limit = 10 * 1024
	unit := 0
	abs := func(v int64) int64 { return max(v, -v) }
	if abs(v) >= limit || v == -v && v != 0 {
		// From here on v counts half units, so that the last step can round.
		v /= 512
		for unit = 1; unit < len(units)-1 && abs(v) >= 2*limit-1; unit++ {
			v /= 1024
		}
		v = halved(v)
	}
	dst = strconv.AppendInt(dst, v, 10)
	return append(append(dst, ' '), units[unit]...)
}

// catalogFunctions are answered by the session's catalog, under their names. A session that does not know one makes
// it fail as unsupported.
func catalogFunctions() []*expr.Function {
	var list []*expr.Function
	add := func(name string, ret types.T, args ...types.T) {
		list = append(list, stable(&expr.Function{Name: name, Args: args, Ret: ret, Eval: toDatum(askCatalog(name))}, expr.UsesSession))
	}
	add("version", tText)
	sequence := func(name string, args ...types.T) {
		list = append(list, &expr.Function{Name: name, Args: args, Ret: tInt8, Volatility: expr.Volatile, Uses: expr.UsesSession, Eval: toDatum(askCatalog(name))})
	}
	for _, by := range []types.T{tRegclass, tText} { // a name is looked up when the function is called
		sequence("nextval", by)
		sequence("currval", by)
		sequence("setval", by, tInt8)
		sequence("setval", by, tInt8, tBool)
	}
	sequence("lastval")
	add("current_watermark", tTimestampTZ, tRegclass)
	add("pg_get_userbyid", tName, tOID)
	for _, object := range []string{"table", "type", "function", "operator", "opclass", "opfamily", "collation", "conversion", "ts_config", "ts_dict", "ts_parser", "ts_template", "statistics_obj"} {
		add("pg_"+object+"_is_visible", tBool, tOID)
	}
	add("obj_description", tText, tOID, tName)
	add("obj_description", tText, tOID)
	add("col_description", tText, tOID, tInt4)
	add("shobj_description", tText, tOID, tName)
	add("pg_get_expr", tText, tText, tOID)
	add("pg_get_expr", tText, tText, tOID, tBool)
	add("pg_get_constraintdef", tText, tOID)
	add("pg_get_constraintdef", tText, tOID, tBool)
	add("pg_get_indexdef", tText, tOID)
	add("pg_get_indexdef", tText, tOID, tInt4, tBool)
	add("pg_get_viewdef", tText, tOID)
	add("pg_get_viewdef", tText, tOID, tBool)
	add("pg_get_viewdef", tText, tText)
	add("pg_get_viewdef", tText, tText, tBool)
	add("pg_get_functiondef", tText, tOID)
	add("pg_get_function_result", tText, tOID)
	add("pg_get_function_arguments", tText, tOID)
	add("pg_get_function_identity_arguments", tText, tOID)
	add("pg_get_function_sqlbody", tText, tOID)
	add("pg_get_partkeydef", tText, tOID)
	add("pg_get_ruledef", tText, tOID)
	add("pg_get_ruledef", tText, tOID, tBool)
	add("pg_get_triggerdef", tText, tOID)
	add("pg_get_triggerdef", tText, tOID, tBool)
	add("pg_get_serial_sequence", tText, tText, tText)
	add("pg_get_statisticsobjdef_columns", tText, tOID)
	for _, size := range []string{"pg_relation_size", "pg_total_relation_size", "pg_table_size", "pg_indexes_size"} {
		add(size, tInt8, tRegclass)
	}
	add("pg_relation_size", tInt8, tRegclass, tText)
	add("pg_database_size", tInt8, tName)
	add("pg_database_size", tInt8, tOID)
	add("pg_relation_filenode", tOID, tRegclass)
	add("pg_relation_is_publishable", tBool, tRegclass)
	add("pg_tablespace_location", tText, tOID)
	add("pg_tablespace_size", tInt8, tName)
	add("pg_tablespace_size", tInt8, tOID)
	add("pg_encoding_to_char", tName, tInt4)
	add("pg_char_to_encoding", tInt4, tName)
	add("pg_client_encoding", tName)
	add("getdatabaseencoding", tName)
	add("pg_is_in_recovery", tBool)
	add("pg_postmaster_start_time", tTimestampTZ)
	add("pg_conf_load_time", tTimestampTZ)
	add("pg_my_temp_schema", tOID)
	add("pg_is_other_temp_schema", tBool, tOID)
	add("pg_index_column_has_property", tBool, tRegclass, tInt4, tText)
	add("pg_collation_actual_version", tText, tOID)
	add("txid_current", tInt8)
	add("pg_current_wal_lsn", tText)
	add("inet_server_port", tInt4)
	add("inet_client_port", tInt4)
	add("to_regclass", tRegclass, tText)
	add("to_regtype", tRegtype, tText)
	add("to_regproc", types.Of(types.Regproc), tText)
	add("to_regnamespace", types.Of(types.Regnamespace), tText)
	add("to_regrole", types.Of(types.Regrole), tText)
	add("pg_stat_get_numscans", tInt8, tOID)
	add("set_config", tText, tText, tText, tBool)
	add("pg_cancel_backend", tBool, tInt4)
	add("pg_terminate_backend", tBool, tInt4)
	add("current_query", tText)
	add("oidvectortypes", tText, types.ArrayOf(tOID))
	add("pg_sleep", tVoid, tFloat8)
	add("pg_sleep_for", tVoid, tInterval)
	add("pg_sleep_until", tVoid, tTimestampTZ)
	add("pg_notify", tVoid, tText, tText)
	add("millrace_listening_channels", types.ArrayOf(tText))
	for _, lock := range []string{"pg_advisory_lock", "pg_advisory_xact_lock", "pg_advisory_lock_shared"} {
		add(lock, tVoid, tInt8)
		add(lock, tVoid, tInt4, tInt4)
	}
	for _, lock := range []string{"pg_try_advisory_lock", "pg_try_advisory_xact_lock", "pg_advisory_unlock"} {
		add(lock, tBool, tInt8)
		add(lock, tBool, tInt4, tInt4)
	}
	add("pg_advisory_unlock_all", tVoid)
	list = append(list, privilegeFunctions()...)
	for _, f := range list {
		if slices.Contains(acting, f.Name) {
			f.Volatility = expr.Volatile
		}
		f.NullCall = f.Name == "set_config" || f.Name == "pg_notify" // of NULL, that resets, and this takes it as empty
	}
	format := stable(&expr.Function{Name: "format_type", Args: with(tOID, tInt4), Ret: tText, NullCall: true, Eval: toBytes(formatType)}, expr.UsesSession)
	return append(list, format)
}

// acting are the functions that do something and must not be folded or left out.
var acting = []string{
	"set_config", "pg_cancel_backend", "pg_terminate_backend", "pg_sleep", "pg_sleep_for", "pg_sleep_until", "pg_notify", "pg_advisory_lock", "pg_advisory_xact_lock",
	"pg_advisory_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_xact_lock", "pg_advisory_unlock", "pg_advisory_unlock_all",
}

// privilegeFunctions are the has_..._privilege family: an optional role, by name or OID, the object likewise, and the
// privilege.
func privilegeFunctions() []*expr.Function {
	var list []*expr.Function
	add := func(name string, args ...types.T) {
		list = append(list, stable(&expr.Function{Name: name, Args: args, Ret: tBool, Eval: toDatum(askCatalog(name))}, expr.UsesSession))
	}
	for _, object := range []string{"table", "any_column", "schema", "database", "function", "language", "sequence", "server", "tablespace", "type", "foreign_data_wrapper"} {
		name := "has_" + object + "_privilege"
		for _, o := range []types.T{tText, tOID} {
			add(name, o, tText)
			add(name, tName, o, tText)
			add(name, tOID, o, tText)
		}
	}
	for _, o := range []types.T{tText, tOID} {
		for _, column := range []types.T{tText, tInt2} {
			add("has_column_privilege", o, column, tText)
			add("has_column_privilege", tName, o, column, tText)
			add("has_column_privilege", tOID, o, column, tText)
		}
	}
	for _, role := range []types.T{tName, tOID} {
		add("pg_has_role", role, tText)
		add("pg_has_role", tName, role, tText)
		add("pg_has_role", tOID, role, tText)
	}
	return list
}

// askCatalog makes a row function that the session's catalog answers.
func askCatalog(name string) func(x *row) (types.Datum, error) {
	return func(x *row) (types.Datum, error) {
		if x.ctx.Session == nil {
			return types.Datum{}, errNoSession()
		}
		args := make([]types.Datum, x.len())
		for i := range args {
			args[i] = x.datum(i)
		}
		d, ok, err := x.ctx.Session.Catalog(name, args)
		if err == nil && !ok {
			err = pgerr.Unsupported("the function " + name + "()")
		}
		return d, err
	}
}

// formatType is format_type(oid, typmod) for the built-in types; others are the catalog's.
func formatType(x *row, dst []byte) ([]byte, error) {
	if x.null(0) {
		return nil, errNull
	}
	if t, ok := types.ByOID(uint32(x.int(0))); ok {
		if !x.null(1) {
			t.Mod = int32(x.int(1))
		}
		return append(dst, t.String()...), nil
	}
	if x.ctx.Session != nil {
		mod := types.Null
		if !x.null(1) {
			mod = x.datum(1)
		}
		d, ok, err := x.ctx.Session.Catalog("format_type", []types.Datum{x.datum(0), mod})
		if err != nil || ok {
			return append(dst, d.B...), orNull(d, err)
		}
	}
	if x.int(0) == 0 {
		return append(dst, '-'), nil
	}
	return append(dst, "???"...), nil
}
