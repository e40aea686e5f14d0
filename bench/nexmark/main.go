package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"millrace/server"
)

func main() {
	events := flag.Int64("events", 10_000_000, "events of all three kinds")
	names := flag.String("queries", strings.Join(order, ","), "queries to run")
	sink := flag.Bool("sink", false, "deliver to a blackhole sink instead of keeping a view")
	memory := flag.Int64("memory", 4096, "memory limit in MB")
	dir := flag.String("dir", "", "folder for the data (default: a temporary one)")
	profile := flag.String("cpuprofile", "", "write a CPU profile of the last query")
	flag.Parse()
	fmt.Printf("# %d events, event rate 10000/s, %d CPUs, %s, sink=%v\n", *events, runtime.NumCPU(), runtime.Version(), *sink)
	fmt.Printf("%-5s %10s %10s %12s %10s %10s\n", "query", "seconds", "M ev/s", "CPU s", "rows out", "RSS MB")
	for _, name := range strings.Split(*names, ",") {
		if err := run(name, *events, *sink, *memory<<20, *dir, *profile); err != nil {
			log.Fatalf("%s: %v", name, err)
		}
	}
}

// run measures one query in a fresh data folder.
func run(name string, events int64, sink bool, memory int64, parent, profile string) error {
	query, ok := queries[name]
	if !ok {
		return fmt.Errorf("there is no such query here")
	}
	dir, err := os.MkdirTemp(parent, "millrace-nexmark-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := server.Start(server.Config{DataDir: dir, Listen: "127.0.0.1:0", MemoryLimit: memory})
	if err != nil {
		return err
	}
	defer s.Close()
	ctx := context.Background()
	c, err := pgconn.Connect(ctx, fmt.Sprintf("postgres://millrace@%s/millrace?sslmode=disable", s.Addr()))
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	tables := []string{"person", "auction", "bid"}
	for _, t := range tables {
		if err := exec(ctx, c, fmt.Sprintf("CREATE STREAM %s WITH (connector = 'nexmark', table = '%s', events = %d, paused = true)", t, t, events)); err != nil {
			return err
		}
	}
	if sink {
		err = exec(ctx, c, "CREATE SINK result FROM ("+query+") WITH (connector = 'blackhole')")
	} else {
		err = exec(ctx, c, "CREATE MATERIALIZED VIEW result AS "+query)
	}
	if err != nil {
		return err
	}
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	start, cpu := time.Now(), cpuTime()
	for _, t := range tables {
		if err := exec(ctx, c, "ALTER STREAM "+t+" RESUME"); err != nil {
			return err
		}
	}
	out, err := finish(s)
	if err != nil {
		return err
	}
	took := time.Since(start)
	fmt.Printf("%-5s %10.2f %10.3f %12.2f %10d %10d\n", name, took.Seconds(), float64(events)/took.Seconds()/1e6, (cpuTime() - cpu).Seconds(), out, peakMB())
	return nil
}

// finish waits until all sources are finished and the result has applied what they gave; it returns the number of
// result changes.
func finish(s *server.Server) (int64, error) {
	r, ok := s.Engine.Catalog().Lookup("public", "result")
	if !ok {
		return 0, fmt.Errorf("the result is gone")
	}
	for {
		done := true
		for _, st := range s.Engine.SourceStatuses() {
			if st.LastError != "" {
				return 0, fmt.Errorf("source: %s", st.LastError)
			}
			done = done && st.Status == "finished"
		}
		v, ok := s.Engine.ViewStatus(r.ID)
		if !ok || v.Err != nil {
			return 0, fmt.Errorf("view: %v", v.Err)
		}
		if done && v.Lag == 0 {
			return v.RowsOut, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func exec(ctx context.Context, c *pgconn.PgConn, sql string) error {
	_, err := c.Exec(ctx, sql).ReadAll()
	return err
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMB is the process's highest resident size so far.
func peakMB() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Maxrss >> 10
}
