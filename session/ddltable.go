package session

import (
	"context"
	"strings"

	"millrace/catalog"
	"millrace/connector"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/types"
)

// rowIDName is the hidden column that tells equal rows of a table without a primary key apart.
const rowIDName = "_rowid"

const columnsMax = 1600

func (s *Session) createTable(ctx context.Context, st *ast.CreateTable, c Client) error {
	if st.As != nil {
		return s.createTableAs(ctx, st, c)
	}
	if err := refuseTable(st); err != nil {
		return err
	}
	var b *columnBuilder
	define := func(r *catalog.Relation, cat *catalog.Snapshot) error {
		r.Kind = catalog.Table
		b = &columnBuilder{s: s, env: s.ddlEnv(cat), r: r}
		if err := b.elements(st.Elements); err != nil {
			return err
		}
		if err := b.setWatermark(); err != nil {
			return err
		}
		ttl, _, options, err := takeTTL(st.Options)
		if err != nil {
			return err
		}
		r.TTL = ttl
		if err := s.setOptions(r, options); err != nil {
			return err
		}
		if _, ok := r.Option("connector"); ok {
			return pgerr.Unsupported("a TABLE with a connector").At(st.Pos).WithHint("Use CREATE STREAM.")
		}
		if r.Key == nil {
			r.Columns = append(r.Columns, catalog.Column{Name: rowIDName, T: types.Of(types.Int8), Hidden: true})
			r.Key = []int{len(r.Columns) - 1}
		} else {
			r.PrimaryKeyName = catalog.ObjectName(r.Name, "", "pkey")
			if b.keyName != "" {
				r.PrimaryKeyName = b.keyName
			}
		}
		if err := setConflictRule(r, st.Conflict); err != nil {
			return err
		}
		if err := b.checks(); err != nil {
			return err
		}
		r.Create = ast.Format(st)
		return nil
	}
	_, _, err := s.createWith(ctx, st.Name, st.IfNotExists, c, define, func(e *catalog.Edit, _ *catalog.Relation) error {
		if err := b.sequences(e); err != nil {
			return err
		}
		return b.uniqueIndexes(e)
	})
	if err != nil {
		return err
	}
	return c.Complete("CREATE TABLE")
}

// refuseTable names what CREATE TABLE does not do yet.
func refuseTable(st *ast.CreateTable) error {
	for _, f := range []struct {
		bad  bool
		what string
	}{
		{st.Persistence == ast.Temporary, "CREATE TEMPORARY TABLE"},
		{st.OfType != nil, "CREATE TABLE OF"},
		{len(st.Inherits) > 0, "INHERITS"},
		{st.PartitionBy != nil, "PARTITION BY"},
		{st.PartitionOf != nil, "PARTITION OF"},
		{st.Format != nil, "FORMAT ... ENCODE"},
	} {
		if f.bad {
			return pgerr.Unsupported(f.what).At(st.Pos)
		}
	}
	return nil
}

func (s *Session) createStream(ctx context.Context, st *ast.CreateStream, c Client) error {
	switch {
	case st.OrReplace:
		return pgerr.Unsupported("CREATE OR REPLACE STREAM").At(st.Pos)
	case st.As != nil:
		return s.createStreamAs(ctx, st, c)
	case st.Format != nil:
		return pgerr.Unsupported("FORMAT ... ENCODE").At(st.Format.Pos)
	}
	_, _, err := s.create(ctx, st.Name, st.IfNotExists, c, func(r *catalog.Relation, cat *catalog.Snapshot) error {
		r.Kind, r.AppendOnly = catalog.Stream, true
		b := &columnBuilder{s: s, env: s.ddlEnv(cat), r: r}
		if err := b.elements(st.Elements); err != nil {
			return err
		}
		if len(b.uniques) > 0 || len(b.given) > 0 {
			return pgerr.Unsupported("UNIQUE and CHECK constraints of a stream").At(st.Pos)
		}
		if r.Key != nil {
			return pgerr.New(pgerr.InvalidTableDefinition, "a stream has no primary key").At(st.Pos).
				WithHint("Use CREATE TABLE for rows that are updated by key.")
		}
		if err := s.setOptions(r, st.Options); err != nil {
			return err
		}
		if err := s.connectorColumns(r); err != nil {
			return err
		}
		if len(r.Columns) == 0 {
			return pgerr.New(pgerr.InvalidTableDefinition, "a stream needs at least one column").At(st.Pos)
		}
		if err := b.setWatermark(); err != nil {
			return err
		}
		r.Create = ast.Format(st)
		return nil
	})
	if err != nil {
		return err
	}
	return c.Complete("CREATE STREAM")
}

