package session

import (
	"millrace/catalog"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// prepared is a planned statement. Plans belong to one catalog version and one set of settings; when either has
// changed the statement is planned again, and it fails (as in PostgreSQL) if its result columns would change.
type prepared struct {
	stmt     parser.Stmt
	declared []types.T // by the client; Invalid is to be inferred
	params   []types.T
	columns  []physical.Column // nil when there are no rows
	query    *planner.Query
	dml      *planner.DML
	point    *pointPlan
	follow   *followPlan
	catalog  *catalog.Snapshot
	path     string // search_path, TimeZone and the like at planning
	fromSQL  bool   // made by PREPARE, listed under its SQL name
}

// prepare plans a statement.
func (s *Session) prepare(st *parser.Stmt, declared []types.T) (*prepared, error) {
	p := &prepared{stmt: *st, declared: declared}
	if err := s.plan(p); err != nil {
		return nil, err
	}
	return p, nil
}

// plan makes or remakes p's plan.
func (s *Session) plan(p *prepared) error {
	p.catalog = s.catalog()
	p.path = s.planSettings()
	p.query, p.dml, p.point, p.follow = nil, nil, nil, nil
	if st, ok := isFollow(p.stmt.AST); ok {
		return s.planFollow(p, st)
	}
	env := s.planEnv(p)
	if st, ok := p.stmt.AST.(*ast.Show); ok && st.Listing && st.Name == "watermarks" {
		q, err := showWatermarks(st)
		if err != nil {
			return err
		}
		p.stmt.AST = q
	}
	switch st := p.stmt.AST.(type) {
	case *ast.Select:
		if st.Into != nil {
			p.params = p.declared
			return nil // it makes a table, and gives no rows
		}
		if len(st.Locking) > 0 && s.txn != nil && s.txn.readOnly {
			return pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute SELECT FOR UPDATE in a read-only transaction")
		}
		q, err := planner.PlanQuery(st, env)
		if err != nil {
			return err
		}
		p.query, p.params, p.columns = q, q.Params, q.Columns
		if p.columns == nil {
			p.columns = []physical.Column{}
		}
		if len(q.With) == 0 {
			p.point = newPointPlan(q.Plan, p.catalog)
		}
	case *ast.Insert, *ast.Update, *ast.Delete:
		d, err := planDML(st, env)
		if err != nil {
			return err
		}
		p.dml, p.params = d, d.Params
		if d.ReturningColumns != nil {
			p.columns = d.ReturningColumns
		}
	case *ast.Explain:
		return s.describeExplain(p, st)
	case *ast.Show:
		p.columns = showColumns(st)
	case *ast.Execute:
		return s.describeExecute(p, st)
	case *ast.Fetch:
		if c := s.portals[st.Cursor]; c != nil && !st.Move {
			p.columns = c.prepared.columns
		}
	default:
		if len(p.declared) > 0 {
			p.params = p.declared
		}
	}
	return nil
}

func planDML(st ast.Statement, env *planner.Env) (*planner.DML, error) {
	switch st := st.(type) {
	case *ast.Insert:
		return planner.PlanInsert(st, env)
	case *ast.Update:
		return planner.PlanUpdate(st, env)
	}
	return planner.PlanDelete(st.(*ast.Delete), env)
}

func (s *Session) planEnv(p *prepared) *planner.Env {
	return &planner.Env{Catalog: p.catalog, SearchPath: s.searchPath(), TypeEnv: s.execContext().Env, Params: p.declared, Unbuilt: s.unbuilt(), Modifying: true, RowCounts: s.srv.Engine.RowCounts}
}

// unbuilt tells what the open transaction has made; nil when that is nothing. Materialized views have no rows before it commits,
// and are computed when they are read; indexes have no entries.
func (s *Session) unbuilt() func(id uint32) bool {
	if s.txn == nil || s.txn.cat == nil {
		return nil
	}
	return s.uncommitted
}

// planSettings are the settings that a plan depends on.
func (s *Session) planSettings() string {
	return s.settings.get("search_path") + "\x00" + s.settings.get("timezone") + "\x00" + s.settings.get("datestyle") + "\x00" + s.settings.get("intervalstyle")
}

// current plans p again when the catalog or the settings have changed since.
func (s *Session) current(p *prepared) error {
	if p.catalog == s.catalog() && p.path == s.planSettings() {
		return nil
	}
	before := p.columns
	if err := s.plan(p); err != nil {
		return err
	}
	if before == nil && p.columns == nil {
		return nil
	}
	if len(before) != len(p.columns) {
		return errPlanChanged()
	}
	for i := range before {
		if before[i].T != p.columns[i].T {
			return errPlanChanged()
		}
	}
	return nil
}

func errPlanChanged() error {
	return pgerr.New(pgerr.FeatureNotSupported, "cached plan must not change result type")
}

// Parse is the extended protocol's Parse: it plans a statement under a name. oids are the client's parameter
// types, 0 to be inferred.
func (s *Session) Parse(name, sql string, oids []uint32) error {
	if name == "" {
		delete(s.prepared, "")
	} else if s.prepared[name] != nil {
		return s.failed(pgerr.New(pgerr.DuplicatePreparedStatement, "prepared statement %q already exists", name))
	}
	if len(s.prepared) >= preparedMax {
		return s.failed(pgerr.New(pgerr.ProgramLimitExceeded, "a session may have at most %d prepared statements", preparedMax).
			WithHint("Close statements that are no longer used with DEALLOCATE."))
	}
	stmts, err := s.parse(sql)
	if err != nil {
		return s.failed(err)
	}
	if len(stmts) > 1 {
		return s.failed(pgerr.New(pgerr.SyntaxError, "cannot insert multiple commands into a prepared statement"))
	}
	declared := make([]types.T, len(oids))
	for i, oid := range oids {
		if oid == 0 || oid == unknownOID {
			continue
		}
		t, ok := s.srv.Engine.Catalog().TypeByOID(oid)
		if !ok {
			return s.failed(pgerr.New(pgerr.UndefinedObject, "type with OID %d does not exist", oid))
		}
		declared[i] = t
	}
	if len(stmts) == 0 {
		s.prepared[name] = &prepared{params: declared}
		return nil
	}
	if err := s.checkFailed(stmts[0].AST); err != nil {
		return s.failed(err)
	}
	p, err := s.prepare(&stmts[0], declared)
	if err != nil {
		return s.failed(err)
	}
	s.prepared[name] = p
	return nil
}

const unknownOID = 705

// checkFailed refuses everything but the end of a failed transaction block.
func (s *Session) checkFailed(st ast.Statement) error {
	if s.txn == nil || !s.txn.failed || s.txn.implicit {
		return nil
	}
	switch st.(type) {
	case *ast.Commit, *ast.Rollback, *ast.RollbackTo:
		return nil
	}
	return errInFailed()
}

// Describe gives what a prepared statement takes and gives.
func (s *Session) Describe(name string) (Description, error) {
	p, err := s.lookupPrepared(name)
	if err != nil {
		return Description{}, s.failed(err)
	}
	return Description{Params: p.params, Columns: p.columns}, nil
}

func (s *Session) lookupPrepared(name string) (*prepared, error) {
	p := s.prepared[name]
	switch {
	case p != nil:
		return p, nil
	case name == "":
		return nil, pgerr.New(pgerr.InvalidSQLStatementName, "unnamed prepared statement does not exist")
	}
	return nil, pgerr.New(pgerr.InvalidSQLStatementName, "prepared statement %q does not exist", name)
}

// CloseStatement forgets a prepared statement; an unknown name is no error.
func (s *Session) CloseStatement(name string) { delete(s.prepared, name) }
