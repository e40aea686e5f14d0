package storage

import "fmt"

// The default reserve of free space: enough for running compactions to end.
const (
	reserveMax     = 256 << 20
	reservePercent = 5
)

// checkDisk refuses a write of so many bytes when the space that it leaves free would be below the reserve. Pebble
// on a full disk does not fail: it retries flushes for ever and holds up all writers. One look costs about a
// microsecond.
func (s *Store) checkDisk(bytes int) error {
	if s.opt.DiskReserveBytes < 0 {
		return nil
	}
	u, err := s.opt.FS.GetDiskUsage(s.opt.Dir)
	if err != nil {
		return nil // a file system that does not tell is not watched
	}
	reserve := uint64(s.opt.DiskReserveBytes)
	if reserve == 0 {
		reserve = min(reserveMax, u.TotalBytes/100*reservePercent)
	}
	if u.AvailBytes < reserve+uint64(bytes) {
		return fmt.Errorf("%w: %d MiB are free on the disk of %s, and %d MiB are kept in reserve",
			ErrDiskFull, u.AvailBytes>>20, s.opt.Dir, reserve>>20)
	}
	return nil
}
