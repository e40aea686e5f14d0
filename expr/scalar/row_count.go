package scalar

import (
	"millrace/expr"
	"millrace/pgerr"
)

// RowCount is a function that SQL has no name for: it passes a bigint on and fails for a negative one, as LIMIT (2201W) and
// OFFSET (2201X) do where their count is known only when rows are read. clause is one of these words.
func RowCount(clause string, code pgerr.Code) *expr.Function {
	return &expr.Function{Name: clause + " count", Args: with(tInt8), Ret: tInt8, Eval: toInt(func(x *row) (int64, error) {
		n := x.int(0)
		if n < 0 {
			return 0, pgerr.New(code, "%s must not be negative", clause)
		}
		return n, nil
	})}
}
