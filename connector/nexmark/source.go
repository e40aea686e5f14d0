package nexmark

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"millrace/catalog"
	"millrace/connector"
	"millrace/delta"
	"millrace/pgerr"
	"millrace/types"
)

// batchEvents is how many events of the whole sequence one batch covers at full speed, and pollMicros how long a
// batch may wait to fill when there is a rate.
const (
	batchEvents = 50 * 400
	pollMicros  = 5_000
)

// Definition declares the connector.
func Definition() *connector.Definition {
	return &connector.Definition{
		Name:   "nexmark",
		Doc:    "The Nexmark auction feed, generated.",
		Source: open,
		Options: []connector.Option{
			{Name: "table", Required: true, Enum: []string{"person", "auction", "bid"}, Doc: "Which of the three kinds of event: person, auction or bid."},
			{Name: "seed", Type: connector.Integer, Default: "1", Doc: "Seed of the sequence; streams that belong together have the same."},
			{Name: "rate", Type: connector.Integer, Default: "0", Min: 0, Max: 1 << 40, Doc: "Events a second of all three kinds together; 0 is as fast as possible."},
			{Name: "event_rate", Type: connector.Integer, Default: "10000", Min: 1, Max: 1_000_000_000, Doc: "Events of all three kinds in one second of event time."},
			{Name: "events", Type: connector.Integer, Default: "0", Min: 0, Max: 1 << 60, Doc: "Events of all three kinds after which the feed ends; 0 is endless."},
			{Name: "start_time", Default: "2026-01-01 00:00:00", Doc: "Event time of the first event, in UTC."},
		},
		Columns: columns,
	}
}

var schemas = map[string][]catalog.Column{
	"person": cols("id", types.Int8, "name", types.Text, "email_address", types.Text, "credit_card", types.Text,
		"city", types.Text, "state", types.Text, "date_time", types.Timestamp, "extra", types.Text),
	"auction": cols("id", types.Int8, "item_name", types.Text, "description", types.Text, "initial_bid", types.Int8,
		"reserve", types.Int8, "date_time", types.Timestamp, "expires", types.Timestamp, "seller", types.Int8,
		"category", types.Int8, "extra", types.Text),
	"bid": cols("auction", types.Int8, "bidder", types.Int8, "price", types.Int8, "channel", types.Text, "url", types.Text,
		"date_time", types.Timestamp, "extra", types.Text),
}

// textBytes is about how long the texts of each column are, so that a batch is allocated once.
var textBytes = map[string][]int{
	"person":  {0, 16, 20, 20, 14, 3, 0, 130},
	"auction": {0, 16, 76, 0, 0, 0, 0, 0, 0, 370},
	"bid":     {0, 0, 0, 12, 62, 0, 70},
}

func cols(pairs ...any) []catalog.Column {
	var out []catalog.Column
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, catalog.Column{Name: pairs[i].(string), T: types.Of(pairs[i+1].(types.Kind))})
	}
	return out
}

// columns gives the columns of the chosen kind; a statement that declares columns must declare these.
func columns(v connector.Values, declared []catalog.Column) ([]catalog.Column, error) {
	if _, err := startTime(v); err != nil {
		return nil, err
	}
	want := schemas[v.String("table")]
	if len(declared) == 0 {
		return slices.Clone(want), nil
	}
	same := len(declared) == len(want)
	for i := 0; same && i < len(want); i++ {
		d := declared[i].T.Kind
		text := d == types.Varchar && want[i].T.Kind == types.Text
		same = declared[i].Name == want[i].Name && (d == want[i].T.Kind || text) && declared[i].T.Mod == -1
	}
	if !same {
		return nil, pgerr.New(pgerr.InvalidTableDefinition, "the columns are not those of the nexmark table %q", v.String("table")).
			WithHint("Leave the column list out.")
	}
	return declared, nil
}

func startTime(v connector.Values) (int64, error) {
	t, err := types.ParseTimestamp(v.String("start_time"), types.DefaultEnv)
	if err != nil {
		return 0, fmt.Errorf("option start_time: %w", err)
	}
	return t, nil
}

// source gives the events of one kind.
type source struct {
	gen    *generator
	table  string
	types  []types.T
	next   int64 // number of the next event of the whole sequence
	end    int64 // 0 is endless
	rate   int64
	clock  connector.Clock
	opened int64 // by the clock
	first  int64 // next when it was opened
}

func open(c connector.SourceConfig) (connector.Source, error) {
	start, err := startTime(c.Options)
	if err != nil {
		return nil, err
	}
	s := &source{
		gen:   newGenerator(uint64(c.Options.Int("seed")), start, c.Options.Int("event_rate")),
		table: c.Options.String("table"), types: c.Relation.Types(),
		end: c.Options.Int("events"), rate: c.Options.Int("rate"), clock: c.Clock,
	}
	if c.Offset != nil {
		if len(c.Offset) != 8 {
			return nil, fmt.Errorf("nexmark: the stored offset has %d bytes", len(c.Offset))
		}
		s.next = int64(binary.BigEndian.Uint64(c.Offset))
	}
	s.opened, s.first = c.Clock.Now(), s.next
	return s, nil
}

// Close does nothing.
func (s *source) Close() error { return nil }

// Next gives the events of the source's kind among the next events of the sequence, as many as are due.
func (s *source) Next(ctx context.Context) (*delta.Batch, []byte, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if s.end > 0 && s.next >= s.end {
			return nil, nil, connector.ErrDone
		}
		until, err := s.due(ctx)
		if err != nil {
			return nil, nil, err
		}
		b := s.generate(until)
		if b.N > 0 {
			return b, binary.BigEndian.AppendUint64(nil, uint64(s.next)), nil
		}
	}
}

// due says up to which event the feed may go, waiting until it may go on.
func (s *source) due(ctx context.Context) (int64, error) {
	until := s.next + batchEvents
	if s.end > 0 {
		until = min(until, s.end)
	}
	if s.rate == 0 {
		return until, nil
	}
	for {
		elapsed := s.clock.Now() - s.opened
		allowed := s.first + elapsed/1_000_000*s.rate + elapsed%1_000_000*s.rate/1_000_000
		if allowed > s.next {
			return min(until, allowed), nil
		}
		if err := s.clock.Sleep(ctx, s.clock.Now()+pollMicros); err != nil {
			return 0, err
		}
	}
}

// generate makes the events of the source's kind in [next, until) and moves on.
func (s *source) generate(until int64) *delta.Batch {
	from, to := int64(0), int64(personsPer)
	add := s.gen.appendPerson
	switch s.table {
	case "auction":
		from, to, add = personsPer, personsPer+auctionsPer, s.gen.appendAuction
	case "bid":
		from, to, add = personsPer+auctionsPer, groupEvents, s.gen.appendBid
	}
	rows := int((until-s.next)/groupEvents+1) * int(to-from)
	b := delta.NewBatch(s.types, rows)
	for i, n := range textBytes[s.table] {
		if n > 0 {
			b.Cols[i].Data = make([]byte, 0, rows*n)
		}
	}
	for s.next < until {
		switch at := s.next % groupEvents; {
		case at < from:
			s.next = min(until, s.next+from-at)
		case at >= to:
			s.next = min(until, s.next+groupEvents-at)
		default:
			add(b, s.next)
			s.next++
		}
	}
	return b
}
