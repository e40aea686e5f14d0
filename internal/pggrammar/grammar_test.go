package pggrammar

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// grammar derives statements at random.
type grammar struct {
	r     *rand.Rand
	rules map[string][][]string // alternatives as lists of words
}

// readGrammar reads testdata/grammar.txt.
func readGrammar(t *testing.T, r *rand.Rand) *grammar {
	t.Helper()
	text, err := os.ReadFile("testdata/grammar.txt")
	if err != nil {
		t.Fatal(err)
	}
	g := &grammar{r: r, rules: map[string][][]string{}}
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		name, body, found := strings.Cut(line, ":")
		if !found {
			t.Fatalf("no production: %s", line)
		}
		alternative := []string{}
		for _, word := range strings.Fields(body) {
			if word == "|" {
				g.rules[name] = append(g.rules[name], alternative)
				alternative = []string{}
				continue
			}
			alternative = append(alternative, word)
		}
		g.rules[name] = append(g.rules[name], alternative)
	}
	for name, alternatives := range g.rules {
		for _, a := range alternatives {
			for _, word := range a {
				if n, ok := reference(strings.Trim(word, "[]")); ok && g.rules[n] == nil {
					t.Fatalf("%s: there is no production %s", name, n)
				}
			}
		}
	}
	return g
}

// reference reads the name of a production out of <name>.
func reference(word string) (string, bool) {
	if len(word) > 2 && word[0] == '<' && word[len(word)-1] == '>' {
		return word[1 : len(word)-1], true
	}
	return "", false
}

// derive makes the words of a production. Beyond a depth it takes the alternatives that it finds shortest.
func (g *grammar) derive(name string, depth int) []string {
	alternatives := g.rules[name]
	chosen := alternatives[g.r.IntN(len(alternatives))]
	if depth <= 0 {
		for _, a := range alternatives {
			if references(a) < references(chosen) {
				chosen = a
			}
		}
	}
	var out []string
	for at := 0; at < len(chosen); at++ {
		// An optional part may have several words: [IF NOT EXISTS].
		if word := chosen[at]; len(word) > 1 && word[0] == '[' {
			end := at
			for !strings.HasSuffix(chosen[end], "]") {
				end++
			}
			if g.r.IntN(2) == 0 && depth > 0 {
				for _, w := range chosen[at : end+1] {
					out = g.word(out, strings.TrimSuffix(strings.TrimPrefix(w, "["), "]"), depth)
				}
			}
			at = end
			continue
		}
		out = g.word(out, chosen[at], depth)
	}
	return out
}

func (g *grammar) word(out []string, word string, depth int) []string {
	if name, ok := reference(word); ok {
		return append(out, g.derive(name, depth-1)...)
	}
	return append(out, strings.ReplaceAll(word, `\|`, "|"))
}

func references(words []string) int {
	n := 0
	for _, w := range words {
		if _, ok := reference(strings.Trim(w, "[]")); ok {
			n++
		}
	}
	return n
}

// vary makes one to three changes to words: one is removed, doubled, exchanged with another or put in from elsewhere.
func (g *grammar) vary(words []string) []string {
	out := append([]string(nil), words...)
	for range 1 + g.r.IntN(3) {
		if len(out) < 2 {
			return out
		}
		at, other := g.r.IntN(len(out)), g.r.IntN(len(out))
		switch g.r.IntN(4) {
		case 0:
			out = append(out[:at], out[at+1:]...)
		case 1:
			out = append(out[:at+1], out[at:]...)
		case 2:
			out[at], out[other] = out[other], out[at]
		case 3:
			put := g.derive([]string{"op", "name", "literal", "joinkind", "colcon", "type", "order"}[g.r.IntN(7)], 0)
			out = append(out[:at], append(put, out[at:]...)...)
		}
	}
	return out
}
