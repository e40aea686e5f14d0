package session

import (
	"context"
	"math"
	"time"

	"millrace/pgerr"
	"millrace/types"
)

// sleepFunction answers pg_sleep, pg_sleep_for and pg_sleep_until: the session's goroutine waits until the time has
// passed or the statement ends, by a request to cancel it or its timeout.
func (s *Session) sleepFunction(name string, args []types.Datum) (d types.Datum, ok bool, err error) {
	now := s.srv.Engine.Now()
	var seconds float64
	switch name {
	case "pg_sleep":
		seconds = args[0].Float()
	case "pg_sleep_for":
		until, err := types.TimestampTZAddInterval(now, types.DecodeInterval(args[0].B), s.Env().TimeZone)
		if err != nil {
			return d, true, err
		}
		seconds = float64(until-now) / 1e6
	case "pg_sleep_until":
		seconds = (float64(args[0].I) - float64(now)) / 1e6 // infinity is the largest integer
	default:
		return d, false, nil
	}
	return types.NewBytes(nil), true, s.sleep(seconds)
}

// sleep waits for a number of seconds, of which less than none and not-a-number are none.
func (s *Session) sleep(seconds float64) error {
	ctx := s.statementContext()
	wait := time.Duration(0)
	if seconds > 0 {
		wait = time.Duration(min(seconds*1e9, math.MaxInt64/2))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		if cause, ok := context.Cause(ctx).(*pgerr.Error); ok {
			return cause
		}
		return errCanceled
	}
}
