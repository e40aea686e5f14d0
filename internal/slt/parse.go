package slt

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// separator is the line between a query and its result.
const separator = "----"

// SyntaxError is a mistake in a file.
type SyntaxError struct {
	Pos Position
	Msg string
}

func (e *SyntaxError) Error() string { return e.Pos.String() + ": " + e.Msg }

// Parse reads a file's text. The error is a *SyntaxError.
func Parse(name, text string) (*Script, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	p := &parser{script: &Script{Name: name, lines: lines}}
	for p.next < len(lines) {
		if err := p.line(); err != nil {
			return nil, err
		}
	}
	if p.prefixed() {
		return nil, p.errorf("onlyif, skipif or connection with no record after it")
	}
	return p.script, nil
}

type parser struct {
	script *Script
	next   int // the line to read
	// What the lines before a record say about it.
	conditions []condition
	connection string
}

func (p *parser) prefixed() bool { return len(p.conditions) > 0 || p.connection != "" }

// errorf makes an error about the line read last.
func (p *parser) errorf(format string, args ...any) error {
	return &SyntaxError{Position{p.script.Name, p.next}, fmt.Sprintf(format, args...)}
}

// line reads a blank line, a comment, a line that conditions the next record, or a whole record.
func (p *parser) line() error {
	line := strings.TrimRight(p.script.lines[p.next], " \t")
	p.next++
	words := strings.Fields(line)
	switch {
	case len(words) == 0 && p.prefixed():
		return p.errorf("blank line after onlyif, skipif or connection; the record must follow at once")
	case len(words) == 0 || strings.HasPrefix(line, "#"):
		return nil
	case words[0] == "onlyif" || words[0] == "skipif":
		if len(words) < 2 || len(words) > 2 && !strings.HasPrefix(words[2], "#") {
			return p.errorf("%s takes one label", words[0])
		}
		p.conditions = append(p.conditions, condition{label: words[1], want: words[0] == "onlyif"})
		return nil
	case words[0] == "connection":
		if len(words) != 2 {
			return p.errorf("connection takes one name")
		}
		p.connection = words[1]
		return nil
	}
	r := &Record{
		Pos:        Position{p.script.Name, p.next},
		Connection: p.connection,
		conditions: p.conditions,
		span:       span{header: p.next - 1},
	}
	p.conditions, p.connection = nil, ""
	if err := p.record(r, words); err != nil {
		return err
	}
	p.script.Records = append(p.script.Records, r)
	return nil
}

func (p *parser) record(r *Record, words []string) error {
	args := words[1:]
	switch words[0] {
	case "statement":
		r.Kind = Statement
		return p.statement(r, args)
	case "query":
		r.Kind = Query
		return p.query(r, args)
	case "halt":
		r.Kind = Halt
		return nil
	case "restart":
		r.Kind = Restart
		return nil
	case "subtest":
		// A heading.
		r.Kind = Subtest
		return nil
	case "include":
		if len(args) != 1 {
			return p.errorf("include takes one path")
		}
		if _, err := filepath.Match(args[0], ""); err != nil {
			return p.errorf("include %s: %v", args[0], err)
		}
		r.Kind, r.Arg = Include, args[0]
		return nil
	case "hash-threshold":
		if len(args) != 1 {
			return p.errorf("hash-threshold takes one number")
		}
		n, err := strconv.Atoi(args[0])
		if err != nil || n < 0 {
			return p.errorf("hash-threshold takes a number of values, not %q", args[0])
		}
		r.Kind, r.Threshold = HashThreshold, n
		return nil
	case "control":
		r.Kind = Control
		return p.control(r, args)
	case "clock", "advance", "changes", "state":
		return p.scenario(r, words)
	case "sleep":
		return p.errorf("sleep is refused: reads see earlier writes, so there is nothing to wait for")
	case "system":
		return p.errorf("system is refused: a test file runs no programs")
	}
	return p.errorf("unknown record %q", words[0])
}

func (p *parser) statement(r *Record, args []string) error {
	if len(args) == 0 {
		return p.errorf("statement needs ok, count or error")
	}
	switch args[0] {
	case "ok":
		if len(args) > 1 {
			return p.errorf("unexpected %q after statement ok", args[1])
		}
	case "count":
		if len(args) != 2 {
			return p.errorf("statement count takes one number")
		}
		n, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil || n < 0 {
			return p.errorf("statement count takes a number of rows, not %q", args[1])
		}
		r.Expect = Expectation{Outcome: Count, Count: n}
	case "error":
		if err := p.expectError(r, "statement"); err != nil {
			return err
		}
	default:
		return p.errorf("statement %s: want ok, count or error", args[0])
	}
	return p.sql(r)
}

