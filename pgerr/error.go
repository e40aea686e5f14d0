package pgerr

import (
	"errors"
	"fmt"
)

// Error is an error as PostgreSQL's protocol reports it.
type Error struct {
	Code       Code
	Message    string
	Detail     string
	Hint       string
	Position   int // 1-based character position in the statement's text; 0 means unknown
	Where      string
	Schema     string
	Table      string
	Column     string
	DataType   string
	Constraint string
	Fatal      bool // the connection ends after this error
}

// New makes an error with a code and a message.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Unsupported is the one constructor for features that are parsed or known but not built (0A000).
// The feature is a noun phrase, as in "window functions".
func Unsupported(feature string) *Error {
	return &Error{Code: FeatureNotSupported, Message: feature + " is not supported"}
}

// Error gives the message with its code.
func (e *Error) Error() string { return e.Message + " (SQLSTATE " + string(e.Code) + ")" }

// At sets the position (1-based, in characters) unless one is already known, and returns e.
func (e *Error) At(pos int) *Error {
	if e.Position == 0 {
		e.Position = pos
	}
	return e
}

// WithHint sets the hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// WithDetail sets the detail and returns e.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = fmt.Sprintf(format, args...)
	return e
}

// CodeOf gives the SQLSTATE of err, or XX000 where err carries none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return InternalError
}
