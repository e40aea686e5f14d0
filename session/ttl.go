package session

import (
	"context"
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/types"
)

// ttlOption is the option of a table whose rows are deleted at an age.
const ttlOption = "ttl"

// takeTTL reads the ttl among a table's options, in microseconds, and gives the others; set is false where it is not there.
func takeTTL(options []ast.Option) (ttl int64, set bool, rest []ast.Option, err error) {
	for i := range options {
		o := &options[i]
		if !strings.EqualFold(o.Name, ttlOption) {
			rest = append(rest, *o)
			continue
		}
		if set {
			return 0, false, nil, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(o.Pos)
		}
		v, ok := o.Text()
		if !ok {
			return 0, false, nil, badTTL(o)
		}
		iv, err := types.ParseInterval(v, -1, types.DefaultEnv)
		if err != nil {
			return 0, false, nil, badTTL(o)
		}
		micros, fixed := iv.FixedMicros()
		if !fixed || micros <= 0 {
			return 0, false, nil, badTTL(o)
		}
		ttl, set = micros, true
	}
	return ttl, set, rest, nil
}

func badTTL(o *ast.Option) error {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid value for option %q", o.Name).At(o.Pos).
		WithHint("It is an interval above zero without months, as in ttl = '7 days'.")
}

// alterOptions sets or resets the options of a table.
func (s *Session) alterOptions(ctx context.Context, r *catalog.Relation, a *ast.AlterAction) error {
	if r.Kind != catalog.Table {
		return pgerr.Unsupported("options of a " + r.Kind.String()).At(a.Pos)
	}
	ttl := int64(0)
	if a.Kind == ast.AlterSetOptions {
		v, _, rest, err := takeTTL(a.Options)
		if err != nil {
			return err
		}
		if len(rest) > 0 {
			return unknownOption(&rest[0])
		}
		ttl = v
	} else if i := slices.IndexFunc(a.Options, func(o ast.Option) bool { return !strings.EqualFold(o.Name, ttlOption) }); i >= 0 {
		return unknownOption(&a.Options[i])
	}
	return s.ddl(ctx, func(e *catalog.Edit) error {
		return e.Modify(r.ID, func(r *catalog.Relation) { r.TTL = ttl })
	})
}

func unknownOption(o *ast.Option) error {
	return pgerr.New(pgerr.InvalidParameterValue, "unrecognized option %q", o.Name).At(o.Pos).WithHint("A table has the option ttl.")
}
