//! From what arrives to files in the destination: archives and unpacked wheels of the cache, on a pool of threads.

pub(in crate::install) mod done;
pub(in crate::install) mod pool;
pub(in crate::install) mod proof;
pub(in crate::install) mod session;
pub(in crate::install) mod unit;
