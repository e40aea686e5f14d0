package slt

import (
	"strconv"
	"strings"
)

// scenario reads a record that only a run with a clock of its own has.
func (p *parser) scenario(r *Record, words []string) (err error) {
	switch words[0] {
	case "clock":
		r.Kind = Clock
		r.Value, err = p.quoted("clock")
		return err
	case "advance":
		if len(words) < 3 || words[1] != "to" && words[1] != "by" {
			return p.errorf("advance takes to and a time, or by and an interval")
		}
		r.Kind, r.Arg = Clock, words[1]
		r.Value, err = p.quoted("advance", words[1])
		return err
	default:
		if len(words) != 2 {
			return p.errorf("%s takes the name of a view", words[0])
		}
		if r.Kind, r.Arg = Changes, words[1]; words[0] == "state" {
			r.Kind = State
		}
		p.result(r)
		return p.checkState(r)
	}
}

// quoted reads the text in quotes after some words of the present line.
func (p *parser) quoted(words ...string) (string, error) {
	rest := strings.TrimSpace(p.script.lines[p.next-1])
	for _, w := range words {
		rest = strings.TrimSpace(strings.TrimPrefix(rest, w))
	}
	if len(rest) < 2 || rest[0] != '\'' || rest[len(rest)-1] != '\'' {
		return "", p.errorf("%s takes one text in single quotes, not %s", strings.Join(words, " "), rest)
	}
	return rest[1 : len(rest)-1], nil
}

// result reads the lines after a ---- line, if that is the next.
func (p *parser) result(r *Record) {
	lines := p.script.lines
	r.span.sqlEnd, r.span.resultStart, r.span.resultEnd = p.next, p.next, p.next
	if p.next == len(lines) || strings.TrimSpace(lines[p.next]) != separator {
		return
	}
	p.next++
	r.Recorded = true
	r.span.resultStart = p.next
	for p.next < len(lines) && strings.TrimSpace(lines[p.next]) != "" {
		r.Result = append(r.Result, strings.TrimRight(lines[p.next], " \t"))
		p.next++
	}
	r.span.resultEnd = p.next
}

func (p *parser) checkState(r *Record) error {
	if r.Kind != State {
		return nil
	}
	for _, line := range r.Result {
		words := strings.Fields(line)
		ok := (len(words) == 2 || len(words) == 3 && words[1] == "<=") && (words[0] == "rows" || words[0] == "bytes")
		if ok {
			_, err := strconv.ParseUint(words[len(words)-1], 10, 62)
			ok = err == nil
		}
		if !ok {
			return p.errorf("state has lines such as rows 5 and bytes <= 1000, not %q", line)
		}
	}
	return nil
}
