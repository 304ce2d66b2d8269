//! From an outcome to figures and files. Nothing here changes what was simulated.

pub mod atomic;
pub mod figures;
pub mod folder;
pub mod metrics;
pub mod rows;
pub mod summary;
pub mod tables;

pub use figures::Figures;
pub use folder::RunFolder;
pub use metrics::Metrics;
