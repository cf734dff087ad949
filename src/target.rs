//! What is installed for: the marker environment and the tags of an interpreter, on this or another machine.
