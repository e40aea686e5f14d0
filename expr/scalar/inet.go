package scalar

import (
	"encoding/binary"
	"math/big"
	"net/netip"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// inetFunctions are the operators and functions of network addresses.
func inetFunctions() []*expr.Function {
	fn := func(name string, ret types.T, kernel expr.EvalFunc, args ...types.T) *expr.Function {
		return &expr.Function{Name: name, Args: args, Ret: ret, Eval: kernel}
	}
	op := func(symbol string, ret types.T, kernel expr.EvalFunc, args ...types.T) *expr.Function {
		f := fn(symbol, ret, kernel, args...)
		f.Operator = true
		return f
	}
	list := inetContainment()
	return append(list,
		op("~", tInet, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return eachByte(inet(x, 0), func(_ int, b byte) byte { return ^b }).Encode(dst), nil
		}), tInet),
		op("&", tInet, toBytes(inetBits("AND", func(a, b byte) byte { return a & b })), tInet, tInet),
		op("|", tInet, toBytes(inetBits("OR", func(a, b byte) byte { return a | b })), tInet, tInet),
		op("+", tInet, toBytes(func(x *row, dst []byte) ([]byte, error) { return inetPlus(dst, inet(x, 0), big.NewInt(x.int(1))) }), tInet, tInt8),
		op("+", tInet, toBytes(func(x *row, dst []byte) ([]byte, error) { return inetPlus(dst, inet(x, 1), big.NewInt(x.int(0))) }), tInt8, tInet),
		op("-", tInet, toBytes(func(x *row, dst []byte) ([]byte, error) {
			n := big.NewInt(x.int(1))
			return inetPlus(dst, inet(x, 0), n.Neg(n))
		}), tInet, tInt8),
		op("-", tInt8, toInt(inetDistance), tInet, tInet),

		fn("host", tText, toBytes(func(x *row, dst []byte) ([]byte, error) { return types.AppendInetHost(dst, inet(x, 0)), nil }), tInet),
		fn("text", tText, toBytes(func(x *row, dst []byte) ([]byte, error) { return types.AppendInet(dst, inet(x, 0), true), nil }), tInet),
		fn("abbrev", tText, toBytes(func(x *row, dst []byte) ([]byte, error) { return types.AppendInet(dst, inet(x, 0), false), nil }), tInet),
		fn("abbrev", tText, toBytes(func(x *row, dst []byte) ([]byte, error) { return types.AppendCIDRAbbrev(dst, inet(x, 0)), nil }), tCIDR),
		fn("masklen", tInt4, toInt(func(x *row) (int64, error) { return int64(inet(x, 0).Bits), nil }), tInet),
		fn("family", tInt4, toInt(func(x *row) (int64, error) {
			if inet(x, 0).Addr.Is4() {
				return 4, nil
			}
			return 6, nil
		}), tInet),
		fn("network", tCIDR, toBytes(func(x *row, dst []byte) ([]byte, error) { return inet(x, 0).Network().Encode(dst), nil }), tInet),
		fn("broadcast", tInet, toBytes(func(x *row, dst []byte) ([]byte, error) {
			v := inet(x, 0)
			return eachByte(v, func(i int, b byte) byte { return b | ^maskByte(v.Bits, i) }).Encode(dst), nil
		}), tInet),
		fn("netmask", tInet, toBytes(inetMask(func(m byte) byte { return m })), tInet),
		fn("hostmask", tInet, toBytes(inetMask(func(m byte) byte { return ^m })), tInet),
		fn("set_masklen", tInet, toBytes(setMaskLen(false)), tInet, tInt4),
		fn("set_masklen", tCIDR, toBytes(setMaskLen(true)), tCIDR, tInt4),
		fn("inet_same_family", tBool, toBool(func(x *row) (bool, error) { return sameFamily(inet(x, 0), inet(x, 1)), nil }), tInet, tInet),
		fn("inet_merge", tCIDR, toBytes(inetMerge), tInet, tInet),
	)
}

// inetContainment are the operators of networks within networks.
func inetContainment() []*expr.Function {
	op := func(symbol, commuted string, holds func(a, b types.InetValue) bool) *expr.Function {
		return &expr.Function{Name: symbol, Operator: true, Args: with(tInet, tInet), Ret: tBool, Commutator: commuted, Total: true,
			Eval: toBool(func(x *row) (bool, error) { return holds(inet(x, 0), inet(x, 1)), nil })}
	}
	return []*expr.Function{
		op("<<", ">>", func(a, b types.InetValue) bool { return a.Bits > b.Bits && sameNetwork(a, b, b.Bits) }),
		op("<<=", ">>=", func(a, b types.InetValue) bool { return a.Bits >= b.Bits && sameNetwork(a, b, b.Bits) }),
		op(">>", "<<", func(a, b types.InetValue) bool { return a.Bits < b.Bits && sameNetwork(a, b, a.Bits) }),
		op(">>=", "<<=", func(a, b types.InetValue) bool { return a.Bits <= b.Bits && sameNetwork(a, b, a.Bits) }),
		op("&&", "&&", func(a, b types.InetValue) bool { return sameNetwork(a, b, min(a.Bits, b.Bits)) }),
	}
}

