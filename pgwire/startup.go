package pgwire

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"millrace/pgerr"
)

// Codes that stand where a start-up packet has its protocol version.
const (
	sslRequest    = 80877103
	gssRequest    = 80877104
	cancelRequest = 80877102
	tlsRecord     = 0x16 // first byte of a TLS handshake
)

var errNoStartup = errors.New("the client ended the connection before start-up")

// startUp brings a connection to the point where it may send queries. What goes wrong has been told to the client
// when it returns.
func (c *conn) startUp(tooMany bool) error {
	params, err := c.negotiate()
	if err != nil {
		return c.refuse(err)
	}
	c.reader = newMessageReader(c.nc, authBytesMax)
	if tooMany {
		return c.refuse(pgerr.New(pgerr.TooManyConnections, "sorry, too many clients already"))
	}
	c.user, c.database = params["user"], params["database"]
	if c.user == "" {
		return c.refuse(pgerr.New(pgerr.InvalidAuthorization, "no PostgreSQL user name specified in startup packet"))
	}
	if c.database == "" {
		c.database = c.user
	}
	if err := c.authenticate(); err != nil {
		return c.refuse(err)
	}
	if c.database != c.srv.cfg.Database {
		return c.refuse(pgerr.New(pgerr.InvalidCatalogName, "database %q does not exist", c.database))
	}
	if params["replication"] != "" && params["replication"] != "false" {
		return c.refuse(pgerr.Unsupported("replication over the wire protocol"))
	}
	settings, err := startupSettings(params)
	if err != nil {
		return c.refuse(err)
	}
	if err := c.srv.add(c); err != nil {
		return c.refuse(err)
	}
	if c.sess, err = c.srv.newSession(c, settings); err != nil {
		c.srv.remove(c)
		return c.refuse(err)
	}
	c.greet()
	if err := c.flush(); err != nil {
		c.sess.Close()
		c.srv.remove(c)
		return err
	}
	c.reader.max = c.srv.cfg.MessageBytesMax
	return nil
}

// refuse tells the client why it may not connect.
func (c *conn) refuse(err error) error {
	var pe *pgerr.Error
	if !errors.As(err, &pe) {
		return err // nobody is there to be told
	}
	fatal := *pe
	fatal.Fatal = true
	c.appendError('E', "FATAL", &fatal)
	return errors.Join(err, c.flush())
}

// negotiate reads packets until the start-up packet: requests for encryption come before it. Each is read from
// the bare connection to its last byte and no further.
func (c *conn) negotiate() (map[string]string, error) {
	encrypted, askedGSS := false, false
	for {
		var head [8]byte
		if _, err := io.ReadFull(c.nc, head[:1]); err != nil {
			return nil, errNoStartup
		}
		if head[0] == tlsRecord && !encrypted && c.srv.cfg.TLS != nil {
			if err := c.startTLS(head[:1], true); err != nil {
				return nil, err
			}
			encrypted = true
			continue
		}
		if _, err := io.ReadFull(c.nc, head[1:]); err != nil {
			return nil, errNoStartup
		}
		n := int(int32(binary.BigEndian.Uint32(head[:])))
		if n < 8 || n > startupBytesMax {
			return nil, framingError("invalid length of startup packet")
		}
		body := make([]byte, n-8)
		if _, err := io.ReadFull(c.nc, body); err != nil {
			return nil, errNoStartup
		}
		switch code := binary.BigEndian.Uint32(head[4:]); code {
		case sslRequest:
			if encrypted || len(body) > 0 {
				return nil, framingError("unexpected request for encryption")
			}
			if c.srv.cfg.TLS == nil {
				if _, err := c.nc.Write([]byte{'N'}); err != nil {
					return nil, err
				}
				continue
			}
			if _, err := c.nc.Write([]byte{'S'}); err != nil {
				return nil, err
			}
			if err := c.startTLS(nil, false); err != nil {
				return nil, err
			}
			encrypted = true
		case gssRequest:
			if askedGSS || encrypted || len(body) > 0 {
				return nil, framingError("unexpected request for encryption")
			}
			askedGSS = true
			if _, err := c.nc.Write([]byte{'N'}); err != nil {
				return nil, err
			}
		case cancelRequest:
			c.srv.cancelRequest(body)
			return nil, errors.New("cancel request")
		default:
			return c.startupPacket(code, body)
		}
	}
}

