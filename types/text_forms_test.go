package types

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"millrace/internal/testseed"
)

// rewriteForms makes PostgreSQL's answers the expectations of testdata/text_forms.
var rewriteForms = flag.Bool("rewrite-text-forms", false, "write PostgreSQL's answers to testdata/text_forms")

const textFormsFile = "testdata/text_forms"

// textForm is one line of testdata/text_forms: a type, a text, and what PostgreSQL 15 prints for it, or its error.
type textForm struct {
	typeName, input, want string
}

func readTextForms(t *testing.T) []textForm {
	t.Helper()
	f, err := os.Open(textFormsFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var forms []textForm
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		typeName, rest, _ := strings.Cut(line, "\t")
		input, want, _ := strings.Cut(rest, "\t")
		input, err := strconv.Unquote(input)
		if err != nil {
			t.Fatalf("%s:%d: %v", textFormsFile, n, err)
		}
		forms = append(forms, textForm{typeName, input, want})
	}
	if len(forms) == 0 {
		t.Fatal("no text forms")
	}
	return forms
}

// formType reads a type as format_type writes it, with a modifier where the tests need one.
func formType(t testing.TB, name string) T {
	t.Helper()
	base, isArray := strings.CutSuffix(name, "[]")
	base, args, hasMod := strings.Cut(base, "(")
	typ, ok := LookupType(base)
	if !ok {
		t.Fatalf("unknown type %q", name)
	}
	if hasMod {
		var mod []int
		for _, a := range strings.Split(strings.TrimSuffix(args, ")"), ",") {
			n, err := strconv.Atoi(a)
			if err != nil {
				t.Fatal(err)
			}
			mod = append(mod, n)
		}
		var err error
		if typ.Mod, err = Modifier(typ.Kind, mod...); err != nil {
			t.Fatal(err)
		}
	}
	if isArray {
		return ArrayOf(typ)
	}
	return typ
}

// ourForm reads a text with the type's input function, modifier included, and prints the value.
func ourForm(typ T, input string) string {
	d, err := ParseText(typ, []byte(input), DefaultEnv)
	if err != nil {
		return asError(err)
	}
	return string(AppendText(nil, typ, d, DefaultEnv))
}

// formQuery asks PostgreSQL for the same. A cast of a literal cuts what is too long; COPY hands the modifier to the input
// function, which is called here by its name.
func formQuery(typ T, input string) string {
	in := map[Kind]string{Numeric: "numeric_in", Varchar: "varcharin", Bpchar: "bpcharin", Array: "array_in"}[typ.Kind]
	if in != "" && typ.Mod >= 0 {
		oid := typ.OID()
		if typ.Kind == Array {
			oid = typ.ElemType().OID()
		}
		return fmt.Sprintf("SELECT format('%%s', %s(%s::cstring, %d, %d))", in, quote(input), oid, typ.Mod)
	}
	// format calls the output function, where a cast to text may say something else: true for t.
	return fmt.Sprintf("SELECT format('%%s', %s::%s)", quote(input), typ)
}

// TestTextForms holds the text forms against PostgreSQL's answers in testdata/text_forms.
func TestTextForms(t *testing.T) {
	for _, f := range readTextForms(t) {
		if got := strconv.Quote(ourForm(formType(t, f.typeName), f.input)); got != f.want {
			t.Errorf("%s %q\n  got  %s\n  want %s", f.typeName, f.input, got, f.want)
		}
	}
}

// TestTextFormsArePostgres checks that testdata/text_forms says what PostgreSQL says.
func TestTextFormsArePostgres(t *testing.T) {
	p := askPostgres(t)
	forms := readTextForms(t)
	var queries []string
	for _, f := range forms {
		queries = append(queries, formQuery(formType(t, f.typeName), f.input))
	}
	answers := p.answers(queries)
	if *rewriteForms {
		rewriteTextForms(t, answers)
		return
	}
	for i, f := range forms {
		if got := strconv.Quote(answers[i]); got != f.want {
			t.Errorf("%s\n  PostgreSQL %s\n  the file   %s", queries[i], got, f.want)
		}
	}
}

func rewriteTextForms(t *testing.T, answers []string) {
	t.Helper()
	old, err := os.ReadFile(textFormsFile)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimSuffix(string(old), "\n"), "\n") {
		if line != "" && line[0] != '#' {
			parts := strings.SplitN(line, "\t", 3)
			line = parts[0] + "\t" + parts[1] + "\t" + strconv.Quote(answers[0])
			answers = answers[1:]
		}
		out.WriteString(line + "\n")
	}
	if err := os.WriteFile(textFormsFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestMutatedTextFormsMatchPostgres mutates the texts of the file at random and asks PostgreSQL what it makes of them.
// The same values must come out, and the same texts be refused. Which of several faults a text is refused for may differ.
func TestMutatedTextFormsMatchPostgres(t *testing.T) {
	p := askPostgres(t)
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	forms := readTextForms(t)
	var queries, ours []string
	for range 5000 {
		f := forms[rng.IntN(len(forms))]
		other := forms[rng.IntN(len(forms))]
		typ := formType(t, f.typeName)
		switch typ.Kind {
		case Regclass, Regtype, Regproc, Regnamespace, Regrole:
			continue // PostgreSQL parses SQL names there
		}
		input := mutateText(rng, f.input, other.input)
		if typ.Kind == Array && boundSign.MatchString(input) {
			continue // PostgreSQL 15 takes any signs after the digits of a bound as well
		}
		queries = append(queries, formQuery(typ, input))
		ours = append(ours, ourForm(typ, input))
	}
	for i, theirs := range p.answers(queries) {
		const refused = "ERROR "
		if ours[i] != theirs && !(strings.HasPrefix(ours[i], refused) && strings.HasPrefix(theirs, refused)) {
			t.Errorf("%s\n  ours:       %s\n  PostgreSQL: %s", queries[i], ours[i], theirs)
		}
	}
}

var boundSign = regexp.MustCompile(`[0-9][-+]+[]:]`)

const mutationChars = `{}",\ .-+eE019xaNn[]:=` + "\t\n"

// mutateText changes a few characters of s, or puts a piece of other into it.
func mutateText(rng *rand.Rand, s, other string) string {
	b := []byte(s)
	for range 1 + rng.IntN(2) {
		i := 0
		if len(b) > 0 {
			i = rng.IntN(len(b))
		}
		c := mutationChars[rng.IntN(len(mutationChars))]
		switch n := rng.IntN(8); {
		case n < 2 && len(b) > 0:
			b[i] = c
		case n < 4 && len(b) > 0:
			b = append(b[:i], b[i+1:]...)
		case n < 7:
			b = append(b[:i], append([]byte{c}, b[i:]...)...)
		case len(other) > 0:
			from := rng.IntN(len(other))
			piece := other[from : from+rng.IntN(len(other)-from)+1]
			b = append(b[:i], append([]byte(piece), b[i:]...)...)
		}
	}
	return strings.ToValidUTF8(strings.ReplaceAll(string(b), "\x00", ""), "")
}
