package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"
)

// settle fills in flags that were not given: from the environment (MILLRACE_DATA_DIR for --data-dir), then from the
// config file named by --config, which is YAML with the flags' names as keys.
func settle(cmd *cobra.Command) error {
	fromFile := map[string]string{}
	path, _ := cmd.Flags().GetString("config")
	if path == "" {
		path = os.Getenv(envName("config"))
	}
	if path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("config file: %w", err)
		}
		var raw map[string]any
		if err := yaml.Unmarshal(data, &raw); err != nil {
			return fmt.Errorf("config file %s: %w", path, err)
		}
		for k, v := range raw {
			if cmd.Flags().Lookup(k) == nil || k == "config" {
				return fmt.Errorf("config file %s: there is no setting %q", path, k)
			}
			fromFile[k] = fmt.Sprint(v)
		}
	}
	var first error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "config" || first != nil {
			return
		}
		value, ok := os.LookupEnv(envName(f.Name))
		where := envName(f.Name)
		if !ok {
			if value, ok = fromFile[f.Name]; !ok {
				return
			}
			where = path
		}
		if err := f.Value.Set(value); err != nil {
			first = fmt.Errorf("%s: invalid value %q for %s: %w", where, value, f.Name, err)
		}
	})
	return first
}

func envName(flag string) string {
	return "MILLRACE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// byteSize is a flag value such as 512MB or 4GiB.
type byteSize int64

// String implements pflag.Value.
func (b *byteSize) String() string {
	if *b == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*b)>>20, 10) + "MB"
}

// Set implements pflag.Value.
func (b *byteSize) Set(s string) error {
	text := strings.ToUpper(strings.TrimSpace(s))
	text = strings.TrimSuffix(strings.TrimSuffix(text, "IB"), "B")
	shift := 0
	if n := len(text); n > 0 {
		if i := strings.IndexByte("KMGT", text[n-1]); i >= 0 {
			shift, text = 10*(i+1), text[:n-1]
		}
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || v < 0 || v*float64(int64(1)<<shift) > math.MaxInt64/2 {
		return fmt.Errorf("not a size such as 512MB or 4GB")
	}
	*b = byteSize(v * float64(int64(1)<<shift))
	return nil
}

// Type implements pflag.Value.
func (b *byteSize) Type() string { return "size" }
