//! Reading and writing of spike trains.
