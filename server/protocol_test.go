package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"millrace/pgwire"
	"millrace/server"
)

// TestMalformedStartup sends what is no start-up packet. The server ends the connection at once, and goes on.
func TestMalformedStartup(t *testing.T) {
	n := startNode(t)
	be32 := func(v int32) []byte { return []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)} }
	code := be32(protocol30)
	var cases [][]byte
	for _, length := range []int32{0, 1, 3, 4, 7, -1, -2, -2147483648, 2147483647, 10_001, 1 << 30} {
		cases = append(cases, slices.Concat(be32(length), code, []byte("user\x00x\x00\x00")))
	}
	for _, body := range []string{"", "user", "user\x00", "user\x00millrace", "user\x00millrace\x00", "user\x00millrace\x00\x00\x00", "user\x00millrace\x00database\x00", "\x00\x00"} {
		cases = append(cases, packet(protocol30, []byte(body)))
	}
	for _, c := range []uint32{0, 1, 2 << 16, 4 << 16, 0xffffffff} {
		cases = append(cases, packet(c, []byte("user\x00millrace\x00\x00")))
	}
	cases = append(cases,
		packet(protocol30, []byte("user\x00millrace\x00database\x00none\x00\x00")),
		packet(protocol30, []byte("user\x00nobody\x00database\x00millrace\x00\x00")),
		packet(protocol30, []byte("user\x00millrace\x00nonsense\x00x\x00\x00")),
		packet(protocol30, []byte("user\x00millrace\x00replication\x00database\x00\x00")),
		packet(protocol30, []byte("user\x00millrace\x00options\x00--bad\x00\x00")),
		packet(sslRequest, []byte("x")),
		packet(gssRequest, []byte("x")),
		packet(cancelRequest, nil),
		packet(cancelRequest, []byte("short")),
		[]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		slices.Concat([]byte{0x16, 3, 1, 2, 0}, make([]byte, 100)),
	)
	for _, c := range cases {
		w := dialWire(t, n.cfg.Listen)
		w.send(append(slices.Clone(c), queryMessage("CREATE TABLE smuggled (a int)")...))
		w.rest()
	}
	// GSS is refused and may be asked for once.
	w := dialWire(t, n.cfg.Listen)
	w.send(packet(gssRequest, nil))
	one := make([]byte, 1)
	if _, err := io.ReadFull(w.nc, one); err != nil || one[0] != 'N' {
		t.Errorf("a request for GSS is answered with %q, %v", one, err)
	}
	w.start()
	w.send(queryMessage("SELECT 1"))
	w.untilReady()
	if got := n.db().query("SELECT count(*) FROM millrace.streams").scalar(t); got != "0" {
		t.Errorf("%s tables were smuggled in", got)
	}
}

// TestMalformedMessages sends messages with wrong lengths after a good start-up. Where the next message begins is then
// unknown, so nothing that follows may be taken for one.
func TestMalformedMessages(t *testing.T) {
	n := startNode(t)
	const limit = 1 << 16
	addr, _ := front(t, n, pgwire.Config{MessageBytesMax: limit}, plain)
	inner := queryMessage("CREATE TABLE smuggled (a int)")
	for _, kind := range []byte("QPBDECSHdcfFp") {
		for _, length := range []int32{0, 1, 3, -1, -2, -2147483648, 2147483647, limit + 5} {
			w := dialWire(t, addr)
			w.start()
			w.send(message(kind, length, slices.Repeat(inner, 3000)))
			if e := w.rest(); e == nil || e.Severity != "FATAL" || e.Code != "08P01" {
				t.Errorf("a message %c of length %d is answered with %v", kind, length, e)
			}
		}
	}
	for _, c := range []struct {
		kind byte
		body string
	}{
		{'Q', ""}, {'Q', "SELECT 1"}, {'Q', "SELECT 1\x00SELECT 2\x00"}, {'P', "x"}, {'P', "x\x00SELECT 1\x00"}, {'P', "x\x00SELECT 1\x00\x00\x05"},
		{'B', ""}, {'B', "\x00\x00\x00\x01"}, {'B', "\x00\x00\x00\x00\x00\x01\xff\xff\xff\xfe\x00\x00"}, {'B', "\x00\x00\x00\x00\xff\xff"},
		{'B', "\x00\x00\x00\x00\x00\x01\x7f\xff\xff\xff"}, {'D', ""}, {'D', "X\x00"}, {'D', "S"}, {'E', "\x00"}, {'C', "X\x00"}, {'C', ""}, {'?', ""}, {0, ""}, {255, "xx"}, {'p', "x"},
	} {
		w := dialWire(t, addr)
		w.start()
		w.send(message(c.kind, int32(4+len(c.body)), []byte(c.body)))
		w.send(inner)
		if e := w.rest(); e == nil || e.Severity != "FATAL" || e.Code != "08P01" {
			t.Errorf("a message %q with body %q is answered with %v", c.kind, c.body, e)
		}
	}
	if got := n.db().query("SELECT count(*) FROM millrace.streams").scalar(t); got != "0" {
		t.Errorf("%s tables were smuggled in", got)
	}
	// A message just within the limit is a message.
	w := dialWire(t, addr)
	w.start()
	w.send(queryMessage("SELECT '" + strings.Repeat("x", limit-20) + "'"))
	w.untilReady()
}

