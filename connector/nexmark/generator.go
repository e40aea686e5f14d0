package nexmark

import (
	"math"
	"math/bits"
	"strconv"

	"millrace/delta"
)

// The proportions and ranges of the model.
const (
	groupEvents     = 50 // of which the first is a person, the next three are auctions, the others bids
	personsPer      = 1
	auctionsPer     = 3
	bidsPer         = groupEvents - personsPer - auctionsPer
	firstPersonID   = 1000
	firstAuctionID  = 1000
	firstCategory   = 10
	categories      = 5
	hotAuctionRatio = 2
	hotSellerRatio  = 4
	hotBidderRatio  = 4
	hotWindow       = 100
	inFlight        = 100
	activePeople    = 1000
	auctionLead     = 10
	personLead      = 10
	channels        = 10_000
	personBytes     = 200
	auctionBytes    = 500
	bidBytes        = 100
	horizonEvents   = 1667 // an auction lasts up to twice the time of so many events
)

// random is splitmix64 (Steele, Lea and Flood, OOPSLA 2014), seeded by event.
type random uint64

func newRandom(seed, event uint64) random {
	r := random(seed*0x9E3779B97F4A7C15 ^ (event+1)*0xD1342543DE82EF95)
	r.next()
	return r
}

func (r *random) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below gives a number in [0, n) by multiplication (Lemire); the bias is below 2^-32 for the n used here.
func (r *random) below(n int64) int64 {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int64(hi)
}

func (r *random) unit() float64 { return float64(r.next()>>11) / (1 << 53) }

// price is log-uniform between 1 and 10^6, in cents.
func (r *random) price() int64 { return int64(math.Exp2(r.unit()*6*math.Log2(10))*100 + 0.5) }

// appendLetters appends n lower-case letters.
func (r *random) appendLetters(dst []byte, n int) []byte {
	for n > 0 {
		x := r.next()
		for range min(n, 12) {
			dst = append(dst, 'a'+byte((x&31)*26>>5))
			x >>= 5
		}
		n -= min(n, 12)
	}
	return dst
}

// extraBytes gives the length of the padding that brings an event to its kind's size, give or take a fifth.
func (r *random) extraBytes(used, desired int) int {
	rest := desired - used
	if rest <= 0 {
		return 0
	}
	spread := max(int(float64(rest)*0.2+0.5), 1)
	return rest - spread + int(r.below(int64(2*spread)))
}

// generator makes events by number.
type generator struct {
	seed      uint64
	start     int64 // microseconds from 2000-01-01
	eventRate int64 // per second of event time
	urls      [][]byte
	names     [][]byte // of channels
}

func newGenerator(seed uint64, start, eventRate int64) *generator {
	g := &generator{seed: seed, start: start, eventRate: eventRate}
	hot := []string{"Google", "Facebook", "Baidu", "Apple"}
	for i := range channels + len(hot) {
		r := newRandom(seed^0x5EED, uint64(i))
		url := []byte("https://www.nexmark.com/")
		for range 3 {
			url = append(r.appendLetters(url, 5), '/')
		}
		url = append(url, "item.htm?query=1"...)
		name := ""
		if i < len(hot) {
			name = hot[i]
		} else {
			name = "channel-" + strconv.Itoa(i-len(hot))
			if r.below(10) > 0 {
				url = append(url, "&channel_id="...)
				url = strconv.AppendUint(url, bits.Reverse64(uint64(i-len(hot)))>>34, 10)
			}
		}
		g.urls, g.names = append(g.urls, url), append(g.names, []byte(name))
	}
	return g
}

// time gives an event's time in microseconds.
func (g *generator) time(n int64) int64 {
	return g.start + n/g.eventRate*1_000_000 + n%g.eventRate*1_000_000/g.eventRate
}

// lastPerson and lastAuction give the number of the last person and auction up to event n.
func lastPerson(n int64) int64 { return n / groupEvents }

func lastAuction(n int64) int64 {
	at := n % groupEvents
	switch {
	case at < personsPer:
		return n/groupEvents*auctionsPer - 1
	case at >= personsPer+auctionsPer:
		at = personsPer + auctionsPer - 1
	}
	return n/groupEvents*auctionsPer + at - personsPer
}

// somePerson names one of the recently active persons, or one that is about to come.
func somePerson(r *random, n int64) int64 {
	people := lastPerson(n) + 1
	active := min(people, activePeople)
	return people - active + r.below(active+personLead)
}

func someAuction(r *random, n int64) int64 {
	last := max(lastAuction(n), 0)
	first := max(last-inFlight, 0)
	return first + r.below(last-first+1+auctionLead)
}

