package types

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"millrace/pgerr"
)

// nameLen is the greatest length in bytes of a name and of every identifier.
const nameLen = 63

// CheckText gives the error (22021) for bytes that a text value cannot hold: invalid UTF-8 and the zero byte.
func CheckText(s []byte) error {
	if utf8.Valid(s) && bytes.IndexByte(s, 0) < 0 {
		return nil
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && n <= 1 || s[i] == 0 {
			return errEncoding(s[i:])
		}
		i += n
	}
	return nil
}

// errEncoding shows the bytes of the sequence that fails at the start of s, as many as its first byte announces.
func errEncoding(s []byte) error {
	n := 1
	switch c := s[0]; {
	case c >= 0xf0 && c < 0xf8:
		n = 4
	case c >= 0xe0 && c < 0xf0:
		n = 3
	case c >= 0xc0 && c < 0xe0:
		n = 2
	}
	var shown strings.Builder
	for i, c := range s[:min(n, len(s))] {
		if i > 0 {
			shown.WriteByte(' ')
		}
		fmt.Fprintf(&shown, "0x%02x", c)
	}
	return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", shown.String())
}

// validText makes s fit to stand in a message.
func validText(s []byte) string { return strings.ToValidUTF8(string(s), "\uFFFD") }

// charsOffset gives the offset in s of the character after the first n, or len(s) when there are no more than n.
func charsOffset(s []byte, n int) int {
	if len(s) <= n {
		return len(s)
	}
	i := 0
	for ; n > 0 && i < len(s); n-- {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRune(s[i:])
		i += size
	}
	return i
}

// fitChars fits s to a varchar or character of n characters. Excess blanks are dropped; other excess is an error (22001)
// unless cut is set, as in an explicit cast. A character is padded with blanks. The result may alias s.
func fitChars(k Kind, s []byte, n int, cut bool) ([]byte, error) {
	end := charsOffset(s, n)
	if end < len(s) {
		if !cut && len(bytes.TrimLeft(s[end:], " ")) > 0 {
			return nil, pgerr.New(pgerr.StringDataRightTruncation, "value too long for type %s(%d)", kinds[k].sql, n)
		}
		return s[:end:end], nil
	}
	if k != Bpchar {
		return s, nil
	}
	missing := n - utf8.RuneCount(s)
	if missing <= 0 {
		return s, nil
	}
	out := make([]byte, 0, len(s)+missing)
	out = append(out, s...)
	for range missing {
		out = append(out, ' ')
	}
	return out, nil
}

// truncateName cuts s to what a name holds, between characters. The result aliases s.
func truncateName(s []byte) []byte {
	if len(s) <= nameLen {
		return s
	}
	n := nameLen
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n:n]
}

// TrimBpchar cuts the blanks that pad a character value: they take no part in its comparison, length or conversion to text.
func TrimBpchar(s []byte) []byte {
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// parseTextKind is the input function of the character types.
func parseTextKind(t T, s []byte) (Datum, error) {
	if err := CheckText(s); err != nil {
		return Datum{}, err
	}
	switch t.Kind {
	case Varchar, Bpchar:
		if n, ok := t.MaxChars(); ok {
			out, err := fitChars(t.Kind, s, n, false)
			return Datum{B: out}, err
		}
	case Name:
		return Datum{B: truncateName(s)}, nil
	}
	return Datum{B: s}, nil
}
