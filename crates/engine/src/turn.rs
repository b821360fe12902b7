//! Turns: when a guest that computes lets the other tasks of its thread go first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a guest that is alone goes on in one go: short against the time limits that are looked at between turns and
/// against a network, long against a turn's end, which wakes another thread (6 µs, where a slice of fuel lasts 80).
const ALONE: Duration = Duration::from_millis(1);

/// The guests of an engine that are alive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Population(Arc<AtomicUsize>);

/// A guest's place in the population, and its current turn.
#[derive(Debug)]
pub(crate) struct Turn {
    population: Population,
    began: Instant,
}

impl Turn {
    /// Counts one more guest, until this is dropped.
    pub(crate) fn begin(population: &Population) -> Self {
        population.0.fetch_add(1, Ordering::Relaxed);
        Turn { population: population.clone(), began: Instant::now() }
    }

    /// Asked at the end of each slice of fuel. With other guests about, a turn is one slice.
    pub(crate) fn is_over(&mut self) -> bool {
        let now = Instant::now();
        let over = self.population.0.load(Ordering::Relaxed) > 1 || now - self.began >= ALONE;
        if over {
            self.began = now;
        }
        over
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.population.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_a_slice_beside_others_and_a_while_alone() {
        let population = Population::default();
        let mut one = Turn::begin(&population);
        assert!(!one.is_over());
        let other = Turn::begin(&population);
        assert!(one.is_over() && one.is_over());
        drop(other);
        assert!(!one.is_over());
        one.began -= ALONE;
        assert!(one.is_over() && !one.is_over());
        drop(one);
        assert_eq!(population.0.load(Ordering::Relaxed), 0);
    }
}
