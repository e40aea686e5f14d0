package ast

import (
	"strings"

	"millrace/sql/lex"
)

// session writes the statements that concern a session; false if it is none of them.
func (p *printer) session(s Statement) bool {
	switch s := s.(type) {
	case *Explain:
		p.w("EXPLAIN ")
		if len(s.Options) > 0 {
			parens(p, s.Options, p.wordOption)
			p.w(" ")
		}
		if s.Object != nil {
			p.w(string(s.Kind) + " ")
			p.node(*s.Object)
		} else {
			p.node(s.Query)
		}
	case *Set:
		p.set(s)
	case *SetTransaction:
		p.setTransaction(s)
	case *SetConstraints:
		p.w("SET CONSTRAINTS ")
		if s.Names == nil {
			p.w("ALL")
		} else {
			p.names(s.Names)
		}
		if s.Deferred {
			p.w(" DEFERRED")
		} else {
			p.w(" IMMEDIATE")
		}
	case *Reset:
		p.w("RESET ")
		if s.Name == "" {
			p.w("ALL")
		} else {
			p.setting(s.Name)
		}
	case *Show:
		p.show(s)
	case *Discard:
		p.w("DISCARD ", strings.ToUpper(s.What))
	case *Vacuum:
		p.vacuum(s)
	case *Lock:
		p.w("LOCK TABLE ")
		list(p, s.Tables, p.modified)
		p.w(" IN ", strings.ToUpper(s.Mode), " MODE")
		p.when(s.NoWait, " NOWAIT")
	case *Checkpoint:
		p.w("CHECKPOINT")
	case *Do:
		p.w("DO ")
		if s.Language != "" {
			p.w("LANGUAGE ", lex.QuoteString(s.Language), " ")
		}
		p.str(s.Body)
	case *Call:
		p.w("CALL ")
		p.call(s.Func)
	case *Listen:
		p.named("LISTEN ", s.Channel)
	case *Unlisten:
		if s.Channel == "" {
			p.w("UNLISTEN *")
		} else {
			p.named("UNLISTEN ", s.Channel)
		}
	case *Notify:
		p.named("NOTIFY ", s.Channel)
		if s.Payload != "" {
			p.w(", ", lex.QuoteString(s.Payload))
		}
	default:
		return p.transaction(s) || p.prepared(s)
	}
	return true
}

// transaction writes the statements that begin and end transactions; false if it is none of them.
func (p *printer) transaction(s Statement) bool {
	switch s := s.(type) {
	case *Begin:
		if s.Start {
			p.w("START TRANSACTION")
		} else {
			p.w("BEGIN")
		}
		p.modes(s.Modes)
	case *Commit:
		p.w("COMMIT")
		p.when(s.Chain, " AND CHAIN")
	case *Rollback:
		p.w("ROLLBACK")
		p.when(s.Chain, " AND CHAIN")
	case *Savepoint:
		p.named("SAVEPOINT ", s.Name)
	case *Release:
		p.named("RELEASE SAVEPOINT ", s.Name)
	case *RollbackTo:
		p.named("ROLLBACK TO SAVEPOINT ", s.Name)
	case *TwoPhase:
		p.w(s.Action, " ", lex.QuoteString(s.ID))
	default:
		return false
	}
	return true
}

// prepared writes the statements about prepared statements and cursors; false if it is none of them.
func (p *printer) prepared(s Statement) bool {
	switch s := s.(type) {
	case *Prepare:
		p.named("PREPARE ", s.Name)
		optParens(p, s.Types, p.typeName)
		p.w(" AS ")
		p.node(s.Query)
	case *Execute:
		p.named("EXECUTE ", s.Name)
		if len(s.Args) > 0 {
			p.parenExprs(s.Args)
		}
	case *Deallocate:
		if s.Name == "" {
			p.w("DEALLOCATE ALL")
		} else {
			p.named("DEALLOCATE ", s.Name)
		}
	case *Declare:
		p.named("DECLARE ", s.Name)
		p.when(s.Binary, " BINARY")
		p.when(s.Insensitive, " INSENSITIVE")
		p.when(s.Asensitive, " ASENSITIVE")
		p.when(s.Scroll, " SCROLL")
		p.when(s.NoScroll, " NO SCROLL")
		p.w(" CURSOR ")
		p.when(s.Hold, "WITH HOLD ")
		p.w("FOR ")
		p.node(s.Query)
	case *Fetch:
		p.fetch(s)
	case *Close:
		if s.Cursor == "" {
			p.w("CLOSE ALL")
		} else {
			p.named("CLOSE ", s.Cursor)
		}
	default:
		return false
	}
	return true
}

