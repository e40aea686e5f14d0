// Package storage keeps everything on disk: two Pebble stores under one directory, and nothing above Pebble.
//
//	durable   what users told us: catalog, stream logs, table rows with their changelogs, connector offsets.
//	          Written through [Commit]: one batch an epoch, acknowledged after a sync.
//	derived   what was computed: view rows, operator state, view changelogs, errors, frontiers.
//	          Written through [Step]: one batch a dataflow step, never waiting for the disk.
//
// Guarantees.
//
//   - A Commit whose Apply has returned nil survives any crash, whole; one whose Apply has not returned is there
//     whole or not at all. Epochs only grow.
//   - After a crash the derived store is what it was after some prefix of the steps applied to it, each step whole.
//     Which prefix at least, [Store.DurableFrontier] says; [Store.FlushDerived] moves it. So a dataflow resumes from
//     the frontier that it finds and reads its inputs' changelogs from there.
//   - A snapshot shows one moment of one store. Since a commit becomes visible before it is synced, take durable
//     snapshots between commits.
//   - Everything of a relation or dataflow is one range of keys, so dropping it is one tombstone.
//
// It does not guarantee an order between the two stores: the caller trims a changelog only below what its readers have
// durably applied, and ids are not used twice.
//
// Failure. Open tells apart a directory in use, a newer format and a directory that cannot be written. When free space
// falls below a reserve, writes are refused with [ErrDiskFull] before anything is written: Pebble itself would retry
// for ever. A failing write-ahead log ends the process, since nothing is known of what reached the disk; what it
// acknowledged is there after a restart. Background errors of Pebble are logged and counted.
//
// The layout of keys is in layout.go and drawn in docs/formats/store.md; values are encoded by package codec, keys by
// package keys, and both are opaque here. Package storage/state keeps operator state in the derived store.
//
// Cost on 2 cores: a commit 0.3 ms and more, by the disk; a step of sorted keys 1 to 3 million keys/s in large steps, 0.4
// in small; a point read 2 to 15 microseconds; a scan 3 to 7 million keys/s.
package storage
