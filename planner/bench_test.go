package planner_test

import (
	"testing"

	"millrace/planner"
	"millrace/sql/parser"
)

// sixWay joins six relations and has subqueries of the usual kinds: correlated aggregates in the select list and in WHERE,
// EXISTS, NOT IN, LATERAL, and a grouped WITH query that is read twice.
const sixWay = `
WITH big AS (SELECT c.id, sum(l.price * l.quantity) AS total FROM customer c JOIN orders o ON o.customer = c.id JOIN line l ON l.order_id = o.id GROUP BY c.id)
SELECT c.name, n.name AS nation, count(*) AS lines, sum(l.price * l.quantity) AS revenue,
  (SELECT max(o2.placed) FROM orders o2 WHERE o2.customer = c.id) AS latest
FROM customer c
  JOIN nation n ON n.id = c.nation
  JOIN orders o ON o.customer = c.id
  JOIN line l ON l.order_id = o.id
  JOIN part p ON p.id = l.part
  LEFT JOIN supplier s ON s.id = l.supplier AND s.nation = n.id
  JOIN LATERAL (SELECT b.total FROM big b WHERE b.id = c.id) t ON true
WHERE o.placed >= date '2024-01-01' AND p.kind IN ('a', 'b', 'c')
  AND l.quantity > (SELECT avg(l2.quantity) FROM line l2 WHERE l2.part = p.id)
  AND EXISTS (SELECT 1 FROM orders o3 WHERE o3.customer = c.id AND o3.placed < o.placed)
  AND s.id NOT IN (SELECT x.supplier FROM line x WHERE x.price IS NULL)
  AND t.total > (SELECT avg(total) FROM big)
GROUP BY c.id, c.name, n.name
HAVING sum(l.price) > (SELECT min(price) FROM line)
ORDER BY revenue DESC
LIMIT 20`

const sixWayDDL = `
CREATE TABLE nation (id int PRIMARY KEY, name text);
CREATE TABLE customer (id int PRIMARY KEY, nation int, name text);
CREATE TABLE orders (id int PRIMARY KEY, customer int, placed date);
CREATE TABLE part (id int PRIMARY KEY, kind text);
CREATE TABLE supplier (id int PRIMARY KEY, nation int, name text);
CREATE TABLE line (order_id int, number int, part int, supplier int, quantity int, price numeric(12,2), PRIMARY KEY (order_id, number));`

// BenchmarkSixWayJoin plans sixWay as a view, from its syntax tree. The aim is less than 5 ms.
func BenchmarkSixWayJoin(b *testing.B) {
	w := newWorld()
	if err := w.ddl(sixWayDDL); err != nil {
		b.Fatal(err)
	}
	stmt, err := parser.ParseOne(sixWay)
	if err != nil {
		b.Fatal(err)
	}
	env := w.env()
	env.View = true
	b.ReportAllocs()
	for b.Loop() {
		if _, err := planner.PlanQuery(stmt.AST, env); err != nil {
			b.Fatal(err)
		}
	}
}
