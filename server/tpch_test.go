package server_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestTPCH keeps the 22 queries of TPC-H as views while orders come and go and prices change, and holds them against
// PostgreSQL at the start, at checkpoints and at the end. The data is small and of the benchmark's shape, not its own.
func TestTPCH(t *testing.T) {
	d := &tpch{r: newRandom(t)}
	n := startNode(t)
	w := newTwin(t, n)
	for _, sql := range tpchTables {
		w.define(sql)
	}
	// Every second view is there from the start and follows all of the data.
	for i := 0; i < len(tpchQueries); i += 2 {
		makeView(w, &tpchQueries[i])
	}
	for _, sql := range d.fixed() {
		w.must(sql)
	}
	for range 40 {
		w.must(d.newOrders(5))
	}
	for i := 1; i < len(tpchQueries); i += 2 {
		makeView(w, &tpchQueries[i])
	}
	filled := map[string]bool{}
	check := func() {
		t.Helper()
		for i := range tpchQueries {
			if rows := w.compare(&tpchQueries[i]); len(rows.rows) > 0 && !rows.rows[0][0].null {
				filled[tpchQueries[i].name] = true
			}
		}
	}
	check()
	for range either(0, 5, 50) {
		for range 20 {
			w.must("BEGIN")
			w.must(d.change())
			w.must(d.change())
			w.must("COMMIT")
		}
		check()
	}
	// An answer that is always empty shows little.
	for _, q := range tpchQueries {
		if !filled[q.name] {
			t.Errorf("%s never had a row", q.name)
		}
	}
}

func makeView(w *twin, v *viewCase) {
	w.t.Helper()
	w.millrace.exec("CREATE MATERIALIZED VIEW " + v.name + " AS " + v.query)
}

// tpch makes rows of the benchmark's shape.
type tpch struct {
	r    *rand.Rand
	next int // the last order's key
}

const (
	tpchSuppliers = 20
	tpchCustomers = 60
	tpchParts     = 60
)

var tpchNations = []string{"ALGERIA", "ARGENTINA", "BRAZIL", "CANADA", "EGYPT", "ETHIOPIA", "FRANCE", "GERMANY", "INDIA", "INDONESIA", "IRAN", "IRAQ", "JAPAN",
	"JORDAN", "KENYA", "MOROCCO", "MOZAMBIQUE", "PERU", "CHINA", "ROMANIA", "SAUDI ARABIA", "VIETNAM", "RUSSIA", "UNITED KINGDOM", "UNITED STATES"}

// tpchRegionOf has the region of each nation, as the specification's table of nations does.
var tpchRegionOf = []int{0, 1, 1, 1, 4, 0, 3, 3, 2, 2, 4, 4, 2, 4, 0, 0, 0, 1, 2, 3, 4, 2, 3, 3, 1}

func (d *tpch) one(choices ...string) string { return choices[d.r.IntN(len(choices))] }

func (d *tpch) money(limit int) string {
	return fmt.Sprintf("%d.%02d", d.r.IntN(limit), d.r.IntN(100))
}

// nation prefers some, so that pairs of nations meet in small data.
func (d *tpch) nation() int {
	if d.r.IntN(2) == 0 {
		return []int{2, 6, 7, 18, 20, 3}[d.r.IntN(6)]
	}
	return d.r.IntN(len(tpchNations))
}

// fixed fills all tables but orders and lineitem.
func (d *tpch) fixed() []string {
	var regions, nations, suppliers, customers, parts, offers []string
	for i, name := range []string{"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"} {
		regions = append(regions, fmt.Sprintf("(%d, '%s', NULL)", i, name))
	}
	for i, name := range tpchNations {
		nations = append(nations, fmt.Sprintf("(%d, '%s', %d, NULL)", i, name, tpchRegionOf[i]))
	}
	for i := range tpchSuppliers {
		nation := d.nation()
		suppliers = append(suppliers, fmt.Sprintf("(%d, 'Supplier#%03d', 'street %d', %d, '%d-555', %s, '%s')", i, i, i, nation, nation+10, d.money(9000),
			d.one("", "", "says Customer Complaints", "quick")))
	}
	for i := range tpchCustomers {
		nation := d.nation()
		customers = append(customers, fmt.Sprintf("(%d, 'Customer#%03d', 'road %d', %d, '%d-777', %s, '%s', 'c')", i, i, i, nation, nation+10,
			d.one("-", "", "", "")+d.money(9000), d.one("BUILDING", "BUILDING", "AUTOMOBILE", "MACHINERY")))
	}
	for i := range tpchParts {
		parts = append(parts, fmt.Sprintf("(%d, '%s %s', 'Manufacturer#%d', 'Brand#%s', '%s %s %s', %d, '%s %s', %s, '')", i, d.one("forest", "green", "lemon"), d.one("green", "rose"),
			i%5, d.one("12", "23", "45"), d.one("ECONOMY", "PROMO", "MEDIUM"), d.one("POLISHED", "PLATED"), d.one("BRASS", "STEEL"), 1+d.r.IntN(50),
			d.one("SM", "MED", "LG"), d.one("CASE", "BOX", "PACK", "PKG"), d.money(2000)))
		for j := range 4 {
			offers = append(offers, fmt.Sprintf("(%d, %d, %d, %s, '')", i, (i+j*5)%tpchSuppliers, 1+d.r.IntN(200), d.money(100)))
		}
	}
	var out []string
	for _, x := range []struct {
		table string
		rows  []string
	}{{"region", regions}, {"nation", nations}, {"supplier", suppliers}, {"customer", customers}, {"part", parts}, {"partsupp", offers}} {
		out = append(out, "INSERT INTO "+x.table+" VALUES "+strings.Join(x.rows, ", "))
	}
	return out
}

