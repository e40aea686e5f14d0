package server_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// table is a query's result in text form.
type table struct {
	fields []pgconn.FieldDescription
	rows   [][]cell
}

// cell is a value in text form.
type cell struct {
	text string
	null bool
}

func (c cell) String() string {
	if c.null {
		return "NULL"
	}
	return strconv.Quote(c.text)
}

// queryOn runs one statement with rows in the simple protocol.
func queryOn(ctx context.Context, conn *pgconn.PgConn, sql string) (table, error) {
	tables, err := queriesOn(ctx, conn, sql)
	if err != nil {
		return table{}, err
	}
	if len(tables) != 1 {
		return table{}, fmt.Errorf("%d results with rows, want one", len(tables))
	}
	return tables[0], nil
}

// queriesOn runs a query string and returns the results that have rows, even none.
func queriesOn(ctx context.Context, conn *pgconn.PgConn, sql string) ([]table, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var out []table
	results := conn.Exec(ctx, sql)
	for results.NextResult() {
		r := results.ResultReader()
		t := table{}
		for r.NextRow() {
			row := make([]cell, len(r.Values()))
			for i, v := range r.Values() {
				row[i] = cell{text: string(v), null: v == nil}
			}
			t.rows = append(t.rows, row)
		}
		t.fields = slices.Clone(r.FieldDescriptions())
		if _, err := r.Close(); err != nil {
			_ = results.Close() // gives the same error
			return nil, err
		}
		if len(t.fields) > 0 {
			out = append(out, t)
		}
	}
	return out, results.Close()
}

// scalar is the value of a result of one row and column.
func (t table) scalar(tb testing.TB) string {
	tb.Helper()
	if len(t.rows) != 1 || len(t.rows[0]) != 1 {
		tb.Fatalf("want one value, got\n%s", t)
	}
	return t.rows[0][0].text
}

// column lists the values of column i.
func (t table) column(i int) []string {
	out := make([]string, len(t.rows))
	for k, row := range t.rows {
		out[k] = row[i].text
	}
	return out
}

func (t table) String() string {
	if len(t.rows) == 0 {
		return "(no rows)"
	}
	const shown = 40
	var b strings.Builder
	for i, row := range t.rows {
		if i == shown {
			fmt.Fprintf(&b, "... %d rows in all\n", len(t.rows))
			break
		}
		for j, c := range row {
			if j > 0 {
				b.WriteString("  ")
			}
			b.WriteString(c.String())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func isFloat(f pgconn.FieldDescription) bool {
	return f.DataTypeOID == pgtype.Float8OID || f.DataTypeOID == pgtype.Float4OID
}

// floatTolerance is the relative difference that floats may have: two servers add them up in different orders.
const floatTolerance = 1e-11

// sameFloat compares two floats in text form.
func sameFloat(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil {
		return false
	}
	return math.Abs(x-y) <= floatTolerance*max(math.Abs(x), math.Abs(y))
}

// sorted gives the rows in an order that floats, whose last digits may differ, decide last.
func (t table) sorted() [][]cell {
	rows := slices.Clone(t.rows)
	var order []int
	for _, floats := range []bool{false, true} {
		for i := range t.fields {
			if isFloat(t.fields[i]) == floats {
				order = append(order, i)
			}
		}
	}
	slices.SortFunc(rows, func(a, b []cell) int {
		for _, i := range order {
			if c := compareCells(a[i], b[i], isFloat(t.fields[i])); c != 0 {
				return c
			}
		}
		return 0
	})
	return rows
}

func compareCells(a, b cell, float bool) int {
	switch {
	case a.null && b.null:
		return 0
	case a.null:
		return 1
	case b.null:
		return -1
	}
	if float {
		x, errX := strconv.ParseFloat(a.text, 64)
		y, errY := strconv.ParseFloat(b.text, 64)
		if errX == nil && errY == nil {
			return cmp.Compare(x, y) // NaN has a place in the order, too
		}
	}
	return strings.Compare(a.text, b.text)
}

// difference says how two results differ as multisets of rows, or nothing. Types count, names do not.
func difference(a, b table) string {
	if len(a.fields) != len(b.fields) {
		return fmt.Sprintf("%d columns against %d", len(a.fields), len(b.fields))
	}
	for i := range a.fields {
		if x, y := a.fields[i].DataTypeOID, b.fields[i].DataTypeOID; x != y {
			return fmt.Sprintf("column %d (%s) has type %d against %d", i+1, a.fields[i].Name, x, y)
		}
	}
	x, y := a.sorted(), b.sorted()
	same := len(x) == len(y)
	for i := 0; same && i < len(x); i++ {
		for j := range x[i] {
			p, q := x[i][j], y[i][j]
			if p == q || !p.null && !q.null && isFloat(a.fields[j]) && sameFloat(p.text, q.text) {
				continue
			}
			same = false
		}
	}
	if same {
		return ""
	}
	only := func(p, q [][]cell) table {
		have := map[string]int{}
		for _, row := range q {
			have[fmt.Sprint(row)]++
		}
		var out table
		for _, row := range p {
			if k := fmt.Sprint(row); have[k] > 0 {
				have[k]--
			} else {
				out.rows = append(out.rows, row)
			}
		}
		return out
	}
	return fmt.Sprintf("%d rows against %d\nonly in the first:\n%sonly in the second:\n%s", len(x), len(y), only(x, y), only(y, x))
}

// int reads a whole number that a server has sent.
func (c cell) int() int64 {
	n, err := strconv.ParseInt(c.text, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("%s is not a whole number", c))
	}
	return n
}
