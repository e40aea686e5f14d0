package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"millrace/engine"
	"millrace/pgerr"
	"millrace/storage"
	"millrace/storage/state"
)

// translate makes the error that a client sees from what the lower layers return. It is the one place that does.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var (
		pe   *pgerr.Error
		con  *engine.ConstraintError
		gone *engine.RelationGoneError
		view *engine.ViewError
		held *engine.PausedError
		lost *engine.ChangesGoneError
		next *engine.FutureError
		made *engine.AlteredError
	)
	if e := historyError(err); e != nil {
		return e
	}
	switch {
	case errors.As(err, &pe):
		return pe
	case errors.As(err, &con):
		return constraint(con)
	case errors.As(err, &gone):
		return pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", gone.Name).
			WithDetail("It was dropped while this statement ran.")
	case errors.As(err, &view):
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "materialized view %q is %s", view.View, view.Status).
			WithDetail("%v", view.Err).
			WithHint("ALTER MATERIALIZED VIEW %s RESUME tries it again; dropping and creating the view computes it anew.", view.View)
	case errors.As(err, &held):
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "%v", held).
			WithHint("ALTER MATERIALIZED VIEW %s RESUME lets it go on. With SET read_freshness = relaxed a query of one view alone gets the rows that it has.", held.Paused)
	case errors.As(err, &lost):
		return pgerr.New(pgerr.SnapshotTooOld, "%s", lost.Error()).
			WithDetail("Everything through position %d was given. Changes are held from position %d on.", lost.After, lost.Held).
			WithHint("Subscribe again with a snapshot.")
	case errors.As(err, &next):
		return pgerr.New(pgerr.InvalidParameterValue, "position %d has not been reached", next.Position).
			WithDetail("The last position is %d.", next.Now)
	case errors.As(err, &made):
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "%s while it was followed", made.Error()).WithHint("Subscribe again.")
	case errors.Is(err, engine.ErrHistory):
		return pgerr.Unsupported("a snapshot at an earlier position").WithHint("WITH (SNAPSHOT = false) gives the changes after the position.")
	case errors.Is(err, engine.ErrConflict):
		return pgerr.New(pgerr.SerializationFailure, "could not serialize access due to concurrent update").
			WithHint("Run the transaction again.")
	case errors.Is(err, engine.ErrStopped):
		return pgerr.New(pgerr.AdminShutdown, "the server is shutting down")
	case errors.Is(err, storage.ErrDiskFull):
		return pgerr.New(pgerr.DiskFull, "could not write: the disk is full").WithHint("Free some space and try again; nothing was written.")
	case errors.Is(err, state.ErrMemory):
		return pgerr.New(pgerr.OutOfMemory, "the query needs more memory than it may use").
			WithHint("Narrow the query, or keep it as a materialized view, whose state may be larger than memory.")
	case errors.Is(err, context.DeadlineExceeded):
		return errTimeout
	case errors.Is(err, context.Canceled):
		return errCanceled
	}
	return pgerr.New(pgerr.InternalError, "%v", err)
}

func constraint(c *engine.ConstraintError) error {
	code := map[engine.Violated]pgerr.Code{engine.NotNull: pgerr.NotNullViolation, engine.UniqueKey: pgerr.UniqueViolation, engine.CheckFails: pgerr.CheckViolation, engine.NotUnique: pgerr.UniqueViolation}
	e := pgerr.New(code[c.Violated], "%s", c.Error())
	e.Detail, e.Schema, e.Table, e.Column, e.Constraint = c.Detail, c.Relation.Schema, c.Relation.Name, c.Column, c.Constraint
	return e
}

// withWhere adds a context line to an error.
func withWhere(err error, format string, args ...any) error {
	var pe *pgerr.Error
	if !errors.As(err, &pe) {
		return err
	}
	c := *pe
	c.Where = fmt.Sprintf(format, args...)
	return &c
}

// canceledCause prefers the reason for which a statement's context was ended over the bare context error.
func canceledCause(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
	}
	return err
}

// historyError says why a relation cannot be read back to a position; nil for other errors.
func historyError(err error) error {
	var (
		gone *engine.HistoryGoneError
		null *engine.NullPositionError
		bad  *engine.InvalidPositionError
		next *engine.FutureTimeError
	)
	switch {
	case errors.As(err, &gone):
		return pgerr.New(pgerr.SnapshotTooOld, "%s", gone.Error()).
			WithDetail("The earliest position held is %d.", gone.Held).
			WithHint("The option retain_history of a materialized view says for how long its changes are kept; they are kept from its creation on.")
	case errors.As(err, &null):
		return pgerr.New(pgerr.NullValueNotAllowed, "%s", null.Error())
	case errors.As(err, &bad):
		return invalidPosition(strconv.FormatInt(bad.Position, 10))
	case errors.As(err, &next):
		return pgerr.New(pgerr.InvalidParameterValue, "%s", next.Error())
	}
	return nil
}
