// Package keys encodes SQL values as byte strings whose order is the order of the values (memcomparable keys), and
// hashes such keys.
//
// Guarantees, for every type that has an order:
//
//   - bytes.Compare of two keys of one type has the sign of types.Compare of the values, with NULL at the end that
//     the caller names; with desc the values are reversed and NULL is still where it was put.
//   - Values that SQL calls equal have equal keys: numeric 1.0 and 1.00, -0.0 and 0.0, all NaNs, interval '1 day' and
//     '24 hours', character values with and without trailing blanks. So a key identifies a value, not its spelling:
//     the value itself cannot be read back from it.
//   - A key ends itself: no key of a type is a proper prefix of another, so keys of several columns are simply
//     written one after another, and every key prefix is a range of the store.
//   - All integer-like types share one form, and so do the two float types and the text types (character aside, which
//     loses its blanks), so that columns of different width may be joined on.
//
// The forms are part of stored formats, as is [Hash]: they never change. docs/formats/keys.md draws them.
//
// The encoding of a column of integers and one of short text takes about 10 ns a row through [AppendAll].
// Nothing here fails: bytes that are no value of their type get some key.
package keys
