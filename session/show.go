package session

import (
	"fmt"
	"strings"

	"millrace/catalog"
	"millrace/delta"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

func textColumns(names ...string) []physical.Column {
	out := make([]physical.Column, len(names))
	for i, n := range names {
		out[i] = physical.Column{Name: n, T: types.Of(types.Text)}
	}
	return out
}

// listings are the SHOW statements that list relations, by their words.
var listings = map[string]catalog.Kind{
	"streams": catalog.Stream, "tables": catalog.Table, "views": catalog.View,
	"materialized views": catalog.MaterializedView, "sinks": catalog.Sink,
}

func showColumns(st *ast.Show) []physical.Column {
	switch {
	case strings.HasPrefix(st.Name, "create"):
		return textColumns("name", "create_statement")
	case st.Listing && st.Name == "columns":
		return textColumns("name", "type", "not_null")
	case st.Listing:
		return textColumns("schema", "name")
	case st.Name == "all":
		return textColumns("name", "setting", "description")
	}
	name := st.Name
	if d, ok := settingIndex[strings.ToLower(name)]; ok {
		name = d.name
	}
	return textColumns(name)
}

// settingStatement runs SET, RESET, SHOW and DISCARD.
func (s *Session) settingStatement(st ast.Statement, p *prepared, c Client) error {
	switch st := st.(type) {
	case *ast.Set:
		return s.runSet(st, c)
	case *ast.Reset:
		if err := s.settings.reset(st.Name); err != nil {
			return err
		}
		return c.Complete("RESET")
	case *ast.Discard:
		return s.runDiscard(st, c)
	}
	return s.runShow(st.(*ast.Show), p, c)
}

func (s *Session) runSet(st *ast.Set, c Client) error {
	if st.FromCurrent {
		return pgerr.Unsupported("SET ... FROM CURRENT").At(st.Pos)
	}
	local := st.Scope == ast.ScopeLocal
	if local && s.txn == nil {
		if err := s.warn(c, pgerr.NoActiveSQLTransaction, "SET LOCAL can only be used in transaction blocks"); err != nil {
			return err
		}
		return c.Complete("SET")
	}
	if st.Default {
		if err := s.settings.reset(st.Name); err != nil {
			return err
		}
		return c.Complete("SET")
	}
	var words []string
	for _, v := range st.Values {
		o := ast.Option{Value: v}
		w, ok := o.Text()
		if !ok {
			return pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter %q", st.Name).At(v.Position())
		}
		words = append(words, w)
	}
	value := strings.Join(words, ", ")
	if err := s.settings.set(st.Name, value, local); err != nil {
		return err
	}
	if s.txn != nil {
		switch strings.ToLower(st.Name) {
		case "transaction_read_only":
			s.txn.readOnly = s.settings.isOn("transaction_read_only")
		}
	}
	return c.Complete("SET")
}

func (s *Session) runDiscard(st *ast.Discard, c Client) error {
	switch st.What {
	case "all":
		if s.inBlock() {
			return pgerr.New(pgerr.ActiveSQLTransaction, "DISCARD ALL cannot run inside a transaction block")
		}
		if err := s.settings.reset(""); err != nil {
			return err
		}
		if err := s.unlisten(""); err != nil {
			return err
		}
		clear(s.prepared)
		clear(s.portals)
	case "plans":
		for _, p := range s.prepared {
			p.catalog = nil // planned again at the next use
		}
	}
	return c.Complete("DISCARD " + strings.ToUpper(st.What))
}

func (s *Session) runShow(st *ast.Show, p *prepared, c Client) error {
	rows, err := s.showRows(st)
	if err != nil {
		return err
	}
	if err := c.Columns(p.columns); err != nil {
		return err
	}
	if err := c.Rows(textBatch(len(p.columns), rows), len(p.columns)); err != nil {
		return err
	}
	if st.Listing || st.Name == "all" {
		return c.Complete(fmt.Sprintf("SELECT %d", len(rows)))
	}
	return c.Complete("SHOW")
}

// textBatch makes a batch of text columns.
func textBatch(cols int, rows [][]string) *delta.Batch {
	ts := make([]types.T, cols)
	for i := range ts {
		ts[i] = types.Of(types.Text)
	}
	b := delta.NewBatch(ts, len(rows))
	for _, r := range rows {
		row := make([]types.Datum, cols)
		for i, v := range r {
			row[i] = types.NewString(v)
		}
		b.AppendRow(row, 1)
	}
	return b
}

func (s *Session) showRows(st *ast.Show) ([][]string, error) {
	cat := s.catalog()
	switch {
	case strings.HasPrefix(st.Name, "create"):
		r, err := s.showTarget(st)
		if err != nil {
			return nil, err
		}
		return [][]string{{r.Name, r.Create}}, nil
	case st.Listing && st.Name == "columns":
		r, err := s.showTarget(st)
		if err != nil {
			return nil, err
		}
		var rows [][]string
		for _, c := range r.Columns {
			if !c.Hidden {
				rows = append(rows, []string{c.Name, c.T.String(), fmt.Sprint(c.NotNull)})
			}
		}
		return rows, nil
	case st.Listing:
		kind, ok := listings[st.Name]
		if !ok {
			return nil, pgerr.Unsupported("SHOW " + strings.ToUpper(st.Name)).At(st.Pos)
		}
		if st.Like != nil || st.Where != nil {
			return nil, pgerr.Unsupported("a filter of SHOW").At(st.Pos)
		}
		var rows [][]string
		for _, r := range cat.Relations() {
			if r.Kind == kind && (st.From == nil || st.From.Name == r.Schema) {
				rows = append(rows, []string{r.Schema, r.Name})
			}
		}
		return rows, nil
	case st.Name == "all":
		var rows [][]string
		for _, d := range settingList {
			rows = append(rows, []string{d.name, s.settings.get(d.name), d.doc})
		}
		return rows, nil
	}
	if strings.EqualFold(st.Name, "transaction_read_only") && s.txn != nil && s.txn.readOnly {
		return [][]string{{"on"}}, nil
	}
	v, ok := s.settings.lookup(st.Name)
	if !ok {
		_, err := lookupSetting(st.Name)
		return nil, err
	}
	return [][]string{{v}}, nil
}

// showTarget finds the relation of SHOW CREATE and SHOW COLUMNS.
func (s *Session) showTarget(st *ast.Show) (*catalog.Relation, error) {
	if st.From == nil {
		return nil, pgerr.New(pgerr.SyntaxError, "SHOW %s needs a relation", strings.ToUpper(st.Name)).At(st.Pos)
	}
	return s.relation(*st.From)
}

// relation finds a relation by name, with a hint where a similar one exists.
func (s *Session) relation(n ast.ObjectName) (*catalog.Relation, error) {
	cat := s.catalog()
	if n.Catalog != "" && n.Catalog != s.database {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "cross-database references are not implemented: %q", n.Catalog+"."+n.Schema+"."+n.Name).At(n.Pos)
	}
	var r *catalog.Relation
	var ok bool
	shown := n.Name
	if n.Schema != "" {
		r, ok = cat.Lookup(n.Schema, n.Name)
		shown = n.Schema + "." + n.Name
	} else {
		r, ok = cat.Resolve(s.searchPath(), n.Name)
	}
	if ok {
		return r, nil
	}
	e := pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", shown).At(n.Pos)
	best, distance := "", len(n.Name)/3+1
	for _, r := range cat.Relations() {
		if d := pgerr.Distance(n.Name, r.Name); r.Kind != catalog.System && d < distance {
			best, distance = r.Name, d
		}
	}
	if best != "" {
		e.Hint = fmt.Sprintf("Perhaps you meant %q.", best)
	}
	return nil, e
}
