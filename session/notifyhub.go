package session

import (
	"context"
	"strconv"
	"sync"

	"millrace/catalog"
)

// hub knows who listens on which channel. Its zero value is ready.
type hub struct {
	mu       sync.Mutex
	channels map[string]map[*inbox][]string // with the search path of LISTEN
	order    chan struct{}                  // capacity 1: full while a transaction that notifies commits
}

// turn waits until no other transaction that notifies is committing.
func (h *hub) turn(ctx context.Context) (done func(), err error) {
	h.mu.Lock()
	if h.order == nil {
		h.order = make(chan struct{}, 1)
	}
	order := h.order
	h.mu.Unlock()
	select {
	case order <- struct{}{}:
		return func() { <-order }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// applyNotes lets what a transaction has done with channels take effect: it listens first, and so hears itself.
func (srv *Server) applyNotes(s *Session, n *notes) {
	h := &srv.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	some := len(h.channels) > 0
	for i := range n.actions {
		a := &n.actions[i]
		h.apply(s, a)
		s.listen(a)
	}
	srv.watch(some)
	for _, x := range n.sent {
		for in := range h.channels[x.Channel] {
			in.put(x)
		}
	}
}

// leave ends all listening of a session.
func (srv *Server) leave(s *Session) {
	if len(s.channels) == 0 {
		return
	}
	srv.applyNotes(s, &notes{actions: []listenAction{{off: true}}})
}

// apply notes who listens; hub.mu is held.
func (h *hub) apply(s *Session, a *listenAction) {
	switch {
	case !a.off:
		if h.channels == nil {
			h.channels = map[string]map[*inbox][]string{}
		}
		if h.channels[a.channel] == nil {
			h.channels[a.channel] = map[*inbox][]string{}
		}
		h.channels[a.channel][s.inbox] = a.path
	case a.channel == "":
		for _, channel := range s.channels {
			h.drop(channel, s.inbox)
		}
	default:
		h.drop(a.channel, s.inbox)
	}
}

func (h *hub) drop(channel string, in *inbox) {
	delete(h.channels[channel], in)
	if len(h.channels[channel]) == 0 {
		delete(h.channels, channel)
	}
}

// watch begins to hear of changes of relations with the first who listens, and ends it with the last; hub.mu is held.
// some says whether anybody listened before.
func (srv *Server) watch(some bool) {
	switch now := len(srv.hub.channels) > 0; {
	case now && !some:
		srv.Engine.WatchChanges(srv.relationChanged)
	case some && !now:
		srv.Engine.WatchChanges(nil)
	}
}

// relationChanged tells those who listen on the name of a relation to which position it has changed. Which relation a
// channel's name means is found now, by the search path of LISTEN: it may have been made, renamed or replaced meanwhile.
func (srv *Server) relationChanged(id uint32, position uint64) {
	cat := srv.Engine.Catalog()
	r, ok := cat.Relation(id)
	if !ok {
		return
	}
	h := &srv.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	for in, path := range h.channels[r.Name] {
		if named, ok := cat.Resolve(path, r.Name); ok && named.ID == id {
			in.putPosition(r, r.Name, position)
		}
	}
	qualified := r.Schema + "." + r.Name
	for in := range h.channels[qualified] {
		in.putPosition(r, qualified, position)
	}
}

// inbox holds the notifications that wait for one client, up to notifyBytesMax of them. Those for which there is no room are
// lost, and all that come after until the client has read what waits; it is told how many.
type inbox struct {
	wake func() // called when the first comes

	mu        sync.Mutex
	items     []inboxItem
	bytes     int
	lost      int
	positions map[positionKey]*Notification // those of items that tell of a relation
}

// inboxItem is a notification, or, where key has a relation, the place of the newest of that key.
type inboxItem struct {
	n   *Notification
	key positionKey
}

type positionKey struct {
	channel  string
	relation uint32
}

func newInbox(wake func()) *inbox {
	if wake == nil {
		wake = func() {}
	}
	return &inbox{wake: wake, positions: map[positionKey]*Notification{}}
}

func (in *inbox) put(n *Notification) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.lost > 0 || in.bytes+n.bytes() > notifyBytesMax {
		in.lost++
		return
	}
	in.bytes += n.bytes()
	in.add(inboxItem{n: n})
}

// putPosition puts a relation's new position in the place of one that still waits. So there are at most as many as
// channels, and none is ever lost.
func (in *inbox) putPosition(r *catalog.Relation, channel string, position uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	key := positionKey{channel, r.ID}
	_, waits := in.positions[key]
	in.positions[key] = &Notification{Channel: channel, Payload: strconv.FormatUint(position, 10)}
	if !waits {
		in.add(inboxItem{key: key})
	}
}

func (in *inbox) add(x inboxItem) {
	in.items = append(in.items, x)
	if len(in.items) == 1 {
		in.wake()
	}
}

// length is how many take gives.
func (in *inbox) length() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.lost > 0 {
		return len(in.items) + 1
	}
	return len(in.items)
}

// take gives the first that waits, or, after the last, the number of those lost.
func (in *inbox) take() (n *Notification, lost int, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.items) == 0 {
		lost, in.lost = in.lost, 0
		return nil, lost, lost > 0
	}
	x := in.items[0]
	in.items[0] = inboxItem{}
	if in.items = in.items[1:]; len(in.items) == 0 {
		in.items = nil
	}
	if x.n == nil {
		n = in.positions[x.key]
		delete(in.positions, x.key)
		return n, 0, true
	}
	in.bytes -= x.n.bytes()
	return x.n, 0, true
}
