//! Policies that only order the lines: `fifo`, `best-effort-fifo`, `sjf`, `priority`.

use super::world::World;

/// Serves line after line; where `skip` is not set, what does not fit blocks the rest of its line.
pub fn pass(world: &mut World, skip: bool) {
    for line in world.lines() {
        for j in line {
            match world.place(&world.free, j) {
                Some(place) => world.start_at(j, place),
                None if skip => {}
                None => break,
            }
        }
    }
}
