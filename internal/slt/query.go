package slt

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var hashPattern = regexp.MustCompile(`^(\d+) values hashing to ([0-9a-f]{32})$`)

// judgeQuery compares a query's answer with its record.
func (r *runner) judgeQuery(rec *Record, ans answer, depth int) {
	record := r.recording(depth)
	if len(ans.fields) == 0 {
		r.fail(rec, "the statement returns no rows; use statement, not query")
		return
	}
	types, bad := r.checkTypes(rec.Types, ans)
	if bad != "" && !record {
		r.fail(rec, "%s", bad)
		return
	}
	sort, mode := rec.Sort, rec.Sort
	if mode == "" {
		mode = r.sort
	}
	if mode == "" && record && len(ans.rows) > 1 && !ordered(rec.SQL) {
		sort, mode = RowSort, RowSort
	}
	actual := arrange(r.format(ans, types), mode)
	if !r.checkLabel(rec, actual) {
		return
	}
	reason := r.compare(rec, ans, actual, mode)
	if !record {
		if reason != "" {
			r.fail(rec, "%s", reason)
		}
		return
	}
	if types != rec.Types || sort != rec.Sort {
		r.edit(rec.span.header, rec.span.header+1, queryHeader(types, sort, rec.Label))
	}
	if reason != "" {
		r.edit(rec.span.sqlEnd, rec.span.resultEnd, append([]string{separator}, r.lines(actual)...)...)
	}
}

// checkTypes holds type letters against the answer's columns. It returns the letters that would be right, and what is
// wrong with those given, or nothing.
func (r *runner) checkTypes(types string, ans answer) (right, bad string) {
	if len(types) != len(ans.fields) {
		right = actualTypes(ans)
		return right, fmt.Sprintf("expected %d columns (%s), got %d (%s)", len(types), types, len(ans.fields), right)
	}
	if r.classic {
		return types, ""
	}
	letters := []byte(types)
	for i, f := range ans.fields {
		got := letterOf(f.DataTypeOID)
		if letters[i] == got || takes(letters[i], f.DataTypeOID) {
			continue
		}
		if bad == "" {
			bad = fmt.Sprintf("column %d (%s) is of type %c (OID %d), expected %c", i+1, f.Name, got, f.DataTypeOID, types[i])
		}
		letters[i] = got
	}
	return string(letters), bad
}

func actualTypes(ans answer) string {
	b := make([]byte, len(ans.fields))
	for i, f := range ans.fields {
		b[i] = letterOf(f.DataTypeOID)
	}
	return string(b)
}

func (r *runner) format(ans answer, types string) [][]string {
	rows := make([][]string, len(ans.rows))
	for i, row := range ans.rows {
		rows[i] = make([]string, len(row))
		for j, v := range row {
			if r.classic {
				rows[i][j] = formatClassic(v, types[j])
			} else {
				rows[i][j] = formatValue(v)
			}
		}
	}
	return rows
}

// lines are an arranged result as it stands in a file.
func (r *runner) lines(rows [][]string) []string {
	if r.hashThreshold > 0 && countValues(rows) > r.hashThreshold {
		return []string{hashLine(rows)}
	}
	if !r.classic {
		return joinRows(rows)
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, row...)
	}
	return lines
}

// checkLabel holds a labelled query against the earlier ones of its label.
func (r *runner) checkLabel(rec *Record, actual [][]string) bool {
	if rec.Label == "" {
		return true
	}
	hash := hashOf(actual)
	first, seen := r.labelled[rec.Label]
	if !seen {
		r.labelled[rec.Label] = labelledResult{hash, rec.Pos}
		return true
	}
	if first.hash != hash {
		r.fail(rec, "result differs from that of the query with the same label %s at %s:\n%s", rec.Label, first.pos,
			strings.Join(joinRows(actual), "\n"))
		return false
	}
	return true
}

// compare returns why the answer is not what the record says, or nothing.
func (r *runner) compare(rec *Record, ans answer, actual [][]string, mode SortMode) string {
	if !rec.Recorded {
		return "the query has no ---- line, so nothing to compare with; record it"
	}
	if len(rec.Result) == 1 && hashPattern.MatchString(rec.Result[0]) {
		if got := hashLine(actual); got != rec.Result[0] {
			return fmt.Sprintf("result differs\n- %s\n+ %s\n%s", rec.Result[0], got, firstLines(joinRows(actual)))
		}
		return ""
	}
	expected := arrange(r.expectedRows(rec.Result, len(ans.fields), mode), mode)
	if r.equal(expected, actual, ans, mode) {
		return ""
	}
	return "result differs (- expected, + actual)\n" + formatDiff(diff(joinRows(expected), joinRows(actual)))
}

func (r *runner) expectedRows(lines []string, columns int, mode SortMode) [][]string {
	var rows [][]string
	switch {
	case r.classic && mode != ValueSort:
		// The last row is short if values are missing, which makes it differ.
		rows = slices.Collect(slices.Chunk(slices.Clone(lines), columns))
	default:
		if mode == ValueSort {
			columns = 1
		}
		for _, line := range lines {
			rows = append(rows, splitRow(line, columns))
		}
	}
	return rows
}

func (r *runner) equal(expected, actual [][]string, ans answer, mode SortMode) bool {
	return slices.EqualFunc(expected, actual, func(e, a []string) bool {
		if slices.Equal(e, a) {
			return true
		}
		if r.floatTolerance == 0 || mode == ValueSort || len(e) != len(a) {
			return false
		}
		for i := range e {
			if e[i] != a[i] && !(isFloat(ans.fields[i].DataTypeOID) && closeFloats(e[i], a[i], r.floatTolerance)) {
				return false
			}
		}
		return true
	})
}

// firstLines shows the start of a long result.
func firstLines(lines []string) string {
	if len(lines) <= diffShownMax {
		return strings.Join(lines, "\n")
	}
	return strings.Join(lines[:diffShownMax], "\n") + fmt.Sprintf("\n... and %d rows more", len(lines)-diffShownMax)
}

var orderBy = regexp.MustCompile(`(?i)\border\s+by\b`)

// ordered tells whether a query may define the order of its rows. An ORDER BY in a subquery counts, wrongly; the author
// then writes rowsort.
func ordered(sql string) bool { return orderBy.MatchString(sql) }
