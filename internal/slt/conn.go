package slt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// closeTimeout bounds the farewell to a server that may be gone.
const closeTimeout = 5 * time.Second

// connections are a file's open connections by name.
type connections struct {
	open   func(context.Context) (*pgconn.PgConn, error)
	byName map[string]*pgconn.PgConn
}

// get returns the connection of that name, opened if need be. No name means "default".
func (c *connections) get(ctx context.Context, name string) (*pgconn.PgConn, error) {
	if name == "" {
		name = "default"
	}
	if conn := c.byName[name]; conn != nil {
		return conn, nil
	}
	conn, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	c.byName[name] = conn
	return conn, nil
}

// forget drops a closed connection; the next record of its name gets a new one.
func (c *connections) forget(conn *pgconn.PgConn) {
	for name, have := range c.byName {
		if have == conn {
			delete(c.byName, name)
		}
	}
}

// idle tells whether no connection is inside a transaction.
func (c *connections) idle() bool {
	for _, conn := range c.byName {
		if conn.TxStatus() != 'I' {
			return false
		}
	}
	return true
}

func (c *connections) closeAll() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	for name, conn := range c.byName {
		// An error here says that the server has already gone, which is no news to a test that restarts it.
		_ = conn.Close(ctx)
		delete(c.byName, name)
	}
}

// answer is what the server said to one record.
type answer struct {
	fields      []pgconn.FieldDescription
	rows        [][][]byte // in text form; nil is NULL
	tag         pgconn.CommandTag
	serverError *pgconn.PgError
}

// send executes sql. An error with answer.serverError set is the server's; any other is the connection's.
func send(ctx context.Context, conn *pgconn.PgConn, protocol Protocol, sql string) (answer, error) {
	var ans answer
	var err error
	if protocol == Extended {
		_, err = ans.read(conn.ExecParams(ctx, sql, nil, nil, nil, nil))
	} else {
		err = ans.readAll(conn.Exec(ctx, sql))
	}
	if err != nil {
		errors.As(err, &ans.serverError)
	}
	return ans, err
}

// readAll reads the results of a simple query, of which one may have rows.
func (ans *answer) readAll(results *pgconn.MultiResultReader) error {
	withRows := 0
	for results.NextResult() {
		rows, err := ans.read(results.ResultReader())
		if err != nil {
			return errors.Join(err, results.Close())
		}
		if rows {
			withRows++
		}
	}
	if err := results.Close(); err != nil {
		return err
	}
	if withRows > 1 {
		return fmt.Errorf("%d statements of one record return rows; one may", withRows)
	}
	return nil
}

// read reads one result and tells whether it is a set of rows, even an empty one. pgconn's own Read cannot tell: it
// gives columns only with a first row.
func (ans *answer) read(result *pgconn.ResultReader) (bool, error) {
	var rows [][][]byte
	for result.NextRow() {
		row := make([][]byte, len(result.Values()))
		for i, v := range result.Values() {
			row[i] = bytes.Clone(v) // nil stays nil, and an empty value is not nil
		}
		rows = append(rows, row)
	}
	fields := slices.Clone(result.FieldDescriptions())
	tag, err := result.Close()
	if err != nil {
		return false, err
	}
	ans.tag = tag
	if len(fields) == 0 {
		return false, nil
	}
	ans.fields, ans.rows = fields, rows
	return true, nil
}
