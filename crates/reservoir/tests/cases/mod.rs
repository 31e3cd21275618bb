pub(crate) mod esn;
pub(crate) mod ngrc;
pub(crate) mod online;
pub(crate) mod plasticity;
pub(crate) mod reservoir;
pub(crate) mod ridge;
pub(crate) mod ridge_path;
