//! The colours: one table, so that a leaf looks the same in every chart, table and theme.
//!
//! Hues are those of Okabe and Ito's and of Tol's sets for colour-blind readers. Twenty-two leaves cannot all be told
//! apart by hue alone: the ones that usually appear together differ most, and charts name their areas directly.

use crate::ledger::{LEAVES, Leaf};

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white: paper, README.
    Light,
    /// Light on near-black: slides, screens at night.
    Dark,
}

/// What something is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// The background.
    Paper,
    /// Titles and labels.
    Text,
    /// Units and ticks.
    Muted,
    /// Grid lines.
    Grid,
    /// A bar that stands for everything.
    Whole,
    /// A leaf of the ledger.
    Leaf(Leaf),
    /// Text on the colour of a leaf.
    On(Leaf),
    /// The main line of a chart.
    Main,
    /// Its lighter part.
    Band,
    /// Its lightest part.
    Tail,
    /// Further lines: 0 to 6.
    Line(usize),
    /// A share, from none to all in [`HEATS`] steps.
    Heat(usize),
}

/// How many further lines have colours.
pub const LINES: usize = 7;

/// How many steps a share has.
pub const HEATS: usize = 9;

/// Both colours of a leaf: on light and on dark paper.
const LEAF_COLOURS: [(Leaf, Rgb, Rgb); LEAVES] = [
    (Leaf::Useful, Rgb(0x00, 0x72, 0xb2), Rgb(0x2b, 0x8c, 0xc9)),
    (Leaf::Startup, Rgb(0x99, 0x99, 0x33), Rgb(0xb3, 0xb3, 0x4d)),
    (Leaf::Checkpoint, Rgb(0xdd, 0xcc, 0x77), Rgb(0xdd, 0xcc, 0x77)),
    (Leaf::Restart, Rgb(0xcc, 0x66, 0x77), Rgb(0xd9, 0x7f, 0x8e)),
    (Leaf::LostWork, Rgb(0xaa, 0x44, 0x99), Rgb(0xbf, 0x66, 0xb0)),
    (Leaf::Discarded, Rgb(0x88, 0x22, 0x55), Rgb(0xb5, 0x4a, 0x80)),
    (Leaf::InputStall, Rgb(0x11, 0x77, 0x33), Rgb(0x2f, 0x96, 0x50)),
    (Leaf::Communication, Rgb(0x44, 0xaa, 0x99), Rgb(0x55, 0xbb, 0xaa)),
    (Leaf::Interference, Rgb(0x33, 0x22, 0x88), Rgb(0x7d, 0x6f, 0xd0)),
    (Leaf::Inactive, Rgb(0x6c, 0x7a, 0x89), Rgb(0x84, 0x92, 0xa1)),
    (Leaf::GangHold, Rgb(0x66, 0x11, 0x00), Rgb(0xa8, 0x4a, 0x33)),
    (Leaf::SliceWaste, Rgb(0xb5, 0x65, 0x1d), Rgb(0xc8, 0x7c, 0x38)),
    (Leaf::NoDemand, Rgb(0xc4, 0xca, 0xd2), Rgb(0x56, 0x5f, 0x6b)),
    (Leaf::HeadOfLine, Rgb(0xf0, 0xe4, 0x42), Rgb(0xf0, 0xe4, 0x42)),
    (Leaf::Reserved, Rgb(0xe6, 0x9f, 0x00), Rgb(0xf0, 0xb2, 0x2e)),
    (Leaf::Quota, Rgb(0x88, 0x64, 0xa8), Rgb(0xa3, 0x82, 0xc0)),
    (Leaf::Fragmentation, Rgb(0xd5, 0x5e, 0x00), Rgb(0xe8, 0x76, 0x22)),
    (Leaf::Stranded, Rgb(0xcc, 0x79, 0xa7), Rgb(0xd9, 0x93, 0xba)),
    (Leaf::CapacityWait, Rgb(0x56, 0xb4, 0xe9), Rgb(0x7c, 0xc8, 0xf2)),
    (Leaf::WrongType, Rgb(0x8a, 0x6d, 0x4b), Rgb(0xa5, 0x88, 0x66)),
    (Leaf::Failed, Rgb(0x33, 0x33, 0x33), Rgb(0xd9, 0xd9, 0xd9)),
    (Leaf::Maintenance, Rgb(0x77, 0x77, 0x77), Rgb(0x99, 0x99, 0x99)),
];

