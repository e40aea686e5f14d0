package server_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// reply is what a server says to a query.
type reply struct {
	table
	err *pgconn.PgError
}

// ask runs queries one after the other in one pipeline, each with an error of its own. A lost connection fails the test.
func (d *db) ask(queries []string) []reply {
	d.t.Helper()
	replies, err := askOn(d.conn, queries)
	if err != nil {
		d.t.Fatalf("%s: no answers: %v", d.name, err)
	}
	return replies
}

func askOn(conn *pgconn.PgConn, queries []string) ([]reply, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	p := conn.StartPipeline(ctx)
	for _, q := range queries {
		p.SendQueryParams(q, nil, nil, nil, nil)
		p.SendPipelineSync()
	}
	if err := p.Flush(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	replies := make([]reply, len(queries))
	for i := range replies {
		if err := readReply(p, &replies[i]); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return replies, p.Close()
}

// readReply reads the results of one query up to its sync.
func readReply(p *pgconn.Pipeline, to *reply) error {
	for {
		result, err := p.GetResults()
		switch {
		case err != nil && !errors.As(err, &to.err):
			return err
		case err != nil:
			continue
		}
		switch r := result.(type) {
		case *pgconn.PipelineSync:
			return nil
		case *pgconn.ResultReader:
			for r.NextRow() {
				row := make([]cell, len(r.Values()))
				for i, v := range r.Values() {
					row[i] = cell{text: string(v), null: v == nil}
				}
				to.rows = append(to.rows, row)
			}
			to.fields = slices.Clone(r.FieldDescriptions())
			if _, err := r.Close(); err != nil && !errors.As(err, &to.err) {
				return err
			}
		}
	}
}

// TestAsk holds that each query of a pipeline has its own outcome.
func TestAsk(t *testing.T) {
	for _, d := range []*db{startNode(t).db(), newPostgres(t)} {
		got := d.ask([]string{"SELECT 1", "SELECT 1/0", "SELECT nothing", "SELECT 'a' WHERE false", "SELECT 2"})
		if got[0].scalar(t) != "1" || got[1].err == nil || got[1].err.Code != "22012" || got[2].err == nil || got[2].err.Code != "42703" ||
			got[3].err != nil || len(got[3].rows) != 0 || len(got[3].fields) != 1 || got[4].scalar(t) != "2" {
			t.Errorf("%s: %+v", d.name, got)
		}
	}
}
