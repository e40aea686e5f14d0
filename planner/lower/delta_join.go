package lower

import (
	"slices"

	"millrace/planner/logical"
	"millrace/planner/physical"
)

// deltaJoin lowers a tree of inner joins to one operator.
func (l *lowering) deltaJoin(n *logical.Join, need logical.ColSet) (ref, error) {
	inputs, preds := logical.InnerJoins(n)
	want := with(need, logical.ExprsCols(preds))
	j := &physical.DeltaJoin{}
	var all []logical.ColID
	var refs []ref
	for _, in := range inputs {
		r, err := l.inputFor(in, want.Intersect(logical.OutputSet(in)))
		if err != nil {
			return r, err
		}
		j.In, refs, all = append(j.In, r.op), append(refs, r), append(all, r.ids...)
	}
	for _, path := range n.Delta.Paths {
		var lookups []physical.DeltaLookup
		for _, s := range path {
			look := physical.DeltaLookup{}
			arr := physical.Arrangement{Input: s.Input}
			for _, p := range s.Pairs {
				from, to := slices.Index(all, p.From), refs[s.Input].at(p.To)
				if from < 0 || to < 0 {
					return ref{}, errInternal("a join key is missing")
				}
				look.Key, look.NullSafe, arr.Key = append(look.Key, from), append(look.NullSafe, p.NullSafe), append(arr.Key, to)
			}
			if look.Arrangement = slices.IndexFunc(j.Arrangements, arr.Same); look.Arrangement < 0 {
				look.Arrangement = len(j.Arrangements)
				j.Arrangements = append(j.Arrangements, arr)
			}
			lookups = append(lookups, look)
		}
		j.Paths = append(j.Paths, lookups)
	}
	if len(n.Delta.Rest) > 0 {
		var err error
		if j.On, err = l.expr(logical.Conjoin(n.Delta.Rest), all); err != nil {
			return ref{}, err
		}
	}
	j.Cols = []int{}
	var ids []logical.ColID
	for i, id := range all {
		if need.Has(id) {
			j.Cols, ids = append(j.Cols, i), append(ids, id)
		}
	}
	j.Output = l.output(n, ids)
	return l.add(j, ids), nil
}