// startTLS runs the handshake on the bare connection. With direct, the client began it without asking, which needs
// the protocol's name in ALPN.
func (c *conn) startTLS(first []byte, direct bool) error {
	cfg := c.srv.cfg.TLS.Clone()
	if direct {
		cfg.NextProtos = []string{"postgresql"}
	}
	t := tls.Server(&prefixed{Conn: c.nc, prefix: first}, cfg)
	ctx, cancel := context.WithTimeout(c.srv.ctx, c.srv.cfg.StartupTimeout)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	if direct && t.ConnectionState().NegotiatedProtocol != "postgresql" {
		return framingError("a direct TLS connection needs the ALPN protocol \"postgresql\"")
	}
	c.nc, c.tls = t, true
	return nil
}

// prefixed is a connection of which some bytes were read already.
type prefixed struct {
	net.Conn
	prefix []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.prefix) > 0 {
		n := copy(b, p.prefix)
		p.prefix = p.prefix[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// startupPacket reads the version and parameters. An unknown minor version or protocol option is answered with
// what is understood, as PostgreSQL does.
func (c *conn) startupPacket(code uint32, body []byte) (map[string]string, error) {
	major, minor := code>>16, code&0xffff
	if major != 3 {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "unsupported frontend protocol %d.%d: server supports 3.0 to 3.2", major, minor)
	}
	params := map[string]string{}
	var unknown []string
	for len(body) > 0 && body[0] != 0 {
		name, rest, ok := bytes.Cut(body, []byte{0})
		if !ok {
			return nil, framingError("invalid startup packet layout: expected terminator as last byte")
		}
		value, rest, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			return nil, framingError("invalid startup packet layout: expected terminator as last byte")
		}
		body = rest
		if strings.HasPrefix(string(name), "_pq_.") {
			unknown = append(unknown, string(name))
			continue
		}
		params[string(name)] = string(value)
	}
	if len(body) != 1 {
		return nil, framingError("invalid startup packet layout: expected terminator as last byte")
	}
	c.minor = int(minor)
	if minor != 0 && minor != 2 || len(unknown) > 0 {
		if minor != 0 {
			c.minor = 2
		}
		c.appendNegotiate(unknown)
	}
	return params, nil
}

// startupSettings takes the settings out of the start-up parameters, those of the options parameter included.
func startupSettings(params map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for name, value := range params {
		switch name {
		case "user", "database", "options", "replication":
		default:
			out[name] = value
		}
	}
	words := splitOptions(params["options"])
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "-c" && i+1 < len(words):
			i++
			w = words[i]
		case strings.HasPrefix(w, "-c"):
			w = w[2:]
		case strings.HasPrefix(w, "--"):
			w = w[2:]
		default:
			return nil, pgerr.New(pgerr.SyntaxError, "invalid command-line argument for server process: %s", w)
		}
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return nil, pgerr.New(pgerr.SyntaxError, "-c %s requires a value", w)
		}
		out[strings.ReplaceAll(name, "-", "_")] = value
	}
	return out, nil
}

// splitOptions splits at blanks that no backslash escapes.
func splitOptions(s string) []string {
	var out []string
	var word []byte
	has := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			word, has = append(word, s[i]), true
		case c == ' ' || c == '\t' || c == '\n':
			if has {
				out = append(out, string(word))
			}
			word, has = nil, false
		default:
			word, has = append(word, c), true
		}
	}
	if has {
		out = append(out, string(word))
	}
	return out
}
