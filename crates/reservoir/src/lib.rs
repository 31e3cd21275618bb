//! Next generation reservoir computing: forecasting dynamical systems by polynomial regression over delays.
