package logical

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/planner/clocked"
	"millrace/planner/physical"
)

// keysMax bounds how many candidate keys are followed for an operator.
const keysMax = 6

// Analysis derives properties of plans and remembers them by operator. It is for one statement's plans.
type Analysis struct {
	keys       map[Node][][]ColID
	notNull    map[Node]ColSet
	appendOnly map[Node]bool
	free       map[Node]ColSet
	constants  map[Node]ColSet
	sizes      map[Node]int
}

// NewAnalysis makes an empty one.
func NewAnalysis() *Analysis {
	return &Analysis{keys: map[Node][][]ColID{}, notNull: map[Node]ColSet{}, appendOnly: map[Node]bool{}, free: map[Node]ColSet{}, constants: map[Node]ColSet{}, sizes: map[Node]int{}}
}

// Keys gives candidate keys of n's output: sets of columns whose values, NULL counting as a value, repeat in no two
// rows. An empty key says that there is at most one row. The list is not complete.
func (a *Analysis) Keys(n Node) [][]ColID {
	if k, ok := a.keys[n]; ok {
		return k
	}
	k := a.computeKeys(n)
	if constants := a.Constants(n); len(k) > 0 && !constants.Empty() {
		for i := range k {
			k[i] = slices.DeleteFunc(slices.Clone(k[i]), constants.Has)
		}
	}
	// Least keys only: a superset of a key says nothing new.
	var least [][]ColID
	for _, key := range k {
		if !slices.ContainsFunc(least, func(o []ColID) bool { return SetOf(o...).SubsetOf(SetOf(key...)) }) {
			least = slices.DeleteFunc(least, func(o []ColID) bool { return SetOf(key...).SubsetOf(SetOf(o...)) })
			least = append(least, key)
		}
	}
	if len(least) > keysMax {
		least = least[:keysMax]
	}
	a.keys[n] = least
	return least
}

// HasKey reports whether some of cols are a key.
func (a *Analysis) HasKey(n Node, cols ColSet) bool {
	for _, k := range a.Keys(n) {
		if cols.HasAll(k) {
			return true
		}
	}
	return false
}

// AtMostOne reports whether n gives at most one row.
func (a *Analysis) AtMostOne(n Node) bool { return a.HasKey(n, ColSet{}) }

func (a *Analysis) computeKeys(n Node) [][]ColID {
	switch n := n.(type) {
	case *Scan:
		return scanKeys(n)
	case *Values:
		if len(n.Rows) <= 1 {
			return [][]ColID{{}}
		}
	case *Filter:
		return slices.Clone(a.Keys(n.Input))
	case *Project:
		return projectKeys(n, a.Keys(n.Input))
	case *Join:
		return a.joinKeys(n)
	case *Aggregate:
		keys := [][]ColID{slices.DeleteFunc(slices.Clone(n.Group), SetOf(n.Dependent...).Has)}
		group := SetOf(n.Group...)
		for _, k := range a.Keys(n.Input) {
			if group.HasAll(k) {
				keys = append(keys, k)
			}
		}
		return keys
	case *Distinct:
		return append(slices.Clone(a.Keys(n.Input)), slices.Clone(n.Output()))
	case *Union:
		if len(n.In) == 1 {
			return renameKeys(a.Keys(n.In[0]), n.From[0], n.Cols)
		}
	case *SetOp:
		keys := renameKeys(a.Keys(n.Left), n.LeftCols, n.Cols)
		if !n.Except {
			keys = append(keys, renameKeys(a.Keys(n.Right), n.RightCols, n.Cols)...)
		}
		if !n.All {
			keys = append(keys, slices.Clone(n.Cols))
		}
		return keys
	case *TopN:
		return a.topNKeys(n)
	case *Over:
		return a.overKeys(n)
	case *Window:
		return a.windowKeys(n)
	case *Session:
		return a.Keys(n.Input)
	case *Series:
		return a.seriesKeys(n)
	case *AsOf:
		return slices.Clone(a.Keys(n.Left)) // each left row comes once
	case *Buckets:
		return a.bucketKeys(n)
	case *Versions:
		return [][]ColID{append(slices.Clone(n.Key), n.Time)}
	case *Lookup:
		return a.lookupKeys(n)
	case *SingleRow:
		return append(slices.Clone(a.Keys(n.Input)), slices.Clone(n.Group))
	case *Recursive:
		if !n.All {
			return [][]ColID{slices.Clone(n.Cols)}
		}
	}
	return nil
}

