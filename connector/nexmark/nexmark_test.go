package nexmark

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"millrace/catalog"
	"millrace/connector"
	"millrace/delta"
	"millrace/storage/codec"
)

type fixedClock struct{ now int64 }

func (c *fixedClock) Now() int64 { return c.now }

func (c *fixedClock) Sleep(_ context.Context, until int64) error {
	c.now = until
	return nil
}

func openTable(t testing.TB, table string, offset []byte, clock connector.Clock, options ...catalog.Option) connector.Source {
	t.Helper()
	d := Definition()
	v, err := d.Check(append([]catalog.Option{{Name: "table", Value: table}}, options...))
	if err != nil {
		t.Fatal(err)
	}
	cols, err := d.Columns(v, nil)
	if err != nil {
		t.Fatal(err)
	}
	src, err := d.Source(connector.SourceConfig{Relation: &catalog.Relation{Name: table, Columns: cols}, Options: v, Offset: offset, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func readAll(t testing.TB, src connector.Source) (rows int, encoded []byte) {
	t.Helper()
	for {
		b, _, err := src.Next(context.Background())
		if errors.Is(err, connector.ErrDone) {
			return rows, encoded
		}
		if err != nil {
			t.Fatal(err)
		}
		rows += b.N
		for i := range b.N {
			encoded = codec.AppendRow(encoded, b, nil, i)
		}
	}
}

func TestProportions(t *testing.T) {
	events := catalog.Option{Name: "events", Value: "100000"}
	for table, want := range map[string]int{"person": 2000, "auction": 6000, "bid": 92000} {
		if got, _ := readAll(t, openTable(t, table, nil, &fixedClock{}, events)); got != want {
			t.Errorf("%s: %d rows of 100000 events, want %d", table, got, want)
		}
	}
}

func TestResumesWhereItStopped(t *testing.T) {
	opts := []catalog.Option{{Name: "events", Value: "130000"}, {Name: "seed", Value: "7"}}
	_, whole := readAll(t, openTable(t, "bid", nil, &fixedClock{}, opts...))
	src := openTable(t, "bid", nil, &fixedClock{}, opts...)
	var parts []byte
	for range 3 {
		b, offset, err := src.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.N {
			parts = codec.AppendRow(parts, b, nil, i)
		}
		src = openTable(t, "bid", offset, &fixedClock{}, opts...)
	}
	_, rest := readAll(t, src)
	if !bytes.Equal(append(parts, rest...), whole) {
		t.Error("reading in parts gives other events than reading in one go")
	}
}

func TestRateIsKept(t *testing.T) {
	clock := &fixedClock{}
	src := openTable(t, "bid", nil, clock, catalog.Option{Name: "rate", Value: "1000"})
	rows := 0
	for clock.now < 10_000_000 {
		b, _, err := src.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		rows += b.N
	}
	if want := 9200; rows < want-50 || rows > want+50 {
		t.Errorf("%d bids in 10 s at 1000 events/s, want about %d", rows, want)
	}
}

// TestReferences checks that sellers, bidders and auctions named by an event are at most the lead ahead of it.
func TestReferences(t *testing.T) {
	g := newGenerator(3, 0, 10_000)
	s := &source{gen: g, table: "bid", types: (&catalog.Relation{Columns: schemas["bid"]}).Types()}
	const n = 200_000
	b := s.generate(n)
	hot := map[int64]int{}
	for i := range b.N {
		auction, bidder := b.Cols[0].Ints[i]-firstAuctionID, b.Cols[1].Ints[i]-firstPersonID
		event := int64(i/bidsPer)*groupEvents + personsPer + auctionsPer + int64(i%bidsPer)
		if auction < 0 || auction > lastAuction(event)+auctionLead || bidder < 0 || bidder > lastPerson(event)+personLead {
			t.Fatalf("event %d names auction %d and bidder %d", event, auction, bidder)
		}
		if auction == max(lastAuction(event), 0)/hotWindow*hotWindow {
			hot[1]++
		}
		if p := b.Cols[2].Ints[i]; p < 100 || p > 100_000_001 {
			t.Fatalf("price %d", p)
		}
		if !strings.HasPrefix(string(b.Cols[4].Bytes(i)), "https://www.nexmark.com/") {
			t.Fatalf("url %q", b.Cols[4].Bytes(i))
		}
	}
	if share := float64(hot[1]) / float64(b.N); share < 0.49 || share > 0.53 {
		t.Errorf("share of bids on the hot auction %.3f, want about a half", share)
	}
}

func BenchmarkBid(b *testing.B) {
	g := newGenerator(3, 0, 10_000)
	s := &source{gen: g, table: "bid", types: (&catalog.Relation{Columns: schemas["bid"]}).Types()}
	var last *delta.Batch
	for i := 0; i < b.N; i += batchEvents {
		last = s.generate(s.next + batchEvents)
	}
	b.SetBytes(int64(last.Bytes() / last.N))
}
