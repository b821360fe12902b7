//! Percentiles and geometric means.

use std::time::Duration;

/// Sorted samples of one measurement.
#[derive(Clone, Debug)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn new(mut samples: Vec<Duration>) -> Self {
        assert!(!samples.is_empty(), "a measurement has samples");
        samples.sort_unstable();
        Samples(samples)
    }

    /// The sample below which `part` (0 to 1) of all samples lie.
    pub(crate) fn percentile(&self, part: f64) -> Duration {
        self.0[((self.0.len() - 1) as f64 * part).round() as usize]
    }

    pub(crate) fn p50(&self) -> Duration {
        self.percentile(0.5)
    }

    pub(crate) fn p99(&self) -> Duration {
        self.percentile(0.99)
    }
}

/// The geometric mean of ratios.
pub(crate) fn geometric_mean(ratios: &[f64]) -> f64 {
    (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp()
}

/// A duration with a unit a person reads at a glance.
pub(crate) fn human(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    if micros < 1_000.0 {
        format!("{micros:.1} µs")
    } else if micros < 1_000_000.0 {
        format!("{:.2} ms", micros / 1e3)
    } else {
        format!("{:.2} s", micros / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples_and_the_mean_is_geometric() {
        let samples = Samples::new((1..=100).rev().map(Duration::from_micros).collect());
        assert_eq!(samples.p50(), Duration::from_micros(51));
        assert_eq!(samples.p99(), Duration::from_micros(99));
        assert!((geometric_mean(&[1.0, 4.0]) - 2.0).abs() < 1e-9);
    }
}
