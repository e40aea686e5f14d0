// Package builtin is the explicit list of the connectors in this binary.
package builtin
