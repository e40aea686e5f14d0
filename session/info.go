package session

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/types"
)

// CurrentUser, SessionUser and the other methods here answer session information functions (expr.SessionInfo).
func (s *Session) CurrentUser() string { return s.user }

// SessionUser is the role that logged in.
func (s *Session) SessionUser() string { return s.user }

// CurrentDatabase is the database's name.
func (s *Session) CurrentDatabase() string { return s.database }

// CurrentSchema is the schema in which new objects are created.
func (s *Session) CurrentSchema() string {
	if p := s.SearchPath(false); len(p) > 0 {
		return p[0]
	}
	return ""
}

// SearchPath lists the schemas of search_path that exist, with pg_catalog first when implicit ones are wanted.
func (s *Session) SearchPath(implicit bool) []string {
	cat := s.catalog()
	var out []string
	path := s.searchPath()
	if implicit && !slices.Contains(path, catalog.PgCatalog) {
		out = append(out, catalog.PgCatalog)
	}
	for _, name := range path {
		if _, ok := cat.Schema(name); ok {
			out = append(out, name)
		}
	}
	return out
}

// Setting gives a setting's value, as current_setting does.
func (s *Session) Setting(name string) (string, bool) { return s.settings.lookup(name) }

// BackendPID is the session's number, by which it can be canceled.
func (s *Session) BackendPID() int32 { return s.pid }

// Catalog answers catalog functions; ok is false for one that is not known.
func (s *Session) Catalog(function string, args []types.Datum) (d types.Datum, ok bool, err error) {
	switch strings.ToLower(function) {
	case "version":
		return types.NewString("PostgreSQL " + ServerVersion + " (Millrace " + s.srv.Version + ")"), true, nil
	case "millrace_version":
		return types.NewString(s.srv.Version), true, nil
	case "current_watermark":
		return s.currentWatermark(args[0].I), true, nil
	case "format_type":
		return s.formatType(args)
	case "to_regclass":
		return s.toObject(types.Regclass, args[0].B)
	case "to_regtype":
		return s.toObject(types.Regtype, args[0].B)
	case "to_regproc":
		return s.toObject(types.Regproc, args[0].B)
	case "to_regnamespace":
		return s.toObject(types.Regnamespace, args[0].B)
	case "to_regrole":
		return s.toObject(types.Regrole, args[0].B)
	case "nextval", "currval", "setval", "lastval":
		d, err = s.sequenceCall(strings.ToLower(function), args)
		return d, true, err
	}
	if d, ok, err = s.sizeFunction(strings.ToLower(function), args); ok {
		return d, true, err
	}
	if d, ok, err = s.sleepFunction(strings.ToLower(function), args); ok {
		return d, true, err
	}
	if d, ok, err = s.notifyFunction(strings.ToLower(function), args); ok {
		return d, true, err
	}
	d, ok = s.catalogFunction(strings.ToLower(function), args)
	return d, ok, nil
}

func (s *Session) formatType(args []types.Datum) (types.Datum, bool, error) {
	if len(args) == 0 || args[0].Null {
		return types.Null, true, nil
	}
	cat, oid := s.srv.Engine.Catalog(), uint32(args[0].I)
	if name, ok := cat.DomainName(oid); ok {
		return types.NewString(name), true, nil
	}
	t, ok := cat.TypeByOID(oid)
	if !ok {
		return types.NewString("???"), true, nil
	}
	if len(args) > 1 && !args[1].Null {
		t.Mod = int32(args[1].I)
	}
	return types.NewString(t.String()), true, nil
}

// newRandom is the source of random() and the like for one statement.
func newRandom() func() uint64 {
	return func() uint64 {
		var b [8]byte
		_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
		return binary.LittleEndian.Uint64(b[:])
	}
}
