package connector

import (
	"slices"
	"strconv"
	"strings"

	"millrace/catalog"
	"millrace/pgerr"
)

// OptionType is the type of an option's value.
type OptionType uint8

// The option types.
const (
	String OptionType = iota
	Integer
	Boolean
	Secret // a string that is never shown
)

// Option declares one WITH option of a connector.
type Option struct {
	Name     string
	Type     OptionType
	Default  string
	Required bool
	Min, Max int64 // for Integer, when Max > Min
	Enum     []string
	Doc      string
}

// Values are checked options: every declared option has its value or default.
type Values struct{ m map[string]string }

// String gives an option's value.
func (v Values) String(name string) string { return v.m[name] }

// Int gives an Integer option's value.
func (v Values) Int(name string) int64 {
	n, _ := strconv.ParseInt(v.m[name], 10, 64) // checked by Check
	return n
}

// Bool gives a Boolean option's value.
func (v Values) Bool(name string) bool { return v.m[name] == "true" }

// Check validates the WITH options of a statement against a connector's declaration. The options "connector"
// and "paused" belong to every connector.
func (d *Definition) Check(given []catalog.Option) (Values, error) {
	v := Values{m: map[string]string{}}
	for _, o := range d.Options {
		v.m[o.Name] = o.Default
	}
	seen := map[string]bool{}
	for _, g := range given {
		if g.Name == "connector" || g.Name == "paused" {
			continue
		}
		if seen[g.Name] {
			return v, pgerr.New(pgerr.SyntaxError, "option %q is given twice", g.Name)
		}
		seen[g.Name] = true
		i := slices.IndexFunc(d.Options, func(o Option) bool { return o.Name == g.Name })
		if i < 0 {
			return v, d.unknown(g.Name)
		}
		val, err := d.Options[i].check(g.Value)
		if err != nil {
			return v, err
		}
		v.m[g.Name] = val
	}
	for _, o := range d.Options {
		if o.Required && !seen[o.Name] {
			return v, pgerr.New(pgerr.InvalidParameterValue, "connector %q needs the option %q", d.Name, o.Name).WithHint("%s", o.Doc)
		}
	}
	return v, nil
}

func (o *Option) check(s string) (string, error) {
	bad := func(want string) error {
		shown := strconv.Quote(s)
		if o.Type == Secret {
			shown = "value"
		}
		return pgerr.New(pgerr.InvalidParameterValue, "invalid value for option %q: %s", o.Name, shown).WithHint("It must be %s.", want)
	}
	switch o.Type {
	case Integer:
		n, err := strconv.ParseInt(s, 10, 64)
		switch {
		case err != nil:
			return "", bad("an integer")
		case o.Max > o.Min && (n < o.Min || n > o.Max):
			return "", bad("between " + strconv.FormatInt(o.Min, 10) + " and " + strconv.FormatInt(o.Max, 10))
		}
	case Boolean:
		switch strings.ToLower(s) {
		case "true", "on", "yes", "1":
			return "true", nil
		case "false", "off", "no", "0":
			return "false", nil
		}
		return "", bad("true or false")
	}
	if len(o.Enum) > 0 && !slices.Contains(o.Enum, s) {
		return "", bad("one of " + strings.Join(o.Enum, ", "))
	}
	return s, nil
}

func (d *Definition) unknown(name string) error {
	e := pgerr.New(pgerr.InvalidParameterValue, "connector %q has no option %q", d.Name, name)
	best, bestDistance := "", len(name)/2+1
	var names []string
	for _, o := range d.Options {
		names = append(names, o.Name)
		if n := pgerr.Distance(name, o.Name); n < bestDistance {
			best, bestDistance = o.Name, n
		}
	}
	if best != "" {
		return e.WithHint("Did you mean %q?", best)
	}
	return e.WithHint("Its options are: %s.", strings.Join(names, ", "))
}
