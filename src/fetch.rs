//! Brings the files of a plan to this machine, many at once, and proves each.