// appendBid appends event n, which must be a bid.
func (g *generator) appendBid(b *delta.Batch, n int64) {
	r := newRandom(g.seed, uint64(n))
	auction := int64(0)
	if r.below(hotAuctionRatio) > 0 {
		auction = max(lastAuction(n), 0) / hotWindow * hotWindow
	} else {
		auction = someAuction(&r, n)
	}
	bidder := int64(0)
	if r.below(hotBidderRatio) > 0 {
		bidder = lastPerson(n)/hotWindow*hotWindow + 1
	} else {
		bidder = somePerson(&r, n)
	}
	price := r.price()
	channel := r.below(4)
	if r.below(2) == 0 {
		channel = 4 + r.below(channels)
	}
	b.Cols[0].Ints = append(b.Cols[0].Ints, auction+firstAuctionID)
	b.Cols[1].Ints = append(b.Cols[1].Ints, bidder+firstPersonID)
	b.Cols[2].Ints = append(b.Cols[2].Ints, price)
	b.Cols[3].AppendBytes(g.names[channel])
	b.Cols[4].AppendBytes(g.urls[channel])
	b.Cols[5].Ints = append(b.Cols[5].Ints, g.time(n))
	g.appendExtra(b.Cols[6], &r, 32, bidBytes)
	b.N++
}

func (g *generator) appendExtra(v *delta.Vec, r *random, used, desired int) {
	v.Data = r.appendLetters(v.Data, r.extraBytes(used, desired))
	v.EndBytes()
}

// appendAuction appends event n, which must be an auction.
func (g *generator) appendAuction(b *delta.Batch, n int64) {
	r := newRandom(g.seed, uint64(n))
	seller := int64(0)
	if r.below(hotSellerRatio) > 0 {
		seller = lastPerson(n) / hotWindow * hotWindow
	} else {
		seller = somePerson(&r, n)
	}
	initial := r.price()
	reserve := initial + r.price()
	// Milliseconds, at least one.
	length := 1 + r.below(max(2*horizonEvents*1000/g.eventRate, 1))
	used := 8*6 + 20 + 100
	b.Cols[0].Ints = append(b.Cols[0].Ints, lastAuction(n)+firstAuctionID)
	b.Cols[1].Data = r.appendLetters(b.Cols[1].Data, 10+int(r.below(10)))
	b.Cols[1].EndBytes()
	b.Cols[2].Data = r.appendLetters(b.Cols[2].Data, 50+int(r.below(50)))
	b.Cols[2].EndBytes()
	b.Cols[3].Ints = append(b.Cols[3].Ints, initial)
	b.Cols[4].Ints = append(b.Cols[4].Ints, reserve)
	b.Cols[5].Ints = append(b.Cols[5].Ints, g.time(n))
	b.Cols[6].Ints = append(b.Cols[6].Ints, g.time(n)+length*1000)
	b.Cols[7].Ints = append(b.Cols[7].Ints, seller+firstPersonID)
	b.Cols[8].Ints = append(b.Cols[8].Ints, firstCategory+r.below(categories))
	g.appendExtra(b.Cols[9], &r, used, auctionBytes)
	b.N++
}

var (
	firstNames = []string{"Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"}
	lastNames  = []string{"Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"}
	cities     = []string{"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"}
	states     = []string{"AZ", "CA", "ID", "OR", "WA", "WY"}
)

func pick(r *random, from []string) string { return from[r.below(int64(len(from)))] }

// appendPerson appends event n, which must be a person.
func (g *generator) appendPerson(b *delta.Batch, n int64) {
	r := newRandom(g.seed, uint64(n))
	name := append(append([]byte(pick(&r, firstNames)), ' '), pick(&r, lastNames)...)
	email := append(r.appendLetters(nil, 4+int(r.below(5))), '@')
	email = append(r.appendLetters(email, 3+int(r.below(5))), ".com"...)
	var card []byte
	for i := range 4 {
		if i > 0 {
			card = append(card, ' ')
		}
		digits := strconv.AppendInt(nil, 10_000+r.below(10_000), 10)
		card = append(card, digits[1:]...)
	}
	city, state := pick(&r, cities), pick(&r, states)
	used := 8 + len(name) + len(email) + len(card) + len(city) + len(state) + 8
	b.Cols[0].Ints = append(b.Cols[0].Ints, lastPerson(n)+firstPersonID)
	b.Cols[1].AppendBytes(name)
	b.Cols[2].AppendBytes(email)
	b.Cols[3].AppendBytes(card)
	b.Cols[4].AppendBytes([]byte(city))
	b.Cols[5].AppendBytes([]byte(state))
	b.Cols[6].Ints = append(b.Cols[6].Ints, g.time(n))
	g.appendExtra(b.Cols[7], &r, used, personBytes)
	b.N++
}
