package scalar

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"math"
	"math/bits"
	"strings"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

func byteaFunctions() []*expr.Function {
	return []*expr.Function{
		{Name: "||", Operator: true, Args: with(tBytea, tBytea), Ret: tBytea, Eval: concatPair},
		{Name: "length", Args: with(tBytea), Ret: tInt4, Total: true, Eval: toInt(byteLength)},
		{Name: "length", Args: with(tBytea, tName), Ret: tInt4, Eval: toInt(byteaCharLength)},
		{Name: "octet_length", Args: with(tBytea), Ret: tInt4, Total: true, Eval: toInt(byteLength)},
		{Name: "bit_length", Args: with(tBytea), Ret: tInt4, Total: true, Eval: toInt(bitLength)},
		{Name: "substring", Args: with(tBytea, tInt4), Ret: tBytea, Total: true, Eval: toBytes(byteaFrom)},
		{Name: "substring", Args: with(tBytea, tInt4, tInt4), Ret: tBytea, Eval: toBytes(byteaFor)},
		{Name: "substr", Args: with(tBytea, tInt4), Ret: tBytea, Total: true, Eval: toBytes(byteaFrom)},
		{Name: "substr", Args: with(tBytea, tInt4, tInt4), Ret: tBytea, Eval: toBytes(byteaFor)},
		{Name: "overlay", Args: with(tBytea, tBytea, tInt4), Ret: tBytea, Eval: toBytes(byteaOverlay)},
		{Name: "overlay", Args: with(tBytea, tBytea, tInt4, tInt4), Ret: tBytea, Eval: toBytes(byteaOverlay)},
		{Name: "position", Args: with(tBytea, tBytea), Ret: tInt4, Total: true, Eval: toInt(byteaPosition)},
		{Name: "btrim", Args: with(tBytea, tBytea), Ret: tBytea, Total: true, Eval: toBytes(byteaTrim(true, true))},
		{Name: "ltrim", Args: with(tBytea, tBytea), Ret: tBytea, Total: true, Eval: toBytes(byteaTrim(true, false))},
		{Name: "rtrim", Args: with(tBytea, tBytea), Ret: tBytea, Total: true, Eval: toBytes(byteaTrim(false, true))},
		{Name: "get_byte", Args: with(tBytea, tInt4), Ret: tInt4, Eval: toInt(getByte)},
		{Name: "set_byte", Args: with(tBytea, tInt4, tInt4), Ret: tBytea, Eval: toBytes(setByte)},
		{Name: "bit_count", Args: with(tBytea), Ret: tInt8, Total: true, Eval: toInt(func(x *row) (int64, error) {
			n := 0
			for _, c := range x.bytes(0) {
				n += bits.OnesCount8(c)
			}
			return int64(n), nil
		})},
		{Name: "get_bit", Args: with(tBytea, tInt8), Ret: tInt4, Eval: toInt(getBit)},
		{Name: "set_bit", Args: with(tBytea, tInt8, tInt4), Ret: tBytea, Eval: toBytes(setBit)},

		{Name: "md5", Args: with(tText), Ret: tText, Total: true, Eval: toBytes(md5Hex)},
		{Name: "md5", Args: with(tBytea), Ret: tText, Total: true, Eval: toBytes(md5Hex)},
		{Name: "sha224", Args: with(tBytea), Ret: tBytea, Total: true, Eval: toBytes(func(x *row, dst []byte) ([]byte, error) {
			sum := sha256.Sum224(x.bytes(0))
			return append(dst, sum[:]...), nil
		})},
		{Name: "sha256", Args: with(tBytea), Ret: tBytea, Total: true, Eval: toBytes(func(x *row, dst []byte) ([]byte, error) {
			sum := sha256.Sum256(x.bytes(0))
			return append(dst, sum[:]...), nil
		})},
		{Name: "sha384", Args: with(tBytea), Ret: tBytea, Total: true, Eval: toBytes(func(x *row, dst []byte) ([]byte, error) {
			sum := sha512.Sum384(x.bytes(0))
			return append(dst, sum[:]...), nil
		})},
		{Name: "sha512", Args: with(tBytea), Ret: tBytea, Total: true, Eval: toBytes(func(x *row, dst []byte) ([]byte, error) {
			sum := sha512.Sum512(x.bytes(0))
			return append(dst, sum[:]...), nil
		})},
		{Name: "encode", Args: with(tBytea, tText), Ret: tText, Eval: toBytes(encode)},
		{Name: "decode", Args: with(tText, tText), Ret: tBytea, Eval: toBytes(decode)},
		{Name: "convert_from", Args: with(tBytea, tName), Ret: tText, Eval: toBytes(convertFrom)},
		{Name: "convert_to", Args: with(tText, tName), Ret: tBytea, Eval: toBytes(convertTo)},
		{Name: "convert", Args: with(tBytea, tName, tName), Ret: tBytea, Eval: toBytes(convertBytes)},
	}
}

