package ast

// Positions and markers of all nodes, kept in one place since they say nothing but what is what.

// Position implements [Node].
func (n *Drop) Position() int { return n.Pos }

// Position implements [Node].
func (n *Alter) Position() int { return n.Pos }

// Position implements [Node].
func (n *AlterAction) Position() int { return n.Pos }

// Position implements [Node].
func (n *Comment) Position() int { return n.Pos }

// Position implements [Node].
func (n *Refresh) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateTable) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateStream) Position() int { return n.Pos }

// Position implements [Node].
func (n *ColumnDef) Position() int { return n.Pos }

// Position implements [Node].
func (n *ColumnConstraint) Position() int { return n.Pos }

// Position implements [Node].
func (n *References) Position() int { return n.Pos }

// Position implements [Node].
func (n *TableConstraint) Position() int { return n.Pos }

// Position implements [Node].
func (n *LikeClause) Position() int { return n.Pos }

// Position implements [Node].
func (n *Watermark) Position() int { return n.Pos }

// Position implements [Node].
func (n *FormatEncode) Position() int { return n.Pos }

// Position implements [Node].
func (n *PartitionBy) Position() int { return n.Pos }

// Position implements [Node].
func (n *PartitionOf) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateView) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateMaterializedView) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateIndex) Position() int { return n.Pos }

// Position implements [Node].
func (n *IndexElem) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateSink) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateConnection) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateSecret) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateSubscription) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateSchema) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateDatabase) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateFunction) Position() int { return n.Pos }

// Position implements [Node].
func (n *FuncParam) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateType) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateDomain) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateSequence) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateRole) Position() int { return n.Pos }

// Position implements [Node].
func (n *CreateExtension) Position() int { return n.Pos }

// Position implements [Node].
func (n *Unsupported) Position() int { return n.Pos }

// Position implements [Node].
func (n *Insert) Position() int { return n.Pos }

// Position implements [Node].
func (n *InsertColumn) Position() int { return n.Pos }

// Position implements [Node].
func (n *OnConflict) Position() int { return n.Pos }

// Position implements [Node].
func (n *Assignment) Position() int { return n.Pos }

// Position implements [Node].
func (n *Update) Position() int { return n.Pos }

// Position implements [Node].
func (n *Delete) Position() int { return n.Pos }

// Position implements [Node].
func (n *Merge) Position() int { return n.Pos }

// Position implements [Node].
func (n *MergeWhen) Position() int { return n.Pos }

// Position implements [Node].
func (n *Truncate) Position() int { return n.Pos }

// Position implements [Node].
func (n *Copy) Position() int { return n.Pos }

// Position implements [Node].
func (n *Subscribe) Position() int { return n.Pos }

// Position implements [Node].
func (n *ColumnRef) Position() int { return n.Pos }

// Position implements [Node].
func (n *Star) Position() int { return n.Pos }

// Position implements [Node].
func (n *Literal) Position() int { return n.Pos }

// Position implements [Node].
func (n *TypedLiteral) Position() int { return n.Pos }

// Position implements [Node].
func (n *Param) Position() int { return n.Pos }

// Position implements [Node].
func (n *Default) Position() int { return n.Pos }

// Position implements [Node].
func (n *SecretRef) Position() int { return n.Pos }

// Position implements [Node].
func (n *BinaryOp) Position() int { return n.Pos }

// Position implements [Node].
func (n *UnaryOp) Position() int { return n.Pos }

// Position implements [Node].
func (n *And) Position() int { return n.Pos }

// Position implements [Node].
func (n *Or) Position() int { return n.Pos }

// Position implements [Node].
func (n *Not) Position() int { return n.Pos }

// Position implements [Node].
func (n *IsNull) Position() int { return n.Pos }

// Position implements [Node].
func (n *IsBool) Position() int { return n.Pos }

// Position implements [Node].
func (n *IsDistinct) Position() int { return n.Pos }

// Position implements [Node].
func (n *IsDocument) Position() int { return n.Pos }

// Position implements [Node].
func (n *Between) Position() int { return n.Pos }

// Position implements [Node].
func (n *Like) Position() int { return n.Pos }

// Position implements [Node].
func (n *In) Position() int { return n.Pos }

// Position implements [Node].
func (n *InSubquery) Position() int { return n.Pos }

// Position implements [Node].
func (n *AnyAll) Position() int { return n.Pos }

// Position implements [Node].
func (n *Exists) Position() int { return n.Pos }

// Position implements [Node].
func (n *ScalarSubquery) Position() int { return n.Pos }

// Position implements [Node].
func (n *ArraySubquery) Position() int { return n.Pos }

// Position implements [Node].
func (n *Case) Position() int { return n.Pos }

// Position implements [Node].
func (n *When) Position() int { return n.Pos }

// Position implements [Node].
func (n *Cast) Position() int { return n.Pos }

// Position implements [Node].
func (n *Collate) Position() int { return n.Pos }

