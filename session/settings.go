package session

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"millrace/pgerr"
	"millrace/types"
)

// setting declares a session setting.
type setting struct {
	name     string
	initial  string
	doc      string
	report   bool // a ParameterStatus is sent when it changes
	readOnly bool
	// check validates and normalises a value; nil accepts every text.
	check func(s string) (string, error)
}

// settingList declares every setting, in order of name (case ignored). To add one, add an entry.
var settingList = []setting{
	{name: "allow_unbounded_state", initial: "on", doc: "Accept views whose state nothing bounds.", check: checkBool},
	{name: "application_name", initial: "", doc: "Name of the client program.", report: true, check: checkName},
	{name: "background_ddl", initial: "off", doc: "CREATE MATERIALIZED VIEW returns before the view has its first contents.", check: checkBool},
	{name: "bytea_output", initial: "hex", doc: "Text form of bytea.", check: checkEnum("hex", "escape")},
	{name: "client_encoding", initial: "UTF8", doc: "Encoding of text to and from the client.", report: true, check: checkEncoding},
	{name: "client_min_messages", initial: "notice", doc: "Least severity of notices that are sent.", check: checkEnum("debug5", "debug4", "debug3", "debug2", "debug1", "debug", "log", "notice", "info", "warning", "error")},
	{name: "DateStyle", initial: "ISO, MDY", doc: "Text form of dates and order of their fields.", report: true, check: checkDateStyle},
	{name: "default_transaction_isolation", initial: "read committed", doc: "Isolation of new transactions.", check: checkIsolation},
	{name: "default_transaction_read_only", initial: "off", doc: "Whether new transactions are read-only.", report: true, check: checkBool},
	{name: "extra_float_digits", initial: "1", doc: "Digits of floating-point output.", check: checkInt(-15, 3, "")},
	{name: "idle_in_transaction_session_timeout", initial: "0", doc: "Time after which an idle transaction ends its session.", check: checkInt(0, 1<<31-1, "ms")},
	{name: "in_hot_standby", initial: "off", doc: "Always off.", report: true, readOnly: true},
	{name: "integer_datetimes", initial: "on", doc: "Always on.", report: true, readOnly: true},
	{name: "IntervalStyle", initial: "postgres", doc: "Text form of intervals.", report: true, check: checkEnum("postgres", "postgres_verbose", "sql_standard", "iso_8601")},
	{name: "is_superuser", initial: "on", doc: "Whether the role is a superuser.", report: true, readOnly: true},
	{name: "lc_collate", initial: "C", doc: "Collation: text compares by bytes.", readOnly: true},
	{name: "lc_messages", initial: "C", doc: "Language of messages.", check: checkName},
	{name: "lc_monetary", initial: "C", doc: "Accepted and without effect.", check: checkName},
	{name: "lc_numeric", initial: "C", doc: "Accepted and without effect.", check: checkName},
	{name: "lc_time", initial: "C", doc: "Accepted and without effect.", check: checkName},
	{name: "lock_timeout", initial: "0", doc: "Accepted and without effect: nothing waits for locks.", check: checkInt(0, 1<<31-1, "ms")},
	{name: "max_identifier_length", initial: "63", doc: "Longest identifier in bytes.", readOnly: true},
	{name: "read_freshness", initial: "strict", doc: "strict: a read waits until every view has reached its epoch; relaxed: a single view is read where it stands.", check: checkEnum("strict", "relaxed")},
	{name: "search_path", initial: `"$user", public`, doc: "Schemas in which unqualified names are looked up.", check: checkName},
	{name: "server_encoding", initial: "UTF8", doc: "Always UTF8.", report: true, readOnly: true},
	{name: "server_version", initial: ServerVersion, doc: "The PostgreSQL version that is spoken.", report: true, readOnly: true},
	{name: "server_version_num", initial: "150010", doc: "The same as a number.", readOnly: true},
	{name: "session_authorization", initial: "", doc: "The session's role.", report: true, readOnly: true},
	{name: "sql_dialect", initial: "postgresql", doc: "Dialect in which statements are read.", check: checkEnum("postgresql", "mysql")},
	{name: "standard_conforming_strings", initial: "on", doc: "Backslashes in plain strings are plain.", report: true, check: checkOnlyOn},
	{name: "statement_timeout", initial: "0", doc: "Time after which a statement is canceled.", check: checkInt(0, 1<<31-1, "ms")},
	{name: "strict_errors", initial: "off", doc: "Reading a view that has open row errors fails.", check: checkBool},
	{name: "TimeZone", initial: "UTC", doc: "Time zone for display and interpretation of timestamps.", report: true, check: checkTimeZone},
	{name: "transaction_isolation", initial: "read committed", doc: "Isolation of the current transaction.", check: checkIsolation},
	{name: "transaction_read_only", initial: "off", doc: "Whether the current transaction is read-only.", check: checkBool},
}

// ServerVersion is the PostgreSQL version that Millrace reports: the one whose behaviour it follows.
const ServerVersion = "15.10"

var settingIndex = func() map[string]*setting {
	m := make(map[string]*setting, len(settingList))
	for i := range settingList {
		m[strings.ToLower(settingList[i].name)] = &settingList[i]
	}
	return m
}()

// settings are a session's values. A value that was set in a transaction block comes back when it is rolled
// back, and one that was set with SET LOCAL also when it commits.
type settings struct {
	values   map[string]string // by lower-case name; absent means initial
	defaults map[string]string // from the startup packet, for RESET
	undo     []undo
	cached   *types.Env
	objects  types.Objects     // finds what regclass and its like name
	told     map[string]string // what the client knows of the settings that are reported
}

type undo struct {
	name  string
	old   string
	had   bool
	local bool
}

