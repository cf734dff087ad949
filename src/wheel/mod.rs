//! What a wheel says of itself: WHEEL, METADATA, RECORD, entry points.
