package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// process is a server process.
type process struct {
	cmd  *exec.Cmd
	addr string
	once sync.Once
	err  error
}

// startServer runs the server on a free port and waits until it listens.
func startServer(ctx context.Context, bin, dir string, memory int) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, bin, "serve", "--listen", "127.0.0.1:0", "--data-dir", dir,
		"--log-level", "error", "--memory-limit", strconv.Itoa(memory)+"MB")}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_, rest, found := strings.Cut(line, "listening on ")
	if err != nil || !found {
		return nil, errors.Join(fmt.Errorf("the server does not say where it listens: %q", line), err, p.kill())
	}
	p.addr, _, _ = strings.Cut(rest, ",")
	return p, nil
}

// kill is kill -9; calling it again does nothing.
func (p *process) kill() error {
	p.once.Do(func() {
		if p.err = p.cmd.Process.Kill(); p.err == nil || errors.Is(p.err, os.ErrProcessDone) {
			p.err = nil
			_ = p.cmd.Wait() // says that it was killed
		}
	})
	return p.err
}

func connect(ctx context.Context, addr string) (*pgconn.PgConn, error) {
	return pgconn.Connect(ctx, "postgres://millrace@"+addr+"/millrace?sslmode=disable")
}

// query runs one query on a connection of its own and gives its rows in text form.
func (p *process) query(ctx context.Context, sql string) ([][][]byte, error) {
	c, err := connect(ctx, p.addr)
	if err != nil {
		return nil, err
	}
	defer c.Close(ctx)
	results, err := c.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sql, err)
	}
	return results[0].Rows, nil
}