// TestAnnouncedLengthIsNotAllocated: what a client announces costs nothing before it arrives.
func TestAnnouncedLengthIsNotAllocated(t *testing.T) {
	n := startNode(t)
	farAddr, _ := front(t, n, pgwire.Config{}, far)
	before := heapBytes()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	allocated := m.TotalAlloc
	const connections = 200
	for i := range connections {
		switch i % 4 {
		case 0: // a start-up packet of 1 GiB
			w := dialWire(t, n.cfg.Listen)
			w.send([]byte{0x40, 0, 0, 0, 0, 3, 0, 0})
		case 1: // a password of 1 GiB
			w := dialWire(t, farAddr)
			w.send(startup(server.Superuser))
			w.send([]byte{'p', 0x40, 0, 0, 0})
		case 2: // a query of 120 MB, which is allowed but does not come
			w := dialWire(t, n.cfg.Listen)
			w.start()
			w.send(message('Q', 120_000_000, []byte("SELECT ")))
		case 3: // COPY data of 120 MB
			w := dialWire(t, n.cfg.Listen)
			w.start()
			w.send(message('d', 120_000_000, []byte("1\t")))
		}
	}
	// All of it was sent before this answer.
	n.db().exec("SELECT 1")
	runtime.ReadMemStats(&m)
	if grown := heapBytes() - before; grown > 64<<20 {
		t.Errorf("%d connections that announce 1 GiB take %d MiB", connections, grown>>20)
	}
	if total := m.TotalAlloc - allocated; total > 200<<20 {
		t.Errorf("%d connections that announce 1 GiB allocate %d MiB", connections, total>>20)
	}
}

// TestCloseWithHalfOpenConnections: clients that never finish their start-up do not keep the server from closing.
func TestCloseWithHalfOpenConnections(t *testing.T) {
	n := startNode(t)
	for i := range 30 {
		w := dialWire(t, n.cfg.Listen)
		w.send(startup(server.Superuser)[:i%20])
	}
	w := dialWire(t, n.cfg.Listen)
	w.start()
	begin := time.Now()
	n.stop()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("closing took %v", took)
	}
	if e := w.rest(); e == nil || e.Code != "57P01" {
		t.Errorf("an idle client is told %v", e)
	}
}

