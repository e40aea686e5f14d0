package session

import (
	"context"
	"slices"
	"strings"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/types"
)

// Limits of notifications. The first two are PostgreSQL's.
const (
	channelNameMax  = 64   // bytes; a name must be shorter
	payloadMax      = 8000 // bytes; a payload must be shorter
	channelsMax     = 10_000
	notifyBytesMax  = 16 << 20 // that a transaction sends, and that wait for one client
	notifyItemBytes = 128      // beside its text
)

// Notification is what NOTIFY sends to those who listen on a channel. It is shared and never changed.
type Notification struct {
	PID     int32 // of the session that sent it; 0 is a change of a relation
	Channel string
	Payload string
}

func (n *Notification) bytes() int { return notifyItemBytes + len(n.Channel) + len(n.Payload) }

// listenAction is a LISTEN or UNLISTEN that takes effect at commit.
type listenAction struct {
	channel string // "" is all, of UNLISTEN
	off     bool
	path    []string // search path of LISTEN, by which the channel may be the name of a relation
}

// notes are what the open transaction, or the statement that runs outside one, does with channels once it commits.
type notes struct {
	actions []listenAction
	sent    []*Notification
	seen    map[Notification]struct{} // the same as sent
	bytes   int
}

// notesMark is how much of notes there was at a savepoint.
type notesMark struct{ actions, sent int }

func (n *notes) mark() notesMark { return notesMark{len(n.actions), len(n.sent)} }

// rollback takes back what came after a mark.
func (n *notes) rollback(m notesMark) {
	n.actions = n.actions[:m.actions]
	for _, x := range n.sent[m.sent:] {
		delete(n.seen, *x)
		n.bytes -= x.bytes()
	}
	n.sent = n.sent[:m.sent]
}

// add takes a notification, the same one once.
func (n *notes) add(x Notification) error {
	if _, ok := n.seen[x]; ok {
		return nil
	}
	if n.bytes+x.bytes() > notifyBytesMax {
		return pgerr.New(pgerr.ProgramLimitExceeded, "too many notifications in the NOTIFY queue").
			WithDetail("A transaction may send at most %d MiB of them.", notifyBytesMax>>20)
	}
	if n.seen == nil {
		n.seen = map[Notification]struct{}{}
	}
	n.seen[x] = struct{}{}
	n.sent = append(n.sent, &x)
	n.bytes += x.bytes()
	return nil
}

// notify is NOTIFY and pg_notify.
func (s *Session) notify(channel, payload string) error {
	switch {
	case channel == "":
		return pgerr.New(pgerr.InvalidParameterValue, "channel name cannot be empty")
	case len(channel) >= channelNameMax:
		return pgerr.New(pgerr.InvalidParameterValue, "channel name too long")
	case len(payload) >= payloadMax:
		return pgerr.New(pgerr.InvalidParameterValue, "payload string too long")
	}
	return s.notes.add(Notification{PID: s.pid, Channel: channel, Payload: payload})
}

// notifyStatement runs LISTEN, UNLISTEN and NOTIFY.
func (s *Session) notifyStatement(st ast.Statement, c Client) error {
	switch st := st.(type) {
	case *ast.Listen:
		if len(s.channels)+len(s.notes.actions) >= channelsMax {
			return pgerr.New(pgerr.ProgramLimitExceeded, "a session may listen on at most %d channels", channelsMax)
		}
		s.notes.actions = append(s.notes.actions, listenAction{channel: st.Channel, path: s.searchPath()})
		return c.Complete("LISTEN")
	case *ast.Unlisten:
		if err := s.unlisten(st.Channel); err != nil {
			return err
		}
		return c.Complete("UNLISTEN")
	}
	n := st.(*ast.Notify)
	if err := s.notify(n.Channel, n.Payload); err != nil {
		return err
	}
	return c.Complete("NOTIFY")
}

// unlisten ends listening on a channel, "" being all, at commit.
func (s *Session) unlisten(channel string) error {
	switch {
	case len(s.channels) == 0 && len(s.notes.actions) == 0:
		return nil
	case len(s.notes.actions) >= channelsMax:
		return pgerr.New(pgerr.ProgramLimitExceeded, "a transaction may contain at most %d of LISTEN and UNLISTEN", channelsMax)
	}
	s.notes.actions = append(s.notes.actions, listenAction{channel: channel, off: true})
	return nil
}

// notifyFunction answers pg_notify and what pg_listening_channels reads.
func (s *Session) notifyFunction(name string, args []types.Datum) (d types.Datum, ok bool, err error) {
	switch name {
	case "pg_notify":
		text := func(d types.Datum) string {
			if d.Null {
				return ""
			}
			return string(d.B)
		}
		return types.NewBytes(nil), true, s.notify(text(args[0]), text(args[1]))
	case "millrace_listening_channels":
		b := types.NewArrayBuilder(types.Of(types.Text))
		for _, channel := range s.channels {
			b.Append(types.NewString(channel))
		}
		return types.NewBytes(b.Build(nil)), true, nil
	}
	return d, false, nil
}

// commitNotes runs the commit of what may have notified, nil being none, and then lets its notifications go. Transactions that
// notify commit one after the other, so that their notifications come in the order of their commits.
func (s *Session) commitNotes(ctx context.Context, commit func() error) error {
	n := s.notes
	s.notes = notes{}
	if len(n.sent) > 0 {
		done, err := s.srv.hub.turn(ctx)
		if err != nil {
			return err
		}
		defer done()
	}
	if err := commit(); err != nil {
		return err
	}
	if len(n.actions)+len(n.sent) > 0 {
		s.srv.applyNotes(s, &n)
	}
	return nil
}

// listen applies an action to the list of channels, which is in the order in which they were asked for.
func (s *Session) listen(a *listenAction) {
	i := slices.Index(s.channels, a.channel)
	switch {
	case a.off && a.channel == "":
		s.channels = nil
	case a.off && i >= 0:
		s.channels = slices.Delete(s.channels, i, i+1)
	case !a.off && i < 0:
		s.channels = append(s.channels, strings.Clone(a.channel))
	}
}

// Listening reports whether the session listens on a channel.
func (s *Session) Listening() bool { return len(s.channels) > 0 }

// Notified reports whether Deliver has something to give.
func (s *Session) Notified() bool { return s.txn == nil && s.inbox.length() > 0 }

// Deliver gives the client the notifications that wait for it, in a transaction none. Those that come meanwhile are left for the
// next call.
func (s *Session) Deliver(c Client) error {
	if s.txn != nil {
		return nil
	}
	for range s.inbox.length() {
		n, lost, ok := s.inbox.take()
		if !ok {
			return nil
		}
		if lost > 0 {
			w := pgerr.New(pgerr.Warning, "%d notifications were lost", lost).
				WithDetail("More than %d MiB of them were waiting for the client to read.", notifyBytesMax>>20)
			if err := s.notice(c, "WARNING", w); err != nil {
				return err
			}
			continue
		}
		if slices.Contains(s.channels, n.Channel) {
			if err := c.Notification(n); err != nil {
				return err
			}
		}
	}
	return nil
}
