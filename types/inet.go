package types

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"millrace/pgerr"
)

// An inet or cidr is stored so that its bytes order as PostgreSQL orders it: by family, then network, then the shorter
// prefix first, then host:
//
//	1 byte     family, 4 or 6
//	4 or 16    the address with its host bits zero
//	1 byte     length of the prefix in bits
//	4 or 16    the address
const (
	inet4 = 4
	inet6 = 6

	// The families in PostgreSQL's binary format.
	inetBinary4 = 2
	inetBinary6 = 3
)

// InetValue is an inet or cidr value: an address with the length of its network's prefix.
type InetValue struct {
	Addr netip.Addr // IPv4 or IPv6, without zone
	Bits int
}

// makeInet makes a value of an address in 4 or 16 bytes.
func makeInet(addr []byte, bits int) InetValue {
	a, _ := netip.AddrFromSlice(addr)
	return InetValue{Addr: a, Bits: bits}
}

// MaxBits is the size of the value's addresses in bits.
func (v InetValue) MaxBits() int { return v.Addr.BitLen() }

// Network gives the value with its host bits zero.
func (v InetValue) Network() InetValue {
	p, err := v.Addr.Prefix(v.Bits)
	if err != nil {
		return v
	}
	return InetValue{Addr: p.Addr(), Bits: v.Bits}
}

// Encode appends the stored form.
func (v InetValue) Encode(dst []byte) []byte {
	family := byte(inet6)
	if v.Addr.Is4() {
		family = inet4
	}
	dst = append(append(dst, family), v.Network().Addr.AsSlice()...)
	return append(append(dst, byte(v.Bits)), v.Addr.AsSlice()...)
}

// DecodeInet reads the stored form. Bytes that are none read as 0.0.0.0.
func DecodeInet(b []byte) InetValue {
	if len(b) > 0 {
		n := 4
		if b[0] == inet6 {
			n = 16
		}
		if len(b) == 2+2*n && int(b[1+n]) <= 8*n {
			return makeInet(b[2+n:], int(b[1+n]))
		}
	}
	return InetValue{Addr: netip.AddrFrom4([4]byte{}), Bits: 32}
}

// ParseInet reads an inet, or a cidr, whose host bits must be zero and whose prefix may follow from the address. The error
// is 22P02.
func ParseInet(s []byte, cidr bool) (InetValue, error) {
	kind := Inet
	if cidr {
		kind = CIDR
	}
	var v InetValue
	ok := false
	if bytes.IndexByte(s, ':') >= 0 {
		v, ok = parseInet6(string(s))
	} else {
		v, ok = parseInet4(s, cidr)
	}
	if !ok {
		return InetValue{}, errInvalidText(kinds[kind].sql, s)
	}
	if cidr && v.Network() != v {
		return InetValue{}, pgerr.New(pgerr.InvalidTextRepresentation, "invalid cidr value: \"%s\"", validText(s)).
			WithDetail("Value has bits set to right of mask.")
	}
	return v, nil
}

// parseInet4 reads one to four octets and a prefix.
func parseInet4(s []byte, cidr bool) (v InetValue, ok bool) {
	var addr [4]byte
	n, i := 0, 0
	for {
		digits := leadingDigits(s[i:])
		if digits == 0 || n == 4 {
			return v, false
		}
		octet := 0
		for range digits {
			if octet = octet*10 + int(s[i]-'0'); octet > 255 {
				return v, false
			}
			i++
		}
		addr[n] = byte(octet)
		n++
		if i == len(s) || s[i] != '.' {
			break
		}
		i++
	}
	bits := -1
	if i < len(s) && s[i] == '/' {
		if bits, ok = prefixBits(s[i+1:], 32); !ok {
			return v, false
		}
		i = len(s)
	}
	switch {
	case i < len(s):
		return v, false
	case bits < 0 && cidr:
		bits = classBits(addr[0], n)
	case bits < 0 && n == 4:
		bits = 32
	case bits < 0, !cidr && bits/8 > n:
		return v, false
	}
	return makeInet(addr[:], bits), true
}

// classBits gives the prefix that the class of an IPv4 network of n octets implies.
func classBits(first byte, n int) int {
	bits := 8
	switch {
	case first >= 240:
		bits = 32
	case first >= 224:
		bits = 8
	case first >= 192:
		bits = 24
	case first >= 128:
		bits = 16
	}
	if bits = max(bits, n*8); bits == 8 && first == 224 {
		bits = 4
	}
	return bits
}

// parseInet6 reads an IPv6 address and a prefix.
func parseInet6(s string) (v InetValue, ok bool) {
	addr, prefix, given := strings.Cut(s, "/")
	v.Bits = 128
	if given {
		if v.Bits, ok = prefixBits([]byte(prefix), 128); !ok {
			return v, false
		}
	}
	a, err := netip.ParseAddr(addr)
	if err != nil || !a.Is6() || a.Zone() != "" {
		return v, false
	}
	v.Addr = a
	return v, true
}

// prefixBits reads the number after the slash.
func prefixBits(s []byte, most int) (bits int, ok bool) {
	if len(s) == 0 || leadingDigits(s) != len(s) {
		return 0, false
	}
	for _, c := range s {
		if bits = bits*10 + int(c-'0'); bits > most {
			return 0, false
		}
	}
	return bits, true
}