// TestPasswords: from another machine the superuser needs its password, and a client cannot tell who exists.
func TestPasswords(t *testing.T) {
	n := startNode(t)
	v, err := pgwire.NewVerifier("s3cret ü")
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(role string) (pgwire.Verifier, bool) { return v, role == server.Superuser }
	with, _ := front(t, n, pgwire.Config{Password: lookup}, far)
	without, _ := front(t, n, pgwire.Config{}, far)
	dial := func(addr, user, password string) error {
		ctx, cancel := context.WithTimeout(t.Context(), answerTimeout)
		defer cancel()
		u := url.URL{Scheme: "postgres", Host: addr, Path: "/" + server.Database, RawQuery: "sslmode=disable", User: url.UserPassword(user, password)}
		c, err := pgconn.Connect(ctx, u.String())
		if err != nil {
			return err
		}
		defer c.Close(ctx)
		_, err = queryOn(ctx, c, "SELECT 1")
		return err
	}
	if err := dial(with, server.Superuser, "s3cret ü"); err != nil {
		t.Errorf("the right password: %v", err)
	}
	for _, c := range []struct{ addr, user, password string }{
		{with, server.Superuser, "wrong"}, {with, server.Superuser, ""}, {with, "nobody", "s3cret ü"}, {with, "nobody", "x"},
		{without, server.Superuser, "s3cret ü"}, {without, server.Superuser, "x"}, {without, "nobody", "x"},
	} {
		err := dial(c.addr, c.user, c.password)
		var pe *pgconn.PgError
		if c.password == "" && err != nil {
			continue // the client library gives up by itself
		}
		if !errors.As(err, &pe) || pe.Code != "28P01" || pe.Message != fmt.Sprintf("password authentication failed for user %q", c.user) {
			t.Errorf("user %q with password %q: %v", c.user, c.password, err)
		}
	}
	// The salt of a user who does not exist stays the same, and those of two users differ.
	salts := map[string][]string{}
	for _, user := range []string{server.Superuser, "nobody", "somebody"} {
		for range 2 {
			salts[user] = append(salts[user], scramSalt(t, with, user))
		}
		if s := salts[user]; s[0] != s[1] {
			t.Errorf("user %q has the salts %q", user, s)
		}
	}
	if salts["nobody"][0] == salts["somebody"][0] {
		t.Error("two users have one salt")
	}
	// Anything but an answer to the challenge ends the connection, and nothing runs before it.
	for _, m := range [][]byte{queryMessage("CREATE TABLE smuggled (a int)"), message('p', 4, nil), message('p', 20, []byte("PLAIN\x00\x00\x00\x00\x05hello")),
		message('p', 70_000, make([]byte, 70_000)), message('p', 3, nil), message('p', -1, nil)} {
		w := dialWire(t, with)
		w.send(append(startup(server.Superuser), m...))
		w.send(queryMessage("CREATE TABLE smuggled (a int)"))
		if e := w.rest(); e == nil || e.Severity != "FATAL" {
			t.Errorf("instead of a password %q: %v", m[:min(len(m), 20)], e)
		}
	}
	if got := n.db().query("SELECT count(*) FROM millrace.streams").scalar(t); got != "0" {
		t.Errorf("%s tables were made without a password", got)
	}
}

// scramSalt begins an authentication and returns salt and iteration count that the server tells.
func scramSalt(t *testing.T, addr, user string) string {
	t.Helper()
	w := dialWire(t, addr)
	w.send(startup(user))
	if m, err := w.fe.Receive(); err != nil {
		t.Fatal(err)
	} else if _, ok := m.(*pgproto3.AuthenticationSASL); !ok {
		t.Fatalf("%T instead of a request for SASL", m)
	}
	nonce := make([]byte, 18)
	if _, err := rand.Read(nonce); err != nil {
		t.Fatal(err)
	}
	first := "n,,n=,r=" + base64.StdEncoding.EncodeToString(nonce)
	w.fe.Send(&pgproto3.SASLInitialResponse{AuthMechanism: "SCRAM-SHA-256", Data: []byte(first)})
	if err := w.fe.Flush(); err != nil {
		t.Fatal(err)
	}
	m, err := w.fe.Receive()
	if err != nil {
		t.Fatal(err)
	}
	c, ok := m.(*pgproto3.AuthenticationSASLContinue)
	if !ok {
		t.Fatalf("%T instead of a challenge", m)
	}
	_, rest, _ := strings.Cut(string(c.Data), ",")
	_ = w.nc.Close()
	return rest
}

