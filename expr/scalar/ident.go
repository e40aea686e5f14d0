package scalar

import (
	"strings"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

func identFunctions() []*expr.Function {
	return []*expr.Function{
		{Name: "parse_ident", Args: with(tText, tBool), ArgNames: []string{"str", "strict"},
			Defaults: []*expr.Const{{T: tBool, Value: types.NewBool(true)}}, Ret: tTextArray, Eval: toBytes(parseIdent)},
	}
}

// isSpace is PostgreSQL's idea of blanks between the words of SQL.
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' && c != '\v' }

func isIdentStart(c byte) bool {
	return c == '_' || c >= 0x80 || 'a' <= c|0x20 && c|0x20 <= 'z'
}

func isIdentPart(c byte) bool { return isIdentStart(c) || isDigit(c) || c == '$' }

// parseIdent takes a qualified identifier apart. What follows it is an error only if the second argument is true.
func parseIdent(x *row, dst []byte) ([]byte, error) {
	whole := x.str(0)
	fail := func(detail string) error {
		err := pgerr.New(pgerr.InvalidParameterValue, "string is not a valid identifier: \"%s\"", whole)
		if detail != "" {
			err = err.WithDetail("%s", detail)
		}
		return err
	}
	skip := func(s string) string {
		for s != "" && isSpace(s[0]) {
			s = s[1:]
		}
		return s
	}
	b := types.NewArrayBuilder(tText)
	s := skip(whole)
	for first := true; ; first = false {
		switch {
		case strings.HasPrefix(s, `"`):
			name, rest, ok := quotedIdent(s[1:])
			if !ok {
				return nil, fail("String has unclosed double quotes.")
			}
			if name == "" {
				return nil, fail("Quoted identifier must not be empty.")
			}
			b.Append(types.NewString(name))
			s = rest
		case s != "" && isIdentStart(s[0]):
			n := 1
			for n < len(s) && isIdentPart(s[n]) {
				n++
			}
			b.Append(types.NewBytes(lowerASCII([]byte(s[:n]))))
			s = s[n:]
		case strings.HasPrefix(s, "."):
			return nil, fail("No valid identifier before \".\".")
		case !first:
			return nil, fail("No valid identifier after \".\".")
		default:
			return nil, fail("")
		}
		s = skip(s)
		if !strings.HasPrefix(s, ".") {
			break
		}
		s = skip(s[1:])
	}
	if s != "" && x.bool(1) {
		return nil, fail("")
	}
	return b.Build(dst), nil
}

// quotedIdent reads an identifier in double quotes, of which the opening one has been read.
func quotedIdent(s string) (name, rest string, ok bool) {
	var b strings.Builder
	for {
		part, after, found := strings.Cut(s, `"`)
		if !found {
			return "", "", false
		}
		b.WriteString(part)
		if !strings.HasPrefix(after, `"`) {
			return b.String(), after, true
		}
		b.WriteByte('"')
		s = after[1:]
	}
}

// lowerASCII changes letters of ASCII to lower case, as identifiers are folded. It changes s.
func lowerASCII(s []byte) []byte {
	for i, c := range s {
		if 'A' <= c && c <= 'Z' {
			s[i] = c | 0x20
		}
	}
	return s
}
