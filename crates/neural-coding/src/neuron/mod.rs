//! Single neurons and the times at which they fire.
