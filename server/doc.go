// Package server is the composition root: it opens the engine, gives it planner and connectors, listens, and shuts
// everything down in order. It decides nothing itself.
package server
