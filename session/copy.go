package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/connector/pgcopy"
	"millrace/delta"
	"millrace/engine"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/storage/codec"
	"millrace/types"
)

// copyBatchRows is the size of the batches that COPY collects, copyBytesMax what one COPY may hold back before it
// commits: nothing of a COPY is visible, or kept, before its end.
const (
	copyBatchRows  = 1 << 16
	copyBatchBytes = 64 << 20
	copyBytesMax   = 2 << 30
)

func (s *Session) runCopy(ctx context.Context, st *ast.Copy, c Client) error {
	if st.Target != ast.CopyStdio {
		return pgerr.Unsupported("COPY from or to a file or program on the server").At(st.Pos).
			WithHint("Use psql's \\copy, which reads and writes files of the client.")
	}
	if st.From {
		return s.copyFrom(ctx, st, c)
	}
	return s.copyTo(ctx, st, c)
}

// copyColumns finds the relation of a COPY and its columns, by index.
func (s *Session) copyColumns(st *ast.Copy) (*catalog.Relation, []int, error) {
	r, err := s.relation(st.Table)
	if err != nil {
		return nil, nil, err
	}
	var cols []int
	if st.Columns == nil {
		for i := range r.Columns {
			if c := &r.Columns[i]; !c.Hidden && c.Generated != catalog.StoredExpr {
				cols = append(cols, i)
			}
		}
		return r, cols, nil
	}
	seen := map[int]bool{}
	for _, name := range st.Columns {
		i := r.ColumnIndex(name)
		if i < 0 || r.Columns[i].Hidden {
			return nil, nil, undefinedColumn(name, r)
		}
		if r.Columns[i].Generated == catalog.StoredExpr {
			return nil, nil, pgerr.New(pgerr.InvalidColumnReference, "column %q is a generated column", name).
				WithDetail("Generated columns cannot be used in COPY.")
		}
		if seen[i] {
			return nil, nil, pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", name)
		}
		seen[i] = true
		cols = append(cols, i)
	}
	return r, cols, nil
}

func (s *Session) copyFrom(ctx context.Context, st *ast.Copy, c Client) error {
	if s.txn != nil && s.txn.readOnly {
		return pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute COPY FROM in a read-only transaction")
	}
	r, cols, err := s.copyColumns(st)
	if err != nil {
		return err
	}
	if r.Kind != catalog.Table && r.Kind != catalog.Stream {
		return pgerr.New(pgerr.WrongObjectType, "cannot copy to %s %q", r.Kind, r.Name)
	}
	opt, err := copyOptions(st, r, cols)
	if err != nil {
		return err
	}
	t, err := s.copyTarget(st, r, cols, opt)
	if err != nil {
		return err
	}
	in, err := c.CopyIn(len(cols), opt.Format == pgcopy.Binary)
	if err != nil {
		return err
	}
	writes, rows, err := s.readCopy(ctx, in, t)
	if cerr := in.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if r.OnConflict != nil {
		batches := make([]*delta.Batch, len(writes))
		for i := range writes {
			batches[i] = writes[i].Batch
		}
		err = s.propose(ctx, r, batches, c)
	} else {
		err = s.writeAll(ctx, writes)
	}
	if err != nil {
		return err
	}
	return c.Complete(fmt.Sprintf("COPY %d", rows))
}

// copyTarget is where the rows of a COPY go and what is done to them before.
type copyTarget struct {
	rel     *catalog.Relation
	decoder *pgcopy.Decoder
	rules   *planner.TableRules
	where   expr.Expr         // nil: all rows
	late    map[int]expr.Expr // defaults that differ from row to row, by column
}

