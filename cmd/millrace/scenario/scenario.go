package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"millrace/catalog"
	"millrace/engine"
	"millrace/internal/slt"
	"millrace/server"
	"millrace/storage"
	"millrace/types"
)

// stopsMax bounds how often one advance stops on its way; then it goes straight to its end.
const stopsMax = 10_000

// Run runs files as slt.Run does, with options that say nothing of a server.
func Run(ctx context.Context, opts slt.Options, files []string, report io.Writer) (total slt.Result, err error) {
	total.NotAsViews = map[string]int{}
	for _, file := range files {
		res, err := runFile(ctx, opts, file, report)
		if err != nil {
			return total, err
		}
		total.Files += res.Files
		total.Passed += res.Passed
		total.Skipped += res.Skipped
		total.Recorded += res.Recorded
		total.Failures = append(total.Failures, res.Failures...)
	}
	return total, nil
}

func runFile(ctx context.Context, opts slt.Options, file string, report io.Writer) (res slt.Result, err error) {
	w := &world{clock: &engine.ManualClock{}, fs: storage.NewMemFS()}
	if err := w.start(); err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	opts.Engine = "millrace"
	opts.Connect, opts.Restart = w.connect, w.restart
	opts.Scenario = &slt.Scenario{Now: w.now, Set: w.set, AdvanceTo: w.advanceTo, AdvanceBy: w.advanceBy, Settle: w.settle, State: w.state}
	return slt.Run(ctx, opts, []string{file}, report)
}

// world is a server with its clock and its disk.
type world struct {
	clock  *engine.ManualClock
	fs     storage.FS
	server *server.Server
}

func (w *world) start() (err error) {
	w.server, err = server.Start(server.Config{DataDir: "data", Listen: "127.0.0.1:0", FS: w.fs, Clock: w.clock, Log: slog.New(slog.DiscardHandler)})
	return err
}

func (w *world) stop() error { return errors.Join(w.server.Close(), <-w.server.Served()) }

func (w *world) restart() error {
	if err := w.stop(); err != nil {
		return err
	}
	return w.start()
}

// connect opens a connection within the process.
func (w *world) connect(ctx context.Context) (*pgconn.PgConn, error) {
	const host = "in-process"
	cfg, err := pgconn.ParseConfig("host=" + host + " sslmode=disable user=" + server.Superuser + " database=" + server.Database)
	if err != nil {
		return nil, err
	}
	cfg.LookupFunc = func(context.Context, string) ([]string, error) { return []string{host}, nil }
	cfg.DialFunc = func(context.Context, string, string) (net.Conn, error) { return w.server.Connect(), nil }
	return pgconn.ConnectConfig(ctx, cfg)
}

var timestamp = types.Of(types.Timestamp)

func (w *world) now() string {
	_, wall := w.server.Engine.Epoch()
	return string(types.AppendText(nil, timestamp, types.NewInt(wall), types.DefaultEnv))
}

func (w *world) set(to string) error {
	micros, err := w.parse(to)
	if err == nil {
		w.clock.Set(micros)
	}
	return err
}

// parse reads a time, in UTC, to which the clock can be moved.
func (w *world) parse(to string) (int64, error) {
	d, err := types.ParseText(types.Of(types.TimestampTZ), []byte(to), types.DefaultEnv)
	if err != nil {
		return 0, err
	}
	if now := w.clock.Now(); !types.TimestampIsFinite(d.I) || d.I < now {
		return 0, fmt.Errorf("the clock shows %s and does not go back to %s",
			types.AppendText(nil, timestamp, types.NewInt(now), types.DefaultEnv), to)
	}
	return d.I, nil
}

func (w *world) advanceTo(ctx context.Context, to string, stop func() error) error {
	micros, err := w.parse(to)
	if err != nil {
		return err
	}
	return w.advance(ctx, micros, stop)
}

func (w *world) advanceBy(ctx context.Context, by string, stop func() error) error {
	iv, err := types.ParseInterval(by, -1, types.DefaultEnv)
	if err != nil {
		return err
	}
	now := w.clock.Now()
	micros, err := types.TimestampAddInterval(now, iv)
	if err != nil {
		return err
	}
	if micros < now {
		return fmt.Errorf("the clock does not go back by %s", by)
	}
	return w.advance(ctx, micros, stop)
}

func (w *world) advance(ctx context.Context, to int64, stop func() error) error {
	if err := w.settle(ctx); err != nil { // the server may just have started
		return err
	}
	for range stopsMax {
		due, ok := w.server.Engine.NextDue()
		if !ok || due >= to {
			break
		}
		// What was due before now, because the clock was set, is so at once.
		if err := w.tick(ctx, max(due, w.clock.Now()), stop); err != nil {
			return err
		}
	}
	return w.tick(ctx, to, stop)
}

func (w *world) tick(ctx context.Context, at int64, stop func() error) error {
	w.clock.Set(at)
	if _, err := w.server.Engine.Tick(ctx); err != nil {
		return err
	}
	return stop()
}

func (w *world) settle(ctx context.Context) error { return w.server.Engine.Settle(ctx) }

func (w *world) state(ctx context.Context, view string) (rows, bytes int64, err error) {
	r, ok := w.server.Engine.Catalog().Lookup(catalog.PublicSchema, view)
	if !ok {
		return 0, 0, fmt.Errorf("there is no view %q", view)
	}
	f, ok, err := w.server.Engine.Figures(ctx, r.ID, true)
	if err != nil {
		return 0, 0, err
	}
	if !ok {
		return 0, 0, fmt.Errorf("%q is no materialized view", view)
	}
	for _, s := range f.State {
		rows, bytes = rows+s.Rows, bytes+s.Bytes
	}
	return rows, bytes, nil
}
