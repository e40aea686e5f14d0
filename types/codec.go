package types

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"millrace/pgerr"
)

// ParseText reads a value of type t from its text, as PostgreSQL's input functions do: COPY, parameters in text format
// and untyped literals come here. A modifier is applied as in an assignment, so that what does not fit is an error; for a
// cast, which cuts instead, parse with t.WithoutMod() and use [ApplyMod]. The result may alias s. A nil env is
// [DefaultEnv].
//
// Errors: 22P02 syntax, 22003 range, 22007 and 22008 dates and times, 22001 too long, 22021 encoding.
func ParseText(t T, s []byte, env *Env) (Datum, error) {
	if env == nil {
		env = DefaultEnv
	}
	switch t.Kind {
	case Bool:
		return parseBool(s)
	case Int2, Int4, Int8:
		v, err := ParseInt(s, t.Kind)
		return Datum{I: v}, err
	case Float4, Float8:
		return parseFloatText(s, t.Kind)
	case Numeric:
		b, err := parseNumeric(nil, s, t.Mod)
		return Datum{B: b}, err
	case Text, Varchar, Bpchar, Name, Unknown:
		return parseTextKind(t, s)
	case Date, Time, Timestamp, TimestampTZ:
		return parseDateTime(t, string(s), env)
	case Interval:
		iv, err := ParseInterval(string(s), t.Mod, env)
		if err != nil {
			return Datum{}, err
		}
		return Datum{B: iv.Encode(nil)}, nil
	case Bytea:
		b, err := parseBytea(s)
		return Datum{B: b}, err
	case UUID:
		b, err := parseUUID(s)
		return Datum{B: b}, err
	case JSON:
		b, err := ParseJSON(s)
		return Datum{B: b}, err
	case JSONB:
		b, err := ParseJSONB(s)
		return Datum{B: b}, err
	case Array:
		b, err := parseArray(t.ElemType(), s, env)
		return Datum{B: b}, err
	case OID:
		v, err := parseOID(s)
		return Datum{I: v}, err
	case Char1:
		return Datum{I: parseChar1(s)}, nil
	case Regclass, Regtype, Regproc, Regnamespace, Regrole:
		v, err := parseReg(t.Kind, s, env)
		return Datum{I: v}, err
	case Void:
		return Datum{}, nil
	case Enum:
		return parseEnum(t.Def, s)
	case Record:
		b, err := parseRow(t, s, env)
		return Datum{B: b}, err
	case Inet, CIDR:
		v, err := ParseInet(s, t.Kind == CIDR)
		if err != nil {
			return Datum{}, err
		}
		return Datum{B: v.Encode(nil)}, nil
	}
	return Datum{}, errNoValues(t)
}

func parseDateTime(t T, s string, env *Env) (Datum, error) {
	var v int64
	var err error
	switch t.Kind {
	case Date:
		v, err = ParseDate(s, env)
	case Time:
		v, err = ParseTime(s, env)
	case Timestamp:
		v, err = ParseTimestamp(s, env)
	default:
		v, err = ParseTimestampTZ(s, env)
	}
	if err == nil && t.Mod >= 0 && t.Kind != Date {
		v = ApplyTimeMod(t.Kind, v, t.Mod)
	}
	return Datum{I: v}, err
}

// AppendText appends the text of a value that is not NULL, as PostgreSQL's output functions do. A nil env is [DefaultEnv].
func AppendText(dst []byte, t T, d Datum, env *Env) []byte {
	if env == nil {
		env = DefaultEnv
	}
	switch t.Kind {
	case Bool:
		if d.I != 0 {
			return append(dst, 't')
		}
		return append(dst, 'f')
	case Int2, Int4, Int8:
		return strconv.AppendInt(dst, d.I, 10)
	case Float4:
		return AppendFloat32(dst, float32(d.Float()), env.ExtraFloatDigits)
	case Float8:
		return AppendFloat64(dst, d.Float(), env.ExtraFloatDigits)
	case Numeric:
		return AppendNumericText(dst, d.B)
	case Date:
		return AppendDate(dst, d.I, env)
	case Time:
		return AppendTime(dst, d.I, env)
	case Timestamp:
		return AppendTimestamp(dst, d.I, env)
	case TimestampTZ:
		return AppendTimestampTZ(dst, d.I, env)
	case Interval:
		return AppendInterval(dst, DecodeInterval(d.B), env)
	case Bytea:
		return appendBytea(dst, d.B, env.ByteaOutput)
	case UUID:
		return appendUUID(dst, d.B)
	case JSONB:
		return AppendJSONB(dst, d.B)
	case Array:
		return appendArray(dst, t.ElemType(), d.B, env)
	case OID:
		return strconv.AppendUint(dst, uint64(uint32(d.I)), 10)
	case Char1:
		return appendChar1(dst, d.I)
	case Regclass, Regtype, Regproc, Regnamespace, Regrole:
		return appendReg(dst, t.Kind, d.I, env)
	case Void:
		return dst
	case Enum:
		return appendEnum(dst, t.Def, d.I)
	case Record:
		return appendRowText(dst, t, d.B, env)
	case Inet, CIDR:
		return AppendInet(dst, DecodeInet(d.B), t.Kind == CIDR)
	}
	return append(dst, d.B...) // the text kinds, json
}

