//! File names of wheels and source distributions.
