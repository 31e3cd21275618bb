pub(crate) mod composition;
pub(crate) mod esn;
pub(crate) mod ngrc;
pub(crate) mod reservoir;
pub(crate) mod ridge;
pub(crate) mod ridge_path;
