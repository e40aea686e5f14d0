package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"millrace/pgerr"
	"millrace/types"
)

// Function is a function in SQL. It is immutable once in a Snapshot.
type Function struct {
	ID      uint32
	Schema  string
	Name    string
	Owner   string
	Comment string `json:",omitempty"`
	// Params are the input parameters. Default is the text of a default expression; a parameter without a name has "".
	Params []Column
	// Result is the one column of what it returns, or the columns of RETURNS TABLE.
	Result []Column
	// Set says that it returns any number of rows, Table that Result are columns by name.
	Set   bool `json:",omitempty"`
	Table bool `json:",omitempty"`
	// Strict: NULL for an argument gives NULL, or no rows, without looking at the body.
	Strict bool `json:",omitempty"`
	// Volatility is what was declared: i, s or v. What a call may be used for follows from the body.
	Volatility byte
	// Body is the text of the one query, and SearchPath the schemas in which its names are resolved.
	Body       string
	SearchPath []string `json:",omitempty"`
}

// Signature is the name with the parameters' types, as messages have it.
func (f *Function) Signature() string {
	ts := make([]string, len(f.Params))
	for i := range f.Params {
		ts[i] = f.Params[i].T.WithoutMod().String()
	}
	return f.Name + "(" + strings.Join(ts, ", ") + ")"
}

// Takes reports whether the parameters are of exactly these types: two such functions cannot stand beside each other under
// one name.
func (f *Function) Takes(ts []types.T) bool {
	return slices.EqualFunc(f.Params, ts, func(c Column, t types.T) bool { return c.T.WithoutMod() == t.WithoutMod() })
}

func (f *Function) types() []types.T {
	ts := make([]types.T, len(f.Params))
	for i := range ts {
		ts[i] = f.Params[i].T
	}
	return ts
}

// Function finds a function by id.
func (s *Snapshot) Function(id uint32) (*Function, bool) {
	f, ok := s.functions[id]
	return f, ok
}

// Functions lists all functions by id.
func (s *Snapshot) Functions() []*Function {
	out := make([]*Function, 0, len(s.functions))
	for _, f := range s.functions {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b *Function) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// FunctionsNamed lists the overloads of a name in a schema, by id.
func (s *Snapshot) FunctionsNamed(schema, name string) []*Function {
	if len(s.functions) == 0 {
		return nil
	}
	return slices.DeleteFunc(s.Functions(), func(f *Function) bool { return f.Schema != schema || f.Name != name })
}

func functionKey(id uint32) string { return fmt.Sprintf("function/%010d", id) }

// AddFunction creates f and gives it its id; with replace it takes the place of one with the same parameters, whose result
// must be the same and which no view may use.
func (e *Edit) AddFunction(f *Function, replace bool) error {
	if err := e.checkWritable(f.Schema); err != nil {
		return err
	}
	for _, old := range e.next.FunctionsNamed(f.Schema, f.Name) {
		if !old.Takes(f.types()) {
			continue
		}
		if !replace {
			return pgerr.New(pgerr.DuplicateFunction, "function %q already exists with same argument types", f.Name)
		}
		same := func(a, b Column) bool { return a.T == b.T && (!f.Table || a.Name == b.Name) }
		if old.Set != f.Set || old.Table != f.Table || !slices.EqualFunc(old.Result, f.Result, same) {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot change return type of existing function").
				WithHint("Use DROP FUNCTION %s first.", old.Signature())
		}
		if old.Body != f.Body || old.Strict != f.Strict {
			if users := e.next.functionUsers(old.ID); len(users) > 0 {
				return pgerr.New(pgerr.DependentObjectsStillExist, "cannot change function %s because other objects depend on it", old.Signature()).
					WithDetail("%s", strings.Join(functionDetails(users, old), "\n")).
					WithHint("A view keeps what it has computed with the function; drop it first.")
			}
		}
		f.ID, f.Owner, f.Comment = old.ID, old.Owner, old.Comment
		e.putFunction(f)
		return nil
	}
	f.ID = e.NewID()
	e.putFunction(f)
	return nil
}

func (e *Edit) putFunction(f *Function) {
	setTypeIDs(f.Params)
	setTypeIDs(f.Result)
	e.next.functions[f.ID] = f
	e.changed[functionKey(f.ID)] = true
}

// functionUsers lists the relations whose queries call a function, by id.
func (s *Snapshot) functionUsers(id uint32) []*Relation {
	return slices.DeleteFunc(s.Relations(), func(r *Relation) bool { return !slices.Contains(r.UsesFunctions, id) })
}

func functionDetails(users []*Relation, f *Function) []string {
	lines := make([]string, len(users))
	for i, r := range users {
		lines[i] = fmt.Sprintf("%s %s depends on function %s", r.Kind, r.Name, f.Signature())
	}
	return lines
}

// DropFunctions removes functions and, with cascade, the views that call them, which it returns, dependants first.
// Without cascade such views are an error 2BP01.
func (e *Edit) DropFunctions(ids []uint32, cascade bool) ([]*Relation, error) {
	var views []uint32
	for _, id := range ids {
		f, ok := e.next.functions[id]
		if !ok {
			return nil, fmt.Errorf("catalog: no function %d", id)
		}
		if err := e.checkWritable(f.Schema); err != nil {
			return nil, err
		}
		users := e.next.functionUsers(id)
		if len(users) > 0 && !cascade {
			return nil, DependedOn("function "+f.Signature(), functionDetails(users, f))
		}
		for _, r := range users {
			views = append(views, r.ID)
		}
	}
	slices.Sort(views)
	removed, err := e.Drop(slices.Compact(views), true)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		delete(e.next.functions, id)
		e.changed[functionKey(id)] = true
	}
	return removed, nil
}
