package storage

import (
	"errors"
	"fmt"
	iofs "io/fs"

	"github.com/cockroachdb/pebble/v2"
)

// Checkpoint writes a copy of both stores into dir, which must not exist, on the same file system (files are linked
// where that is possible). The copy can be opened as a store. Commits and steps go on meanwhile.
//
// The derived store is copied first, so in the copy no dataflow is ahead of the commits; and nothing is trimmed
// until both are copied, so every dataflow finds the changelogs from its frontier on.
func (s *Store) Checkpoint(dir string) error {
	fs := s.opt.FS
	if _, err := fs.Stat(dir); !errors.Is(err, iofs.ErrNotExist) {
		return fmt.Errorf("checkpoint: %s exists already", dir)
	}
	if err := s.checkDisk(0); err != nil {
		return err
	}
	s.trim.Lock()
	defer s.trim.Unlock()
	err := s.checkpoint(dir)
	if err != nil {
		return errors.Join(fmt.Errorf("checkpoint %s: %w", dir, err), fs.RemoveAll(dir))
	}
	return nil
}

func (s *Store) checkpoint(dir string) error {
	fs := s.opt.FS
	if err := makeDir(fs, dir); err != nil {
		return err
	}
	// The derived store has no write-ahead log: what is to be in the copy must be in files.
	if err := s.derived.Flush(); err != nil {
		return err
	}
	if err := s.derived.Checkpoint(fs.PathJoin(dir, "derived")); err != nil {
		return err
	}
	if err := s.durable.Checkpoint(fs.PathJoin(dir, "durable"), pebble.WithFlushedWAL()); err != nil {
		return err
	}
	// Last, so that a copy that was broken off is not taken for one.
	return writeFile(fs, dir, formatName, formatText())
}
