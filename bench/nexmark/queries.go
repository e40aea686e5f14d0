package main

// queries are the Nexmark queries (definition: the public repository nexmark/nexmark, Apache-2.0) in our dialect.
var queries = map[string]string{
	"q0": `SELECT auction, bidder, price, date_time, extra FROM bid`,
	"q1": `SELECT auction, bidder, 0.908 * price AS price, date_time, extra FROM bid`,
	"q2": `SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0`,
	"q3": `SELECT p.name, p.city, p.state, a.id FROM auction a JOIN person p ON a.seller = p.id
		WHERE a.category = 10 AND (p.state = 'OR' OR p.state = 'ID' OR p.state = 'CA')`,
	"q4": `SELECT q.category, avg(q.final) AS avg FROM (
			SELECT max(b.price) AS final, a.category FROM auction a, bid b
			WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires GROUP BY a.id, a.category) q
		GROUP BY q.category`,
	"q5": `SELECT ab.auction, ab.num FROM (
			SELECT auction, count(*) AS num, window_start, window_end
			FROM HOP(bid, date_time, INTERVAL '2 seconds', INTERVAL '10 seconds') GROUP BY auction, window_start, window_end) ab
		JOIN (SELECT max(num) AS maxn, window_start, window_end FROM (
			SELECT auction, count(*) AS num, window_start, window_end
			FROM HOP(bid, date_time, INTERVAL '2 seconds', INTERVAL '10 seconds') GROUP BY auction, window_start, window_end) c
			GROUP BY window_start, window_end) m
		ON ab.window_start = m.window_start AND ab.window_end = m.window_end AND ab.num >= m.maxn`,
	"q7": `SELECT b.auction, b.price, b.bidder, b.date_time, b.extra FROM bid b
		JOIN (SELECT max(price) AS maxprice, window_end AS date_time
			FROM TUMBLE(bid, date_time, INTERVAL '10 seconds') GROUP BY window_start, window_end) b1
		ON b.price = b1.maxprice WHERE b.date_time BETWEEN b1.date_time - INTERVAL '10 seconds' AND b1.date_time`,
	"q8": `SELECT p.id, p.name, p.window_start FROM (
			SELECT id, name, window_start, window_end FROM TUMBLE(person, date_time, INTERVAL '10 seconds')
			GROUP BY id, name, window_start, window_end) p
		JOIN (SELECT seller, window_start, window_end FROM TUMBLE(auction, date_time, INTERVAL '10 seconds')
			GROUP BY seller, window_start, window_end) a
		ON p.id = a.seller AND p.window_start = a.window_start AND p.window_end = a.window_end`,
	"q11": `SELECT bidder, count(*) AS bid_count, window_start, window_end
		FROM SESSION(bid PARTITION BY bidder, date_time, INTERVAL '10 seconds') GROUP BY bidder, window_start, window_end`,
	"q17": `SELECT auction, to_char(date_time, 'YYYY-MM-DD') AS day, count(*) AS total_bids,
		count(*) FILTER (WHERE price < 10000) AS rank1_bids,
		count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
		count(*) FILTER (WHERE price >= 1000000) AS rank3_bids,
		min(price) AS min_price, max(price) AS max_price, avg(price) AS avg_price, sum(price) AS sum_price
		FROM bid GROUP BY auction, to_char(date_time, 'YYYY-MM-DD')`,
	"q22": `SELECT auction, bidder, price, channel, split_part(url, '/', 4) AS dir1, split_part(url, '/', 5) AS dir2,
		split_part(url, '/', 6) AS dir3 FROM bid`,
}

// order is the order in which queries run when none are named.
var order = []string{"q0", "q1", "q2", "q3", "q4", "q5", "q7", "q8", "q11", "q17", "q22"}
