//! Random bytes for a guest.

use ampoule_model::Deterministic;
use rand_chacha::ChaCha12Rng;
use rand_core::{Rng, SeedableRng};

/// The execution's random bytes: seeded by the system on first use, or by the request.
pub(super) struct RandomStream {
    seed: Option<u64>,
    stream: Option<ChaCha12Rng>,
}

impl RandomStream {
    pub(super) fn new(deterministic: Option<Deterministic>) -> RandomStream {
        RandomStream { seed: deterministic.map(|fixed| fixed.seed), stream: None }
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) -> wasmtime::Result<()> {
        if self.stream.is_none() {
            self.stream = Some(match self.seed {
                Some(seed) => ChaCha12Rng::seed_from_u64(seed),
                None => {
                    let mut seed = [0; 32];
                    getrandom::fill(&mut seed)
                        .map_err(|error| wasmtime::format_err!("no random bytes from the system: {error}"))?;
                    ChaCha12Rng::from_seed(seed)
                }
            });
        }
        if let Some(stream) = &mut self.stream {
            stream.fill_bytes(bytes);
        }
        Ok(())
    }
}