// AppendInet appends a value's text: with the prefix unless an inet has it in full.
func AppendInet(dst []byte, v InetValue, cidr bool) []byte {
	dst = AppendInetHost(dst, v)
	if cidr || v.Bits != v.MaxBits() {
		dst = strconv.AppendInt(append(dst, '/'), int64(v.Bits), 10)
	}
	return dst
}

// AppendInetHost appends the address alone.
func AppendInetHost(dst []byte, v InetValue) []byte {
	if v.Addr.Is4() {
		return v.Addr.AppendTo(dst)
	}
	b := v.Addr.As16()
	start, n := longestZeros(b[:])
	words := func(i int) uint16 { return binary.BigEndian.Uint16(b[2*i:]) }
	dotted := start == 0 && (n == 6 || n == 7 && words(7) != 1 || n == 5 && words(5) == 0xffff)
	for i := 0; i < 8; i++ {
		if n > 1 && i >= start && i < start+n {
			if i == start {
				dst = append(dst, ':')
			}
			continue
		}
		if i > 0 {
			dst = append(dst, ':')
		}
		if i == 6 && dotted {
			return netip.AddrFrom4([4]byte(b[12:])).AppendTo(dst)
		}
		dst = strconv.AppendUint(dst, uint64(words(i)), 16)
	}
	if n > 1 && start+n == 8 {
		dst = append(dst, ':')
	}
	return dst
}

// longestZeros finds the first of the longest runs of zero words.
func longestZeros(b []byte) (start, n int) {
	run := 0
	for i := range len(b) / 2 {
		if b[2*i] != 0 || b[2*i+1] != 0 {
			run = 0
			continue
		}
		if run++; run > n {
			start, n = i-run+1, run
		}
	}
	return start, n
}

// AppendCIDRAbbrev appends the short form of a network that abbrev() gives: without the octets or words that are all host.
func AppendCIDRAbbrev(dst []byte, v InetValue) []byte {
	start := len(dst)
	switch {
	case v.Addr.Is4():
		b := v.Network().Addr.As4()
		if v.Bits == 0 {
			dst = append(dst, '0')
		}
		for i := range (v.Bits + 7) / 8 {
			if i > 0 {
				dst = append(dst, '.')
			}
			dst = strconv.AppendUint(dst, uint64(b[i]), 10)
		}
	case v.Bits == 0:
		dst = append(dst, "::"...)
	default:
		dst = appendWords(dst, start, v)
	}
	return strconv.AppendInt(append(dst, '/'), int64(v.Bits), 10)
}

// appendWords appends the words of an IPv6 network that its prefix reaches, the longest run of zeros among them left out.
func appendWords(dst []byte, start int, v InetValue) []byte {
	b := v.Network().Addr.As16()
	words := max((v.Bits+15)/16, 2)
	zeros, n := longestZeros(b[:2*words])
	dotted := n != words && zeros == 0 && (n == 6 || n == 5 && b[10] == 0xff && b[11] == 0xff || n == 7 && b[14] != 0 && b[15] != 1)
	for p := range words {
		if p >= zeros && p < zeros+n {
			if p == zeros {
				dst = append(dst, ':')
			}
			if p == words-1 {
				dst = append(dst, ':')
			}
			continue
		}
		if dotted && p > 5 {
			sep := byte('.')
			if p == 6 {
				sep = ':'
			}
			dst = strconv.AppendUint(append(dst, sep), uint64(b[2*p]), 10)
			if p != 7 || v.Bits > 120 {
				dst = strconv.AppendUint(append(dst, '.'), uint64(b[2*p+1]), 10)
			}
			continue
		}
		if len(dst) > start {
			dst = append(dst, ':')
		}
		dst = strconv.AppendUint(dst, uint64(binary.BigEndian.Uint16(b[2*p:])), 16)
	}
	return dst
}

// appendInetBinary appends the binary form: family, prefix, whether it is a cidr, size of the address, address.
func appendInetBinary(dst []byte, v InetValue, cidr bool) []byte {
	family, flag := byte(inetBinary6), byte(0)
	if v.Addr.Is4() {
		family = inetBinary4
	}
	if cidr {
		flag = 1
	}
	return append(append(dst, family, byte(v.Bits), flag, byte(v.MaxBits()/8)), v.Addr.AsSlice()...)
}

// parseInetBinary reads the binary form.
func parseInetBinary(b []byte, cidr bool) (InetValue, error) {
	name := kinds[Inet].name
	if cidr {
		name = kinds[CIDR].name
	}
	if len(b) < 4 {
		return InetValue{}, errShortBinary()
	}
	size := 4
	switch b[0] {
	case inetBinary4:
	case inetBinary6:
		size = 16
	default:
		return InetValue{}, errBinary("invalid address family in external \"" + name + "\" value")
	}
	switch {
	case int(b[1]) > 8*size:
		return InetValue{}, errBinary("invalid bits in external \"" + name + "\" value")
	case int(b[3]) != size:
		return InetValue{}, errBinary("invalid length in external \"" + name + "\" value")
	case len(b) < 4+size:
		return InetValue{}, errShortBinary()
	case len(b) > 4+size:
		return InetValue{}, errBinary("incorrect binary data format")
	}
	v := makeInet(b[4:], int(b[1]))
	if cidr && v.Network() != v {
		return InetValue{}, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid external \"cidr\" value").
			WithDetail("Value has bits set to right of mask.")
	}
	return v, nil
}
