package storage

import "errors"

// The ways in which Open, reads and writes fail that callers can do something about. Test with errors.Is.
var (
	// ErrLocked means that another process (or another Store of this one) has the directory open.
	ErrLocked = errors.New("the data directory is in use by another process")
	// ErrNewerFormat means that a newer version of the program has written the directory.
	ErrNewerFormat = errors.New("the data directory was written by a newer version")
	// ErrUnwritable means that the directory cannot be created or written.
	ErrUnwritable = errors.New("the data directory is not writable")
	// ErrDiskFull means that a write was refused since free space has come below the reserve. Nothing of the
	// write happened, and later writes may succeed.
	ErrDiskFull = errors.New("disk full")
	// ErrTooLarge means that a commit or step exceeds 2 GiB. Nothing of it was written.
	ErrTooLarge = errors.New("more than 2 GiB in one write")
	// ErrCorrupt means that stored bytes are not what was written.
	ErrCorrupt = errors.New("corrupt data")
	// ErrNegative means that a row was removed more often than it was there: an error in the dataflow.
	ErrNegative = errors.New("negative multiplicity")
	// ErrOrder means that an epoch or frontier did not grow: an error in the caller.
	ErrOrder = errors.New("epoch out of order")
)
