package slt

import (
	"strings"
	"testing"
)

func TestAsViews(t *testing.T) {
	res, report := runText(t, Options{AsViews: true}, `
statement ok
CREATE TABLE t (a int PRIMARY KEY, b text)

statement ok
INSERT INTO t VALUES (1, 'x'), (2, NULL)

query TT rowsort
SELECT b, b FROM t;
----
NULL  NULL
x     x

# The same text again is the same view, which has followed.
statement ok
DELETE FROM t WHERE a = 1

query TT rowsort
SELECT b, b FROM t;
----
NULL  NULL

query T
SHOW max_connections
----
60

statement ok
BEGIN

query I
SELECT a FROM t
----
2

statement ok
COMMIT

# The views do not stand in the way of a definition, and come back after it.
statement ok
ALTER TABLE t ALTER a TYPE bigint

query I
SELECT a FROM t
----
2

statement ok
CREATE TABLE other (a int)

statement ok
DROP TABLE t

query error 42P01
SELECT a FROM t
`)
	// Twice at the records of the first query, then at ALTER; at the second record of the last, and at DROP both.
	if len(res.Failures) > 0 || res.AsViews != 6 || res.NotAsViews["in a transaction block"] != 1 || len(res.NotAsViews) != 1 {
		t.Errorf("%v\n%s", res, report)
	}
}

func TestViewsThatDiffer(t *testing.T) {
	res, report := runText(t, Options{AsViews: true}, `
statement ok
CREATE SEQUENCE s

query I
SELECT nextval('s')
----
1

statement ok
CREATE TEMP TABLE gone (a int)

query I
SELECT a FROM gone
----

query T
SELECT current_query()
----
SELECT current_query()

control asviews off

query T
SELECT current_query() || ''
----
SELECT current_query() || ''
`)
	for i, want := range []string{"- 1\n+ 2", "view differs from the query"} {
		if len(res.Failures) <= i || !strings.Contains(res.Failures[i].Reason, want) {
			t.Errorf("failure %d does not say %q\n%s", i, want, report)
		}
	}
	if len(res.Failures) != 2 || len(res.NotAsViews) != 1 {
		t.Errorf("%d failures, not as views: %v\n%s", len(res.Failures), res.NotAsViews, report)
	}
	res, report = runText(t, Options{AsViews: true}, `
statement ok
DROP SCHEMA public

query I
SELECT 1
----
1
`)
	if len(res.Failures) != 1 || !strings.Contains(res.Failures[0].Reason, "refused as a view: (3F000)") {
		t.Errorf("%v\n%s", res, report)
	}
}

func TestViewsFollowIncludes(t *testing.T) {
	res, report, _ := runNamed(t, Options{AsViews: true}, map[string]string{
		"f.slt":     "statement ok\nCREATE TABLE t (a int)\n\nstatement ok\nINSERT INTO t VALUES (3)\n\ninclude part*.slt\n",
		"part1.slt": "query I\nSELECT a FROM t\n----\n3\n",
		"part2.slt": "query I\nSELECT a + 1 FROM t\n----\n4\n",
	}, "f.slt")
	if len(res.Failures) > 0 || res.AsViews != 4 || res.Passed != 4 {
		t.Errorf("%v\n%s", res, report)
	}
}

// TestOtherSuites reads what the suites of other systems write.
func TestOtherSuites(t *testing.T) {
	res, report := runText(t, Options{}, `
subtest values

query IRTBFDP rowsort retry 3 backoff 1s
SELECT 1, 1.5, 'x', true, 0.5::float8, date '2024-01-02', timestamp '2024-01-02'
----
1  1.5  x  t  0.5  2024-01-02  2024-01-02 00:00:00

query O nosort some-label
SELECT 1::oid
----
1

statement error pgcode 22012 by zero
SELECT 1/0

statement error
SELECT 1/0
----
division by zero

skipif mysql # not compatible
onlyif postgresql # DIV
query I valuesort label-3
SELECT 7 / 2
----
3
`)
	if len(res.Failures) > 0 || res.Passed != 5 {
		t.Errorf("%v\n%s", res, report)
	}
	res, report = runText(t, Options{}, `
query B
SELECT 1

query F
SELECT 1.5
----
1.5

statement error
SELECT 1/0
----
out of range
`)
	if len(res.Failures) != 3 {
		t.Errorf("%v\n%s", res, report)
	}
}