func inet(x *row, i int) types.InetValue { return types.DecodeInet(x.bytes(i)) }

func sameFamily(a, b types.InetValue) bool { return a.Addr.Is4() == b.Addr.Is4() }

// sameNetwork reports whether the first bits of two addresses are the same.
func sameNetwork(a, b types.InetValue, bits int) bool {
	return sameFamily(a, b) && types.InetValue{Addr: a.Addr, Bits: bits}.Network() == types.InetValue{Addr: b.Addr, Bits: bits}.Network()
}

// eachByte changes the bytes of a value's address.
func eachByte(v types.InetValue, f func(i int, b byte) byte) types.InetValue {
	b := v.Addr.AsSlice()
	for i := range b {
		b[i] = f(i, b[i])
	}
	return withAddr(b, v.Bits)
}

func withAddr(b []byte, bits int) types.InetValue {
	a, _ := netip.AddrFromSlice(b)
	return types.InetValue{Addr: a, Bits: bits}
}

// maskByte gives byte i of the mask of a prefix.
func maskByte(bits, i int) byte {
	m := 0xff00 >> min(max(bits-8*i, 0), 8)
	return byte(m)
}

func inetMask(f func(m byte) byte) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		v := inet(x, 0)
		out := eachByte(v, func(i int, _ byte) byte { return f(maskByte(v.Bits, i)) })
		out.Bits = v.MaxBits()
		return out.Encode(dst), nil
	}
}

func inetBits(name string, f func(a, b byte) byte) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		a, b := inet(x, 0), inet(x, 1)
		if !sameFamily(a, b) {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot %s inet values of different sizes", name)
		}
		other := b.Addr.AsSlice()
		out := eachByte(a, func(i int, x byte) byte { return f(x, other[i]) })
		out.Bits = max(a.Bits, b.Bits)
		return out.Encode(dst), nil
	}
}

func errInetRange() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "result is out of range")
}

// inetPlus adds to an address as to a number.
func inetPlus(dst []byte, v types.InetValue, n *big.Int) ([]byte, error) {
	size := v.MaxBits() / 8
	sum := new(big.Int).SetBytes(v.Addr.AsSlice())
	if sum.Add(sum, n); sum.Sign() < 0 || sum.BitLen() > 8*size {
		return nil, errInetRange()
	}
	return withAddr(sum.FillBytes(make([]byte, size)), v.Bits).Encode(dst), nil
}

func inetDistance(x *row) (int64, error) {
	a, b := inet(x, 0), inet(x, 1)
	if !sameFamily(a, b) {
		return 0, pgerr.New(pgerr.InvalidParameterValue, "cannot subtract inet values of different sizes")
	}
	if a.Addr.Is4() {
		p, q := a.Addr.As4(), b.Addr.As4()
		return int64(binary.BigEndian.Uint32(p[:])) - int64(binary.BigEndian.Uint32(q[:])), nil
	}
	d := new(big.Int).Sub(new(big.Int).SetBytes(a.Addr.AsSlice()), new(big.Int).SetBytes(b.Addr.AsSlice()))
	if !d.IsInt64() {
		return 0, errInetRange()
	}
	return d.Int64(), nil
}

// setMaskLen changes the prefix, to the whole address for -1; of a network, it clears what is host then.
func setMaskLen(cidr bool) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		v, bits := inet(x, 0), x.int(1)
		if bits == -1 {
			bits = int64(v.MaxBits())
		}
		if bits < 0 || bits > int64(v.MaxBits()) {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid mask length: %d", bits)
		}
		if v.Bits = int(bits); cidr {
			v = v.Network()
		}
		return v.Encode(dst), nil
	}
}

// inetMerge gives the smallest network that has both.
func inetMerge(x *row, dst []byte) ([]byte, error) {
	a, b := inet(x, 0), inet(x, 1)
	if !sameFamily(a, b) {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot merge addresses from different families")
	}
	bits := min(a.Bits, b.Bits)
	for !sameNetwork(a, b, bits) {
		bits--
	}
	return types.InetValue{Addr: a.Addr, Bits: bits}.Network().Encode(dst), nil
}
