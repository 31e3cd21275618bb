//! What spikes are kept in.

pub use binned::BinnedCounts;
pub use many::SpikeTrains;
pub use raster::Raster;
pub(crate) use single::check_window;
pub use single::{Duplicates, SpikeTrain};
pub use view::TrainView;

mod binned;
mod many;
mod raster;
mod single;
mod view;
