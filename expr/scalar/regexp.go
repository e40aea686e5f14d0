package scalar

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

func regexpFunctions() []*expr.Function {
	two, three := with(tText, tText), with(tText, tText, tText)
	list := []*expr.Function{
		{Name: "regexp_match", Args: two, Ret: tTextArray, Eval: toBytes(regexpMatch)},
		{Name: "regexp_match", Args: three, Ret: tTextArray, Eval: toBytes(regexpMatch)},
		{Name: "regexp_like", Args: two, Ret: tBool, Eval: toBool(regexpLike)},
		{Name: "regexp_like", Args: three, Ret: tBool, Eval: toBool(regexpLike)},
		{Name: "regexp_replace", Args: three, Ret: tText, Eval: toBytes(regexpReplace)},
		{Name: "regexp_replace", Args: with(tText, tText, tText, tText), Ret: tText, Eval: toBytes(regexpReplace)},
		{Name: "regexp_replace", Args: with(tText, tText, tText, tInt4), Ret: tText, Eval: toBytes(regexpReplaceNth)},
		{Name: "regexp_replace", Args: with(tText, tText, tText, tInt4, tInt4), Ret: tText, Eval: toBytes(regexpReplaceNth)},
		{Name: "regexp_replace", Args: with(tText, tText, tText, tInt4, tInt4, tText), Ret: tText, Eval: toBytes(regexpReplaceNth)},
		{Name: "regexp_split_to_array", Args: two, Ret: tTextArray, Eval: toBytes(regexpSplit)},
		{Name: "regexp_split_to_array", Args: three, Ret: tTextArray, Eval: toBytes(regexpSplit)},
		{Name: "regexp_count", Args: two, Ret: tInt4, Eval: toInt(regexpCount)},
		{Name: "regexp_count", Args: with(tText, tText, tInt4), Ret: tInt4, Eval: toInt(regexpCount)},
		{Name: "regexp_count", Args: with(tText, tText, tInt4, tText), Ret: tInt4, Eval: toInt(regexpCount)},
		{Name: "substring", Args: two, Ret: tText, Eval: toBytes(substringRegexp)},
		{Name: "substring", Args: three, Ret: tText, Eval: toBytes(substringSimilar)},
		{Name: "similar_to_escape", Args: with(tText), Ret: tText, Eval: toBytes(similarToEscape)},
		{Name: "similar_escape", Args: two, Ret: tText, NullCall: true, Eval: toBytes(similarEscape)},
		{Name: "similar_to_escape", Args: two, Ret: tText, Eval: toBytes(similarToEscape)},
	}
	for n := 2; n <= 7; n++ {
		all := []types.T{tText, tText, tInt4, tInt4, tInt4, tText, tInt4}
		list = append(list, &expr.Function{Name: "regexp_instr", Args: all[:n], Ret: tInt4, Eval: toInt(regexpInstr)})
	}
	for n := 2; n <= 6; n++ {
		all := []types.T{tText, tText, tInt4, tInt4, tText, tInt4}
		list = append(list, &expr.Function{Name: "regexp_substr", Args: all[:n], Ret: tText, Eval: toBytes(regexpSubstr)})
	}
	for _, t := range []types.T{tText, tBpchar, tName} {
		args := with(t, tText)
		list = append(list,
			&expr.Function{Name: "~", Operator: true, Args: args, Ret: tBool, Negator: "!~", Eval: toBool(matches("", true))},
			&expr.Function{Name: "!~", Operator: true, Args: args, Ret: tBool, Negator: "~", Eval: toBool(matches("", false))},
			&expr.Function{Name: "~*", Operator: true, Args: args, Ret: tBool, Negator: "!~*", Eval: toBool(matches("i", true))},
			&expr.Function{Name: "!~*", Operator: true, Args: args, Ret: tBool, Negator: "~*", Eval: toBool(matches("i", false))},
		)
	}
	return list
}

// pattern is a compiled regular expression.
type pattern struct {
	re          *regexp.Regexp // for a search from the start of the text
	inner       *regexp.Regexp // for a search from within; nil where re does for both
	leftContext bool
	global      bool
}

