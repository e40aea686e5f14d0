package session

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"millrace/catalog"
	"millrace/engine"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// parseName reads a relation's name from text, as casts to regclass do.
func parseName(text string) (ast.ObjectName, error) {
	invalid := pgerr.New(pgerr.InvalidName, "invalid name syntax")
	e, err := parser.ParseExpr(text)
	if err != nil {
		return ast.ObjectName{}, invalid
	}
	c, ok := e.(*ast.ColumnRef)
	if !ok {
		return ast.ObjectName{}, invalid
	}
	n := ast.ObjectName{Name: c.Parts[len(c.Parts)-1]}
	switch len(c.Parts) {
	case 1:
	case 2:
		n.Schema = c.Parts[0]
	case 3:
		n.Catalog, n.Schema = c.Parts[0], c.Parts[1]
	default:
		return ast.ObjectName{}, invalid
	}
	return n, nil
}

// sequenceOptions are the options of CREATE and ALTER SEQUENCE and of an identity column, as they were given.
type sequenceOptions struct {
	list []ast.Option
	seen map[string]*ast.Option
}

func readSequenceOptions(list []ast.Option) (*sequenceOptions, error) {
	o := &sequenceOptions{list: list, seen: map[string]*ast.Option{}}
	for i := range list {
		name := strings.TrimPrefix(list[i].Name, "no ")
		if o.seen[name] != nil {
			return nil, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(list[i].Pos)
		}
		o.seen[name] = &list[i]
	}
	return o, nil
}