// Position implements [Node].
func (n *AtTimeZone) Position() int { return n.Pos }

// Position implements [Node].
func (n *Array) Position() int { return n.Pos }

// Position implements [Node].
func (n *Row) Position() int { return n.Pos }

// Position implements [Node].
func (n *Subscript) Position() int { return n.Pos }

// Position implements [Node].
func (n *FieldSelect) Position() int { return n.Pos }

// Position implements [Node].
func (n *NamedArg) Position() int { return n.Pos }

// Position implements [Node].
func (n *FuncCall) Position() int { return n.Pos }

// Position implements [Node].
func (n *Coalesce) Position() int { return n.Pos }

// Position implements [Node].
func (n *NullIf) Position() int { return n.Pos }

// Position implements [Node].
func (n *MinMax) Position() int { return n.Pos }

// Position implements [Node].
func (n *Grouping) Position() int { return n.Pos }

// Position implements [Node].
func (n *SQLValue) Position() int { return n.Pos }

// Position implements [Node].
func (n *CurrentOf) Position() int { return n.Pos }

// Position implements [Node].
func (n *Alias) Position() int { return n.Pos }

// Position implements [Node].
func (n *Option) Position() int { return n.Pos }

// Position implements [Node].
func (n *Select) Position() int { return n.Pos }

// Position implements [Node].
func (n *Into) Position() int { return n.Pos }

// Position implements [Node].
func (n *With) Position() int { return n.Pos }

// Position implements [Node].
func (n *CTE) Position() int { return n.Pos }

// Position implements [Node].
func (n *CTESearch) Position() int { return n.Pos }

// Position implements [Node].
func (n *CTECycle) Position() int { return n.Pos }

// Position implements [Node].
func (n *SelectCore) Position() int { return n.Pos }

// Position implements [Node].
func (n *TimeWindow) Position() int { return n.Pos }

// Position implements [Node].
func (n *Target) Position() int { return n.Pos }

// Position implements [Node].
func (n *Values) Position() int { return n.Pos }

// Position implements [Node].
func (n *SetOp) Position() int { return n.Pos }

// Position implements [Node].
func (n *OrderItem) Position() int { return n.Pos }

// Position implements [Node].
func (n *Locking) Position() int { return n.Pos }

// Position implements [Node].
func (n *WindowDef) Position() int { return n.Pos }

// Position implements [Node].
func (n *Frame) Position() int { return n.Pos }

// Position implements [Node].
func (n *FrameBound) Position() int { return n.Pos }

// Position implements [Node].
func (n *Explain) Position() int { return n.Pos }

// Position implements [Node].
func (n *Set) Position() int { return n.Pos }

// Position implements [Node].
func (n *SetTransaction) Position() int { return n.Pos }

// Position implements [Node].
func (n *SetConstraints) Position() int { return n.Pos }

// Position implements [Node].
func (n *Reset) Position() int { return n.Pos }

// Position implements [Node].
func (n *Show) Position() int { return n.Pos }

// Position implements [Node].
func (n *Discard) Position() int { return n.Pos }

// Position implements [Node].
func (n *Begin) Position() int { return n.Pos }

// Position implements [Node].
func (n *Commit) Position() int { return n.Pos }

// Position implements [Node].
func (n *Rollback) Position() int { return n.Pos }

// Position implements [Node].
func (n *Savepoint) Position() int { return n.Pos }

// Position implements [Node].
func (n *Release) Position() int { return n.Pos }

// Position implements [Node].
func (n *RollbackTo) Position() int { return n.Pos }

// Position implements [Node].
func (n *TwoPhase) Position() int { return n.Pos }

// Position implements [Node].
func (n *Prepare) Position() int { return n.Pos }

// Position implements [Node].
func (n *Execute) Position() int { return n.Pos }

// Position implements [Node].
func (n *Deallocate) Position() int { return n.Pos }

// Position implements [Node].
func (n *Declare) Position() int { return n.Pos }

// Position implements [Node].
func (n *Fetch) Position() int { return n.Pos }

// Position implements [Node].
func (n *Close) Position() int { return n.Pos }

// Position implements [Node].
func (n *Listen) Position() int { return n.Pos }

// Position implements [Node].
func (n *Unlisten) Position() int { return n.Pos }

// Position implements [Node].
func (n *Notify) Position() int { return n.Pos }

// Position implements [Node].
func (n *Lock) Position() int { return n.Pos }

// Position implements [Node].
func (n *Vacuum) Position() int { return n.Pos }

// Position implements [Node].
func (n *Checkpoint) Position() int { return n.Pos }

// Position implements [Node].
func (n *Do) Position() int { return n.Pos }

// Position implements [Node].
func (n *Call) Position() int { return n.Pos }

// Position implements [Node].
func (n *RoleSpec) Position() int { return n.Pos }

// Position implements [Node].
func (n *Grant) Position() int { return n.Pos }

// Position implements [Node].
func (n *Privilege) Position() int { return n.Pos }

