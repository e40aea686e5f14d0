// Package oracle runs a private PostgreSQL server for tests: the reference that Millrace's answers are
// compared with, and the peer of its PostgreSQL connectors.
//
// [Start] initialises a cluster in a temporary folder, starts it on a free port of 127.0.0.1 and waits
// until it answers. [Require] does so once for each test process and shares the server; tests then take
// a database of their own with [Server.NewDatabase], which costs some tens of milliseconds rather than the
// second or two of a new cluster.
//
// Guarantees: the cluster is fresh, has the C collation with UTF-8 character classes, the time zone UTC and trust
// authentication from this machine only, and never touches another PostgreSQL. Nothing outlives the
// test process: Stop removes everything, and when the process dies without calling it (panic, kill -9)
// the kernel's parent-death signal ends the server and a small watchdog shell, which waits on a pipe that
// only the test process holds, removes the folder.
//
// Not guaranteed: durability. fsync is off, since the data is worthless after the test.
//
// PostgreSQL refuses to run as root, so under root the server runs as the user postgres, else nobody, and the
// folder belongs to that user. Binaries are looked for in PATH and in the folders where Debian, Red Hat and
// Homebrew put them; the newest version wins. Where there are none, Require skips the test, or fails it when
// MILLRACE_REQUIRE_POSTGRES=1, which the continuous build sets so that a missing server cannot pass unseen.
package oracle