// number gives an option's number; def where it is not given, or given as NO.
func (o *sequenceOptions) number(name string, def int64) (int64, error) {
	opt := o.seen[name]
	if opt == nil || opt.Value == nil {
		return def, nil
	}
	text, _ := opt.Text()
	n, err := strconv.ParseInt(strings.TrimPrefix(text, "+"), 10, 64)
	if err != nil {
		return 0, pgerr.New(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type bigint", text)
	}
	return n, nil
}

// apply changes a definition by the options; isNew says that the others have their defaults rather than what the
// definition has.
func (o *sequenceOptions) apply(def *catalog.SequenceDef, isNew bool, env *planner.Env) error {
	invalid := func(format string, args ...any) error { return pgerr.New(pgerr.InvalidParameterValue, format, args...) }
	retyped := isNew
	if opt := o.seen["as"]; opt != nil {
		t, err := optionType(opt, env)
		if err != nil {
			return err
		}
		if t.Kind != types.Int2 && t.Kind != types.Int4 && t.Kind != types.Int8 {
			return invalid("sequence type must be smallint, integer, or bigint")
		}
		// A limit that was the old type's follows the new one.
		lo, hi := sequenceRange(def.T)
		if def.Max == hi && def.Increment > 0 || def.Min == lo && def.Increment < 0 {
			retyped = true
		}
		def.T = t
	}
	var err error
	if def.Increment, err = o.number("increment", def.Increment); err != nil {
		return err
	}
	if def.Increment == 0 {
		return invalid("INCREMENT must not be zero")
	}
	if opt := o.seen["cycle"]; opt != nil {
		def.Cycle = opt.Name == "cycle"
	}
	lo, hi := sequenceRange(def.T)
	defaultMin, defaultMax := int64(1), hi
	if def.Increment < 0 {
		defaultMin, defaultMax = lo, -1
	}
	if retyped || o.seen["maxvalue"] != nil {
		if def.Max, err = o.number("maxvalue", defaultMax); err != nil {
			return err
		}
	}
	if retyped || o.seen["minvalue"] != nil {
		if def.Min, err = o.number("minvalue", defaultMin); err != nil {
			return err
		}
	}
	switch {
	case def.Max < lo || def.Max > hi:
		return invalid("MAXVALUE (%d) is out of range for sequence data type %s", def.Max, def.T)
	case def.Min < lo || def.Min > hi:
		return invalid("MINVALUE (%d) is out of range for sequence data type %s", def.Min, def.T)
	case def.Min >= def.Max:
		return invalid("MINVALUE (%d) must be less than MAXVALUE (%d)", def.Min, def.Max)
	}
	start := def.Start
	if isNew {
		if start = def.Min; def.Increment < 0 {
			start = def.Max
		}
	}
	if def.Start, err = o.number("start", start); err != nil {
		return err
	}
	switch {
	case def.Start < def.Min:
		return invalid("START value (%d) cannot be less than MINVALUE (%d)", def.Start, def.Min)
	case def.Start > def.Max:
		return invalid("START value (%d) cannot be greater than MAXVALUE (%d)", def.Start, def.Max)
	}
	if def.Cache, err = o.number("cache", max(def.Cache, 1)); err != nil {
		return err
	}
	if def.Cache <= 0 {
		return invalid("CACHE (%d) must be greater than zero", def.Cache)
	}
	return nil
}

func optionType(opt *ast.Option, env *planner.Env) (types.T, error) {
	c, ok := opt.Value.(*ast.ColumnRef)
	if !ok {
		return types.T{}, pgerr.New(pgerr.SyntaxError, "AS needs a type").At(opt.Pos)
	}
	n := ast.ObjectName{Pos: opt.Pos, Name: c.Parts[len(c.Parts)-1]}
	if len(c.Parts) > 1 {
		n.Schema = c.Parts[len(c.Parts)-2]
	}
	return planner.ResolveType(&ast.TypeName{Pos: opt.Pos, Name: n}, env)
}

// sequenceRange gives the range of a sequence's type.
func sequenceRange(t types.T) (lo, hi int64) {
	switch t.Kind {
	case types.Int2:
		return math.MinInt16, math.MaxInt16
	case types.Int4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// newSequence defines a sequence.
func newSequence(t types.T, list []ast.Option, env *planner.Env) (*catalog.SequenceDef, *sequenceOptions, error) {
	o, err := readSequenceOptions(list)
	if err != nil {
		return nil, nil, err
	}
	def := &catalog.SequenceDef{T: t, Increment: 1}
	return def, o, o.apply(def, true, env)
}

func (s *Session) createSequence(ctx context.Context, st *ast.CreateSequence, c Client) error {
	if st.Persistence == ast.Temporary {
		return pgerr.Unsupported("CREATE TEMPORARY SEQUENCE").At(st.Pos)
	}
	schema, name, err := s.target(st.Name)
	if err != nil {
		return err
	}
	exists := false
	err = s.ddl(ctx, func(e *catalog.Edit) error {
		if _, ok := e.Snapshot().Lookup(schema, name); ok && st.IfNotExists {
			exists = true
			return errExists
		}
		def, o, err := newSequence(types.Of(types.Int8), st.Options, s.ddlEnv(e.Snapshot()))
		if err != nil {
			return err
		}
		if def.Table, def.Column, err = s.owner(e.Snapshot(), o, schema); err != nil {
			return err
		}
		return e.AddSequence(&catalog.Relation{ID: e.NewID(), Schema: schema, Name: name, Owner: s.user, Sequence: def})
	})
	switch {
	case exists:
		err = s.notice(c, "NOTICE", pgerr.New(pgerr.DuplicateTable, "relation %q already exists, skipping", name))
	case err == nil:
	}
	if err != nil {
		return err
	}
	return c.Complete("CREATE SEQUENCE")
}

// owner reads OWNED BY.
func (s *Session) owner(cat *catalog.Snapshot, o *sequenceOptions, schema string) (table uint32, column int, err error) {
	opt := o.seen["owned_by"]
	if opt == nil {
		return 0, 0, nil
	}
	c, ok := opt.Value.(*ast.ColumnRef)
	if !ok || len(c.Parts) == 1 {
		if ok && c.Parts[0] == "none" {
			return 0, 0, nil
		}
		return 0, 0, pgerr.New(pgerr.SyntaxError, "invalid OWNED BY option").WithHint("Specify OWNED BY table.column or OWNED BY NONE.")
	}
	n := ast.ObjectName{Name: c.Parts[len(c.Parts)-2], Pos: opt.Pos}
	if len(c.Parts) > 2 {
		n.Schema = c.Parts[len(c.Parts)-3]
	}
	r, err := s.relation(n)
	if err != nil {
		return 0, 0, err
	}
	if r.Kind != catalog.Table {
		return 0, 0, pgerr.New(pgerr.WrongObjectType, "sequence cannot be owned by relation %q", r.Name)
	}
	if r.Schema != schema {
		return 0, 0, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "sequence must be in same schema as table it is linked to")
	}
	name := c.Parts[len(c.Parts)-1]
	i := r.ColumnIndex(name)
	if i < 0 || r.Columns[i].Hidden {
		return 0, 0, undefinedColumn(name, r)
	}
	return r.ID, i, nil
}

// alterSequence runs the options of ALTER SEQUENCE.
func (s *Session) alterSequence(ctx context.Context, r *catalog.Relation, list []ast.Option) error {
	o, err := readSequenceOptions(list)
	if err != nil {
		return err
	}
	var def catalog.SequenceDef
	err = s.ddl(ctx, func(e *catalog.Edit) error {
		now, ok := e.Snapshot().Relation(r.ID)
		if !ok {
			return &engine.RelationGoneError{Name: r.Name}
		}
		def = *now.Sequence
		if err := o.apply(&def, false, s.ddlEnv(e.Snapshot())); err != nil {
			return err
		}
		if err := e.Modify(r.ID, func(x *catalog.Relation) { x.Sequence = &def }); err != nil || o.seen["owned_by"] == nil {
			return err
		}
		table, column, err := s.owner(e.Snapshot(), o, r.Schema)
		if err != nil {
			return err
		}
		return e.OwnSequence(r.ID, table, column)
	})
	if err != nil || o.seen["restart"] == nil {
		return err
	}
	at, err := o.number("restart", def.Start)
	if err != nil {
		return err
	}
	if at < def.Min {
		return pgerr.New(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be less than MINVALUE (%d)", at, def.Min)
	}
	if at > def.Max {
		return pgerr.New(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be greater than MAXVALUE (%d)", at, def.Max)
	}
	if now, ok := s.catalog().Relation(r.ID); ok {
		r = now
	}
	return s.setSequence(r, at, false)
}

// serialTypes are the names that stand for an integer column with a sequence.
var serialTypes = map[string]types.Kind{
	"smallserial": types.Int2, "serial2": types.Int2, "serial": types.Int4, "serial4": types.Int4, "bigserial": types.Int8, "serial8": types.Int8,
}

// serialType tells which integer type a serial column has.
func serialType(t *ast.TypeName) (types.T, bool) {
	k, ok := serialTypes[t.Name.Name]
	return types.Of(k), ok && t.Name.Schema == ""
}

// counted is a column whose values come from a sequence of its own.
type counted struct {
	at      int
	options []ast.Option
	pos     int
}

// sequences makes the sequences of serial and identity columns and points the columns' defaults to them.
func (b *columnBuilder) sequences(e *catalog.Edit) error {
	for _, k := range b.counters {
		if err := b.s.addColumnSequence(e, b.r.ID, k); err != nil {
			return err
		}
	}
	return nil
}

// addColumnSequence makes the sequence of a column and its default.
func (s *Session) addColumnSequence(e *catalog.Edit, table uint32, k counted) error {
	r, _ := e.Snapshot().Relation(table)
	col := r.Columns[k.at]
	def, o, err := newSequence(col.T, k.options, s.ddlEnv(e.Snapshot()))
	if err != nil {
		return err
	}
	def.Table, def.Column = table, k.at
	x := &catalog.Relation{ID: e.NewID(), Schema: r.Schema, Owner: r.Owner, Sequence: def}
	if opt := o.seen["sequence_name"]; opt != nil {
		x.Name, _ = opt.Text()
	} else {
		x.Name = e.Snapshot().ChooseName(r.Schema, r.Name, []string{col.Name}, "seq", nil)
	}
	if err := e.AddSequence(x); err != nil {
		return err
	}
	return e.Modify(table, func(t *catalog.Relation) { t.Columns[k.at].Default = catalog.NextValue(x.ID) })
}

// storedDefault rewrites a default that takes numbers from a sequence by its name to one that names it by its id, so
// that either may be renamed.
func (s *Session) storedDefault(e ast.Expr) error {
	var failed error
	ast.Walk(e, func(n ast.Node) bool {
		f, ok := n.(*ast.FuncCall)
		if !ok || f.Name.Name != "nextval" || len(f.Args) != 1 || failed != nil {
			return failed == nil
		}
		arg := f.Args[0]
		if c, ok := arg.(*ast.Cast); ok && c.Type.Name.Name == "regclass" {
			arg = c.Arg
		}
		lit, ok := arg.(*ast.Literal)
		if !ok || lit.Kind != ast.StringLiteral {
			return true
		}
		name, err := parseName(lit.Text)
		if err != nil {
			failed = err
			return false
		}
		name.Pos = lit.Pos
		r, err := s.relation(name)
		if err == nil {
			r, err = isSequence(r)
		}
		if err != nil {
			failed = err
			return false
		}
		f.Args[0] = &ast.Literal{Pos: lit.Pos, Kind: ast.IntLiteral, Text: strconv.FormatUint(uint64(r.ID), 10)}
		return true
	})
	return failed
}

// dropDefaults readies sequences for being dropped: a column that takes its numbers from one depends on it, and with
// cascade loses its default, of which notices tell.
func dropDefaults(e *catalog.Edit, ids []uint32, cascade bool) (notices []string, err error) {
	for _, id := range ids {
		x, ok := e.Snapshot().Relation(id)
		if !ok {
			continue
		}
		var details []string
		type place struct {
			table uint32
			col   int
		}
		var users []place
		for _, t := range e.Snapshot().Relations() {
			for i := range t.Columns {
				if !slices.Contains(t.Columns[i].DefaultSequences(), id) {
					continue
				}
				if g := t.Columns[i].Generated; g == catalog.IdentityAlways || g == catalog.IdentityDefault {
					return nil, pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop sequence %s because column %s of table %s requires it", x.Name, t.Columns[i].Name, t.Name).
						WithHint("You can drop column %s of table %s instead.", t.Columns[i].Name, t.Name)
				}
				users = append(users, place{t.ID, i})
				details = append(details, "default value for column "+t.Columns[i].Name+" of table "+t.Name+" depends on sequence "+x.Name)
			}
		}
		if len(details) > 0 && !cascade {
			return nil, catalog.DependedOn("sequence "+x.Name, details)
		}
		for _, p := range users {
			if err := e.Modify(p.table, func(t *catalog.Relation) { t.Columns[p.col].Default = "" }); err != nil {
				return nil, err
			}
			t, _ := e.Snapshot().Relation(p.table)
			notices = append(notices, "drop cascades to default value for column "+t.Columns[p.col].Name+" of table "+t.Name)
		}
	}
	return notices, nil
}
