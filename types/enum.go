package types

import (
	"strconv"

	"millrace/pgerr"
)

// An enum's value is the Order of its label, an int64: it compares, hashes and makes keys as an integer, without looking
// at the type. Labels are given Orders with wide gaps, so that ALTER TYPE ... ADD VALUE ... BEFORE finds room for another
// between any two of them and no stored value has to change.
const (
	enumGap = 1 << 32
	// EnumLabelMax is the greatest length of a label in bytes, PostgreSQL's NAMEDATALEN less one.
	EnumLabelMax = 63
)

// EnumOrders gives orders to the labels of a new enum, in the sequence in which they are declared.
func EnumOrders(texts []string) []Label {
	labels := make([]Label, len(texts))
	for i, t := range texts {
		labels[i] = Label{Text: t, Order: int64(i) * enumGap}
	}
	return labels
}

// EnumInsert gives labels with one more: at the end, or before or after the label beside. The labels must be in order. ok is
// false where there is no room left between two neighbours.
func EnumInsert(labels []Label, text string, at int) (out []Label, ok bool) {
	n := Label{Text: text}
	switch {
	case len(labels) == 0:
	case at == 0:
		n.Order = labels[0].Order - enumGap
	case at == len(labels):
		n.Order = labels[at-1].Order + enumGap
	default:
		low, high := labels[at-1].Order, labels[at].Order
		if high-low < 2 {
			return nil, false
		}
		n.Order = low + (high-low)/2
	}
	out = make([]Label, 0, len(labels)+1)
	out = append(append(append(out, labels[:at]...), n), labels[at:]...)
	return out, true
}

// parseEnum reads a label. The error is 22P02.
func parseEnum(d *Def, s []byte) (Datum, error) {
	if d != nil {
		if order, ok := d.body.Load().byText[string(s)]; ok {
			return Datum{I: order}, nil
		}
		return Datum{}, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input value for enum %s: \"%s\"", d.sql(), validText(s))
	}
	return Datum{}, errNoValues(Of(Enum))
}

// appendEnum appends a value's label. A value without one, which only damage brings about, shows as its number.
func appendEnum(dst []byte, d *Def, order int64) []byte {
	if d != nil {
		if text, ok := d.body.Load().byOrder[order]; ok {
			return append(dst, text...)
		}
	}
	return strconv.AppendInt(dst, order, 10)
}