// newOrders makes orders with one to six lines each, of both tables at once.
func (d *tpch) newOrders(n int) string {
	var orders, lines []string
	for range n {
		d.next++
		key := d.next
		day := d.r.IntN(4 * 365)
		orders = append(orders, fmt.Sprintf("(%d, %d, '%s', %s, date '1993-06-01' + %d, '%s', 'clerk', 0, '%s')", key, d.r.IntN(tpchCustomers*2/3), d.one("F", "F", "O", "P"),
			d.money(300000), day, d.one("1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"), d.one("", "special packages requests", "fast")))
		for l := range 1 + d.r.IntN(6) {
			part := d.r.IntN(tpchParts)
			ship := day + 1 + d.r.IntN(60)
			lines = append(lines, fmt.Sprintf("(%d, %d, %d, %d, %d, %s, 0.0%d, 0.0%d, '%s', '%s', date '1993-06-01' + %d, date '1993-06-01' + %d, date '1993-06-01' + %d, '%s', '%s', '')",
				key, part, (part+d.r.IntN(4)*5)%tpchSuppliers, l+1, 1+d.r.IntN(50), d.money(90000), d.r.IntN(10), d.r.IntN(9), d.one("R", "A", "N"), d.one("O", "F"),
				ship, ship+d.r.IntN(30)-5, ship+1+d.r.IntN(20), d.one("DELIVER IN PERSON", "DELIVER IN PERSON", "NONE"), d.one("AIR", "AIR REG", "MAIL", "SHIP", "RAIL")))
		}
	}
	return "INSERT INTO orders VALUES " + strings.Join(orders, ", ") + "; INSERT INTO lineitem VALUES " + strings.Join(lines, ", ")
}

// change is one of the refresh functions of clause 2.5, new orders and the removal of old ones, or an update.
func (d *tpch) change() string {
	key := 1 + d.r.IntN(d.next)
	switch d.r.IntN(10) {
	case 0, 1, 2:
		return d.newOrders(1 + d.r.IntN(3))
	case 3, 4:
		return fmt.Sprintf("DELETE FROM lineitem WHERE l_orderkey = %d; DELETE FROM orders WHERE o_orderkey = %d", key, key)
	case 5:
		return fmt.Sprintf("UPDATE lineitem SET l_quantity = l_quantity + 1, l_discount = 0.0%d WHERE l_partkey = %d", d.r.IntN(10), d.r.IntN(tpchParts))
	case 6:
		return fmt.Sprintf("UPDATE partsupp SET ps_supplycost = %s, ps_availqty = ps_availqty - 1 WHERE ps_partkey = %d", d.money(100), d.r.IntN(tpchParts))
	case 7:
		return fmt.Sprintf("UPDATE customer SET c_acctbal = c_acctbal + 100, c_nationkey = %d WHERE c_custkey = %d", d.nation(), d.r.IntN(tpchCustomers))
	case 8:
		return fmt.Sprintf("UPDATE orders SET o_orderstatus = '%s', o_custkey = %d WHERE o_orderkey = %d", d.one("F", "O"), d.r.IntN(tpchCustomers*2/3), key)
	}
	return fmt.Sprintf("UPDATE supplier SET s_nationkey = %d, s_comment = '%s' WHERE s_suppkey = %d", d.nation(), d.one("", "Customer Complaints"), d.r.IntN(tpchSuppliers))
}