// compilePattern compiles flags and expression, which key holds with a zero byte between them.
func compilePattern(key string) (*pattern, error) {
	letters, source, _ := strings.Cut(key, "\x00")
	var flags regexpFlags
	if err := flags.parse(letters); err != nil {
		return nil, err
	}
	t, err := translateRegexp(source, flags)
	if err != nil {
		return nil, err
	}
	p := &pattern{leftContext: t.leftContext, global: flags.global}
	compile := func(source string) *regexp.Regexp {
		re, compileErr := regexp.Compile(source)
		if compileErr != nil {
			if err == nil {
				err = goRegexpError(compileErr)
			}
			return nil
		}
		if !t.shortest {
			re.Longest()
		}
		return re
	}
	p.re = compile(t.expr)
	if t.inner != t.expr {
		p.inner = compile(t.inner)
	}
	return p, err
}

// goRegexpError words what Go's compiler found beyond the translation: almost always the size.
func goRegexpError(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "too large"), strings.Contains(text, "repeat count"), strings.Contains(text, "nests too deeply"):
		return errRegexp("regular expression is too complex")
	case strings.Contains(text, "missing argument"), strings.Contains(text, "nested repetition"):
		return errRegexp("quantifier operand invalid")
	case strings.Contains(text, "character class"):
		return errRegexp("invalid character range")
	}
	return errRegexp(strings.TrimPrefix(text, "error parsing regexp: "))
}

// patternOf gives the compiled form of the expression in argument i with the given flags.
func patternOf(x *row, i int, flags string) (*pattern, error) {
	key := make([]byte, 0, 64)
	key = append(append(append(key, flags...), 0), x.bytes(i)...)
	return remember(x, key, compilePattern)
}

// matcher runs through the matches of a text from the left, by PostgreSQL's rule for empty ones: after one the search
// goes on a character further.
type matcher struct {
	p    *pattern
	s    []byte
	from int     // where the next search starts; beyond the end when done
	all  [][]int // for a pattern that looks to the left, all its matches, found at once
}

func newMatcher(p *pattern, s []byte, from int) *matcher {
	m := &matcher{p: p, s: s, from: from}
	if p.leftContext {
		m.all = p.re.FindAllSubmatchIndex(s, -1)
		m.all = slices.DeleteFunc(m.all, func(loc []int) bool { return loc[0] < from })
	}
	return m
}

// next gives the next match as pairs of byte offsets, nil when there is none.
func (m *matcher) next() []int {
	if m.p.leftContext {
		if len(m.all) == 0 {
			return nil
		}
		loc := m.all[0]
		m.all = m.all[1:]
		return loc
	}
	if m.from > len(m.s) {
		return nil
	}
	re := m.p.re
	if m.from > 0 && m.p.inner != nil {
		re = m.p.inner
	}
	loc := re.FindSubmatchIndex(m.s[m.from:])
	if loc == nil {
		m.from = len(m.s) + 1
		return nil
	}
	for i := range loc {
		if loc[i] >= 0 {
			loc[i] += m.from
		}
	}
	m.from = loc[1]
	if loc[0] == loc[1] {
		m.from = loc[1] + 1
		if loc[1] < len(m.s) {
			_, n := utf8.DecodeRune(m.s[loc[1]:])
			m.from = loc[1] + n
		}
	}
	return loc
}

func matches(flags string, want bool) func(x *row) (bool, error) {
	return func(x *row) (bool, error) {
		p, err := patternOf(x, 1, flags)
		if err != nil {
			return false, err
		}
		return p.re.Match(x.bytes(0)) == want, nil
	}
}

// optionalText reads argument i where the call has it.
func optionalText(x *row, i int) string {
	if i < x.len() {
		return x.str(i)
	}
	return ""
}

// withoutGlobal refuses g where a function finds one match.
func withoutGlobal(flags, function, hint string) error {
	if !strings.Contains(flags, "g") {
		return nil
	}
	err := pgerr.New(pgerr.InvalidParameterValue, "%s does not support the \"global\" option", function)
	if hint != "" {
		err.WithHint("Use the %s function instead.", hint)
	}
	return err
}

func regexpLike(x *row) (bool, error) {
	flags := optionalText(x, 2)
	if err := withoutGlobal(flags, "regexp_like()", ""); err != nil {
		return false, err
	}
	return matches(flags, true)(x)
}

func regexpMatch(x *row, dst []byte) ([]byte, error) {
	flags := optionalText(x, 2)
	if err := withoutGlobal(flags, "regexp_match()", "regexp_matches"); err != nil {
		return nil, err
	}
	p, err := patternOf(x, 1, flags)
	if err != nil {
		return nil, err
	}
	s := x.bytes(0)
	loc := p.re.FindSubmatchIndex(s)
	if loc == nil {
		return nil, errNull
	}
	return MatchArray(dst, s, loc), nil
}