/// The inks without a leaf: name, light, dark.
const PLAIN: [(Ink, &str, Rgb, Rgb); 24] = [
    (Ink::Paper, "paper", Rgb(0xff, 0xff, 0xff), Rgb(0x16, 0x1a, 0x20)),
    (Ink::Text, "text", Rgb(0x1c, 0x22, 0x2b), Rgb(0xe8, 0xec, 0xf1)),
    (Ink::Muted, "muted", Rgb(0x55, 0x5f, 0x6b), Rgb(0xa3, 0xad, 0xb9)),
    (Ink::Grid, "grid", Rgb(0xdf, 0xe3, 0xe8), Rgb(0x33, 0x3a, 0x44)),
    (Ink::Whole, "whole", Rgb(0x8b, 0x95, 0xa1), Rgb(0x7b, 0x86, 0x93)),
    (Ink::Main, "main", Rgb(0x00, 0x72, 0xb2), Rgb(0x5c, 0xb3, 0xe6)),
    (Ink::Band, "band", Rgb(0x7f, 0xb8, 0xd9), Rgb(0x2f, 0x71, 0x9c)),
    (Ink::Tail, "tail", Rgb(0xcf, 0xe3, 0xf0), Rgb(0x24, 0x44, 0x5c)),
    (Ink::Line(0), "line-0", Rgb(0x00, 0x8f, 0x6b), Rgb(0x36, 0xc0, 0x9a)),
    (Ink::Line(1), "line-1", Rgb(0xc0, 0x7d, 0x00), Rgb(0xf0, 0xb2, 0x2e)),
    (Ink::Line(2), "line-2", Rgb(0xc2, 0x4e, 0x00), Rgb(0xf0, 0x84, 0x3c)),
    (Ink::Line(3), "line-3", Rgb(0x8a, 0x4f, 0xb5), Rgb(0xb9, 0x8a, 0xe0)),
    (Ink::Line(4), "line-4", Rgb(0xb8, 0x32, 0x5f), Rgb(0xf0, 0x7b, 0xa0)),
    (Ink::Line(5), "line-5", Rgb(0x2a, 0x8f, 0x9e), Rgb(0x5f, 0xd0, 0xdc)),
    (Ink::Line(6), "line-6", Rgb(0x6b, 0x6b, 0x1e), Rgb(0xc0, 0xc0, 0x60)),
    (Ink::Heat(0), "heat-0", Rgb(0xf0, 0xf3, 0xf6), Rgb(0x20, 0x26, 0x2e)),
    (Ink::Heat(1), "heat-1", Rgb(0xdb, 0xe8, 0xf1), Rgb(0x1f, 0x33, 0x46)),
    (Ink::Heat(2), "heat-2", Rgb(0xbc, 0xd8, 0xea), Rgb(0x20, 0x42, 0x5c)),
    (Ink::Heat(3), "heat-3", Rgb(0x97, 0xc4, 0xe0), Rgb(0x23, 0x53, 0x74)),
    (Ink::Heat(4), "heat-4", Rgb(0x6f, 0xad, 0xd4), Rgb(0x29, 0x68, 0x8f)),
    (Ink::Heat(5), "heat-5", Rgb(0x47, 0x94, 0xc4), Rgb(0x34, 0x7e, 0xab)),
    (Ink::Heat(6), "heat-6", Rgb(0x25, 0x7b, 0xb0), Rgb(0x4a, 0x97, 0xc6)),
    (Ink::Heat(7), "heat-7", Rgb(0x0f, 0x61, 0x95), Rgb(0x6f, 0xb3, 0xde)),
    (Ink::Heat(8), "heat-8", Rgb(0x08, 0x4a, 0x76), Rgb(0xa5, 0xd4, 0xf2)),
];

impl Theme {
    /// Both.
    pub const ALL: [Theme; 2] = [Theme::Light, Theme::Dark];

    /// The colour of an ink.
    #[must_use]
    pub fn colour(self, ink: Ink) -> Rgb {
        let of = |light: Rgb, dark: Rgb| if self == Theme::Light { light } else { dark };
        match ink {
            Ink::Leaf(leaf) => {
                let (_, light, dark) = LEAF_COLOURS[leaf as usize];
                of(light, dark)
            }
            Ink::On(leaf) => self.colour(Ink::Leaf(leaf)).reader(),
            plain => PLAIN.iter().find(|(ink, ..)| *ink == plain).map_or(Rgb(0, 0, 0), |&(_, _, l, d)| of(l, d)),
        }
    }

    /// All colours as declarations of CSS variables.
    #[must_use]
    pub fn css(self) -> String {
        let leaves = Leaf::ALL.into_iter().flat_map(|leaf| [Ink::Leaf(leaf), Ink::On(leaf)]);
        let inks = PLAIN.iter().map(|(ink, ..)| *ink).chain(leaves);
        inks.map(|ink| format!("--{}:{};", ink.name(), self.colour(ink).hex())).collect()
    }
}

