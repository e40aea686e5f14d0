// Package eventtime puts time into the plan of a view: it works out which columns the watermarks of the inputs bound from
// below, lets operators drop the state that these bounds make unreachable, takes out rows that come too late for that, and
// holds results back until they are final where the view is to emit them on window close.
//
// It works on a physical plan, after every other decision. A bound of a column ([watermark.Mark]) says that no row of the
// operator's output that is yet to come, to change or to go has an earlier time there. It begins at a scan of a stream or table
// with a watermark, or of a view that has bounds, and passes through operators as far as their algebra allows:
//
//   - a filter keeps all bounds, a projection those of the columns that it passes on or moves by an interval;
//   - a window function bounds window_start and window_end;
//   - a grouping keeps the bounds of the columns that it groups by, since only groups with new rows change;
//   - a join on equal times keeps the least of both sides' bounds for these, and with them the bounds of columns that
//     follow from them (a time is never before the start of its window);
//   - a join otherwise, a sort, an aggregate's value: none.
//
// What is dropped is exactly what no row can reach any more: keys whose time lies below the bound. If an operator relies on
// a relation's watermark, a [physical.Late] stands over every scan that the relation's times come from, so that no row below
// the bound gets there. A view that relies on none has no such filter and counts all rows.
package eventtime
