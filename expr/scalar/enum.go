package scalar

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// enumFunctions are the functions over any enum. They go by their arguments' type, and so take NULL for a value.
func enumFunctions() []*expr.Function {
	fn := func(name string, ret types.T, kernel expr.EvalFunc, args ...types.T) *expr.Function {
		return &expr.Function{Name: name, Args: args, Ret: ret, NullCall: true, Eval: kernel}
	}
	return []*expr.Function{
		fn("enum_first", anyEnum, toInt(func(x *row) (int64, error) { return enumEnd(x, false) }), anyEnum),
		fn("enum_last", anyEnum, toInt(func(x *row) (int64, error) { return enumEnd(x, true) }), anyEnum),
		fn("enum_range", anyEnumArray, toBytes(enumRange), anyEnum),
		fn("enum_range", anyEnumArray, toBytes(enumRange), anyEnum, anyEnum),
	}
}

func enumLabels(x *row) []types.Label {
	if d := x.typ(0).Def; d != nil {
		return d.Labels()
	}
	return nil
}

// enumEnd gives the first or the last value.
func enumEnd(x *row, last bool) (int64, error) {
	labels := enumLabels(x)
	switch {
	case len(labels) == 0:
		return 0, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "enum %s contains no values", x.typ(0))
	case last:
		return labels[len(labels)-1].Order, nil
	}
	return labels[0].Order, nil
}

// enumRange gives the values between two, which are open where NULL; or all.
func enumRange(x *row, dst []byte) ([]byte, error) {
	b := types.NewArrayBuilder(types.Of(types.Enum))
	for _, l := range enumLabels(x) {
		if x.len() == 2 && (!x.null(0) && l.Order < x.int(0) || !x.null(1) && l.Order > x.int(1)) {
			continue
		}
		b.Append(types.NewInt(l.Order))
	}
	return b.Build(dst), nil
}
