package builtin

import (
	"millrace/connector"
	"millrace/connector/blackhole"
	"millrace/connector/datagen"
	"millrace/connector/nexmark"
)

// List is a set of connectors by name.
type List []*connector.Definition

// All lists the built-in connectors, by name.
func All() List {
	return List{
		blackhole.Definition(),
		datagen.Definition(),
		nexmark.Definition(),
	}
}

// Lookup finds a connector.
func (l List) Lookup(name string) (*connector.Definition, bool) {
	for _, d := range l {
		if d.Name == name {
			return d, true
		}
	}
	return nil, false
}

// Names lists the connectors' names.
func (l List) Names() []string {
	names := make([]string, len(l))
	for i, d := range l {
		names[i] = d.Name
	}
	return names
}
