//! A choice of values, what it costs, and the order of all choices.

use super::knob::Knob;
use super::lattice::{Lattice, Range};
use crate::experiments::axes::{self, Axis};
use crate::scenario::Scenario;
use crate::units::{GpuTime, Usd};

/// A choice of a value for each key.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The values, in the order of the keys.
    pub values: Vec<String>,
    /// Their places among the values of each key.
    places: Vec<usize>,
    /// All GPUs.
    pub gpus: u64,
    /// What all GPUs cost in an hour, used or not, and rented ones as if they were there all the time; 0 where no pool has
    /// a price.
    pub per_hour: Usd,
    /// The whole scenario.
    pub scenario: Scenario,
}

impl Setting {
    /// All settings of a grid, whose scenarios are given in its order, the cheapest first: by what an hour costs, then by
    /// GPUs, then by the places of the values, the first key deciding first.
    #[must_use]
    pub fn in_order(scenarios: Vec<Scenario>, axes: &[Axis]) -> Vec<Setting> {
        let setting = |(number, scenario): (u64, Scenario)| {
            let values = axes::point(axes, number);
            let place = |(axis, value): (&Axis, &String)| axis.values.iter().position(|known| known == value);
            Setting {
                places: axes.iter().zip(&values).map(|pair| place(pair).unwrap_or_default()).collect(),
                values,
                gpus: scenario.cluster.gpu_count(),
                per_hour: per_hour(&scenario),
                scenario,
            }
        };
        let mut settings: Vec<Setting> = (0..).zip(scenarios).map(setting).collect();
        settings.sort_by(|a, b| (a.per_hour, a.gpus, &a.places).cmp(&(b.per_hour, b.gpus, &b.places)));
        settings
    }
}

fn per_hour(scenario: &Scenario) -> Usd {
    let hour = |gpus: u64| GpuTime::from_raw(u128::from(gpus) * 3600 * GpuTime::PER_GPU_SECOND);
    scenario.cluster.pools.iter().map(|pool| pool.price.cost_of(hour(pool.gpu_count()))).sum()
}

/// What is expected of settings in their order by the keys that are ranges; of a list nothing is.
#[must_use]
pub fn lattice(settings: &[Setting], knobs: &[Knob]) -> Lattice {
    let price = |places: &[usize]| settings.iter().find(|s| s.places == places).map(|s| (s.per_hour, s.gpus));
    let range = |(at, knob): (usize, &Knob)| {
        let size = knob.axis.values.len();
        let least = vec![0; knobs.len()];
        let mut most = least.clone();
        most[at] = size - 1;
        Range { size, is_costly: price(&most) > price(&least) }
    };
    let ranges = knobs.iter().enumerate().filter(|(_, knob)| knob.is_range).map(range).collect();
    let place = |setting: &Setting| {
        let mut group = 0;
        let mut along = Vec::new();
        for (knob, &place) in knobs.iter().zip(&setting.places) {
            match knob.is_range {
                true => along.push(place),
                false => group = group * knob.axis.values.len() + place,
            }
        }
        (group, along)
    };
    Lattice::new(ranges, &settings.iter().map(place).collect::<Vec<_>>())
}
