package storage

import (
	"io"
	"math/rand/v2"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// FS is a file system to open a store on.
type FS = vfs.FS

// NewMemFS makes an empty file system in memory.
func NewMemFS() FS { return vfs.NewMem() }

// CrashFS is a file system in memory of which one can see what a crash would leave.
type CrashFS struct{ *vfs.MemFS }

// NewCrashFS makes an empty one.
func NewCrashFS() CrashFS { return CrashFS{vfs.NewCrashableMem()} }

// Crash gives a copy as after a crash at this moment: what was synced, and of each block and directory entry that
// was not, percent in a hundred. Zero needs no source of randomness.
func (c CrashFS) Crash(percent int, r *rand.Rand) CrashFS {
	return CrashFS{c.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: r})}
}

// makeDir creates dir with its parents and syncs each parent that gained an entry.
func makeDir(fs FS, dir string) error {
	var parents []string
	for d := dir; ; {
		parent := fs.PathDir(d)
		if parent == d || parent == "" {
			break
		}
		if _, err := fs.Stat(d); err == nil {
			break
		}
		parents = append(parents, parent)
		d = parent
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, p := range parents {
		if err := syncDir(fs, p); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(fs FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if err2 := d.Close(); err == nil {
		err = err2
	}
	return err
}

// writeFile writes a small file so that after a crash it is there whole or not at all.
func writeFile(fs FS, dir, name, content string) error {
	tmp := fs.PathJoin(dir, name+".tmp")
	f, err := fs.Create(tmp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, strings.NewReader(content))
	if err == nil {
		err = f.Sync()
	}
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err == nil {
		err = fs.Rename(tmp, fs.PathJoin(dir, name))
	}
	if err == nil {
		err = syncDir(fs, dir)
	}
	return err
}

// readFile reads a small file.
func readFile(fs FS, name string) (string, error) {
	f, err := fs.Open(name)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(f, 1<<16))
	if err2 := f.Close(); err == nil {
		err = err2
	}
	return string(b), err
}
