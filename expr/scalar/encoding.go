package scalar

import (
	"bytes"
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
	return decodeCharset(dst, s, c)
}

// decodeCharset appends bytes in a character set as text.
func decodeCharset(dst, s []byte, c charset) ([]byte, error) {
	if c != latin1 {
		return append(dst, s...), types.CheckText(s)
	}
	if err := checkNoZero(s, "LATIN1"); err != nil {
		return nil, err
	}
	for _, b := range s {
		dst = utf8.AppendRune(dst, rune(b))
	}
	return dst, nil
}

// checkNoZero refuses the byte that no character set with one byte a character allows.
func checkNoZero(s []byte, charset string) error {
	if bytes.IndexByte(s, 0) >= 0 {
		return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"%s\": 0x00", charset)
	}
	return nil
}

// convertTo gives a text's bytes in a character set.
func convertTo(x *row, dst []byte) ([]byte, error) {
	s := x.bytes(0)
	c, err := charsetByName(x.str(1))
	if err != nil {
		return nil, err
	}
	return encodeCharset(dst, s, c)
}

// convertBytes is convert(bytes, from, to). To and from SQL_ASCII nothing is converted; the bytes must be valid where
// they come from, or for SQL_ASCII where they go to.
func convertBytes(x *row, dst []byte) ([]byte, error) {
	s := x.bytes(0)
	from, err := charsetByName(x.str(1))
	if err != nil {
		return nil, err
	}
	to, err := charsetByName(x.str(2))
	if err != nil {
		return nil, err
	}
	check := from
	if from == asciiCharset {
		check = to
	}
	switch {
	case check == asciiCharset:
		return append(dst, s...), checkNoZero(s, "SQL_ASCII")
	case from == asciiCharset || to == asciiCharset || from == to:
		_, err := decodeCharset(nil, s, check)
		return append(dst, s...), err
	case to == utf8Charset:
		return decodeCharset(dst, s, from)
	}
	if err := types.CheckText(s); err != nil {
		return nil, err
	}
	return encodeCharset(dst, s, to)
}

// encodeCharset appends a text's bytes in a character set.
func encodeCharset(dst, s []byte, c charset) ([]byte, error) {
	if c != latin1 {
		return append(dst, s...), nil
	}
	for _, r := range string(s) {
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