func scanKeys(n *Scan) [][]ColID {
	if n.Relation.Key == nil {
		return nil
	}
	key := make([]ColID, 0, len(n.Relation.Key))
	for _, attr := range n.Relation.Key {
		i := slices.Index(n.Attrs, attr)
		if i < 0 {
			return nil
		}
		key = append(key, n.Cols[i])
	}
	return [][]ColID{key}
}

// Constants gives columns of n's output that have one value, or NULL, in all rows. It is not complete.
func (a *Analysis) Constants(n Node) ColSet {
	if s, ok := a.constants[n]; ok {
		return s
	}
	var s ColSet
	switch n := n.(type) {
	case *Scan:
		s = constantSet(n.Filter)
	case *Filter:
		s = a.Constants(n.Input).Clone()
		s.Union(constantSet(n.Preds))
	case *Project:
		in := a.Constants(n.Input)
		for _, it := range n.Items {
			if c, ok := it.Expr.(*expr.Column); ok && in.Has(c.Index) || !ok && IsConstant(it.Expr) {
				s.Add(it.Col)
			}
		}
	case *Join:
		// A column of a side that may be missing is its constant or NULL.
		if n.Kind != physical.Right && n.Kind != physical.Full {
			s.Union(a.Constants(n.Left))
		}
		if n.Kind == physical.Inner || n.Kind == physical.Right {
			s.Union(a.Constants(n.Right))
		}
	case *Aggregate:
		s = a.Constants(n.Input).Intersect(SetOf(n.Group...))
	case *Distinct, *TopN, *Over, *Window, *Session, *Buckets:
		s = a.Constants(n.Inputs()[0])
	case *AsOf, *Lookup:
		s = a.Constants(n.Inputs()[0])
	case *SingleRow:
		if len(n.Group) > 0 {
			s = a.Constants(n.Input)
		}
	}
	a.constants[n] = s
	return s
}

func constantSet(preds []expr.Expr) ColSet {
	var s ColSet
	for id := range ConstantCols(preds) {
		s.Add(id)
	}
	return s
}

func projectKeys(n *Project, keys [][]ColID) [][]ColID {
	to := map[ColID]ColID{}
	for i := range n.Items {
		it := &n.Items[i]
		if c, ok := it.Expr.(*expr.Column); ok {
			if _, done := to[c.Index]; !done || it.PassThrough() {
				to[c.Index] = it.Col
			}
		}
	}
	return mapKeys(keys, to)
}

func renameKeys(keys [][]ColID, from, to []ColID) [][]ColID {
	m := map[ColID]ColID{}
	for i, id := range from {
		if _, done := m[id]; !done {
			m[id] = to[i]
		}
	}
	return mapKeys(keys, m)
}

// mapKeys renames keys and drops those with a column that has no new name.
func mapKeys(keys [][]ColID, to map[ColID]ColID) [][]ColID {
	var out [][]ColID
next:
	for _, k := range keys {
		nk := make([]ColID, len(k))
		for i, id := range k {
			t, ok := to[id]
			if !ok {
				continue next
			}
			nk[i] = t
		}
		out = append(out, nk)
	}
	return out
}

