"""One file a format: how it is told (`is_...`), and how it is read into `Frames` (`read_...`).

A reader takes a `Source` and a `Reading`, and gives `Frames`: raw tables, and what was mapped or left out. What was in
the file is in the tables, or counted by what it was and why it was left out, or the file is refused. Every record is
read within `record(path, "task 7, result r1")`, which turns any surprise into a sentence with that place. Shapes with
an extent become the box that encloses them (`_shapes`). A view in which something was drawn that is not read has the
status "labelled" and `unread` True, so that nobody takes it for *looked and drew nothing*. `items` carry `picture`, the
file name as the source has it: files are joined by it in one place (`_joining`).
"""