// setOptions stores the WITH options.
func (s *Session) setOptions(r *catalog.Relation, options []ast.Option) error {
	for i := range options {
		o := &options[i]
		v, ok := o.Text()
		if !ok {
			if o.Value != nil {
				return pgerr.New(pgerr.InvalidParameterValue, "invalid value for option %q", o.Name).At(o.Pos)
			}
			v = "true"
		}
		r.Options = append(r.Options, catalog.Option{Name: strings.ToLower(o.Name), Value: v})
	}
	name, hasConnector := r.Option("connector")
	if !hasConnector {
		if len(r.Options) > 0 {
			e := pgerr.New(pgerr.InvalidParameterValue, "unrecognized option %q", r.Options[0].Name)
			if r.Kind == catalog.Table {
				return e.WithHint("The option of a table is ttl.")
			}
			return e.WithHint("A stream without a connector takes no options.")
		}
		return nil
	}
	_, err := s.connector(name)
	return err
}

// connector finds a connector by name.
func (s *Session) connector(name string) (*connector.Definition, error) {
	if s.srv.Connectors == nil {
		return nil, pgerr.Unsupported("connectors")
	}
	d, ok := s.srv.Connectors.Lookup(name)
	if !ok {
		return nil, pgerr.New(pgerr.UndefinedObject, "connector %q does not exist", name).
			WithHint("The connectors are: %s.", strings.Join(s.srv.Connectors.Names(), ", "))
	}
	return d, nil
}

// connectorColumns checks a stream's connector and takes the columns that it provides.
func (s *Session) connectorColumns(r *catalog.Relation) error {
	name, ok := r.Option("connector")
	if !ok {
		return nil
	}
	d, err := s.connector(name)
	if err != nil {
		return err
	}
	if d.Source == nil {
		return pgerr.New(pgerr.WrongObjectType, "connector %q cannot be read from", name).WithHint("Use it in CREATE SINK.")
	}
	values, err := d.Check(r.Options)
	if err != nil {
		return err
	}
	if d.Columns != nil {
		r.Columns, err = d.Columns(values, r.Columns)
	}
	return err
}

// columnBuilder turns column definitions and constraints into a relation's columns.
type columnBuilder struct {
	s       *Session
	env     *planner.Env
	r       *catalog.Relation
	keyName string
	uniques []*uniqueKey
	given   []*givenCheck
	// computed are the generated columns, whose expressions are bound when all columns are known.
	computed []computedColumn
	counters []counted
	// watermarks wait for the columns that a connector provides.
	watermarks []*ast.Watermark
	altering   bool // a table that is there: some mistakes have no position then
}

func (b *columnBuilder) elements(elems []ast.TableElement) error {
	var later []ast.TableElement
	for _, e := range elems {
		switch e := e.(type) {
		case *ast.ColumnDef:
			if err := b.column(e); err != nil {
				return err
			}
		case *ast.LikeClause:
			if err := b.like(e); err != nil {
				return err
			}
		default:
			later = append(later, e)
		}
	}
	for _, e := range later {
		switch e := e.(type) {
		case *ast.TableConstraint:
			if err := b.tableConstraint(e); err != nil {
				return err
			}
		case *ast.Watermark:
			b.watermarks = append(b.watermarks, e)
		}
	}
	if err := b.generated(); err != nil {
		return err
	}
	if len(b.r.Columns) > columnsMax {
		return pgerr.New(pgerr.TooManyColumns, "tables can have at most %d columns", columnsMax)
	}
	return nil
}

func (b *columnBuilder) column(d *ast.ColumnDef) error {
	if b.r.ColumnIndex(d.Name) >= 0 {
		return pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", d.Name).At(d.Pos)
	}
	if d.Type == nil {
		return pgerr.New(pgerr.InvalidTableDefinition, "column %q has no type", d.Name).At(d.Pos)
	}
	var domain uint32
	t, serial := serialType(d.Type)
	if serial && b.r.Kind != catalog.Table {
		return pgerr.Unsupported("serial columns of a stream").At(d.Type.Pos)
	}
	if !serial {
		var err error
		if t, domain, err = planner.ResolveColumnType(d.Type, b.env); err != nil {
			return err
		}
	}
	if domain != 0 && b.r.Kind != catalog.Table {
		return pgerr.Unsupported("a domain in this place").At(d.Type.Pos)
	}
	if isPseudo(t) {
		return pgerr.New(pgerr.InvalidTableDefinition, "column %q has pseudo-type %s", d.Name, t).At(d.Type.Pos)
	}
	b.r.Columns = append(b.r.Columns, catalog.Column{Name: d.Name, T: t, Domain: domain})
	at := len(b.r.Columns) - 1
	if serial {
		if len(d.Type.Bounds) > 0 {
			return pgerr.New(pgerr.FeatureNotSupported, "array of serial is not implemented").At(d.Type.Pos)
		}
		b.counters = append(b.counters, counted{at: at, pos: d.Pos})
		b.r.Columns[at].NotNull = true
	}
	for _, con := range d.Constraints {
		if err := b.columnConstraint(at, con); err != nil {
			return err
		}
	}
	return nil
}