// JoinColumns gives the pairs of columns that a join's condition equates, left and right.
func JoinColumns(n *Join) (left, right []ColID) {
	lset, rset := OutputSet(n.Left), OutputSet(n.Right)
	for _, p := range n.On {
		x, y, _, ok := Equality(p)
		if !ok {
			continue
		}
		cx, okx := x.(*expr.Column)
		cy, oky := y.(*expr.Column)
		if !okx || !oky {
			continue
		}
		if lset.Has(cy.Index) && rset.Has(cx.Index) {
			cx, cy = cy, cx
		}
		if lset.Has(cx.Index) && rset.Has(cy.Index) {
			left, right = append(left, cx.Index), append(right, cy.Index)
		}
	}
	return left, right
}

func (a *Analysis) joinKeys(n *Join) [][]ColID {
	lk, rk := a.Keys(n.Left), a.Keys(n.Right)
	if n.Kind == physical.Semi || n.Kind == physical.Anti {
		return lk
	}
	lcols, rcols := JoinColumns(n)
	leftOnce := a.HasKey(n.Right, SetOf(rcols...)) // each left row meets at most one right row
	rightOnce := a.HasKey(n.Left, SetOf(lcols...))
	var keys [][]ColID
	if leftOnce && (n.Kind == physical.Inner || n.Kind == physical.Left) {
		keys = append(keys, lk...)
	}
	if rightOnce && (n.Kind == physical.Inner || n.Kind == physical.Right) {
		keys = append(keys, rk...)
	}
	if n.Kind == physical.Inner || n.Kind == physical.Left {
		rk = withoutBucket(n, rk, rcols)
	}
	if n.Kind == physical.Full {
		// An unmatched row of either side with NULL in the whole of its key would look the same.
		lk = slices.DeleteFunc(slices.Clone(lk), func(k []ColID) bool { return !a.NotNull(n.Left).HasAny(k) })
	}
	for _, l := range lk {
		for _, r := range rk {
			keys = append(keys, slices.Concat(l, r))
		}
	}
	return keys
}

func (a *Analysis) topNKeys(n *TopN) [][]ColID {
	keys := slices.Clone(a.Keys(n.Input))
	if n.Rank != physical.RowNumberRank {
		return keys
	}
	if n.RowNumber != 0 {
		keys = append(keys, append(slices.Clone(n.Group), n.RowNumber))
	}
	if c, ok := n.Limit.(*expr.Const); ok && !c.Value.Null && c.Value.I <= 1 && !n.WithTies {
		keys = append(keys, slices.Clone(n.Group))
	}
	return keys
}

// Tumbles reports whether each row is in one window at most.
func (n *Window) Tumbles() bool {
	if n.Calendar != nil {
		return !n.Cumulate && n.Calendar.Size == n.Calendar.Slide
	}
	return !n.Cumulate && n.Size == n.Slide
}

func (a *Analysis) windowKeys(n *Window) [][]ColID {
	in := a.Keys(n.Input)
	if n.Tumbles() {
		return in
	}
	// A row's windows differ by start, but for growing windows, which differ by end. Where a zone leaves out a day, windows
	// that begin on it and on the next begin together.
	by := []ColID{n.Start}
	switch {
	case n.Cumulate:
		by = []ColID{n.End}
	case n.Calendar != nil:
		by = []ColID{n.Start, n.End}
	}
	keys := make([][]ColID, len(in))
	for i, k := range in {
		keys[i] = append(slices.Clone(k), by...)
	}
	return keys
}

func (a *Analysis) seriesKeys(n *Series) [][]ColID {
	if n.Ordinality == 0 {
		return nil
	}
	if n.Input == nil {
		return [][]ColID{{n.Ordinality}}
	}
	var keys [][]ColID
	for _, k := range a.Keys(n.Input) {
		keys = append(keys, append(slices.Clone(k), n.Ordinality))
	}
	return keys
}

// NotNull gives columns of n's output that are NULL in no row. It is not complete.
func (a *Analysis) NotNull(n Node) ColSet {
	if s, ok := a.notNull[n]; ok {
		return s
	}
	s := a.computeNotNull(n)
	a.notNull[n] = s
	return s
}

