package physical

// Role says what a scan's changes are to the joins that look rows up on arrival ([Lookup]).
type Role uint8

// The roles; a scan may have several.
const (
	// Arriving rows look others up.
	Arriving Role = 1 << iota
	// Departing: they may go again, and then come anew.
	Departing
	// LookedUp rows are what others find.
	LookedUp
)

// Arrivals gives each node's role; nil for a plan without a Lookup.
func (p *Plan) Arrivals() []Role {
	var roles []Role
	for i := len(p.Nodes) - 1; i >= 0; i-- {
		if n, ok := p.Nodes[i].(*Lookup); ok {
			if roles == nil {
				roles = make([]Role, len(p.Nodes))
			}
			roles[n.Left_] |= Arriving
			if !p.Nodes[n.Left_].Out().AppendOnly {
				roles[n.Left_] |= Departing
			}
			roles[n.Right_] |= LookedUp
		}
		if roles == nil {
			continue
		}
		for _, in := range p.Nodes[i].Inputs() {
			roles[in] |= roles[i]
		}
	}
	return roles
}

// EndsStep reports whether a step with changes of the roles before has to end at an epoch's end when the next epoch has changes of
// the roles next. So a row meets what there is at the end of its own epoch, however many epochs a step takes: what is looked up does not
// change after a row has come in the step, and no row goes and comes again within one.
func EndsStep(before, next Role) bool {
	return before&Arriving != 0 && next&LookedUp != 0 || before&Departing != 0 && next&Departing != 0
}
