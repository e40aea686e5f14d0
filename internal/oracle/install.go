package oracle

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// ErrNotInstalled is returned by Start when this machine has no PostgreSQL server binaries.
var ErrNotInstalled = errors.New("oracle: no PostgreSQL server (initdb, postgres, pg_ctl) found in PATH or the usual folders")

// binDirs are the folders, as glob patterns, where distributions put the server's binaries outside PATH.
var binDirs = []string{
	"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
	"/usr/pgsql-*/bin",                  // Red Hat with the PostgreSQL project's packages
	"/opt/homebrew/opt/postgresql*/bin", // macOS, arm64
	"/usr/local/opt/postgresql*/bin",    // macOS, amd64
}

// findBin returns the folder that holds initdb, postgres and pg_ctl, all of one version.
func findBin() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		// Debian's PATH has wrappers for client programs; initdb there is a link beside the real server.
		if real, err := filepath.EvalSymlinks(p); err == nil {
			p = real
		}
		if dir := filepath.Dir(p); hasServer(dir) {
			return dir, nil
		}
	}
	best, bestVersion := "", -1
	for _, pattern := range binDirs {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			return "", fmt.Errorf("oracle: pattern %s: %w", pattern, err)
		}
		for _, dir := range dirs {
			if v := majorVersion(dir); v > bestVersion && hasServer(dir) {
				best, bestVersion = dir, v
			}
		}
	}
	if best == "" {
		return "", ErrNotInstalled
	}
	return best, nil
}

func hasServer(dir string) bool {
	for _, name := range []string{"initdb", "postgres", "pg_ctl"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// majorVersion reads the version out of a folder's name, such as 15 in /usr/lib/postgresql/15/bin. A name
// without one counts as version 0.
func majorVersion(dir string) int {
	v, found := 0, false
	name := filepath.Base(filepath.Dir(dir))
	for _, c := range name {
		if c < '0' || c > '9' {
			if found {
				break
			}
			continue
		}
		v, found = v*10+int(c-'0'), true
	}
	return v
}

// serverCredential returns the identity to run the server under: nil for the current user, or for root
// the first of the users postgres and nobody that exists.
func serverCredential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		// NoSetGroups is left false with an empty list: root's supplementary groups are dropped.
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("oracle: running as root, and neither user postgres nor nobody exists to run the server as")
}

// makeFolder makes the server's temporary folder, owned by cred. The folder must be reachable by that user,
// which a TMPDIR private to root is not; then /tmp is used.
func makeFolder(cred *syscall.Credential) (string, error) {
	parents := []string{os.TempDir()}
	if cred != nil && os.TempDir() != "/tmp" {
		parents = append(parents, "/tmp")
	}
	var firstErr error
	for _, parent := range parents {
		dir, err := os.MkdirTemp(parent, "millrace-oracle-")
		if err != nil {
			firstErr = errors.Join(firstErr, err)
			continue
		}
		if cred == nil {
			return dir, nil
		}
		if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err == nil {
			err = canEnter(dir, cred)
			if err == nil {
				return dir, nil
			}
			firstErr = errors.Join(firstErr, err)
		} else {
			firstErr = errors.Join(firstErr, err)
		}
		firstErr = errors.Join(firstErr, os.RemoveAll(dir))
	}
	return "", fmt.Errorf("oracle: no usable temporary folder: %w", firstErr)
}

// canEnter checks that the user of cred can change into dir through all of its parents.
func canEnter(dir string, cred *syscall.Credential) error {
	cmd := exec.Command("/bin/sh", "-c", `cd -- "$1"`, "sh", dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("user %d cannot enter %s: %w: %s", cred.Uid, dir, err, out)
	}
	return nil
}
