package scalar

import (
	"strings"
	"unicode/utf8"

	"millrace/pgerr"
	"millrace/types"
)

// charset is a character set that text can be converted from and to; the database's own is UTF-8.
type charset int

const (
	utf8Charset charset = iota
	latin1
	asciiCharset
)

// charsetByName finds a character set by PostgreSQL's names for it, in which only letters and digits count.
func charsetByName(name string) (charset, error) {
	plain := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	switch plain {
	case "utf8", "unicode":
		return utf8Charset, nil
	case "latin1", "iso88591":
		return latin1, nil
	case "sqlascii":
		return asciiCharset, nil
	}
	return 0, pgerr.Unsupported("the encoding \"" + name + "\"")
}

// convertFrom reads bytes in a character set as text.
func convertFrom(x *row, dst []byte) ([]byte, error) {
	s := x.bytes(0)
	c, err := charsetByName(x.str(1))
	if err != nil {
		return nil, err
	}
	if c != latin1 {
		return append(dst, s...), types.CheckText(s)
	}
	for _, b := range s {
		dst = utf8.AppendRune(dst, rune(b))
	}
	return dst, nil
}

// convertTo gives a text's bytes in a character set.
func convertTo(x *row, dst []byte) ([]byte, error) {
	s := x.bytes(0)
	c, err := charsetByName(x.str(1))
	if err != nil {
		return nil, err
	}
	if c != latin1 {
		return append(dst, s...), nil
	}
	for _, r := range x.str(0) {
		if r > 0xff {
			return nil, pgerr.New(pgerr.UntranslatableCharacter, "character with byte sequence %s in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\"", hexBytes(r))
		}
		dst = append(dst, byte(r))
	}
	return dst, nil
}

func hexBytes(r rune) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i, c := range []byte(string(r)) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("0x")
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func byteaCharLength(x *row) (int64, error) {
	text, err := convertFrom(x, nil)
	return int64(utf8.RuneCount(text)), err
}