// copyTarget makes the decoder, with the defaults of columns that the data does not have, and plans the rest.
func (s *Session) copyTarget(st *ast.Copy, r *catalog.Relation, cols []int, opt pgcopy.Options) (*copyTarget, error) {
	ctx := s.execContext()
	env := &planner.Env{Catalog: s.catalog(), SearchPath: s.searchPath(), TypeEnv: ctx.Env}
	t := &copyTarget{rel: r, late: map[int]expr.Expr{}}
	defaults := make([]types.Datum, len(r.Columns))
	for i := range r.Columns {
		defaults[i] = types.Null
		e, err := planner.ColumnDefault(r, i, env)
		if err != nil {
			return nil, err
		}
		if expr.VolatilityOf(e) == expr.Volatile && !slices.Contains(cols, i) {
			t.late[i] = e
			continue
		}
		if defaults[i], err = expr.EvalConst(ctx, e); err != nil {
			return nil, err
		}
	}
	var err error
	if st.Where != nil {
		if t.where, err = planner.BindRow(st.Where, env, r, planner.CopyFilter, "", types.Of(types.Bool)); err != nil {
			return nil, err
		}
	}
	if t.rules, err = planner.PlanTableRules(r, s.catalog()); err != nil {
		return nil, err
	}
	targets := make([]pgcopy.Column, len(cols))
	for i, c := range cols {
		targets[i] = pgcopy.Column{Index: c, Name: r.Columns[c].Name}
	}
	t.decoder = pgcopy.NewDecoder(r.Name, r.Types(), targets, defaults, ctx.Env, opt)
	return t, nil
}

// take gives the rows that were decoded so far, as they are to be written.
func (s *Session) takeCopied(t *copyTarget) (*delta.Batch, error) {
	b := t.decoder.Take()
	if b.N == 0 {
		return b, nil
	}
	b, err := s.late(t.late, nil, b)
	if err != nil {
		return nil, err
	}
	if t.where != nil {
		keep, err := s.passing(t.where, b)
		if err != nil {
			return nil, err
		}
		b = b.Gather(keep)
	}
	return s.complete(t.rel, t.rules, b, 0)
}

// passing lists the rows for which a condition is true.
func (s *Session) passing(where expr.Expr, b *delta.Batch) ([]uint32, error) {
	v, err := evaluate(s.execContext(), where, b)
	if err != nil {
		return nil, err
	}
	var keep []uint32
	for i := range b.N {
		if !v.IsNull(i) && v.Bools[i] {
			keep = append(keep, uint32(i))
		}
	}
	return keep, nil
}