// certificate writes a self-signed certificate and key for 127.0.0.1.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "millrace test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestTLS: encryption is offered, and what was sent in the clear beside the request for it is not taken for encrypted.
func TestTLS(t *testing.T) {
	n := startNode(t, func(c *server.Config) { c.TLSCert, c.TLSKey = certificate(t) })
	for _, mode := range []string{"require", "prefer", "disable"} {
		c, err := pgconn.Connect(t.Context(), strings.Replace(n.url(), "sslmode=disable", "sslmode="+mode, 1))
		if err != nil {
			t.Fatalf("sslmode=%s: %v", mode, err)
		}
		if _, encrypted := c.Conn().(*tls.Conn); encrypted != (mode != "disable") {
			t.Errorf("sslmode=%s: encrypted is %v", mode, encrypted)
		}
		if _, err := queryOn(t.Context(), c, "SELECT 1"); err != nil {
			t.Error(err)
		}
		_ = c.Close(t.Context())
	}
	clear := slices.Concat(startup(server.Superuser), queryMessage("CREATE TABLE smuggled (a int)"))
	// All in one segment.
	w := dialWire(t, n.cfg.Listen)
	w.send(append(packet(sslRequest, nil), clear...))
	smuggled(t, w)
	// After the server has agreed.
	w = dialWire(t, n.cfg.Listen)
	w.send(packet(sslRequest, nil))
	one := make([]byte, 1)
	if _, err := io.ReadFull(w.nc, one); err != nil || one[0] != 'S' {
		t.Fatalf("a request for encryption is answered with %q, %v", one, err)
	}
	w.send(clear)
	smuggled(t, w)
	// A second request, inside.
	w = dialWire(t, n.cfg.Listen)
	w.send(packet(sslRequest, nil))
	if _, err := io.ReadFull(w.nc, one); err != nil {
		t.Fatal(err)
	}
	inside := tls.Client(w.nc, &tls.Config{InsecureSkipVerify: true})
	if _, err := inside.Write(packet(sslRequest, nil)); err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(inside); len(b) == 0 || b[0] != 'E' {
		t.Errorf("a request for encryption inside encryption is answered with %q", b)
	}
	// Without asking, if the client names the protocol.
	for _, protocols := range [][]string{{"postgresql"}, nil, {"http/1.1"}} {
		w = dialWire(t, n.cfg.Listen)
		direct := tls.Client(w.nc, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
		_, err := direct.Write(startup(server.Superuser))
		fe := pgproto3.NewFrontend(direct, direct)
		var m pgproto3.BackendMessage
		if err == nil {
			m, err = fe.Receive()
		}
		_, ok := m.(*pgproto3.AuthenticationOk)
		if want := len(protocols) == 1 && protocols[0] == "postgresql"; ok != want {
			t.Errorf("direct TLS with the protocols %v: %T, %v", protocols, m, err)
		}
	}
	if got := n.db().query("SELECT count(*) FROM millrace.streams").scalar(t); got != "0" {
		t.Errorf("%s tables were smuggled in", got)
	}
}

// smuggled fails when the server answers as if what was sent in the clear had come through encryption.
func smuggled(t *testing.T, w *wire) {
	t.Helper()
	b, err := io.ReadAll(w.nc)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the server keeps the connection open")
	}
	if strings.Contains(string(b), "server_version") || strings.Contains(string(b), "CREATE TABLE") {
		t.Errorf("the server answers in the clear: %q", b)
	}
}

// TestInProcess: a connection within the process needs no password, even where the server does not listen on loopback.
func TestInProcess(t *testing.T) {
	n := startNode(t, func(c *server.Config) { c.Password = "secret" })
	cfg, err := pgconn.ParseConfig("host=in-process sslmode=disable user=" + server.Superuser + " database=" + server.Database)
	if err != nil {
		t.Fatal(err)
	}
	cfg.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"in-process"}, nil }
	cfg.DialFunc = func(context.Context, string, string) (net.Conn, error) { return n.srv.Connect(), nil }
	c, err := pgconn.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Exec(t.Context(), "SELECT 42").ReadAll()
	if err != nil || string(res[0].Rows[0][0]) != "42" {
		t.Fatalf("%v, %v", res, err)
	}
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
