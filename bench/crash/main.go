package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	var c config
	flag.IntVar(&c.cycles, "cycles", 20, "how often the server is killed")
	flag.IntVar(&c.writers, "writers", 8, "connections that write")
	flag.IntVar(&c.rows, "rows", 10, "rows of a commit")
	flag.DurationVar(&c.life, "life", time.Second, "longest time between two kills")
	flag.IntVar(&c.memory, "memory", 512, "the server's memory limit in MB")
	seed := flag.Uint64("seed", 1, "seed of the times of the kills")
	parent := flag.String("dir", "", "folder for the data (default: a temporary one)")
	flag.Parse()
	c.r = rand.New(rand.NewPCG(*seed, 0))
	dir, err := os.MkdirTemp(*parent, "millrace-crash-")
	if err != nil {
		log.Fatal(err)
	}
	c.dir = dir
	err = c.run(context.Background())
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		log.Fatal(err)
	}
}

// config is a run.
type config struct {
	cycles, writers, rows, memory int
	life                          time.Duration
	dir, bin                      string
	r                             *rand.Rand
}

func (c *config) run(ctx context.Context) error {
	c.bin = filepath.Join(c.dir, "millrace")
	build := exec.CommandContext(ctx, "go", "build", "-o", c.bin, "millrace/cmd/millrace")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the server: %w", err)
	}
	writers := make([]*writer, c.writers)
	for i := range writers {
		writers[i] = &writer{id: i, rows: c.rows}
	}
	fmt.Printf("# %d cycles, %d writers, %d rows a commit, killed within %v\n", c.cycles, c.writers, c.rows, c.life)
	fmt.Printf("%5s %10s %12s %12s %12s %12s\n", "cycle", "commits", "commits/s", "log rows", "answers ms", "current ms")
	var answers, current []time.Duration
	var commits int64
	for i := range c.cycles {
		cycle, err := c.cycle(ctx, i, writers)
		if err != nil {
			return fmt.Errorf("cycle %d: %w", i+1, err)
		}
		commits += cycle.commits
		fmt.Printf("%5d %10d %12.0f %12d %12d %12d\n", i+1, cycle.commits, float64(cycle.commits)/cycle.lived.Seconds(),
			cycle.logRows, cycle.answers.Milliseconds(), cycle.current.Milliseconds())
		if i > 0 {
			answers, current = append(answers, cycle.answers), append(current, cycle.current)
		}
	}
	fmt.Printf("\n%d commits, %d kills: no acknowledged row was lost, none is there twice, no transaction is there in part\n", commits, c.cycles)
	if len(answers) > 0 {
		fmt.Printf("after a kill the server answers in %v at the median and %v at most, the view is current in %v and %v\n",
			median(answers), slices.Max(answers), median(current), slices.Max(current))
	}
	return nil
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2].Round(time.Millisecond)
}

// measured is one cycle's figures.
type measured struct {
	commits, logRows int64
	lived            time.Duration // from the first write to the kill
	answers, current time.Duration // from the start of the process
}

// cycle starts the server, checks what is there, writes, and kills it.
func (c *config) cycle(ctx context.Context, number int, writers []*writer) (m measured, err error) {
	begin := time.Now()
	s, err := startServer(ctx, c.bin, filepath.Join(c.dir, "data"), c.memory)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, s.kill()) }()
	if number == 0 {
		if err := setUp(ctx, s.addr, writers); err != nil {
			return m, err
		}
	}
	if _, err := s.query(ctx, "SELECT count(*) FROM progress"); err != nil {
		return m, err
	}
	m.answers = time.Since(begin)
	if _, err := s.query(ctx, "SELECT count(*) FROM counts"); err != nil {
		return m, err
	}
	m.current = time.Since(begin)
	if m.logRows, err = check(ctx, s, writers); err != nil {
		return m, err
	}
	begin = time.Now()
	done := make(chan error, len(writers))
	for _, w := range writers {
		w.commits = 0
		go func() { done <- w.run(ctx, s.addr) }()
	}
	life := time.NewTimer(time.Duration(c.r.Int64N(int64(c.life))) + time.Millisecond)
	defer life.Stop()
	left := len(writers)
	select {
	case <-life.C:
	case err = <-done:
		left-- // before the kill nothing may end
		if err == nil {
			err = errors.New("a connection broke before the kill")
		}
	}
	m.lived = time.Since(begin)
	err = errors.Join(err, s.kill())
	for range left {
		err = errors.Join(err, <-done)
	}
	for _, w := range writers {
		m.commits += w.commits
	}
	return m, err
}
