//! Which packages of a lock a choice of groups and extras takes, and under which markers.
