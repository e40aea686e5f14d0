// Command nexmark measures Nexmark queries end to end: three generated streams (person, auction, bid) are written to
// the synced log, and one query over them is kept as a materialized view or delivered to a blackhole sink. The time is
// from starting the generators until the view has applied the last event; the generators are part of it.
//
//	go run ./bench/nexmark -events 10000000 -queries q0,q1,q2 [-sink] [-cpuprofile FILE]
//
// Event time advances 10,000 events a second, so that 10 M events span 1,000 seconds and windows have their
// ordinary sizes.
package main
