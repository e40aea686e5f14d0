package pgwire

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/xdg-go/scram"

	"millrace/pgerr"
)

// scramIterations is PostgreSQL's default.
const scramIterations = 4096

// Verifier is what is kept of a password: enough to check it, not to know it (RFC 5802).
type Verifier struct {
	Iterations           int
	Salt                 []byte
	StoredKey, ServerKey []byte
}

// NewVerifier derives a verifier from a password.
func NewVerifier(password string) (Verifier, error) {
	client, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		return Verifier{}, fmt.Errorf("password: %w", err)
	}
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return Verifier{}, err
	}
	creds, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt), Iters: scramIterations})
	if err != nil {
		return Verifier{}, err
	}
	return Verifier{Iterations: scramIterations, Salt: salt, StoredKey: creds.StoredKey, ServerKey: creds.ServerKey}, nil
}

// String gives the verifier in PostgreSQL's form.
func (v Verifier) String() string {
	e := base64.StdEncoding
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", v.Iterations, e.EncodeToString(v.Salt), e.EncodeToString(v.StoredKey), e.EncodeToString(v.ServerKey))
}

// ParseVerifier reads what String wrote.
func ParseVerifier(s string) (Verifier, error) {
	bad := fmt.Errorf("not a SCRAM-SHA-256 verifier")
	rest, ok := strings.CutPrefix(s, "SCRAM-SHA-256$")
	if !ok {
		return Verifier{}, bad
	}
	front, keys, ok := strings.Cut(rest, "$")
	iters, salt, ok2 := strings.Cut(front, ":")
	stored, server, ok3 := strings.Cut(keys, ":")
	if !ok || !ok2 || !ok3 {
		return Verifier{}, bad
	}
	var v Verifier
	var err error
	if v.Iterations, err = strconv.Atoi(iters); err != nil || v.Iterations < 1 {
		return Verifier{}, bad
	}
	for _, f := range []struct {
		text string
		dst  *[]byte
	}{{salt, &v.Salt}, {stored, &v.StoredKey}, {server, &v.ServerKey}} {
		if *f.dst, err = base64.StdEncoding.DecodeString(f.text); err != nil {
			return Verifier{}, bad
		}
	}
	if len(v.StoredKey) != sha256.Size || len(v.ServerKey) != sha256.Size {
		return Verifier{}, bad
	}
	return v, nil
}

// mockSecrets makes up verifiers for roles that do not exist, the same for the same name as long as the server runs,
// so that a client cannot tell which roles there are.
type mockSecrets struct{ key []byte }

func newMockSecrets() mockSecrets {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand.Read never fails
	return mockSecrets{key}
}

func (m mockSecrets) verifier(role string) Verifier {
	derive := func(what string) []byte {
		h := hmac.New(sha256.New, m.key)
		h.Write([]byte(what + "\x00" + role))
		return h.Sum(nil)
	}
	return Verifier{Iterations: scramIterations, Salt: derive("salt")[:16], StoredKey: derive("stored"), ServerKey: derive("server")}
}

// isLoopback reports whether a connection comes from this machine.
func isLoopback(a net.Addr) bool {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}

// authenticate lets the superuser in from loopback, and asks everyone else for a password.
func (c *conn) authenticate() error {
	cfg := &c.srv.cfg
	if isLoopback(c.remote) {
		if c.user != cfg.Superuser {
			return pgerr.New(pgerr.InvalidAuthorization, "role %q does not exist", c.user)
		}
		c.append(&pgproto3.AuthenticationOk{})
		return nil
	}
	var v Verifier
	known := false
	if cfg.Password != nil {
		v, known = cfg.Password(c.user)
	}
	if !known {
		v = c.srv.mock.verifier(c.user)
	}
	return c.scram(v, known)
}

const mechanism = "SCRAM-SHA-256"

// scram runs the SASL exchange. A role that does not exist goes through all of it and fails at the end like a wrong
// password.
func (c *conn) scram(v Verifier, known bool) error {
	wrong := pgerr.New(pgerr.InvalidPassword, "password authentication failed for user %q", c.user)
	c.append(&pgproto3.AuthenticationSASL{AuthMechanisms: []string{mechanism}})
	if err := c.flush(); err != nil {
		return err
	}
	server, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) {
		return scram.StoredCredentials{
			KeyFactors: scram.KeyFactors{Salt: string(v.Salt), Iters: v.Iterations},
			StoredKey:  v.StoredKey, ServerKey: v.ServerKey,
		}, nil
	})
	if err != nil {
		return err
	}
	conv := server.NewConversation()
	body, err := c.passwordMessage()
	if err != nil {
		return err
	}
	var first pgproto3.SASLInitialResponse
	if err := first.Decode(body); err != nil {
		return framingError("malformed SASLInitialResponse message")
	}
	if first.AuthMechanism != mechanism {
		return framingError("client selected an invalid SASL authentication mechanism")
	}
	reply, err := conv.Step(string(first.Data))
	if err != nil {
		return framingError("malformed SCRAM message")
	}
	c.append(&pgproto3.AuthenticationSASLContinue{Data: []byte(reply)})
	if err := c.flush(); err != nil {
		return err
	}
	if body, err = c.passwordMessage(); err != nil {
		return err
	}
	reply, err = conv.Step(string(body))
	if err != nil || !conv.Valid() || !known {
		return wrong
	}
	c.append(&pgproto3.AuthenticationSASLFinal{Data: []byte(reply)})
	c.append(&pgproto3.AuthenticationOk{})
	return nil
}

// passwordMessage reads a message of the authentication exchange.
func (c *conn) passwordMessage() ([]byte, error) {
	kind, body, err := c.reader.next()
	if err != nil {
		return nil, err
	}
	if kind != 'p' {
		return nil, framingError("expected SASL response, got message type %d", kind)
	}
	return body, nil
}
