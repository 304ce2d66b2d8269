//! Search structures over dense integers, the ground of the free-GPU index and the waiting lines.
//!
//! They know nothing of jobs or GPUs; each is tested against its plain counterpart.

pub mod bit_tree;
pub mod min_tree;

pub use bit_tree::BitTree;
pub use min_tree::MinTree;
