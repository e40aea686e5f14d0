// Package state keeps the state of a dataflow's operators: in the derived store, fronted by a bounded form in memory.
//
// A [Space] belongs to one dataflow and holds a [Map] (key to value) or a [Multimap] (group to ordered multiset of
// rows) per operator and part. Operators read and change them during a step; [Space.WriteTo] then adds the changes, in
// order of key, to the step's batch in the store. Without a store a space lives in memory, for ad-hoc queries.
//
// Memory. Entries lie in arenas of pointer-free blocks, found by open-addressing tables on the key's 64-bit hash. A
// space that has more than its share of the [Budget] evicts entries that were not used lately, after WriteTo, when all
// are clean. As long as nothing was ever evicted of a map or multimap that began empty, it is complete: a key that is
// not in memory is nowhere, and the store is only written. Otherwise a miss is read from the store, and known to be
// absent if it is. After a restart nothing is loaded: reads and Prefetch fill the memory.
//
// Groups of a multimap are kept whole or not at all: small ones as one cell of records, larger ones as ordered chunks.
// A change is appended, and rows are put in order when somebody reads them. A group of more than 64 KiB in the store is
// not loaded: its reads merge the store's rows with the step's changes.
//
// Guarantees: reads see the store and all changes since; what is written depends only on the changes, not on what is
// in memory; nothing depends on time, chance or the order of a Go map. Multiplicities do not go below zero: WriteTo fails
// with ErrNegative when one would.
//
// It does not guarantee that a step's changes fit into the budget: they stay in memory until WriteTo.
//
// Failure. After an error of WriteTo, of the step's Apply or of any read, call Discard, which leaves what the store has.
// A space that lives in memory fails with ErrMemory when it outgrows the budget.
//
// Cost, in memory: Get and Put 20 to 150 ns, by how much of the table the processor's caches hold; Add 50 to 150; Scan 40
// and 10 to 20 a row. A miss costs 2 to 10 microseconds, 1 to 3 within Prefetch. A step costs 0.6 microseconds a changed
// entry when it is large, 1.2 when it is small, most of it in Pebble.
package state
