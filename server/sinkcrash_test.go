package server_test

import (
	"fmt"
	"testing"
)

// TestSinkCrash kills the server while sinks deliver what has just been written: after each restart the stream and the
// table that they write to come to hold each row once.
func TestSinkCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	r := newRandom(t)
	dir := t.TempDir()
	for cycle := range 5 {
		c := launch(t, dir)
		addr, err := c.address()
		if err != nil {
			t.Fatal(err)
		}
		d := openDB(t, "millrace", nodeURL(addr))
		if cycle == 0 {
			d.exec("CREATE STREAM s (id int, n bigint)")
			d.exec("CREATE TABLE sums (id int PRIMARY KEY, c bigint, n numeric)")
			d.exec("CREATE SINK k INTO sums AS SELECT id, count(*), sum(n) FROM s GROUP BY id")
			d.exec("CREATE STREAM copy AS SELECT id, n FROM s WHERE n > 2")
		}
		d.comesTo("SELECT count(*), sum(id), sum(n) FROM copy", d.query("SELECT count(*), sum(id), sum(n) FROM s WHERE n > 2").String())
		d.comesTo("SELECT * FROM sums ORDER BY id", d.query("SELECT id, count(*), sum(n) FROM s GROUP BY id ORDER BY id").String())
		for range r.IntN(30) + 1 {
			d.exec(fmt.Sprintf("INSERT INTO s SELECT i %% 50, i %% 7 FROM generate_series(1, %d) AS i", 1+r.IntN(3000)))
			if r.IntN(3) == 0 {
				d.query("SELECT count(*) FROM copy") // time for some of it to come
			}
		}
		if err := c.kill(); err != nil {
			t.Fatal(err)
		}
	}
}
