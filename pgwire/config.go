package pgwire

import (
	"crypto/tls"
	"log/slog"
	"time"

	"millrace/session"
)

// Limits of what is believed before a client is authenticated.
const (
	startupBytesMax = 10_000
	authBytesMax    = 64 << 10
)

// Config configures a server.
type Config struct {
	Sessions *session.Server
	Database string
	// Superuser is the role that exists; from loopback addresses it needs no password.
	Superuser string
	// Password gives a role's SCRAM verifier; ok is false when it has none.
	Password func(role string) (v Verifier, ok bool)
	// TLS, when not nil, is offered to clients that ask for it.
	TLS *tls.Config
	// ConnectionsMax bounds open connections; 0 is 1000. StartingMax bounds those that are not authenticated yet.
	ConnectionsMax int
	// MessageBytesMax bounds a message after authentication; 0 is 128 MiB.
	MessageBytesMax int
	// StartupTimeout bounds everything up to the end of authentication; 0 is 10 s.
	StartupTimeout time.Duration
	// WriteTimeout is how long a client may leave data unread; 0 is 60 s.
	WriteTimeout time.Duration
	Log          *slog.Logger
}

func (c *Config) setDefaults() {
	if c.ConnectionsMax == 0 {
		c.ConnectionsMax = 1000
	}
	if c.MessageBytesMax == 0 {
		c.MessageBytesMax = 128 << 20
	}
	if c.StartupTimeout == 0 {
		c.StartupTimeout = 10 * time.Second
	}
	if c.WriteTimeout == 0 {
		c.WriteTimeout = 60 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}