func (p *parser) query(r *Record, args []string) error {
	if len(args) > 0 && args[0] == "error" {
		r.Kind = Statement
		if err := p.expectError(r, "query"); err != nil {
			return err
		}
		return p.sql(r)
	}
	// The types may be missing, for the recorder to fill in.
	if len(args) > 0 && !isSortMode(args[0]) {
		r.Types, args = args[0], args[1:]
		if bad := strings.Trim(r.Types, typeLetters); bad != "" {
			return p.errorf("column type %q in %q: want letters of %s", bad, r.Types, typeLetters)
		}
	}
	if len(args) > 0 && isSortMode(args[0]) {
		r.Sort, args = SortMode(args[0]), args[1:]
	}
	args = withoutRetry(args)
	if len(args) > 0 {
		r.Label, args = args[0], args[1:]
	}
	if len(args) > 0 {
		return p.errorf("unexpected %q; want query <types> [<sort mode>] [<label>]", args[0])
	}
	return p.sql(r)
}

// withoutRetry removes "retry N backoff TIME", which is accepted and has no effect: the first answer has to be right.
func withoutRetry(args []string) []string {
	at := slices.Index(args, "retry")
	if at < 0 || len(args) != at+4 || args[at+2] != "backoff" {
		return args
	}
	return args[:at]
}

func isSortMode(s string) bool {
	return s == string(NoSort) || s == string(RowSort) || s == string(ValueSort)
}

// stateAlone is an argument that is a SQLSTATE and nothing else. A digit is asked for so that a message's word
// in capitals is not taken for one; every class of SQLSTATE has codes with digits only.
var (
	stateAlone = regexp.MustCompile(`^\(?([0-9A-Z]{5})\)?$`)
	stateFirst = regexp.MustCompile(`^\(([0-9A-Z]{5})\)\s+(.+)$`)
)

// expectError reads what follows `statement error` or `query error`.
func (p *parser) expectError(r *Record, keyword string) error {
	header := strings.TrimSpace(p.script.lines[r.span.header])
	rest := strings.TrimSpace(strings.TrimPrefix(header, keyword))
	rest = strings.TrimSpace(strings.TrimPrefix(rest, "error"))
	if code, found := strings.CutPrefix(rest, "pgcode "); found {
		code, message, _ := strings.Cut(strings.TrimSpace(code), " ")
		rest = strings.TrimSpace("(" + code + ") " + message)
	}
	r.Expect = Expectation{Outcome: Error}
	if m := stateAlone.FindStringSubmatch(rest); m != nil && strings.ContainsAny(m[1], "0123456789") {
		r.Expect.State = m[1]
		return nil
	}
	if m := stateFirst.FindStringSubmatch(rest); m != nil && strings.ContainsAny(m[1], "0123456789") {
		r.Expect.State, rest = m[1], m[2]
	}
	if rest == "" {
		return nil
	}
	re, err := regexp.Compile(rest)
	if err != nil {
		return p.errorf("%v", err)
	}
	r.Expect.Message = re
	return nil
}

// sql reads the statement after a header, and for a query its result.
func (p *parser) sql(r *Record) error {
	lines := p.script.lines
	start := p.next
	for p.next < len(lines) && strings.TrimSpace(lines[p.next]) != "" && strings.TrimSpace(lines[p.next]) != separator {
		p.next++
	}
	r.span.sqlEnd, r.span.resultStart, r.span.resultEnd = p.next, p.next, p.next
	r.SQL = strings.TrimSpace(strings.Join(lines[start:p.next], "\n"))
	if r.SQL == "" {
		return p.errorf("no statement after the header")
	}
	if p.next == len(lines) || strings.TrimSpace(lines[p.next]) != separator {
		return nil
	}
	if r.Kind != Query && (r.Expect.Outcome != Error || r.Expect.Message != nil) {
		p.next++
		return p.errorf("result after a statement; only a query has one")
	}
	p.result(r)
	if r.Kind != Query {
		r.Recorded = false
		// The message of an expected error, word by word.
		r.Expect.Message = regexp.MustCompile(regexp.QuoteMeta(strings.Join(r.Result, "\n")))
		r.Result = nil
	}
	return nil
}

func (p *parser) control(r *Record, args []string) error {
	if len(args) != 2 {
		return p.errorf("control takes a setting and its value")
	}
	r.Arg, r.Value = args[0], args[1]
	ok := false
	switch r.Arg {
	case "sortmode":
		ok = isSortMode(r.Value)
	case "resultmode":
		ok = r.Value == "rowwise" || r.Value == "valuewise"
	case "floattolerance":
		f, err := strconv.ParseFloat(r.Value, 64)
		ok = err == nil && f >= 0 && f < 1
	case "restart", "asviews":
		ok = r.Value == "on" || r.Value == "off"
	default:
		return p.errorf("unknown setting %q: want sortmode, resultmode, floattolerance, restart or asviews", r.Arg)
	}
	if !ok {
		return p.errorf("control %s: bad value %q", r.Arg, r.Value)
	}
	return nil
}