impl Ink {
    /// The ink of the thing of a number among several, each time another; past the last, the first again.
    #[must_use]
    pub fn of_number(number: usize) -> Ink {
        match number % (LINES + 1) {
            0 => Ink::Main,
            n => Ink::Line(n - 1),
        }
    }

    /// The ink of a share from 0 to 1.
    #[must_use]
    pub fn of_share(share: f64) -> Ink {
        Ink::Heat((share.clamp(0.0, 1.0) * (HEATS - 1) as f64).round() as usize)
    }

    /// The name of its CSS variable.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Ink::Leaf(leaf) => format!("leaf-{}", leaf.name()),
            Ink::On(leaf) => format!("on-{}", leaf.name()),
            plain => PLAIN.iter().find(|(ink, ..)| *ink == plain).map_or("text", |(_, name, ..)| name).to_owned(),
        }
    }
}

impl Rgb {
    /// As `#rrggbb`.
    #[must_use]
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// Relative luminance (WCAG 2.2), in an arithmetic that is the same everywhere.
    fn luminance(self) -> f64 {
        let part = |c: u8| match f64::from(c) / 255.0 {
            dark if dark <= 0.04045 => dark / 12.92,
            light => libm::pow((light + 0.055) / 1.055, 2.4),
        };
        0.2126 * part(self.0) + 0.7152 * part(self.1) + 0.0722 * part(self.2)
    }

    /// The contrast between two colours (WCAG 2), from 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Rgb) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Black or white, whichever is easier to read on it.
    fn reader(self) -> Rgb {
        let (dark, light) = (Rgb(0, 0, 0), Rgb(0xff, 0xff, 0xff));
        if self.contrast(dark) > self.contrast(light) { dark } else { light }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What WCAG 2.2 asks of texts of any size at level AA (1.4.3), and of graphics (1.4.11). Areas of leaves beside each
    /// other need less, since each is named where it lies, in a legend, and in a table.
    const TEXT: f64 = 4.5;
    const GRAPHICS: f64 = 3.0;

    #[test]
    fn contrasts_are_those_of_the_guidelines() {
        let contrast = |a: Rgb, b: Rgb| (a.contrast(b) * 100.0).round() / 100.0;
        let white = Rgb(0xff, 0xff, 0xff);
        // Published: black on white is 21, #767676 is the lightest grey that passes on white, #777777 fails.
        assert!((contrast(Rgb(0, 0, 0), white) - 21.0).abs() < 1e-9);
        assert!((contrast(Rgb(0x76, 0x76, 0x76), white) - 4.54).abs() < 1e-9);
        assert!((contrast(Rgb(0x77, 0x77, 0x77), white) - 4.48).abs() < 1e-9);
        assert!((contrast(Rgb(0xff, 0, 0), white) - 4.0).abs() < 1e-9);
    }

    #[test]
    fn texts_can_be_read_and_leaves_told_apart() {
        for theme in Theme::ALL {
            let paper = theme.colour(Ink::Paper);
            for ink in [Ink::Text, Ink::Muted] {
                assert!(theme.colour(ink).contrast(paper) >= TEXT, "{ink:?} {theme:?}");
            }
            // The frames of buttons and of what the keyboard has reached, and bars that stand for themselves.
            for ink in [Ink::Muted, Ink::Main, Ink::Whole] {
                assert!(theme.colour(ink).contrast(paper) >= GRAPHICS, "{ink:?} {theme:?}");
            }
            for line in 0..=LINES {
                assert!(theme.colour(Ink::of_number(line)).contrast(paper) >= GRAPHICS, "{line} {theme:?}");
            }
            for step in 1..HEATS {
                let shade = |step: usize| theme.colour(Ink::Heat(step)).contrast(paper);
                assert!(shade(step) > shade(step - 1), "{step} {theme:?}");
            }
            for leaf in Leaf::ALL {
                assert_eq!(LEAF_COLOURS[leaf as usize].0, leaf);
                let colour = theme.colour(Ink::Leaf(leaf));
                assert!(colour.contrast(theme.colour(Ink::On(leaf))) >= TEXT, "{leaf:?} {theme:?}");
                assert!(colour.contrast(paper) > 1.2, "{leaf:?} {theme:?}");
                let same = Leaf::ALL.iter().filter(|&&l| theme.colour(Ink::Leaf(l)) == colour).count();
                assert_eq!(same, 1, "{leaf:?} {theme:?}");
            }
        }
    }
}
