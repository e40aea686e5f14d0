package jsonpath

// kind is what a node does.
type kind uint8

const (
	root         kind = iota // $
	current                  // @
	last                     // last, within [ ]
	variable                 // $name: text
	literal                  // value: jsonb
	member                   // .name: text
	anyMember                // .*
	anyElement               // [*]
	elements                 // [a, b to c]: subs
	anyLevel                 // .**{from to to}
	filter                   // ?(cond): left
	method                   // .name(): text
	plus                     // unary
	minus                    // unary
	add                      // binary from here: left, right
	subtract                 // binary
	multiply                 // binary
	divide                   // binary
	modulo                   // binary
	equal                    // predicates from here
	notEqual                 //
	less                     //
	lessEqual                //
	greater                  //
	greaterEqual             //
	and                      //
	or                       //
	not                      // left
	isUnknown                // left
	startsWith               //
	likeRegex                // left; text is the pattern, flags
	exists                   // left
)

func (k kind) isPredicate() bool { return k >= equal }

// node is an expression; next are the accessors applied to each of its items, in order.
type node struct {
	kind        kind
	text        string
	flags       string
	value       []byte
	left, right *node
	subs        []subscript
	from, to    int // anyLevel; lastLevel stands for the deepest
	next        *node
	match       func([]byte) (bool, error) // likeRegex
}

const lastLevel = -1

// subscript is an index, or a range of them where to is not nil.
type subscript struct{ from, to *node }

// symbols are the arithmetic operators as messages have them.
var symbols = map[kind]string{plus: "+", minus: "-", add: "+", subtract: "-", multiply: "*", divide: "/", modulo: "%"}