// MatchArray builds the text[] of a match: its groups or, where the expression has none, the whole match.
func MatchArray(dst, s []byte, loc []int) []byte {
	b := types.NewArrayBuilder(tText)
	if len(loc) == 2 {
		b.Append(types.NewBytes(s[loc[0]:loc[1]]))
		return b.Build(dst)
	}
	for i := 2; i < len(loc); i += 2 {
		if loc[i] < 0 {
			b.Append(types.Null)
			continue
		}
		b.Append(types.NewBytes(s[loc[i]:loc[i+1]]))
	}
	return b.Build(dst)
}

// RegexpMatches calls f with each result of regexp_matches(s, pattern, flags), a text[], for its set-returning form.
func RegexpMatches(s []byte, source, flags string, f func(array []byte) error) error {
	p, err := compilePattern(flags + "\x00" + source)
	if err != nil {
		return err
	}
	m := newMatcher(p, s, 0)
	for loc := m.next(); loc != nil; loc = m.next() {
		if err := f(MatchArray(nil, s, loc)); err != nil {
			return err
		}
		if !p.global {
			return nil
		}
	}
	return nil
}

// replacement appends a replacement text with \1 to \9, \& and \\ filled in.
func replacement(dst, template, s []byte, loc []int) []byte {
	for i := 0; i < len(template); i++ {
		c := template[i]
		if c != '\\' || i+1 == len(template) {
			dst = append(dst, c)
			continue
		}
		group := -1
		switch next := template[i+1]; {
		case '1' <= next && next <= '9':
			group = int(next - '0')
		case next == '&':
			group = 0
		case next == '\\':
			dst = append(dst, '\\')
			i++
			continue
		default:
			dst = append(dst, c)
			continue
		}
		i++
		if 2*group+1 < len(loc) && loc[2*group] >= 0 {
			dst = append(dst, s[loc[2*group]:loc[2*group+1]]...)
		}
	}
	return dst
}

// replaceMatches replaces the n-th match from an offset on, or all of them for n = 0.
func replaceMatches(dst []byte, p *pattern, s, template []byte, from int, n int64) ([]byte, error) {
	m := newMatcher(p, s, from)
	start, done := len(dst), 0
	for i := int64(1); ; i++ {
		loc := m.next()
		if loc == nil {
			break
		}
		if n > 0 && i < n {
			continue
		}
		dst = append(dst, s[done:loc[0]]...)
		dst = replacement(dst, template, s, loc)
		done = loc[1]
		if len(dst)-start > expr.MaxValueBytes {
			return nil, expr.ErrTooLarge()
		}
		if n > 0 {
			break
		}
	}
	return append(dst, s[done:]...), nil
}

func regexpReplace(x *row, dst []byte) ([]byte, error) {
	flags := optionalText(x, 3)
	if flags != "" && isDigit(flags[0]) {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid regular expression option: \"%s\"", flags[:1]).
			WithHint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.")
	}
	p, err := patternOf(x, 1, flags)
	if err != nil {
		return nil, err
	}
	n := int64(1)
	if p.global {
		n = 0
	}
	return replaceMatches(dst, p, x.bytes(0), x.bytes(2), 0, n)
}

func errParameter(name string, value int64) error {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": %d", name, value)
}

// startOffset reads a start position in characters, from 1.
func startOffset(x *row, i int) (int, error) {
	if i >= x.len() {
		return 0, nil
	}
	if x.int(i) <= 0 {
		return 0, errParameter("start", x.int(i))
	}
	s := x.bytes(0)
	n := x.int(i) - 1
	at := skipChars(s, n)
	if at == len(s) && n > int64(utf8.RuneCount(s)) {
		return len(s) + 1, nil // beyond the end, where nothing matches
	}
	return at, nil
}

func regexpReplaceNth(x *row, dst []byte) ([]byte, error) {
	from, err := startOffset(x, 3)
	if err != nil {
		return nil, err
	}
	n, flags := int64(1), optionalText(x, 5)
	if x.len() > 4 {
		if n = x.int(4); n < 0 {
			return nil, errParameter("n", n)
		}
	}
	p, err := patternOf(x, 1, flags)
	if err != nil {
		return nil, err
	}
	if x.len() <= 4 && p.global {
		n = 0
	}
	return replaceMatches(dst, p, x.bytes(0), x.bytes(2), from, n)
}

