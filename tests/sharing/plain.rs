//! The placement of slices against a scan of every GPU, which knows nothing of the index.
