package session

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"millrace/catalog"
	"millrace/engine"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/sql/mysql"
	"millrace/sql/parser"
	"millrace/types"
)

// Server is what sessions share: the engine, and the connectors that DDL may name.
type Server struct {
	Engine     *engine.Engine
	Connectors Connectors
	Version    string // Millrace's own version
	Database   string // the one database's name
	Superuser  string // the role that owns everything

	hub hub
}

// Options opens a session.
type Options struct {
	User     string
	Database string
	PID      int32
	// Settings are those of the startup packet.
	Settings map[string]string
	// Wake is called, from any goroutine, when a first notification waits: see [Session.Deliver]. It must not block, nor
	// call the session. It may be nil.
	Wake func()
}

// Session is one connection's state.
type Session struct {
	srv      *Server
	user     string
	database string
	pid      int32

	settings *settings
	prepared map[string]*prepared
	portals  map[string]*portal
	txn      *txn

	notes    notes
	channels []string // that it listens on
	inbox    *inbox

	sequences sequences
	own       map[uint32]*engine.SequenceState // sequences that are not committed yet
	parts     *parts                           // of the statement that is changing rows; nil while none is
	measured  *planner.Measured                // what EXPLAIN ANALYZE measures; nil otherwise
	editing   *catalog.Edit                    // the catalog change that is being made
	path      *string                          // search_path in place of the setting, while earlier DDL is made again

	cancelMu sync.Mutex
	cancel   context.CancelCauseFunc // ends the running statement; nil while there is none
	running  context.Context         // of the running statement
}

// Limits of one session, so that a client cannot fill the server's memory with names.
const (
	preparedMax = 5000
	portalsMax  = 1000
)

// New opens a session. Unknown or invalid settings of the startup packet are errors.
func (srv *Server) New(opt Options) (*Session, error) {
	s := &Session{srv: srv, user: opt.User, database: opt.Database, pid: opt.PID,
		settings: newSettings(), prepared: map[string]*prepared{}, portals: map[string]*portal{}, inbox: newInbox(opt.Wake)}
	s.settings.objects = objects{s}
	names := make([]string, 0, len(opt.Settings))
	for name := range opt.Settings {
		names = append(names, name)
	}
	slices.Sort(names)
	s.settings.init("session_authorization", opt.User)
	for _, name := range names {
		if err := s.settings.set(name, opt.Settings[name], false); err != nil {
			return nil, err
		}
	}
	s.settings.settle()
	return s, nil
}

// User is the session's role.
func (s *Session) User() string { return s.user }

// Parameters lists the settings that are reported to every client at startup, in a fixed order.
func (s *Session) Parameters() [][2]string { return s.settings.reported() }

// ChangedParameters lists those of Parameters that have changed since the last call. The client is told when it may
// send the next statement, so that a value that was taken back meanwhile is never told.
func (s *Session) ChangedParameters() [][2]string { return s.settings.takeChanged() }

// Status is the transaction status.
func (s *Session) Status() Status {
	switch {
	case s.txn == nil || s.txn.implicit:
		return Idle
	case s.txn.failed:
		return InFailed
	}
	return InTransaction
}

// Env is the environment of text output, by the session's settings.
func (s *Session) Env() *types.Env { return s.settings.env() }

// Cancel ends the statement that is running, if any, with 57014. It may be called from any goroutine, and
// never touches a later statement.
func (s *Session) Cancel() {
	s.cancelMu.Lock()
	defer s.cancelMu.Unlock()
	if s.cancel != nil {
		s.cancel(errCanceled)
	}
}

var errCanceled = pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")

var errTimeout = pgerr.New(pgerr.QueryCanceled, "canceling statement due to statement timeout")

// Close ends the session: an open transaction is rolled back.
func (s *Session) Close() {
	s.endTxn()
	s.srv.leave(s)
	for name := range s.portals {
		s.dropPortal(name)
	}
}

// IdleInTransactionTimeout is how long the session may sit in a transaction block, 0 for ever.
func (s *Session) IdleInTransactionTimeout() time.Duration {
	return s.settings.duration("idle_in_transaction_session_timeout")
}

