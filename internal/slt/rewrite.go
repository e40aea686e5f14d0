package slt

import (
	"os"
	"path/filepath"
	"strings"
)

// edit replaces the lines [start, end) of a script.
type edit struct {
	start, end int
	lines      []string
}

func (r *runner) edit(start, end int, lines ...string) {
	r.edits = append(r.edits, edit{start, end, lines})
}

// queryHeader is the first line of a query's record.
func queryHeader(types string, sort SortMode, label string) string {
	header := "query " + types
	if sort != "" {
		header += " " + string(sort)
	}
	if label != "" {
		header += " " + label
	}
	return header
}

// applyEdits returns the file's text with its edits, which are in order and do not overlap.
func applyEdits(lines []string, edits []edit) string {
	var b strings.Builder
	at := 0
	copyTo := func(end int) {
		for ; at < end; at++ {
			b.WriteString(lines[at])
			b.WriteByte('\n')
		}
	}
	for _, e := range edits {
		copyTo(e.start)
		for _, line := range e.lines {
			b.WriteString(line)
			b.WriteByte('\n')
		}
		at = e.end
	}
	copyTo(len(lines))
	return b.String()
}

// writeFile replaces a file at once, so that an interrupt leaves the old one or the new one.
func writeFile(path, text string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".recording-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	if _, err := tmp.WriteString(text); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Chmod(tmp.Name(), info.Mode().Perm()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