// regexpSplit cuts at the matches. Empty ones count only between characters and away from another match.
func regexpSplit(x *row, dst []byte) ([]byte, error) {
	flags := optionalText(x, 2)
	if err := withoutGlobal(flags, "regexp_split_to_array()", ""); err != nil {
		return nil, err
	}
	p, err := patternOf(x, 1, flags)
	if err != nil {
		return nil, err
	}
	b := types.NewArrayBuilder(tText)
	splitMatches(p, x.bytes(0), func(part []byte) { b.Append(types.NewBytes(part)) })
	return b.Build(dst), nil
}

func splitMatches(p *pattern, s []byte, f func(part []byte)) {
	m := newMatcher(p, s, 0)
	done, previousEnd := 0, 0
	for loc := m.next(); loc != nil; loc = m.next() {
		if loc[0] < len(s) && loc[1] > previousEnd {
			f(s[done:loc[0]])
			done = loc[1]
		}
		previousEnd = loc[1]
	}
	f(s[done:])
}

// RegexpSplit calls f with each part of regexp_split_to_table(s, pattern, flags).
func RegexpSplit(s []byte, source, flags string, f func(part []byte)) error {
	if err := withoutGlobal(flags, "regexp_split_to_table()", ""); err != nil {
		return err
	}
	p, err := compilePattern(flags + "\x00" + source)
	if err == nil {
		splitMatches(p, s, f)
	}
	return err
}

func regexpCount(x *row) (int64, error) {
	from, err := startOffset(x, 2)
	if err != nil {
		return 0, err
	}
	flags := optionalText(x, 3)
	if err := withoutGlobal(flags, "regexp_count()", ""); err != nil {
		return 0, err
	}
	p, err := patternOf(x, 1, flags)
	if err != nil {
		return 0, err
	}
	m, n := newMatcher(p, x.bytes(0), from), int64(0)
	for m.next() != nil {
		n++
	}
	return n, nil
}

// nthMatch finds the match and group that regexp_instr and regexp_substr ask for: from the start position in argument
// 2 the occurrence in argument 3, its group in the argument at subexpr. check is called after the checks of those before
// the others, in PostgreSQL's order.
func nthMatch(x *row, name string, flags, subexpr int, check func() error) (start, end int, err error) {
	from, err := startOffset(x, 2)
	if err != nil {
		return 0, 0, err
	}
	n, group := int64(1), int64(0)
	if x.len() > 3 {
		if n = x.int(3); n <= 0 {
			return 0, 0, errParameter("n", n)
		}
	}
	if err := check(); err != nil {
		return 0, 0, err
	}
	if x.len() > subexpr {
		if group = x.int(subexpr); group < 0 {
			return 0, 0, errParameter("subexpr", group)
		}
	}
	letters := optionalText(x, flags)
	if err := withoutGlobal(letters, name, ""); err != nil {
		return 0, 0, err
	}
	p, err := patternOf(x, 1, letters)
	if err != nil {
		return 0, 0, err
	}
	m := newMatcher(p, x.bytes(0), from)
	var loc []int
	for ; n > 0; n-- {
		if loc = m.next(); loc == nil {
			return -1, -1, nil
		}
	}
	if 2*group+1 >= int64(len(loc)) {
		return -1, -1, nil
	}
	return loc[2*group], loc[2*group+1], nil
}

func regexpInstr(x *row) (int64, error) {
	wantEnd := x.len() > 4 && x.int(4) == 1
	start, end, err := nthMatch(x, "regexp_instr()", 5, 6, func() error {
		if x.len() > 4 && x.int(4) != 0 && x.int(4) != 1 {
			return errParameter("endoption", x.int(4))
		}
		return nil
	})
	if err != nil || start < 0 {
		return 0, err
	}
	if wantEnd {
		start = end
	}
	return int64(utf8.RuneCount(x.bytes(0)[:start])) + 1, nil
}

func regexpSubstr(x *row, dst []byte) ([]byte, error) {
	start, end, err := nthMatch(x, "regexp_substr()", 4, 5, func() error { return nil })
	if err != nil {
		return nil, err
	}
	if start < 0 {
		return nil, errNull
	}
	return append(dst, x.bytes(0)[start:end]...), nil
}

