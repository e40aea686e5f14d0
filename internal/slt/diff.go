package slt

import (
	"fmt"
	"strings"
)

const (
	// diffLinesMax bounds the lines that are compared, since the comparison is quadratic.
	diffLinesMax = 600
	// diffShownMax bounds the lines of a diff that are printed.
	diffShownMax = 60
	// diffContext is the number of equal lines shown around a difference.
	diffContext = 3
)

// diffLine is a line of a diff: ' ' in both, '-' expected only, '+' actual only.
type diffLine struct {
	op   byte
	text string
}

// diff compares by longest common subsequence. Past diffLinesMax both sides are cut, which is said at the end.
func diff(expected, actual []string) []diffLine {
	cutE, cutA := len(expected), len(actual)
	expected, actual = expected[:min(cutE, diffLinesMax)], actual[:min(cutA, diffLinesMax)]
	n, m := len(expected), len(actual)
	// common[i][j] is the length of the longest common subsequence of expected[i:] and actual[j:].
	common := make([][]int, n+1)
	for i := range common {
		common[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if expected[i] == actual[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []diffLine
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case i < n && j < m && expected[i] == actual[j]:
			out = append(out, diffLine{' ', expected[i]})
			i++
			j++
		case j == m || i < n && common[i+1][j] >= common[i][j+1]:
			out = append(out, diffLine{'-', expected[i]})
			i++
		default:
			out = append(out, diffLine{'+', actual[j]})
			j++
		}
	}
	if cutE > n || cutA > m {
		out = append(out, diffLine{'+', fmt.Sprintf("(%d expected and %d actual lines more)", cutE-n, cutA-m)})
	}
	return out
}

// formatDiff prints the differing lines with their context.
func formatDiff(lines []diffLine) string {
	show := make([]bool, len(lines))
	for i, l := range lines {
		if l.op == ' ' {
			continue
		}
		for k := max(0, i-diffContext); k <= min(len(lines)-1, i+diffContext); k++ {
			show[k] = true
		}
	}
	var b strings.Builder
	shown, skipped := 0, 0
	for i, l := range lines {
		if !show[i] {
			skipped++
			continue
		}
		if skipped > 0 {
			fmt.Fprintf(&b, "  ... %d equal\n", skipped)
			skipped = 0
		}
		if shown == diffShownMax {
			fmt.Fprintf(&b, "  ... and more\n")
			return b.String()
		}
		fmt.Fprintf(&b, "%c %s\n", l.op, l.text)
		shown++
	}
	return b.String()
}
