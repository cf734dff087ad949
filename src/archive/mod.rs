//! A strict reader of ZIP archives, for wheels.
