//! The content-addressed store of verified files, shared by many processes.