// Position implements [Node].
func (n *GrantRole) Position() int { return n.Pos }

// Position implements [Node].
func (n *TableSample) Position() int { return n.Pos }

// Position implements [Node].
func (n *Subquery) Position() int { return n.Pos }

// Position implements [Node].
func (n *Join) Position() int { return n.Pos }

// Position implements [Node].
func (n *FuncTable) Position() int { return n.Pos }

// Position implements [Node].
func (n *WindowTable) Position() int { return n.Pos }

// Position implements [Node].
func (n *TypeName) Position() int { return n.Pos }

func (*Select) statement()                 {}
func (*Insert) statement()                 {}
func (*Update) statement()                 {}
func (*Delete) statement()                 {}
func (*Merge) statement()                  {}
func (*Truncate) statement()               {}
func (*Copy) statement()                   {}
func (*Subscribe) statement()              {}
func (*CreateTable) statement()            {}
func (*CreateStream) statement()           {}
func (*CreateView) statement()             {}
func (*CreateMaterializedView) statement() {}
func (*CreateIndex) statement()            {}
func (*CreateSink) statement()             {}
func (*CreateConnection) statement()       {}
func (*CreateSecret) statement()           {}
func (*CreateSubscription) statement()     {}
func (*CreateSchema) statement()           {}
func (*CreateDatabase) statement()         {}
func (*CreateFunction) statement()         {}
func (*CreateType) statement()             {}
func (*CreateDomain) statement()           {}
func (*CreateSequence) statement()         {}
func (*CreateRole) statement()             {}
func (*CreateExtension) statement()        {}
func (*Unsupported) statement()            {}
func (*Drop) statement()                   {}
func (*Alter) statement()                  {}
func (*Comment) statement()                {}
func (*Refresh) statement()                {}
func (*Explain) statement()                {}
func (*Set) statement()                    {}
func (*SetTransaction) statement()         {}
func (*SetConstraints) statement()         {}
func (*Reset) statement()                  {}
func (*Show) statement()                   {}
func (*Discard) statement()                {}
func (*Begin) statement()                  {}
func (*Commit) statement()                 {}
func (*Rollback) statement()               {}
func (*Savepoint) statement()              {}
func (*Release) statement()                {}
func (*RollbackTo) statement()             {}
func (*TwoPhase) statement()               {}
func (*Prepare) statement()                {}
func (*Execute) statement()                {}
func (*Deallocate) statement()             {}
func (*Declare) statement()                {}
func (*Fetch) statement()                  {}
func (*Close) statement()                  {}
func (*Listen) statement()                 {}
func (*Unlisten) statement()               {}
func (*Notify) statement()                 {}
func (*Lock) statement()                   {}
func (*Vacuum) statement()                 {}
func (*Checkpoint) statement()             {}
func (*Do) statement()                     {}
func (*Call) statement()                   {}
func (*Grant) statement()                  {}
func (*GrantRole) statement()              {}

func (*ColumnRef) expr()      {}
func (*Star) expr()           {}
func (*Literal) expr()        {}
func (*TypedLiteral) expr()   {}
func (*Param) expr()          {}
func (*Default) expr()        {}
func (*SecretRef) expr()      {}
func (*BinaryOp) expr()       {}
func (*UnaryOp) expr()        {}
func (*And) expr()            {}
func (*Or) expr()             {}
func (*Not) expr()            {}
func (*IsNull) expr()         {}
func (*IsBool) expr()         {}
func (*IsDistinct) expr()     {}
func (*IsDocument) expr()     {}
func (*Between) expr()        {}
func (*Like) expr()           {}
func (*In) expr()             {}
func (*InSubquery) expr()     {}
func (*AnyAll) expr()         {}
func (*Exists) expr()         {}
func (*ScalarSubquery) expr() {}
func (*ArraySubquery) expr()  {}
func (*Case) expr()           {}
func (*Cast) expr()           {}
func (*Collate) expr()        {}
func (*AtTimeZone) expr()     {}
func (*Array) expr()          {}
func (*Row) expr()            {}
func (*Subscript) expr()      {}
func (*FieldSelect) expr()    {}
func (*NamedArg) expr()       {}
func (*FuncCall) expr()       {}
func (*Coalesce) expr()       {}
func (*NullIf) expr()         {}
func (*MinMax) expr()         {}
func (*Grouping) expr()       {}
func (*SQLValue) expr()       {}
func (*CurrentOf) expr()      {}

func (*TableName) tableExpr()   {}
func (*Subquery) tableExpr()    {}
func (*Join) tableExpr()        {}
func (*FuncTable) tableExpr()   {}
func (*WindowTable) tableExpr() {}

func (*SelectCore) queryBody() {}
func (*Values) queryBody()     {}
func (*SetOp) queryBody()      {}
func (*Select) queryBody()     {}

func (*ColumnDef) tableElement()       {}
func (*TableConstraint) tableElement() {}
func (*LikeClause) tableElement()      {}
func (*Watermark) tableElement()       {}