// AppendBinary appends a value that is not NULL in PostgreSQL's binary wire format.
func AppendBinary(dst []byte, t T, d Datum) []byte {
	be := binary.BigEndian
	switch t.Kind {
	case Bool, Char1:
		return append(dst, byte(d.I))
	case Int2:
		return be.AppendUint16(dst, uint16(d.I))
	case Int4, OID, Date, Regclass, Regtype, Regproc, Regnamespace, Regrole:
		return be.AppendUint32(dst, uint32(d.I))
	case Int8, Time, Timestamp, TimestampTZ:
		return be.AppendUint64(dst, uint64(d.I))
	case Float4:
		return be.AppendUint32(dst, math.Float32bits(float32(d.Float())))
	case Float8:
		return be.AppendUint64(dst, uint64(d.I))
	case Numeric:
		return AppendNumericBinary(dst, d.B)
	case Interval:
		return AppendBinaryInterval(dst, d.B)
	case JSONB:
		return AppendBinaryJSONB(dst, d.B)
	case Array:
		return appendArrayBinary(dst, t.ElemType(), d.B)
	case Void:
		return dst
	case Enum:
		return appendEnum(dst, t.Def, d.I)
	case Record:
		return appendRowBinary(dst, t, d.B)
	case Inet, CIDR:
		return appendInetBinary(dst, DecodeInet(d.B), t.Kind == CIDR)
	}
	return append(dst, d.B...)
}

// ParseBinary reads a value of type t from PostgreSQL's binary wire format; a modifier is applied as in [ParseText]. The
// result may alias b. Errors: 22P03 for a malformed value, 08P01 for one that ends too early, else as ParseText.
func ParseBinary(t T, b []byte) (Datum, error) {
	if size := binarySize(t.Kind); size > 0 && len(b) != size {
		if len(b) < size {
			return Datum{}, errShortBinary()
		}
		return Datum{}, errBinary("incorrect binary data format")
	}
	be := binary.BigEndian
	switch t.Kind {
	case Bool:
		return NewBool(b[0] != 0), nil
	case Char1:
		return Datum{I: int64(b[0])}, nil
	case Int2:
		return Datum{I: int64(int16(be.Uint16(b)))}, nil
	case Int4:
		return Datum{I: int64(int32(be.Uint32(b)))}, nil
	case OID, Regclass, Regtype, Regproc, Regnamespace, Regrole:
		return Datum{I: int64(be.Uint32(b))}, nil
	case Int8:
		return Datum{I: int64(be.Uint64(b))}, nil
	case Float4:
		return NewFloat(float64(math.Float32frombits(be.Uint32(b)))), nil
	case Float8:
		return Datum{I: int64(be.Uint64(b))}, nil
	case Date:
		return checkDate(int64(int32(be.Uint32(b))))
	case Time, Timestamp, TimestampTZ:
		return checkDateTime(t, int64(be.Uint64(b)))
	case Interval:
		iv, err := ParseBinaryInterval(b)
		if err == nil && t.Mod >= 0 {
			iv, err = ApplyIntervalMod(iv, t.Mod)
		}
		if err != nil {
			return Datum{}, err
		}
		return Datum{B: iv.Encode(nil)}, nil
	case Numeric:
		v, err := ParseNumericBinary(nil, b)
		if err == nil && t.Mod >= 0 {
			v, err = ApplyNumericMod(nil, v, t.Mod)
		}
		return Datum{B: v}, err
	case Text, Varchar, Bpchar, Name, Unknown:
		return parseTextKind(t, b)
	case Bytea, UUID:
		return Datum{B: b}, nil
	case JSON:
		v, err := ParseJSON(b)
		return Datum{B: v}, err
	case JSONB:
		v, err := ParseBinaryJSONB(b)
		return Datum{B: v}, err
	case Array:
		v, err := parseArrayBinary(t.ElemType(), b)
		return Datum{B: v}, err
	case Void:
		return Datum{}, nil
	case Enum:
		return parseEnum(t.Def, b)
	case Record:
		v, err := parseRowBinary(t, b)
		return Datum{B: v}, err
	case Inet, CIDR:
		v, err := parseInetBinary(b, t.Kind == CIDR)
		if err != nil {
			return Datum{}, err
		}
		return Datum{B: v.Encode(nil)}, nil
	}
	return Datum{}, errNoValues(t)
}

