//! Which points a sweep has: a grid, and before it the rows of a list or of a sample.

use serde::{Deserialize, Serialize};

use super::axes::{self, Axis, MOST_RUNS};

/// Points that no grid spans: some keys and, row by row, their values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Where they come from.
    pub from: Origin,
    /// The dotted keys, each once.
    pub keys: Vec<String>,
    /// The values, in the order of the keys.
    pub rows: Vec<Vec<String>>,
}

/// Where rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A file with a row a point.
    List,
    /// Ranges, of which a Latin hypercube was drawn.
    LatinHypercube,
}

/// The points of a sweep. Rows turn slowest, then the axes in their order, the last of them fastest: each row meets the
/// whole grid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Design {
    /// Rows of a list or a sample.
    pub rows: Option<Rows>,
    /// The axes of the grid.
    pub axes: Vec<Axis>,
}

impl Design {
    /// A grid and nothing else.
    #[must_use]
    pub fn of_axes(axes: Vec<Axis>) -> Self {
        Design { rows: None, axes }
    }

    /// The keys that vary, in the order of the values of a point.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let of_rows = self.rows.iter().flat_map(|rows| &rows.keys);
        of_rows.chain(self.axes.iter().map(|axis| &axis.key)).map(String::as_str)
    }

    /// How many keys are those of rows.
    #[must_use]
    pub fn row_keys(&self) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.keys.len())
    }

    /// How many points there are; `None` where there are more than [`MOST_RUNS`].
    #[must_use]
    pub fn points(&self) -> Option<u64> {
        let rows = self.rows.as_ref().map_or(1, |rows| rows.rows.len() as u64);
        axes::points(&self.axes)?.checked_mul(rows).filter(|&points| points <= MOST_RUNS)
    }

    /// The row that the point with this number takes.
    #[must_use]
    pub fn row(&self, point: u64) -> usize {
        (point / axes::points(&self.axes).unwrap_or(1).max(1)) as usize
    }

    /// The values at the point with this number.
    #[must_use]
    pub fn point(&self, number: u64) -> Vec<String> {
        let row = self.rows.as_ref().and_then(|rows| rows.rows.get(self.row(number)));
        let of_grid = axes::point(&self.axes, number % axes::points(&self.axes).unwrap_or(1).max(1));
        row.into_iter().flatten().cloned().chain(of_grid).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_meets_the_whole_grid() {
        let rows = Rows {
            from: Origin::List,
            keys: vec!["a".to_owned(), "b".to_owned()],
            rows: vec![vec!["1".to_owned(), "2".to_owned()], vec!["3".to_owned(), "4".to_owned()]],
        };
        let axes = Axis::parse_all(&["c=x,y,z".to_owned()]).unwrap();
        let design = Design { rows: Some(rows), axes };
        let all: Vec<String> = (0..design.points().unwrap()).map(|n| design.point(n).join("")).collect();
        assert_eq!(all, ["12x", "12y", "12z", "34x", "34y", "34z"]);
        assert_eq!(design.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(Design::default().points(), Some(1));
        assert_eq!(Design::default().point(0), Vec::<String>::new());
    }
}