// cut gives bytes from (counted from 1, possibly below) up to but not including end.
func cut(s []byte, from, end int64) []byte {
	from = max(from, 1)
	end = min(end, int64(len(s))+1)
	if end <= from {
		return nil
	}
	return s[from-1 : end-1]
}

func byteaFrom(x *row, dst []byte) ([]byte, error) {
	s := x.bytes(0)
	return append(dst, cut(s, x.int(1), int64(len(s))+1)...), nil
}

func byteaFor(x *row, dst []byte) ([]byte, error) {
	from, count := x.int(1), x.int(2)
	if count < 0 {
		return nil, errNegativeSubstring()
	}
	return append(dst, cut(x.bytes(0), from, from+count)...), nil
}

func byteaOverlay(x *row, dst []byte) ([]byte, error) {
	s, part, from := x.bytes(0), x.bytes(1), x.int(2)
	count := int64(len(part))
	if x.len() == 4 {
		count = x.int(3)
	}
	switch {
	case from <= 0:
		return nil, errNegativeSubstring()
	case from+count > math.MaxInt32:
		return nil, expr.ErrOutOfRange(types.Int4)
	}
	dst = append(dst, cut(s, 1, from)...)
	dst = append(dst, part...)
	return append(dst, cut(s, from+count, int64(len(s))+1)...), nil
}

func byteaPosition(x *row) (int64, error) {
	return int64(bytes.Index(x.bytes(0), x.bytes(1))) + 1, nil
}

func byteaTrim(start, end bool) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		s, set := x.bytes(0), x.bytes(1)
		for start && len(s) > 0 && bytes.IndexByte(set, s[0]) >= 0 {
			s = s[1:]
		}
		for end && len(s) > 0 && bytes.IndexByte(set, s[len(s)-1]) >= 0 {
			s = s[:len(s)-1]
		}
		return append(dst, s...), nil
	}
}

func checkIndex(i, n int64) error {
	if i < 0 || i >= n {
		return pgerr.New(pgerr.ArraySubscriptError, "index %d out of valid range, 0..%d", i, n-1)
	}
	return nil
}

func getByte(x *row) (int64, error) {
	s, i := x.bytes(0), x.int(1)
	if err := checkIndex(i, int64(len(s))); err != nil {
		return 0, err
	}
	return int64(s[i]), nil
}

func setByte(x *row, dst []byte) ([]byte, error) {
	s, i := x.bytes(0), x.int(1)
	if err := checkIndex(i, int64(len(s))); err != nil {
		return nil, err
	}
	start := len(dst)
	dst = append(dst, s...)
	dst[start+int(i)] = byte(x.int(2))
	return dst, nil
}

func getBit(x *row) (int64, error) {
	s, i := x.bytes(0), x.int(1)
	if err := checkIndex(i, 8*int64(len(s))); err != nil {
		return 0, err
	}
	return int64(s[i/8] >> (i % 8) & 1), nil
}

func setBit(x *row, dst []byte) ([]byte, error) {
	s, i, bit := x.bytes(0), x.int(1), x.int(2)
	if err := checkIndex(i, 8*int64(len(s))); err != nil {
		return nil, err
	}
	if bit != 0 && bit != 1 {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "new bit must be 0 or 1")
	}
	start := len(dst)
	dst = append(dst, s...)
	at := &dst[start+int(i/8)]
	*at = *at&^(1<<(i%8)) | byte(bit)<<(i%8)
	return dst, nil
}