func (a *Analysis) computeNotNull(n Node) ColSet {
	var s ColSet
	switch n := n.(type) {
	case *Scan:
		for i, attr := range n.Attrs {
			pk := n.Relation.Kind == catalog.Table && slices.Contains(n.Relation.Key, attr)
			if n.Relation.Columns[attr].NotNull || pk {
				s.Add(n.Cols[i])
			}
		}
		addRejected(&s, n.Filter)
	case *Values:
		for i, id := range n.Cols {
			if !slices.ContainsFunc(n.Rows, func(r []expr.Expr) bool { return !NeverNull(r[i], ColSet{}) }) {
				s.Add(id)
			}
		}
	case *Filter:
		s = a.NotNull(n.Input).Clone()
		addRejected(&s, n.Preds)
	case *Project:
		in := a.NotNull(n.Input)
		for i := range n.Items {
			if NeverNull(n.Items[i].Expr, in) {
				s.Add(n.Items[i].Col)
			}
		}
	case *Join:
		s = a.joinNotNull(n)
	case *Aggregate:
		in := a.NotNull(n.Input)
		for _, g := range n.Group {
			if in.Has(g) {
				s.Add(g)
			}
		}
		for i := range n.Aggs {
			if n.Aggs[i].Func.NeverNull {
				s.Add(n.Aggs[i].Col)
			}
		}
	case *Union:
		s = a.unionNotNull(n)
	case *SetOp:
		l, r := a.NotNull(n.Left), a.NotNull(n.Right)
		for i, id := range n.Cols {
			if l.Has(n.LeftCols[i]) || !n.Except && r.Has(n.RightCols[i]) {
				s.Add(id)
			}
		}
	case *Distinct:
		return a.NotNull(n.Input)
	case *TopN:
		s = a.NotNull(n.Input).Clone()
		if n.RowNumber != 0 {
			s.Add(n.RowNumber)
		}
	case *Over:
		s = a.overNotNull(n)
	case *Window:
		s = a.NotNull(n.Input).Clone()
		s.AddAll([]ColID{n.Time, n.Start, n.End})
	case *Session:
		s = a.NotNull(n.Input).Clone()
		s.AddAll([]ColID{n.Time, n.Start, n.End})
	case *Series:
		if n.Input != nil {
			s = a.NotNull(n.Input).Clone()
		}
		if n.Ordinality != 0 && !n.Outer {
			s.Add(n.Ordinality)
		}
	case *AsOf:
		s = a.asOfNotNull(n)
	case *Lookup:
		s = a.lookupNotNull(n)
	case *Versions:
		return a.NotNull(n.Input)
	case *Buckets:
		s = a.bucketNotNull(n)
	case *SingleRow:
		if len(n.Group) > 0 {
			return a.NotNull(n.Input)
		}
	}
	return s
}

func (a *Analysis) unionNotNull(n *Union) ColSet {
	var s ColSet
	for i, id := range n.Cols {
		all := true
		for k, in := range n.In {
			all = all && a.NotNull(in).Has(n.From[k][i])
		}
		if all {
			s.Add(id)
		}
	}
	return s
}

func addRejected(s *ColSet, preds []expr.Expr) {
	for _, p := range preds {
		s.Union(RejectedNulls(p))
	}
}

func (a *Analysis) joinNotNull(n *Join) ColSet {
	var s ColSet
	if n.Kind != physical.Right && n.Kind != physical.Full {
		s.Union(a.NotNull(n.Left))
	}
	if n.Kind == physical.Inner || n.Kind == physical.Right {
		s.Union(a.NotNull(n.Right))
	}
	if n.Kind == physical.Inner || n.Kind == physical.Semi {
		var on ColSet
		addRejected(&on, n.On)
		for _, id := range n.Output() {
			if on.Has(id) {
				s.Add(id)
			}
		}
	}
	return s
}

// AppendOnly reports whether n's output never retracts a row.
func (a *Analysis) AppendOnly(n Node) bool {
	if v, ok := a.appendOnly[n]; ok {
		return v
	}
	v := a.computeAppendOnly(n)
	a.appendOnly[n] = v
	return v
}

