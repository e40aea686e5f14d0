// Package clocked analyses conditions on the current time, now(), for views: there it is the time of the epoch that a
// view stands at, and moves on by itself.
//
// A condition such as ts > now() - interval '1 hour' AND NOT archived is made of comparisons of which one side holds the
// time and the other does not. As long as the first only rises (or only falls) as time goes on, the comparison changes its
// truth once for each row, at a moment that can be found; [Turns] lists these comparisons, and refuses a condition that
// depends on the time in any other way. Between the moments the condition stays what it is, whatever it is made of.
//
// Adding months to a time of the day does not always rise: from 30 January 23:00 on, plus a month, is 28 February
// 23:00, and from 31 January 1:00 on it is 28 February 1:00. Such a comparison may change several times, on the last days
// of a month; see [Turn.Monthly]. Everything is in UTC, the time zone of views.
//
// It does not evaluate anything but constants, and knows neither plans nor operators.
package clocked
