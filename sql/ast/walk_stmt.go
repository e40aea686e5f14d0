package ast

// data visits the parts of the statements about rows; false if it is none of them.
func (w walker) data(s Statement) bool {
	switch s := s.(type) {
	case *Insert:
		nodes(w, s.With)
		w.objectNames(s.Table)
		nodes(w, s.Columns...)
		nodes(w, s.Query)
		nodes(w, s.OnConflict)
		nodes(w, s.Returning...)
	case *Update:
		nodes(w, s.With)
		nodes(w, s.Table)
		nodes(w, s.Set...)
		nodes(w, s.From...)
		w.exprs(s.Where)
		nodes(w, s.Returning...)
	case *Delete:
		nodes(w, s.With)
		nodes(w, s.Table)
		nodes(w, s.Using...)
		w.exprs(s.Where)
		nodes(w, s.Returning...)
	case *Merge:
		nodes(w, s.With)
		nodes(w, s.Table)
		nodes(w, s.Source)
		w.exprs(s.On)
		nodes(w, s.Whens...)
	case *Truncate:
		nodes(w, s.Tables...)
	case *Copy:
		w.objectNames(s.Table)
		nodes(w, s.Query)
		w.options(s.Options)
		w.exprs(s.Where)
	case *Subscribe:
		nodes(w, s.Table)
		nodes(w, s.Query)
		w.options(s.Options)
		w.exprs(s.AsOf, s.UpTo)
	default:
		return false
	}
	return true
}

// definition visits the parts of the statements about objects; false if it is none of them.
func (w walker) definition(s Statement) bool {
	switch s := s.(type) {
	case *CreateTable:
		w.objectNames(s.Name)
		nodes(w, s.PartitionOf)
		w.objectName(s.OfType)
		nodes(w, s.Elements...)
		w.objectNames(s.Inherits...)
		nodes(w, s.PartitionBy)
		w.options(s.Options)
		nodes(w, s.Format)
		nodes(w, s.As)
	case *CreateStream:
		w.objectNames(s.Name)
		nodes(w, s.Elements...)
		w.options(s.Options)
		nodes(w, s.Format)
		nodes(w, s.As)
	case *CreateView:
		w.objectNames(s.Name)
		w.options(s.Options)
		nodes(w, s.Query)
	case *CreateMaterializedView:
		w.objectNames(s.Name)
		w.options(s.Options)
		nodes(w, s.Query)
	case *CreateIndex:
		nodes(w, s.Table)
		nodes(w, s.Elems...)
		nodes(w, s.Include...)
		w.options(s.Options)
		w.exprs(s.Where)
	case *CreateSink:
		w.objectNames(s.Name)
		w.objectName(s.Into)
		nodes(w, s.Table)
		nodes(w, s.Query)
		w.options(s.Options)
		nodes(w, s.Format)
	case *CreateConnection:
		w.objectNames(s.Name)
		w.options(s.Options)
	case *CreateSecret:
		w.objectNames(s.Name)
		w.options(s.Options)
		w.exprs(s.Value)
	case *CreateSubscription:
		w.objectNames(s.Name)
		nodes(w, s.From)
		w.options(s.Options)
	case *CreateSchema:
		nodes(w, s.Authorization)
		nodes(w, s.Elements...)
	case *CreateDatabase:
		w.options(s.Options)
	case *CreateFunction:
		w.objectNames(s.Name)
		nodes(w, s.Params...)
		nodes(w, s.Returns)
		nodes(w, s.ReturnsTable...)
		w.options(s.Options)
		w.exprs(s.Return)
		nodes(w, s.Atomic...)
	case *CreateType:
		w.objectNames(s.Name)
		nodes(w, s.Columns...)
		w.options(s.Options)
	case *CreateDomain:
		w.objectNames(s.Name)
		nodes(w, s.Type)
		w.objectName(s.Collation)
		nodes(w, s.Constraints...)
	case *CreateSequence:
		w.objectNames(s.Name)
		w.options(s.Options)
	case *CreateRole:
		nodes(w, &s.Name)
		w.options(s.Options)
	case *CreateExtension:
		w.options(s.Options)
	case *Drop:
		nodes(w, s.Objects...)
		w.options(s.Options)
	case *Alter:
		nodes(w, s.Name)
		nodes(w, s.Args...)
		nodes(w, s.Actions...)
	case *Comment:
		nodes(w, s.Object)
	case *Refresh:
		w.objectNames(s.Name)
	default:
		return false
	}
	return true
}

// session visits the parts of the other statements.
func (w walker) session(s Statement) {
	switch s := s.(type) {
	case *Explain:
		w.options(s.Options)
		nodes(w, s.Query)
		w.objectName(s.Object)
	case *Set:
		w.exprs(s.Values...)
	case *SetConstraints:
		w.objectNames(s.Names...)
	case *Show:
		w.objectName(s.From)
		w.exprs(s.Where)
	case *Prepare:
		nodes(w, s.Types...)
		nodes(w, s.Query)
	case *Execute:
		w.exprs(s.Args...)
	case *Declare:
		nodes(w, s.Query)
	case *Fetch:
		w.options(s.Options)
	case *Lock:
		nodes(w, s.Tables...)
	case *Vacuum:
		w.options(s.Options)
		for i := range s.Tables {
			w.objectNames(s.Tables[i].Name)
		}
	case *Call:
		nodes(w, s.Func)
	case *Grant:
		for i := range s.Privileges {
			nodes(w, &s.Privileges[i])
		}
		nodes(w, s.Objects...)
		w.roles(s.Grantees)
		nodes(w, s.GrantedBy)
	case *GrantRole:
		for i := range s.Roles {
			nodes(w, &s.Roles[i])
		}
		w.roles(s.Grantees)
		nodes(w, s.GrantedBy)
	}
}

func (w walker) roles(rs []RoleSpec) {
	for i := range rs {
		nodes(w, &rs[i])
	}
}

// element visits the parts of an item of a table's list.
func (w walker) element(e TableElement) {
	switch e := e.(type) {
	case *ColumnDef:
		nodes(w, e.Type)
		w.objectName(e.Collation)
		nodes(w, e.Constraints...)
		w.options(e.FDWOptions)
	case *TableConstraint:
		w.exprs(e.Expr)
		nodes(w, e.References)
		w.options(e.Index.Options)
		if x := e.Exclude; x != nil {
			for _, elem := range x.Elems {
				nodes(w, elem.Elem)
			}
			w.exprs(x.Where)
		}
	case *LikeClause:
		w.objectNames(e.Table)
	case *Watermark:
		w.exprs(e.Expr, e.IdleTimeout)
	}
}
