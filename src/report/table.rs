//! Tables that can be sorted.

use crate::chart::markup::Markup;

/// A cell: what it shows, and the number that it is sorted by.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    text: String,
    value: Option<f64>,
}

impl Cell {
    /// A text, which is sorted as such.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Cell { text: text.into(), value: None }
    }

    /// A number as a person reads it.
    #[must_use]
    pub fn number(value: f64, text: String) -> Self {
        Cell { text, value: Some(value) }
    }

    /// A number that may not be known.
    #[must_use]
    pub fn maybe(value: Option<f64>, text: impl Fn(f64) -> String) -> Self {
        value.map_or(Cell { text: "-".to_owned(), value: Some(-1.0) }, |value| Cell::number(value, text(value)))
    }
}

/// A text of more letters than these is given room for many of them in a line.
const LONG: usize = 60;

/// Columns: the name, and whether it holds numbers.
pub type Columns<'n> = [(&'n str, bool)];

/// A table with its caption.
#[must_use]
pub fn table(caption: &str, columns: &Columns<'_>, rows: &[Vec<Cell>]) -> Markup {
    let mut out = Markup::new();
    out.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\"").attribute("aria-label", caption);
    out.raw("><table><caption>").text(caption).raw("</caption><thead><tr>");
    for (name, is_number) in columns {
        out.raw("<th scope=\"col\"").raw(if *is_number { " class=\"num\"" } else { "" });
        out.raw("><button type=\"button\">").text(name).raw("</button></th>");
    }
    out.raw("</tr></thead><tbody>\n");
    for row in rows {
        out.raw("<tr>");
        for cell in row {
            match cell.value {
                Some(value) => out.raw("<td class=\"num\"").attribute("data-v", value).raw(">"),
                None if cell.text.chars().count() > LONG => out.raw("<td class=\"text long\">"),
                None => out.raw("<td class=\"text\">"),
            };
            out.text(&cell.text).raw("</td>");
        }
        out.raw("</tr>\n");
    }
    out.raw("</tbody></table></div>\n");
    out
}