func (p *printer) fetch(s *Fetch) {
	if s.Move {
		p.w("MOVE ")
	} else {
		p.w("FETCH ")
	}
	p.w([...]string{"FORWARD ", "BACKWARD ", "ABSOLUTE ", "RELATIVE "}[s.Direction])
	if s.Count == FetchAll {
		p.w("ALL")
	} else {
		p.int(s.Count)
	}
	p.named(" FROM ", s.Cursor)
	p.with(s.Options)
}

// setting writes the name of a setting.
func (p *printer) setting(name string) {
	parts := strings.Split(name, ".")
	for _, part := range parts {
		if part == "" {
			parts = []string{name}
			break
		}
	}
	for i, part := range parts {
		p.when(i > 0, ".")
		p.ident(part)
	}
}

func (p *printer) set(s *Set) {
	p.w("SET ", [...]string{"", "SESSION ", "LOCAL "}[s.Scope])
	if len(s.Values) == 1 {
		if v, ok := s.Values[0].(*TypedLiteral); ok {
			p.w("TIME ZONE ")
			p.typedLiteral(v)
			return
		}
	}
	p.setting(s.Name)
	switch {
	case s.FromCurrent:
		p.w(" FROM CURRENT")
	case s.Default:
		p.w(" TO DEFAULT")
	default:
		p.w(" TO ")
		p.exprs(s.Values)
	}
}

func (p *printer) setTransaction(s *SetTransaction) {
	switch {
	case s.Session:
		p.w("SET SESSION CHARACTERISTICS AS TRANSACTION")
	case s.Local:
		p.w("SET LOCAL TRANSACTION")
	default:
		p.w("SET TRANSACTION")
	}
	if s.Snapshot != "" {
		p.w(" SNAPSHOT ", lex.QuoteString(s.Snapshot))
		return
	}
	p.modes(s.Modes)
}

func (p *printer) modes(m TransactionModes) {
	sep := " "
	mode := func(on bool, text string) {
		if on {
			p.w(sep, text)
			sep = ", "
		}
	}
	mode(m.Isolation != "", "ISOLATION LEVEL "+strings.ToUpper(m.Isolation))
	mode(m.ReadOnly, "READ ONLY")
	mode(m.ReadWrite, "READ WRITE")
	mode(m.Deferrable, "DEFERRABLE")
	mode(m.NotDefer, "NOT DEFERRABLE")
}

func (p *printer) show(s *Show) {
	p.w("SHOW ")
	switch {
	case !s.Listing && s.Name == "all":
		p.w("ALL")
		return
	case !s.Listing:
		// Always quoted: the word for a listing is a listing.
		for i, part := range strings.Split(s.Name, ".") {
			p.when(i > 0, ".")
			p.w(`"`, strings.ReplaceAll(part, `"`, `""`), `"`)
		}
		return
	}
	p.w(strings.ToUpper(s.Name))
	if s.From != nil {
		if strings.HasPrefix(s.Name, "create ") {
			p.w(" ")
		} else {
			p.w(" FROM ")
		}
		p.name(*s.From)
	}
	if s.Like != nil {
		p.w(" LIKE ", lex.QuoteString(*s.Like))
	}
	p.clause(" WHERE ", s.Where)
}

func (p *printer) vacuum(s *Vacuum) {
	if s.Analyze {
		p.w("ANALYZE")
	} else {
		p.w("VACUUM")
	}
	optParens(p, s.Options, p.wordOption)
	if len(s.Tables) > 0 {
		p.w(" ")
		list(p, s.Tables, func(t VacuumTable) {
			p.name(t.Name)
			optParens(p, t.Columns, p.ident)
		})
	}
}
