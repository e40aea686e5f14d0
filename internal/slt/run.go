package slt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Failure is a record that did not do what its file says.
type Failure struct {
	Pos    Position
	SQL    string // empty if the record has none
	Reason string // may span lines: a diff
}

// Error shows the place, the statement and the reason.
func (f Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", f.Pos)
	reason, rest, _ := strings.Cut(f.Reason, "\n")
	b.WriteString(reason)
	if f.SQL != "" {
		b.WriteString("\n    " + strings.ReplaceAll(f.SQL, "\n", "\n    "))
	}
	if rest != "" {
		b.WriteString("\n" + strings.TrimRight(rest, "\n"))
	}
	return b.String()
}

// Result counts what a run did.
type Result struct {
	Files    int
	Passed   int // statements and queries
	Skipped  int // records whose onlyif or skipif kept them out
	Recorded int // records rewritten
	// With Options.AsViews: how often a view was compared with its query, and how often it could not be, by reason.
	AsViews    int
	NotAsViews map[string]int
	Failures   []Failure
}

// Err returns nil if nothing failed, and otherwise an error with the first failures' text.
func (r Result) Err() error {
	if len(r.Failures) == 0 {
		return nil
	}
	const shown = 10
	var errs []error
	for _, f := range r.Failures[:min(shown, len(r.Failures))] {
		errs = append(errs, f)
	}
	if more := len(r.Failures) - shown; more > 0 {
		errs = append(errs, fmt.Errorf("and %d more failures", more))
	}
	return errors.Join(errs...)
}

func (r Result) String() string {
	s := fmt.Sprintf("%d files: %d records passed, %d failed, %d skipped", r.Files, r.Passed, len(r.Failures), r.Skipped)
	if r.Recorded > 0 {
		s += fmt.Sprintf(", %d rewritten", r.Recorded)
	}
	if r.AsViews > 0 || len(r.NotAsViews) > 0 {
		s += fmt.Sprintf("; %d comparisons with a view", r.AsViews)
	}
	if len(r.NotAsViews) > 0 {
		s += "; not as a view: " + reasons(r.NotAsViews)
	}
	return s
}

// Run runs files in order and reports failures, and a line for each file, to report, which may be nil. Failed
// records are in the Result, not in the error; see the package comment.
func Run(ctx context.Context, opts Options, files []string, report io.Writer) (Result, error) {
	opts, err := opts.normalise()
	if err != nil {
		return Result{}, err
	}
	if report == nil {
		report = io.Discard
	}
	res := Result{NotAsViews: map[string]int{}}
	for _, file := range files {
		before := res
		if err := runFile(ctx, opts, file, &res, report); err != nil {
			return res, fmt.Errorf("%s: %w", file, err)
		}
		res.Files++
		verdict := "ok  "
		if len(res.Failures) > len(before.Failures) {
			verdict = "FAIL"
		}
		fmt.Fprintf(report, "%s %s: %d passed, %d failed, %d skipped\n", verdict, file,
			res.Passed-before.Passed, len(res.Failures)-len(before.Failures), res.Skipped-before.Skipped)
	}
	return res, nil
}

func runFile(ctx context.Context, opts Options, file string, res *Result, report io.Writer) (err error) {
	connect, done, err := opts.connector(ctx)
	if err != nil {
		return err
	}
	r := newRunner(opts, connect, res, report)
	defer func() {
		r.conns.closeAll()
		err = errors.Join(err, done())
	}()
	script, err := load(file)
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		r.fail(&Record{Pos: syntax.Pos}, "%s", syntax.Msg)
		return nil
	}
	if err != nil {
		return err
	}
	if opts.AsViews {
		r.collectViews(script)
	}
	if _, err := r.script(ctx, script, 0); err != nil {
		return err
	}
	if err := r.lastViews(ctx); err != nil {
		return err
	}
	if !opts.Record || len(r.edits) == 0 {
		return nil
	}
	res.Recorded += r.rewritten
	return writeFile(file, applyEdits(script.lines, r.edits))
}

func load(file string) (*Script, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, string(text))
}

// Files returns the .slt files at and below the given files and folders, sorted.
func Files(roots ...string) ([]string, error) {
	var files []string
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (path == root || filepath.Ext(path) == ".slt") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}
