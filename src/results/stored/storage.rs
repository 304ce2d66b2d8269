//! `storage.csv`, read back.

use std::path::Path;

use super::csv_file::CsvFile;
use crate::input::Problem;

/// A direction of a storage system.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// The name of the system.
    pub storage: String,
    /// `read` or `write`.
    pub direction: String,
    /// Bytes per second that there are; `None`: as many as are asked for.
    pub limit: Option<f64>,
    /// Over time.
    pub flows: Vec<Flow>,
}

/// What went through in a bucket, in bytes per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow {
    /// How many seconds the bucket is long.
    pub width: f64,
    /// What jobs would have moved if each had had the bandwidth for itself.
    pub demand: f64,
    /// What they moved.
    pub granted: f64,
}

impl Channel {
    /// Bytes over the whole run: asked for, and moved.
    #[must_use]
    pub fn bytes(&self) -> (f64, f64) {
        let sum = |of: fn(&Flow) -> f64| self.flows.iter().map(|flow| of(flow) * flow.width).sum();
        (sum(|flow| flow.demand), sum(|flow| flow.granted))
    }
}

/// The channels in file order; none where there is no such file.
pub fn channels(path: &Path) -> Result<Vec<Channel>, Problem> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut file = CsvFile::open(path)?;
    let [width, storage, direction] = [file.column("width_s")?, file.column("storage")?, file.column("direction")?];
    let [demand, granted] = [file.column("demand_bytes_s")?, file.column("granted_bytes_s")?];
    let limit = file.column("limit_bytes_s")?;
    let mut channels: Vec<Channel> = Vec::new();
    while file.next()? {
        let (name, way) = (file.text(storage), file.text(direction));
        if channels.last().is_none_or(|last| (&last.storage, &last.direction) != (&name, &way)) {
            let limit = if file.bytes(limit).is_empty() { None } else { Some(file.number(limit)?) };
            channels.push(Channel { storage: name, direction: way, limit, flows: Vec::new() });
        }
        let flow = Flow { width: file.number(width)?, demand: file.number(demand)?, granted: file.number(granted)? };
        if let Some(last) = channels.last_mut() {
            last.flows.push(flow);
        }
    }
    Ok(channels)
}
