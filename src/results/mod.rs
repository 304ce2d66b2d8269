//! From an outcome to figures and files, and back from the files. Nothing here changes what was simulated.

pub mod correlation;
pub mod figures;
pub mod folder;
pub mod format;
pub mod metrics;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod recorded;
pub mod remedies;
pub mod rows;
pub mod stored;
pub mod summary;
pub mod tables;
pub mod unit;

pub use figures::Figures;
pub use folder::RunFolder;
pub use metrics::Metrics;
pub use stored::StoredRun;
pub use unit::Unit;