// readCopy decodes the data into writes. Batches of a stream are encoded at once, here rather than in the
// committer.
func (s *Session) readCopy(ctx context.Context, in io.Reader, t *copyTarget) (writes []engine.Write, rows int64, err error) {
	d, r := t.decoder, t.rel
	held := 0
	take := func() error {
		b, err := s.takeCopied(t)
		if err != nil || b.N == 0 {
			return err
		}
		w := engine.Write{Relation: r, Batch: b}
		if r.Kind == catalog.Stream {
			w.Encoded = codec.Encode(nil, b)
		}
		held += b.Bytes() + len(w.Encoded)
		if held > copyBytesMax {
			return pgerr.New(pgerr.ProgramLimitExceeded, "one COPY may bring at most %d MiB", copyBytesMax>>20).
				WithHint("Split the data; each COPY is one transaction.")
		}
		rows += int64(b.N)
		writes = append(writes, w)
		return nil
	}
	buf := make([]byte, 64<<10)
	for {
		if ctx.Err() != nil {
			return nil, 0, context.Cause(ctx)
		}
		n, err := in.Read(buf)
		if n > 0 {
			if err := d.Write(buf[:n]); err != nil {
				return nil, 0, err
			}
			if d.Rows() >= copyBatchRows || d.Bytes() >= copyBatchBytes {
				if err := take(); err != nil {
					return nil, 0, err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, 0, err
		}
	}
	if err := d.Finish(); err != nil {
		return nil, 0, err
	}
	return writes, rows, take()
}

// writeAll commits several writes as one epoch, or adds them to the open transaction.
func (s *Session) writeAll(ctx context.Context, writes []engine.Write) error {
	if s.txn != nil {
		for _, w := range writes {
			if err := s.write(ctx, w); err != nil {
				return err
			}
		}
		return nil
	}
	if len(writes) == 0 {
		return nil
	}
	_, err := s.srv.Engine.Commit(ctx, &engine.Txn{Writes: writes})
	return err
}

func (s *Session) copyTo(ctx context.Context, st *ast.Copy, c Client) error {
	query := st.Query
	if st.Query == nil {
		r, cols, err := s.copyColumns(st)
		if err != nil {
			return err
		}
		if r.Kind == catalog.View {
			return pgerr.New(pgerr.WrongObjectType, "cannot copy from view %q", r.Name).WithHint("Try the COPY (SELECT ...) TO variant.")
		}
		query = copyQuery(st, r, cols)
	}
	p, err := s.prepare(&parser.Stmt{AST: query}, nil)
	switch {
	case err != nil:
		return err
	case len(p.params) > 0:
		return noParameter(query)
	case p.dml != nil && p.columns == nil:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY query must have a RETURNING clause")
	case p.query == nil && p.dml == nil && p.follow == nil:
		return pgerr.Unsupported("COPY (SELECT INTO)")
	}
	var names []string
	for _, col := range p.columns {
		names = append(names, col.Name)
	}
	opt, err := copyOptions(st, nil, nil)
	if err != nil {
		return err
	}
	if opt.ForceQuote, err = forcedColumns(st, "force_quote", names); err != nil {
		return err
	}
	run := func(emit func(*delta.Batch) error) error { return s.query(ctx, p.query, nil, c, emit) }
	if p.follow != nil {
		f, err := s.follow(p, nil, c)
		if err != nil {
			return err
		}
		defer f.close()
		run = func(emit func(*delta.Batch) error) error {
			_, err := s.sendFollowed(ctx, f, c, emit)
			return err
		}
	}
	if p.dml != nil {
		// The change is made before the first row goes out.
		_, returned, err := s.execDML(ctx, p, nil, c)
		if err != nil {
			return err
		}
		run = func(emit func(*delta.Batch) error) error { return emitAll(returned, emit) }
	}
	out, err := c.CopyOut(len(names), opt.Format == pgcopy.Binary)
	if err != nil {
		return err
	}
	rows, err := s.sendCopy(run, pgcopy.NewEncoder(names, s.Env(), opt), len(names), out)
	if err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return c.Complete(fmt.Sprintf("COPY %d", rows))
}

// copyQuery is the query of COPY relation (columns) TO.
func copyQuery(st *ast.Copy, r *catalog.Relation, cols []int) *ast.Select {
	core := &ast.SelectCore{Pos: st.Pos, From: []ast.TableExpr{&ast.TableName{ObjectName: ast.ObjectName{Pos: st.Table.Pos, Schema: r.Schema, Name: r.Name}}}}
	for _, i := range cols {
		core.Targets = append(core.Targets, &ast.Target{Pos: st.Pos, Expr: &ast.ColumnRef{Pos: st.Pos, Parts: []string{r.Columns[i].Name}}})
	}
	return &ast.Select{Pos: st.Pos, Body: core}
}

func emitAll(batches []*delta.Batch, emit func(*delta.Batch) error) error {
	for _, b := range batches {
		if err := emit(b); err != nil {
			return err
		}
	}
	return nil
}

// sendCopy sends each row that run emits as one message.
func (s *Session) sendCopy(run func(emit func(*delta.Batch) error) error, enc *pgcopy.Encoder, n int, out io.Writer) (int64, error) {
	var rows int64
	buf := enc.AppendHeader(nil)
	if len(buf) > 0 {
		if _, err := out.Write(buf); err != nil {
			return 0, err
		}
	}
	err := run(func(b *delta.Batch) error {
		count, err := rowCount(b)
		if err != nil {
			return err
		}
		rows += count
		for i := range b.N {
			buf = enc.AppendRow(buf[:0], b, n, i)
			for range b.Weight(i) {
				if _, err := out.Write(buf); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return rows, err
	}
	if buf = enc.AppendTrailer(buf[:0]); len(buf) > 0 {
		_, err = out.Write(buf)
	}
	return rows, err
}

// copyOptions reads the options of COPY, which the parser gives in the new spelling. r and cols are for the options
// that name columns of COPY FROM.
func copyOptions(st *ast.Copy, r *catalog.Relation, cols []int) (pgcopy.Options, error) {
	format := pgcopy.Text
	seen := map[string]bool{}
	for i := range st.Options {
		o := &st.Options[i]
		if seen[o.Name] {
			return pgcopy.Options{}, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(o.Pos)
		}
		seen[o.Name] = true
		if o.Name != "format" {
			continue
		}
		switch v, _ := o.Text(); strings.ToLower(v) {
		case "text":
		case "csv":
			format = pgcopy.CSV
		case "binary":
			format = pgcopy.Binary
		default:
			return pgcopy.Options{}, pgerr.New(pgerr.InvalidParameterValue, "COPY format %q not recognized", v).At(o.Pos)
		}
	}
	opt := pgcopy.Default(format)
	for i := range st.Options {
		if err := copyOption(&opt, st, &st.Options[i]); err != nil {
			return opt, err
		}
	}
	if !seen["escape"] {
		opt.Escape = opt.Quote
	}
	if r != nil {
		names := make([]string, len(cols))
		for i, c := range cols {
			names[i] = r.Columns[c].Name
		}
		var err error
		if opt.ForceNotNull, err = forcedColumns(st, "force_not_null", names); err != nil {
			return opt, err
		}
		if opt.ForceNull, err = forcedColumns(st, "force_null", names); err != nil {
			return opt, err
		}
	}
	return opt, opt.Check()
}

func copyOption(opt *pgcopy.Options, st *ast.Copy, o *ast.Option) error {
	v, _ := o.Text()
	one := func(what string, dst *byte) error {
		if opt.Format == pgcopy.Binary || (what != "delimiter" && opt.Format != pgcopy.CSV) {
			return pgerr.New(pgerr.FeatureNotSupported, "COPY %s available only in CSV mode", what).At(o.Pos)
		}
		if len(v) != 1 {
			return pgerr.New(pgerr.FeatureNotSupported, "COPY %s must be a single one-byte character", what).At(o.Pos)
		}
		*dst = v[0]
		return nil
	}
	switch o.Name {
	case "format", "freeze", "force_quote", "force_not_null", "force_null":
		return nil
	case "delimiter":
		return one("delimiter", &opt.Delimiter)
	case "quote":
		return one("quote", &opt.Quote)
	case "escape":
		return one("escape", &opt.Escape)
	case "null":
		if opt.Format == pgcopy.Binary {
			return pgerr.New(pgerr.SyntaxError, "cannot specify NULL in BINARY mode").At(o.Pos)
		}
		opt.Null = v
	case "header":
		switch {
		case opt.Format == pgcopy.Binary:
			return pgerr.New(pgerr.FeatureNotSupported, "cannot specify HEADER in BINARY mode").At(o.Pos)
		case strings.EqualFold(v, "match"):
			opt.Header, opt.MatchHeader = true, st.From
			return nil
		case v == "":
			opt.Header = true
			return nil
		}
		b, err := checkBool(v)
		if err != nil {
			return pgerr.New(pgerr.SyntaxError, "header requires a Boolean value or \"match\"").At(o.Pos)
		}
		opt.Header = b == "on"
	case "encoding":
		if _, err := checkEncoding(v); err != nil {
			return err
		}
	default:
		return pgerr.New(pgerr.SyntaxError, "option %q not recognized", o.Name).At(o.Pos)
	}
	return nil
}

// forcedColumns reads an option that names columns, or all with *.
func forcedColumns(st *ast.Copy, name string, columns []string) ([]bool, error) {
	for i := range st.Options {
		o := &st.Options[i]
		if o.Name != name {
			continue
		}
		out := make([]bool, len(columns))
		var wanted []string
		switch v := o.Value.(type) {
		case *ast.Row:
			for _, e := range v.Args {
				item := ast.Option{Value: e}
				w, _ := item.Text()
				wanted = append(wanted, w)
			}
		case *ast.Star:
			wanted = columns
		default:
			w, ok := o.Text()
			if !ok {
				return nil, pgerr.New(pgerr.InvalidParameterValue, "argument to option %q must be a list of column names", name).At(o.Pos)
			}
			wanted = []string{w}
			if w == "*" {
				wanted = columns
			}
		}
		for _, w := range wanted {
			found := false
			for j, c := range columns {
				if c == w {
					out[j], found = true, true
				}
			}
			if !found {
				return nil, pgerr.New(pgerr.UndefinedColumn, "column %q does not exist", w).At(o.Pos)
			}
		}
		return out, nil
	}
	return nil, nil
}
