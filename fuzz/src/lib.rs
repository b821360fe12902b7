//! What the fuzz targets share: a service that admits and refuses but runs nothing, and a count of what
//! decoding takes.

pub use ampoule_testing::tiny;

use ampoule_service::{Call, Error, Service, ServiceConfig};
use ampoule_model::Invocation;
use peak_alloc::PeakAlloc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

#[global_allocator]
static PEAK: PeakAlloc = PeakAlloc;

/// What anything may take whatever its size: texts of errors, first blocks of growing vectors.
const PLAIN: usize = 64 << 10;

/// Drains, so what is admitted is refused by the slots, and nothing is ever compiled or run.
static DRAINED: LazyLock<Service> = LazyLock::new(|| {
    let service = tiny::service(|config: &mut ServiceConfig| config.engine.slots = 1);
    service.drain();
    service
});

static TOKIO: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime starts")
});

/// The service whose admission is fuzzed.
pub fn drained() -> &'static Service {
    &DRAINED
}

/// Whether `request` is admitted; the field that is refused otherwise. Anything else is a finding.
pub fn admitted(request: impl Into<Invocation>) -> Result<(), String> {
    let tenant = DRAINED.open_tenant().expect("no tenants are listed");
    let call = Call::new(tenant);
    match TOKIO.block_on(DRAINED.execute_as(&call, request)) {
        Err(Error::Draining) => Ok(()),
        Err(Error::Invalid { field, reason }) => {
            assert!(!field.is_empty() && !reason.is_empty(), "a refusal names the field and says why");
            assert!(field.len() + reason.len() < 2000, "a refusal is short whatever it quotes: {reason}");
            assert!(!reason.contains(char::is_control), "a refusal quotes nothing unescaped: {reason:?}");
            Err(field)
        }
        Err(Error::NotFound(_)) => Err("function".into()),
        // Kept answers of idempotency keys have a share of the memory.
        Err(Error::Busy { .. }) => Err("idempotency_key".into()),
        Err(other) => panic!("neither admitted nor refused: {other}"),
        Ok(_) => panic!("a service that drains ran something"),
    }
}

/// Decodes and sees to it that no more than `bytes` were held, and no more than `time` was taken.
pub fn within<T>(bytes: usize, time: Duration, decode: impl FnOnce() -> T) -> T {
    PEAK.reset_peak_usage();
    let (before, started) = (PEAK.current_usage(), Instant::now());
    let decoded = decode();
    let (took, held) = (started.elapsed(), PEAK.peak_usage().saturating_sub(before));
    assert!(held <= bytes, "{held} bytes were held, {bytes} are allowed");
    assert!(took <= time, "it took {took:?}, {time:?} are allowed");
    decoded
}

/// Decodes and sees to it that no more than `factor` bytes were held for each of the `length` bytes read.
pub fn bounded<T>(length: usize, factor: usize, decode: impl FnOnce() -> T) -> T {
    PEAK.reset_peak_usage();
    let before = PEAK.current_usage();
    let decoded = decode();
    let held = PEAK.peak_usage().saturating_sub(before);
    assert!(held <= factor * length + PLAIN, "{held} bytes were held for {length} bytes");
    decoded
}
