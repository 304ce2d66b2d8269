//! Leaves of the ledger on top of one another, over time.

use super::palette::Ink;
use super::scene::{Frame, Scene};
use super::timeline::{self, Slot};
use super::words;
use crate::ledger::{Leaf, LeafGroup};
use crate::results::format::duration;

/// Some leaves over the slots, from the bottom up.
#[derive(Debug)]
pub struct Stack {
    /// The leaves that are not empty.
    pub leaves: Vec<Leaf>,
    /// By slot: the lower bound of each leaf, then the top.
    pub bounds: Vec<Vec<f64>>,
}

impl Stack {
    /// The leaves of these groups that are not empty, group after group.
    #[must_use]
    pub fn of(slots: &[Slot], groups: &[LeafGroup]) -> Self {
        let in_group = |group: LeafGroup| Leaf::ALL.into_iter().filter(move |l| l.group() == group);
        let leaves: Vec<Leaf> = groups
            .iter()
            .flat_map(|&group| in_group(group))
            .filter(|&l| slots.iter().any(|slot| slot.leaves[l as usize] > 0.0))
            .collect();
        Stack { bounds: slots.iter().map(|slot| bounds(slot, &leaves)).collect(), leaves }
    }

    /// The highest that it gets.
    #[must_use]
    pub fn top(&self) -> f64 {
        self.bounds.iter().filter_map(|bounds| bounds.last()).copied().fold(0.0, f64::max)
    }

    /// Draws it; `axis` fills the frame.
    pub fn draw(&self, scene: &mut Scene, frame: Frame, axis: f64) {
        let bound = |i: usize| timeline::outline(frame, self.bounds.iter().map(|b| b[i] / axis));
        for (i, &leaf) in self.leaves.iter().enumerate() {
            let mut points = bound(i + 1);
            points.extend(bound(i).into_iter().rev());
            scene.series(words::leaf(leaf), |scene| scene.area(points, Ink::Leaf(leaf)));
        }
    }

    /// Thin lines of the paper between the leaves keep neighbours apart that look alike to some.
    pub fn part(&self, scene: &mut Scene, frame: Frame, axis: f64) {
        for i in 1..self.leaves.len() {
            scene.line(timeline::outline(frame, self.bounds.iter().map(|b| b[i] / axis)), Ink::Paper, 0.6);
        }
    }

    /// Its leaves for a legend.
    #[must_use]
    pub fn legend(&self) -> Vec<(Ink, String)> {
        self.leaves.iter().map(|&leaf| (Ink::Leaf(leaf), words::leaf(leaf))).collect()
    }

    /// What a slot holds, a line for the time and one a leaf, the uppermost first.
    #[must_use]
    pub fn tip(&self, slot: &Slot, origin: f64) -> String {
        let mut tip = format!("after {}", duration(slot.start - origin));
        for &leaf in self.leaves.iter().rev() {
            let gpus = slot.leaves[leaf as usize];
            if gpus >= 0.05 {
                tip.push_str(&format!("\n{}: {gpus:.1} GPUs", words::leaf(leaf)));
            }
        }
        tip
    }
}

fn bounds(slot: &Slot, leaves: &[Leaf]) -> Vec<f64> {
    let mut sum = 0.0;
    let mut bounds = vec![0.0];
    for &leaf in leaves {
        sum += slot.leaves[leaf as usize];
        bounds.push(sum);
    }
    bounds
}
