package randquery

import (
	"fmt"
	"strings"
)

// Node is a piece of SQL with the pieces that it is made of.
type Node struct {
	// sort says what the node is: a type for an expression, "from", "query:..." with the columns' types. A node may
	// stand where another of its sort does. Empty means that nothing may.
	sort string
	// text has the words around the kids, one piece more than there are kids; a list has none.
	text []string
	kids []*Node
	// sep separates the kids of a list, of which at least min stay.
	list bool
	sep  string
	min  int
	// optional nodes may be left out.
	optional bool
	// ordered is a query that says in which order its rows come.
	ordered bool
}

// String is the SQL.
func (n *Node) String() string {
	var b strings.Builder
	n.print(&b)
	return b.String()
}

func (n *Node) print(b *strings.Builder) {
	if n.list {
		for i, k := range n.kids {
			if i > 0 {
				b.WriteString(n.sep)
			}
			k.print(b)
		}
		return
	}
	for i, k := range n.kids {
		b.WriteString(n.text[i])
		k.print(b)
	}
	b.WriteString(n.text[len(n.kids)])
}

// size is the number of nodes.
func (n *Node) size() int {
	s := 1
	for _, k := range n.kids {
		s += k.size()
	}
	return s
}

// clone is a copy that shares nothing.
func (n *Node) clone() *Node {
	c := *n
	c.kids = make([]*Node, len(n.kids))
	for i, k := range n.kids {
		c.kids[i] = k.clone()
	}
	return &c
}

// word is a node of fixed text.
func word(text string) *Node { return &Node{text: []string{text}} }

// build makes a node of a sort from a form in which each $ stands for a kid, a *Node or text.
func build(sort, form string, kids ...any) *Node {
	pieces := strings.Split(form, "$")
	if len(pieces) != len(kids)+1 {
		panic(fmt.Sprintf("randquery: %q with %d kids", form, len(kids)))
	}
	n := &Node{sort: sort, text: []string{pieces[0]}}
	for i, k := range kids {
		switch k := k.(type) {
		case *Node:
			n.kids = append(n.kids, k)
			n.text = append(n.text, pieces[i+1])
		case string:
			n.text[len(n.text)-1] += k + pieces[i+1]
		default:
			panic(fmt.Sprintf("randquery: a kid of type %T", k))
		}
	}
	return n
}

// option is a node that may be left out.
func option(form string, kids ...any) *Node {
	n := build("", form, kids...)
	n.optional = true
	return n
}

// list is a list of which at least one stays.
func list(sep string, kids ...*Node) *Node { return &Node{list: true, sep: sep, min: 1, kids: kids} }

// fixed is a list of which all stay, since their number means something.
func fixed(kids ...*Node) *Node { return &Node{list: true, sep: ", ", min: len(kids), kids: kids} }
