package bind

// editDistance is Levenshtein's distance of two words in letters, exact below limit and at least limit otherwise.
// Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966; Wagner and Fischer, 1974.
func editDistance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(y)-len(x) >= limit || len(y) > 255 {
		return limit
	}
	row := make([]int, len(x)+1)
	for i := range row {
		row[i] = i
	}
	for j := 1; j <= len(y); j++ {
		diagonal := row[0]
		row[0] = j
		least := j
		for i := 1; i <= len(x); i++ {
			cost := diagonal
			if x[i-1] != y[j-1] {
				cost++
			}
			diagonal = row[i]
			row[i] = min(cost, row[i]+1, row[i-1]+1)
			least = min(least, row[i])
		}
		if least >= limit {
			return limit
		}
	}
	return min(row[len(x)], limit)
}

// nearest finds the one name that a misspelled one was meant to be: the nearest, of which at least two thirds of the
// letters agree, and no other is as near. "" when there is none.
func nearest(name string, names []string) string {
	limit := min(len([]rune(name))/3, 3)
	best, found, tied := limit+1, "", false
	for _, n := range names {
		if n == found {
			continue
		}
		switch d := editDistance(name, n, limit+1); {
		case d < best:
			best, found, tied = d, n, false
		case d == best && best <= limit:
			tied = true
		}
	}
	if tied || best == 0 {
		return ""
	}
	return found
}