func md5Hex(x *row, dst []byte) ([]byte, error) {
	sum := md5.Sum(x.bytes(0))
	return hex.AppendEncode(dst, sum[:]), nil
}

// base64Line is the length after which PostgreSQL's base64 has a line break.
const base64Line = 76

func errEncodingName(name string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "unrecognized encoding: \"%s\"", name)
}

func encode(x *row, dst []byte) ([]byte, error) {
	s := x.bytes(0)
	switch name := strings.ToLower(x.str(1)); name {
	case "hex":
		return hex.AppendEncode(dst, s), nil
	case "base64":
		text := base64.StdEncoding.EncodeToString(s)
		for len(text) > base64Line {
			dst = append(append(dst, text[:base64Line]...), '\n')
			text = text[base64Line:]
		}
		if len(text) == base64Line && len(s)%3 == 0 && len(s) > 0 {
			// A full last line ends with a break, too.
			return append(append(dst, text...), '\n'), nil
		}
		return append(dst, text...), nil
	case "escape":
		for _, c := range s {
			switch {
			case c == 0 || c >= 0x80:
				dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
			case c == '\\':
				dst = append(dst, '\\', '\\')
			default:
				dst = append(dst, c)
			}
		}
		return dst, nil
	}
	return nil, errEncodingName(x.str(1))
}

func decode(x *row, dst []byte) ([]byte, error) {
	s := x.bytes(0)
	switch strings.ToLower(x.str(1)) {
	case "hex":
		return decodeHex(dst, s)
	case "base64":
		return decodeBase64(dst, s)
	case "escape":
		return decodeEscape(dst, s)
	}
	return nil, errEncodingName(x.str(1))
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func decodeHex(dst, s []byte) ([]byte, error) {
	high, half := byte(0), false
	for i, c := range s {
		if isBlank(c) && !half {
			continue
		}
		d := hexDigit(c)
		if d > 15 {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", firstChar(s[i:]))
		}
		if half {
			dst = append(dst, high<<4|d)
		}
		high, half = d, !half
	}
	if half {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
	}
	return dst, nil
}

func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}

func firstChar(s []byte) string { return string(s[:skipChars(s, 1)]) }

func decodeBase64(dst, s []byte) ([]byte, error) {
	var bits uint32
	n, end := 0, 0 // sextets in bits; padding seen
	for i, c := range s {
		if isBlank(c) {
			continue
		}
		v := byte(0)
		switch {
		case c == '=':
			if end == 0 {
				if n != 2 && n != 3 {
					return nil, pgerr.New(pgerr.InvalidParameterValue, "unexpected \"=\" while decoding base64 sequence")
				}
				end = 4 - n // bytes that the padding stands for
			}
		case 'A' <= c && c <= 'Z':
			v = c - 'A'
		case 'a' <= c && c <= 'z':
			v = c - 'a' + 26
		case '0' <= c && c <= '9':
			v = c - '0' + 52
		case c == '+':
			v = 62
		case c == '/':
			v = 63
		default:
			return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid symbol \"%s\" found while decoding base64 sequence", firstChar(s[i:]))
		}
		bits = bits<<6 | uint32(v)
		if n++; n == 4 {
			dst = append(dst, byte(bits>>16))
			if end < 2 {
				dst = append(dst, byte(bits>>8))
			}
			if end < 1 {
				dst = append(dst, byte(bits))
			}
			bits, n = 0, 0
		}
	}
	if n != 0 {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid base64 end sequence").
			WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
	}
	return dst, nil
}

func decodeEscape(dst, s []byte) ([]byte, error) {
	octal := func(c byte) bool { return '0' <= c && c <= '7' }
	for i := 0; i < len(s); {
		switch {
		case s[i] != '\\':
			dst = append(dst, s[i])
			i++
		case i+1 < len(s) && s[i+1] == '\\':
			dst = append(dst, '\\')
			i += 2
		case i+3 < len(s) && '0' <= s[i+1] && s[i+1] <= '3' && octal(s[i+2]) && octal(s[i+3]):
			dst = append(dst, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 4
		default:
			return nil, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return dst, nil
}
