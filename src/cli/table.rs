//! Tables of the terminal: no borders, numbers to the right.

use comfy_table::{CellAlignment, Table, presets};

/// A table without borders.
pub fn plain(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table
}

/// Aligns columns to the right.
pub fn right(table: &mut Table, columns: &[usize]) {
    for &column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// The table's text with a line end.
pub fn finished(table: &Table) -> String {
    format!("{}\n", table.trim_fmt())
}
