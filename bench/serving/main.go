package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

func main() {
	mode := flag.String("mode", "freshness", "freshness, points, copy, idle or restart")
	n := flag.Int("n", 0, "rows, reads or inserts (0: the mode's default)")
	conns := flag.Int("conns", 8, "client connections")
	memory := flag.Int("memory", 1024, "the server's memory limit in MB")
	flag.Parse()
	modes := map[string]func(*target, int, int) error{
		"freshness": freshness, "points": points, "copy": copyRows, "idle": idle, "restart": restart,
	}
	run, ok := modes[*mode]
	if !ok {
		log.Fatalf("there is no mode %q", *mode)
	}
	t, err := start(*memory)
	if err != nil {
		log.Fatal(err)
	}
	err = run(t, *conns, *n)
	t.stop()
	if err != nil {
		log.Fatal(err)
	}
}

// target is a server process.
type target struct {
	bin, dir string
	memory   int
	cmd      *exec.Cmd
	addr     string
}

// start builds the server and runs it in a temporary folder.
func start(memory int) (*target, error) {
	dir, err := os.MkdirTemp("", "millrace-serving-")
	if err != nil {
		return nil, err
	}
	t := &target{bin: filepath.Join(dir, "millrace"), dir: dir, memory: memory}
	build := exec.Command("go", "build", "-o", t.bin, "millrace/cmd/millrace")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, err
	}
	return t, t.run()
}

// run starts the server process and waits until it says where it listens.
func (t *target) run() error {
	t.cmd = exec.Command(t.bin, "serve", "--data-dir", filepath.Join(t.dir, "data"), "--listen", "127.0.0.1:0", "--memory-limit", strconv.Itoa(t.memory)+"MB")
	t.cmd.Stderr = os.Stderr
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := t.cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(line, "listening on ")
	t.addr, _, _ = strings.Cut(rest, ",")
	return nil
}

func (t *target) stop() {
	_ = t.cmd.Process.Kill()
	_ = t.cmd.Wait()
	_ = os.RemoveAll(t.dir)
}

func (t *target) connect(ctx context.Context) (*pgconn.PgConn, error) {
	return pgconn.Connect(ctx, "postgres://millrace@"+t.addr+"/millrace?sslmode=disable")
}

func execSQL(ctx context.Context, c *pgconn.PgConn, sql string) error {
	_, err := c.Exec(ctx, sql).ReadAll()
	return err
}

// resident reads the server's resident memory in MB and its CPU time.
func (t *target) resident() (mb int64, cpu time.Duration, err error) {
	pid := strconv.Itoa(t.cmd.Process.Pid)
	statm, err := os.ReadFile("/proc/" + pid + "/statm")
	if err != nil {
		return 0, 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	if err != nil {
		return 0, 0, err
	}
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	ticks := int64(0)
	for _, i := range []int{11, 12} {
		v, err := strconv.ParseInt(f[i], 10, 64)
		if err != nil {
			return 0, 0, err
		}
		ticks += v
	}
	return pages * int64(os.Getpagesize()) >> 20, time.Duration(ticks) * 10 * time.Millisecond, nil
}

func report(format string, args ...any) { fmt.Printf(format+"\n", args...) }
