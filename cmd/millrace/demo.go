package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"millrace/server"
)

// demoViews are the views of the demonstration, in order of creation: a later one may read an earlier one.
var demoViews = []struct{ name, query string }{
	{"bids_per_minute", `SELECT window_start, count(*) AS bids, avg(price)::numeric(12,2) AS mean_price, max(price) AS highest
  FROM TUMBLE(bid, date_time, INTERVAL '1 minute') GROUP BY window_start`},
	{"category_stats", `SELECT a.category, count(*) AS bids, avg(b.price)::numeric(12,2) AS mean_price
  FROM bid b JOIN auction a ON b.auction = a.id GROUP BY a.category`},
	{"top_auctions", `SELECT auction, count(*) AS bids, max(price) AS highest
  FROM bid GROUP BY auction ORDER BY bids DESC, auction LIMIT 10`},
	{"channel_bids", `SELECT channel, count(*) AS bids, sum(price) AS total FROM bid GROUP BY channel`},
	{"top_channels", `SELECT channel, bids, total FROM channel_bids ORDER BY total DESC LIMIT 5`},
}

func demoCommand() *cobra.Command {
	var f serverFlags
	var rate, seed int64
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the server with a live auction feed and views over it",
		Long: `Run the server with a built-in live feed of auctions (persons, auctions and bids, after the Nexmark model) and a few
materialized views over it. A second start goes on where the first one stopped.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := f.start(cmd)
			if err != nil {
				return err
			}
			fresh, err := setUpDemo(cmd.Context(), s, rate, seed)
			if err != nil {
				return fmt.Errorf("%w; %w", err, s.Close())
			}
			printDemo(cmd.OutOrStdout(), s, f.cfg.DataDir, fresh)
			return wait(cmd.Context(), s)
		},
	}
	f.add(cmd)
	cmd.Flags().Int64Var(&rate, "rate", 1000, "events a second, at the first start")
	cmd.Flags().Int64Var(&seed, "seed", 1, "seed of the feed, at the first start")
	return cmd
}

// setUpDemo creates the feed and the views where they do not exist yet.
func setUpDemo(ctx context.Context, s *server.Server, rate, seed int64) (fresh bool, err error) {
	c, err := connect(ctx, s)
	if err != nil {
		return false, err
	}
	defer c.Close(ctx)
	fresh = len(s.Engine.Catalog().Dependants(0)) == 0
	if _, ok := s.Engine.Catalog().Lookup("public", "bid"); ok {
		fresh = false
	}
	var sql strings.Builder
	start := time.Now().UTC().Format("2006-01-02 15:04:05")
	for _, table := range []string{"person", "auction", "bid"} {
		sql.WriteString("CREATE STREAM IF NOT EXISTS " + table + " WITH (connector = 'nexmark', table = '" + table +
			"', rate = " + strconv.FormatInt(rate, 10) + ", event_rate = " + strconv.FormatInt(max(rate, 1), 10) +
			", seed = " + strconv.FormatInt(seed, 10) + ", start_time = '" + start + "');\n")
	}
	for _, v := range demoViews {
		sql.WriteString("CREATE MATERIALIZED VIEW IF NOT EXISTS " + v.name + " AS " + v.query + ";\n")
	}
	for _, stmt := range strings.Split(sql.String(), ";\n") {
		if strings.TrimSpace(stmt) == "" {
			continue
		}
		if _, err := c.Exec(ctx, "SET client_min_messages = warning; "+stmt).ReadAll(); err != nil {
			return fresh, fmt.Errorf("set up the demonstration: %w", err)
		}
	}
	return fresh, nil
}

// connect opens a connection to a server of this process.
func connect(ctx context.Context, s *server.Server) (*pgconn.PgConn, error) {
	const host = "in-process"
	cfg, err := pgconn.ParseConfig("host=" + host + " sslmode=disable user=" + server.Superuser + " database=" + server.Database)
	if err != nil {
		return nil, err
	}
	cfg.LookupFunc = func(context.Context, string) ([]string, error) { return []string{host}, nil }
	cfg.DialFunc = func(context.Context, string, string) (net.Conn, error) { return s.Connect(), nil }
	return pgconn.ConnectConfig(ctx, cfg)
}

func printDemo(w io.Writer, s *server.Server, dir string, fresh bool) {
	host, port, _ := net.SplitHostPort(s.Addr().String())
	state := "goes on where it stopped"
	if fresh {
		state = "has begun"
	}
	fmt.Fprintf(w, `Millrace %s: the auction feed %s, data in %s.

In another terminal:

  psql -h %s -p %s -U %s

and there, twice, to see it move:

  SELECT * FROM category_stats ORDER BY category;
  SELECT * FROM top_auctions ORDER BY bids DESC;
  SELECT * FROM bids_per_minute ORDER BY window_start DESC LIMIT 5;
  \watch 1

Make your own:

  CREATE MATERIALIZED VIEW expensive AS SELECT auction, bidder, price FROM bid WHERE price > 50000000;
  SELECT name, status, epochs_behind, rows_in FROM millrace.views;

Ctrl-C ends the server; the next start goes on from there.
`, server.Version, state, dir, host, port, server.Superuser)
}