// begin makes the context of one statement: cancelable, and ended by statement_timeout.
func (s *Session) begin(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := func() {}
	if d := s.settings.duration("statement_timeout"); d > 0 {
		t := time.AfterFunc(d, func() { cancel(errTimeout) })
		stop = func() { t.Stop() }
	}
	s.cancelMu.Lock()
	s.cancel, s.running = cancel, ctx
	s.cancelMu.Unlock()
	return ctx, func() {
		s.cancelMu.Lock()
		s.cancel, s.running = nil, nil
		s.cancelMu.Unlock()
		stop()
		cancel(nil)
	}
}

// Simple runs the statements of a query string. They are one transaction unless they say otherwise; the first
// error ends the string. The error, already translated, is for the client.
func (s *Session) Simple(ctx context.Context, sql string, c Client) error {
	stmts, err := s.parse(sql)
	if err != nil {
		return s.failed(err)
	}
	if len(stmts) == 0 {
		return c.Empty()
	}
	for i := range stmts {
		if len(stmts) > 1 && s.txn == nil && !isTransactionControl(stmts[i].AST) {
			s.txn = s.newTxn(true)
		}
		if err := s.simpleStatement(ctx, &stmts[i], c); err != nil {
			if s.txn != nil && s.txn.implicit {
				s.endTxn()
			}
			return s.failed(err)
		}
	}
	if s.txn != nil && s.txn.implicit {
		if err := s.commitTxn(ctx); err != nil {
			return s.failed(err)
		}
	}
	return nil
}

// parse reads a query string in the session's dialect.
func (s *Session) parse(sql string) ([]parser.Stmt, error) {
	if s.settings.get("sql_dialect") == "mysql" {
		return mysql.Parse(sql)
	}
	return parser.Parse(sql)
}

func (s *Session) simpleStatement(ctx context.Context, st *parser.Stmt, c Client) error {
	ctx, end := s.begin(ctx)
	defer end()
	p, err := s.prepare(st, nil)
	if err != nil {
		return err
	}
	if len(p.params) > 0 {
		return noParameter(st.AST)
	}
	return s.run(ctx, p, nil, c)
}

// noParameter refuses the first parameter of a statement that can have none.
func noParameter(st ast.Statement) error {
	e := pgerr.New(pgerr.UndefinedParameter, "there is no parameter $1")
	ast.Walk(st, func(n ast.Node) bool {
		if p, ok := n.(*ast.Param); ok && e.Position == 0 {
			e = pgerr.New(pgerr.UndefinedParameter, "there is no parameter $%d", p.Number).At(p.Pos)
		}
		return e.Position == 0
	})
	return e
}

// failed translates an error and puts a transaction block into the failed state.
func (s *Session) failed(err error) error {
	if s.txn != nil && !s.txn.implicit {
		s.txn.fail()
	}
	return translate(err)
}

// Sync ends an implicit transaction of the extended protocol: it commits, unless an error has ended it.
func (s *Session) Sync(ctx context.Context) error {
	defer s.closePortals(s.txn == nil || s.txn.implicit)
	if s.txn == nil || !s.txn.implicit {
		return nil
	}
	if s.txn.failed {
		s.endTxn()
		return nil
	}
	if err := s.commitTxn(ctx); err != nil {
		return s.failed(err)
	}
	return nil
}

// Abort marks an error that the protocol layer found, such as a malformed message.
func (s *Session) Abort() {
	if s.txn != nil {
		s.txn.fail()
	}
}

// execContext is what expressions of a statement may read.
func (s *Session) execContext() *expr.Context {
	env := *s.settings.env()
	env.Now = s.now()
	return &expr.Context{Env: &env, Session: s, Random: newRandom()}
}

// now is the statement's time: of a transaction block, its first statement's.
func (s *Session) now() int64 {
	if s.txn != nil {
		return s.txn.now
	}
	return s.srv.Engine.Now()
}

// searchPath lists the schemas of search_path that can hold relations.
func (s *Session) searchPath() []string {
	var out []string
	for _, name := range strings.Split(s.searchPathSetting(), ",") {
		name = strings.TrimSpace(name)
		name = strings.Trim(name, `"`)
		if name == "$user" {
			if name = s.user; name == catalog.MillraceSchema {
				continue // the superuser's name is that of a system schema, which is not its own
			}
		}
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}

func isTransactionControl(st ast.Statement) bool {
	switch st.(type) {
	case *ast.Begin, *ast.Commit, *ast.Rollback:
		return true
	}
	return false
}

func (s *Session) searchPathSetting() string {
	if s.path != nil {
		return *s.path
	}
	return s.settings.get("search_path")
}