func (a *Analysis) computeAppendOnly(n Node) bool {
	switch n := n.(type) {
	case *Scan:
		return n.AppendOnly && !readsTime(n.Filter)
	case *Values:
		return true
	case *Filter, *Project, *Union, *Window, *Buckets, *Distinct, *Series:
		if f, ok := n.(*Filter); ok && readsTime(f.Preds) {
			return false
		}
		for _, in := range n.Inputs() {
			if !a.AppendOnly(in) {
				return false
			}
		}
		return true
	case *Join:
		// An inner join of rows that stay stays; a left row that has met a partner keeps it. An unmatched row of an
		// outer or anti join is withdrawn when its partner comes, unless the side that would bring it is constant.
		if readsTime(n.On) {
			return false
		}
		if n.Kind == physical.Inner || n.Kind == physical.Semi {
			return a.AppendOnly(n.Left) && a.AppendOnly(n.Right)
		}
		if n.Kind == physical.Left || n.Kind == physical.Anti {
			return a.AppendOnly(n.Left) && a.Constant(n.Right)
		}
		if n.Kind == physical.Right {
			return a.AppendOnly(n.Right) && a.Constant(n.Left)
		}
		// Of a full join either side may come first, even within the one step in which constant rows come.
		return false
	case *Lookup:
		return a.AppendOnly(n.Left)
	case *AsOf:
		// A nearer row may come.
		return a.AppendOnly(n.Left) && a.Constant(n.Right)
	case *SetOp:
		if !n.Except {
			return a.AppendOnly(n.Left) && a.AppendOnly(n.Right)
		}
		return a.AppendOnly(n.Left) && a.Constant(n.Right)
	case *Recursive:
		return n.AppendOnly
	case *WorkTable:
		return n.AppendOnly
	case *TopN:
		// Without a bound every row stays, as long as its number does not show.
		return n.RowNumber == 0 && n.Limit == nil && n.Offset == nil && a.AppendOnly(n.Input)
	}
	// Aggregates replace their row of a group; a single row replaces NULLs.
	return a.Constant(n)
}

// readsTime reports whether some condition depends on the current time, which in a view moves on.
func readsTime(preds []expr.Expr) bool { return slices.ContainsFunc(preds, clocked.Reads) }

// Constant reports whether n reads no relation and not the current time, so that its rows never change.
func (a *Analysis) Constant(n Node) bool {
	constant := true
	var read, within ColSet // work tables
	Walk(n, func(x Node) {
		switch x := x.(type) {
		case *Scan:
			constant = false
		case *Filter:
			constant = constant && !readsTime(x.Preds)
		case *Join:
			constant = constant && !readsTime(x.On)
		case *WorkTable:
			read.Add(x.Iteration)
		case *Recursive:
			within.Add(x.Work)
		}
	})
	return constant && read.SubsetOf(within)
}

// Free gives the columns that n reads from outside of itself: those by which the right side of a dependent join
// depends on the left.
func (a *Analysis) Free(n Node) ColSet {
	if s, ok := a.free[n]; ok {
		return s
	}
	s := Used(n)
	for i, in := range n.Inputs() {
		s = s.Without(OutputSet(in))
		f := a.Free(in)
		if j, ok := n.(*Join); ok && i == 1 {
			f = f.Without(OutputSet(j.Left))
		}
		s.Union(f)
	}
	a.free[n] = s
	return s
}

// sizeMax bounds the numbers of [Analysis.Size].
const sizeMax = 1 << 40

// Size is the number of operators of a plan, those that several read counted for each.
func (a *Analysis) Size(n Node) int {
	if v, ok := a.sizes[n]; ok {
		return v
	}
	v := 1
	for _, in := range n.Inputs() {
		v = min(v+a.Size(in), sizeMax)
	}
	a.sizes[n] = v
	return v
}
