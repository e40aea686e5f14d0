package lex

import "strings"

// positional are unreserved words that the grammar takes as syntax in some place where a name could stand as well, so
// that a name of that spelling must be quoted to come back as a name.
var positional = [keywordCount]bool{
	ROLLUP: true, CUBE: true, SESSION: true, CURRENT: true, UNBOUNDED: true, PARTITION: true, RANGE: true, ROWS: true,
	GROUPS: true, OPERATOR: true,
}

// QuoteIdent gives a name as it must be written in SQL: in double quotes where it is not in lower case, has other
// characters, or could be taken for a keyword.
func QuoteIdent(name string) string {
	if plainIdent(name) {
		if k := Lookup(name); k == NoKeyword || keywords[k].Class == Unreserved && !keywords[k].Extension && !positional[k] {
			return name
		}
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// plainIdent says whether an unquoted word reads as this name, keywords aside.
func plainIdent(s string) bool {
	if s == "" || len(s) > IdentLengthMax {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z' || c == '_':
		case i > 0 && (c >= '0' && c <= '9' || c == '$'):
		default:
			return false
		}
	}
	return true
}

// QuoteString gives a string constant for the value, with an E prefix where it holds a backslash, so that it reads the
// same whatever standard_conforming_strings says.
func QuoteString(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(q, `\`, `\\`)
	}
	return q
}
