// Command serving measures what clients feel: how soon a commit shows in a view (freshness), how many prepared
// point reads a second a view answers (points), how fast COPY brings bids into a stream with a view over it (copy),
// what an idle server costs (idle), and how soon a server answers after kill -9 with a large state (restart). The server is
// a process of its own, built from this module; the client is on the same machine.
//
//	go run ./bench/serving -mode freshness|points|copy|idle|restart
package main