// binarySize gives the size of a kind's binary format when all its values have the same.
func binarySize(k Kind) int {
	switch k {
	case Bool, Char1:
		return 1
	case Int2:
		return 2
	case Int4, Float4, Date, OID, Regclass, Regtype, Regproc, Regnamespace, Regrole:
		return 4
	case Int8, Float8, Time, Timestamp, TimestampTZ:
		return 8
	case UUID, Interval:
		return 16
	}
	return 0
}

func checkDate(days int64) (Datum, error) {
	if DateIsFinite(days) && !dateInRange(days) {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range")
	}
	return Datum{I: days}, nil
}

func checkDateTime(t T, v int64) (Datum, error) {
	if t.Kind == Time {
		if v < 0 || v > MicrosPerDay {
			return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "time out of range")
		}
	} else if TimestampIsFinite(v) && !timestampInRange(v) {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
	}
	if t.Mod >= 0 {
		v = ApplyTimeMod(t.Kind, v, t.Mod)
	}
	return Datum{I: v}, nil
}

// ApplyMod fits a value of t's kind, which need not respect t's modifier yet, to the modifier: PostgreSQL's length
// coercion. In an explicit cast, text that is too long is cut; in an assignment it is an error (22001). Numerics and
// times are rounded either way, and arrays fitted element by element. The result may alias d.
func ApplyMod(t T, d Datum, explicit bool) (Datum, error) {
	if t.Mod < 0 || d.Null {
		return d, nil
	}
	switch t.Kind {
	case Numeric:
		b, err := ApplyNumericMod(nil, d.B, t.Mod)
		return Datum{B: b}, err
	case Varchar, Bpchar:
		if n, ok := t.MaxChars(); ok {
			b, err := fitChars(t.Kind, d.B, n, explicit)
			return Datum{B: b}, err
		}
	case Time, Timestamp, TimestampTZ:
		return Datum{I: ApplyTimeMod(t.Kind, d.I, t.Mod)}, nil
	case Interval:
		iv, err := ApplyIntervalMod(DecodeInterval(d.B), t.Mod)
		if err != nil {
			return Datum{}, err
		}
		return Datum{B: iv.Encode(nil)}, nil
	case Array:
		elem := t.ElemType()
		r := ReadArray(elem, d.B)
		builder := NewArrayBuilder(elem)
		for {
			e, ok := r.Next()
			if !ok {
				return Datum{B: builder.BuildDims(nil, r.Dims())}, nil
			}
			e, err := ApplyMod(elem, e, explicit)
			if err != nil {
				return Datum{}, err
			}
			builder.Append(e)
		}
	}
	return d, nil
}

// Text gives a value's text under [DefaultEnv], and "NULL" for NULL: for plans, messages and tests.
func (d Datum) Text(t T) string {
	if d.Null {
		return "NULL"
	}
	return string(AppendText(nil, t, d, DefaultEnv))
}

// CloneDatum gives a datum that owns its bytes.
func CloneDatum(d Datum) Datum {
	if d.B != nil {
		d.B = bytes.Clone(d.B)
	}
	return d
}

// binaryMessage reads a binary value from its front; short is set once it asked for more than there is.
type binaryMessage struct {
	rest  []byte
	short bool
}

func (m *binaryMessage) bytes(n int) []byte {
	if n < 0 || n > len(m.rest) {
		m.short = true
		m.rest = nil
		return nil
	}
	b := m.rest[:n:n]
	m.rest = m.rest[n:]
	return b
}

func (m *binaryMessage) uint32() uint32 {
	if b := m.bytes(4); !m.short {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// errBinary is the error of binary input functions for what they cannot read.
func errBinary(message string) error {
	return pgerr.New(pgerr.InvalidBinaryRepresentation, "%s", message)
}

// errShortBinary is the error for a binary value that ends too early.
func errShortBinary() error {
	return pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
}

// errNoValues is the error for pseudo-types.
func errNoValues(t T) error {
	return pgerr.New(pgerr.FeatureNotSupported, "cannot accept a value of type %s", t)
}