func newSettings() *settings {
	return &settings{values: map[string]string{}, defaults: map[string]string{}}
}

// init sets a value that the server decides.
func (s *settings) init(name, value string) { s.values[name] = value }

// settle makes the present values those that RESET returns to.
func (s *settings) settle() {
	for k, v := range s.values {
		s.defaults[k] = v
	}
	s.undo = nil
	s.told = map[string]string{}
	for _, kv := range s.reported() {
		s.told[kv[0]] = kv[1]
	}
}

func lookupSetting(name string) (*setting, error) {
	low := strings.ToLower(name)
	if d, ok := settingIndex[low]; ok {
		return d, nil
	}
	e := pgerr.New(pgerr.UndefinedObject, "unrecognized configuration parameter %q", name)
	best, distance := "", 3
	for _, d := range settingList {
		if n := pgerr.Distance(low, strings.ToLower(d.name)); n < distance {
			best, distance = d.name, n
		}
	}
	if best != "" {
		e.Hint = fmt.Sprintf("Perhaps you meant %q.", best)
	}
	return nil, e
}

// get gives a setting's value; unknown names give the empty string.
func (s *settings) get(name string) string {
	low := strings.ToLower(name)
	if v, ok := s.values[low]; ok {
		return v
	}
	if d, ok := settingIndex[low]; ok {
		return d.initial
	}
	return ""
}

// lookup is get for users: ok is false for a setting that does not exist. Names with a dot are the clients' own.
func (s *settings) lookup(name string) (string, bool) {
	low := strings.ToLower(name)
	if _, known := settingIndex[low]; !known {
		v, ok := s.values[low]
		return v, ok
	}
	return s.get(low), true
}

// set changes a value; with local it lasts until the end of the transaction.
func (s *settings) set(name, value string, local bool) error {
	low := strings.ToLower(name)
	if !strings.Contains(low, ".") {
		d, err := lookupSetting(name)
		if err != nil {
			return err
		}
		if d.readOnly {
			return pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed", d.name)
		}
		if d.check != nil {
			if value, err = d.check(value); err != nil {
				return invalidValue(d, value, err)
			}
		}
	}
	old, had := s.values[low]
	s.undo = append(s.undo, undo{low, old, had, local})
	s.values[low] = value
	s.cached = nil
	return nil
}

func invalidValue(d *setting, value string, err error) error {
	var pe *pgerr.Error
	if errors.As(err, &pe) {
		return pe
	}
	e := pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter %q: %q", d.name, value)
	var h *hintError
	if errors.As(err, &h) {
		e.Hint = h.hint
	}
	return e
}

// reset returns a setting to its value at the session's start; "" resets all.
func (s *settings) reset(name string) error {
	if name != "" {
		low := strings.ToLower(name)
		if v, ok := s.defaults[low]; ok {
			return s.set(low, v, false)
		}
		d, ok := settingIndex[low]
		if !ok {
			delete(s.values, low)
			_, err := lookupSetting(name)
			return err
		}
		return s.set(low, d.initial, false)
	}
	for _, low := range sortedKeys(s.values) {
		d, known := settingIndex[low]
		if known && d.readOnly {
			continue
		}
		if !known {
			delete(s.values, low)
		} else if err := s.reset(low); err != nil {
			return err
		}
	}
	return nil
}

// keep makes changes outside a transaction final.
func (s *settings) keep() { s.undo = s.undo[:0] }

// mark gives a point to roll back to; end undoes what a transaction's end undoes.
func (s *settings) mark() int { return len(s.undo) }

// rollback undoes every change since a mark.
func (s *settings) rollback(mark int) { s.undoIf(mark, func(undo) bool { return true }) }

// endTransaction undoes local changes when the transaction committed, else all since mark.
func (s *settings) endTransaction(mark int, committed bool) {
	s.undoIf(mark, func(u undo) bool { return !committed || u.local })
	s.undo = s.undo[:0]
}

func (s *settings) undoIf(mark int, when func(undo) bool) {
	for _, u := range slices.Backward(s.undo[min(mark, len(s.undo)):]) {
		if !when(u) {
			continue
		}
		if u.had {
			s.values[u.name] = u.old
		} else {
			delete(s.values, u.name)
		}
	}
	s.undo = s.undo[:min(mark, len(s.undo))]
	s.cached = nil
}

// takeChanged lists the reported settings whose values the client does not know yet, and takes them as told.
func (s *settings) takeChanged() [][2]string {
	var out [][2]string
	for _, kv := range s.reported() {
		if s.told[kv[0]] != kv[1] {
			s.told[kv[0]] = kv[1]
			out = append(out, kv)
		}
	}
	return out
}

// reported lists the settings that every client is told at startup.
func (s *settings) reported() [][2]string {
	var out [][2]string
	for _, d := range settingList {
		if d.report {
			out = append(out, [2]string{d.name, s.get(d.name)})
		}
	}
	return out
}

func (s *settings) duration(name string) time.Duration {
	n, _ := strconv.ParseInt(s.get(name), 10, 64) // checked when it was set
	return time.Duration(n) * time.Millisecond
}

func (s *settings) isOn(name string) bool { return s.get(name) == "on" }

// env is the text environment of the present values.
func (s *settings) env() *types.Env {
	if s.cached == nil {
		loc, err := types.LoadZone(s.get("timezone"))
		if err != nil {
			loc = time.UTC
		}
		digits, _ := strconv.Atoi(s.get("extra_float_digits"))
		s.cached = &types.Env{
			TimeZone: loc, DateStyle: s.get("datestyle"), IntervalStyle: s.get("intervalstyle"),
			ByteaOutput: s.get("bytea_output"), ExtraFloatDigits: digits, Objects: s.objects,
		}
	}
	return s.cached
}

func sortedKeys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
