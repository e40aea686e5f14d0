package server_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"millrace/server"
)

// childEnv holds the data directory of a server that is to be killed; see TestMain.
const childEnv = "MILLRACE_TEST_CHILD"

// runChild is the life of a server process that a test started: it says where it listens, and ends when it is killed
// or its parent is gone.
func runChild(dir string) error {
	srv, err := server.Start(server.Config{
		DataDir: dir, Listen: "127.0.0.1:0", MemoryLimit: 256 << 20,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	fmt.Println(srv.Addr())
	// The pipe ends with the parent, however that ends.
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// child is a server in a process of its own.
type child struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Reader
	stderr syncBuffer
}

// launch starts a server process and does not wait for it.
func launch(t testing.TB, dir string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.Command(exe)}
	c.cmd.Env = append(os.Environ(), childEnv+"="+dir)
	c.cmd.Stderr = &c.stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdout = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// startTimeout bounds a server's start, recovery included.
const startTimeout = 60 * time.Second

// address waits until the server listens.
func (c *child) address() (string, error) {
	timer := time.AfterFunc(startTimeout, func() { _ = c.cmd.Process.Kill() })
	defer timer.Stop()
	line, err := c.stdout.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the server did not start: %w\n%s", errors.Join(err, c.kill()), c.stderr.String())
	}
	return strings.TrimSpace(line), nil
}

// kill ends the process as kill -9 does, and gives what it had logged as an error.
func (c *child) kill() error {
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	// The exit status says that it was killed.
	_ = c.cmd.Wait()
	_ = c.stdin.Close()
	for line := range strings.Lines(c.stderr.String()) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "DATA RACE") || strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			return fmt.Errorf("the server logged:\n%s", c.stderr.String())
		}
	}
	return nil
}

// syncBuffer is a buffer that may be read while a process writes to it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
