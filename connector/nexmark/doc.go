// Package nexmark is a source of the Nexmark auction feed: persons, auctions and bids in the proportion 1 : 3 : 46.
//
// The model (proportions, identifiers, skew, prices, sizes) follows the public description of the nexmark/nexmark
// benchmark (Apache-2.0); the code and the random sequence are our own, so events are not those of the Java
// generator. Each event is a function of the seed and its number alone: three streams with the same options, one for
// each kind, together hold one consistent sequence, in any order of reading and after any restart.
//
// Event n has the time start_time + n / event_rate. With rate > 0 events are given out at that many a second of the
// machine's clock, counted from when the source was opened.
package nexmark
