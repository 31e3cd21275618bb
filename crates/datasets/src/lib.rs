//! Bundled data sets, generators and readers for the Neuropil examples.