// substringRegexp is substring(text from pattern): the first group, or the whole match of an expression without.
func substringRegexp(x *row, dst []byte) ([]byte, error) {
	p, err := patternOf(x, 1, "")
	if err != nil {
		return nil, err
	}
	return firstGroup(dst, p, x.bytes(0))
}

func firstGroup(dst []byte, p *pattern, s []byte) ([]byte, error) {
	loc := p.re.FindSubmatchIndex(s)
	if len(loc) > 2 {
		loc = loc[2:4]
	}
	if len(loc) == 0 || loc[0] < 0 {
		return nil, errNull
	}
	return append(dst, s[loc[0]:loc[1]]...), nil
}

func similarToEscape(x *row, dst []byte) ([]byte, error) {
	escape := `\`
	if x.len() == 2 {
		escape = x.str(1)
	}
	return similarToRegexp(dst, x.bytes(0), escape, false)
}

// similarEscape is similarToEscape under its old name, by which NULL for the escape character is the default one.
func similarEscape(x *row, dst []byte) ([]byte, error) {
	if x.null(0) {
		return nil, errNull
	}
	escape := `\`
	if !x.null(1) {
		escape = x.str(1)
	}
	return similarToRegexp(dst, x.bytes(0), escape, false)
}

// substringSimilar is substring(text SIMILAR pattern ESCAPE escape).
func substringSimilar(x *row, dst []byte) ([]byte, error) {
	key := append(append(append(make([]byte, 0, 64), x.bytes(2)...), 0), x.bytes(1)...)
	p, err := remember(x, key, func(key string) (*pattern, error) {
		escape, similar, _ := strings.Cut(key, "\x00")
		parts := escape != "" && strings.Contains(similar, escape+`"`)
		re, err := similarToRegexp(nil, []byte(similar), escape, parts)
		if err != nil {
			return nil, err
		}
		return compilePattern("\x00" + string(re))
	})
	if err != nil {
		return nil, err
	}
	return firstGroup(dst, p, x.bytes(0))
}

// similarToRegexp rewrites a SIMILAR TO pattern as a regular expression. Its wildcards are % and _; a part between
// two escaped double quotes becomes the group that substring extracts. What comes before that part is to match as
// little as possible: PostgreSQL writes {1,1}? after it, which means that to its engine only; with lazy, the
// quantifiers in it are non-greedy instead.
func similarToRegexp(dst, pattern []byte, escape string, lazy bool) ([]byte, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return nil, errEscapeString()
	}
	dst = append(dst, "^(?:"...)
	inBracket, quotes := 0, 0
	for len(pattern) > 0 {
		n := skipChars(pattern, 1)
		c := string(pattern[:n])
		pattern = pattern[n:]
		switch {
		case escape != "" && c == escape:
			if len(pattern) == 0 {
				return append(dst, ")$"...), nil
			}
			n := skipChars(pattern, 1)
			next := string(pattern[:n])
			pattern = pattern[n:]
			if next == `"` && inBracket == 0 {
				switch {
				case quotes == 0 && lazy:
					dst = append(dst, ")("...)
				case quotes == 0:
					dst = append(dst, "){1,1}?("...)
				case quotes == 1 && lazy:
					dst = append(dst, ")(?:"...)
				case quotes == 1:
					dst = append(dst, "){1,1}(?:"...)
				default:
					return nil, pgerr.New("2200C", "SQL regular expression may not contain more than two escape-double-quote separators")
				}
				quotes++
				continue
			}
			dst = append(append(dst, '\\'), next...)
		case inBracket > 0:
			if c == `\` {
				dst = append(dst, '\\')
			}
			dst = append(dst, c...)
			if c == "]" && inBracket > 1 {
				inBracket = 0
			} else if c != "^" || inBracket > 1 {
				inBracket = 2
			}
		case c == "[":
			dst = append(dst, c...)
			inBracket = 1
		case c == "%":
			dst = append(dst, ".*"...)
			if lazy && quotes == 0 {
				dst = append(dst, '?')
			}
		case c == "_":
			dst = append(dst, '.')
		case c == "(":
			dst = append(dst, "(?:"...)
		case c == `\`, c == ".", c == "^", c == "$":
			dst = append(append(dst, '\\'), c...)
		case lazy && quotes == 0 && (c == "*" || c == "+" || c == "?" || c == "}"):
			dst = append(append(dst, c...), '?')
		default:
			dst = append(dst, c...)
		}
	}
	return append(dst, ")$"...), nil
}
