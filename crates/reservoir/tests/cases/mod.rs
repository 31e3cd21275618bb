pub(crate) mod esn;
pub(crate) mod memory;
pub(crate) mod ngrc;
pub(crate) mod reservoir;
