// Package reproduce has the field's tables: rows of settings, each with the figure that was
// published for it, to be run again on this machine. A table is a file: see [Parse]. The
// runs are those of a [sweep.Plan], a point a row, and are carried out as those of a search.
package reproduce
