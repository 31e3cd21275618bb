pub(crate) mod composition;
pub(crate) mod esn;
pub(crate) mod memory;
pub(crate) mod ngrc;
pub(crate) mod online;
pub(crate) mod plasticity;
pub(crate) mod reservoir;
