package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"millrace/server"
)

// serverFlags are the flags of the commands that run a server.
type serverFlags struct {
	cfg    server.Config
	memory byteSize
	level  string
}

func (f *serverFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.cfg.DataDir, "data-dir", "./millrace-data", "folder that holds everything; made if it does not exist")
	fl.StringVar(&f.cfg.Listen, "listen", "127.0.0.1:7432", "address and port to listen on")
	fl.Var(&f.memory, "memory-limit", "memory for caches and operator state, as in 512MB or 4GB (default 1GB)")
	fl.StringVar(&f.cfg.Password, "password", "", "password of role millrace for connections from other machines, which are refused without one")
	fl.StringVar(&f.cfg.TLSCert, "tls-cert", "", "TLS certificate file (PEM)")
	fl.StringVar(&f.cfg.TLSKey, "tls-key", "", "TLS key file (PEM)")
	fl.IntVar(&f.cfg.Connections, "max-connections", 1000, "client connections at the same time")
	fl.StringVar(&f.level, "log-level", "info", "debug, info, warn or error")
	fl.String("config", "", "YAML file with these settings, which flags and environment override")
}

// start fills in the configuration and starts the server.
func (f *serverFlags) start(cmd *cobra.Command) (*server.Server, error) {
	if err := settle(cmd); err != nil {
		return nil, err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.level)); err != nil {
		return nil, fmt.Errorf("invalid --log-level %q: use debug, info, warn or error", f.level)
	}
	f.cfg.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
	f.cfg.MemoryLimit = int64(f.memory)
	return server.Start(f.cfg)
}

// wait blocks until a signal asks the server to end, or it ends by itself, and closes it.
func wait(ctx context.Context, s *server.Server) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	select {
	case <-ctx.Done():
	case err = <-s.Served():
	}
	stop() // a second Ctrl-C ends the process at once
	if cerr := s.Close(); err == nil {
		err = cerr
	}
	return err
}

func serveCommand() *cobra.Command {
	var f serverFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Run the server until Ctrl-C or SIGTERM.

Every flag can also be given in the environment (MILLRACE_DATA_DIR for --data-dir and so on) or in the file named by
--config. Flags override the environment, which overrides the file.`,
		Example: "  millrace serve --data-dir /var/lib/millrace --listen 127.0.0.1:7432",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := f.start(cmd)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "millrace %s is listening on %s, data in %s\n", server.Version, s.Addr(), f.cfg.DataDir)
			return wait(cmd.Context(), s)
		},
	}
	f.add(cmd)
	return cmd
}
