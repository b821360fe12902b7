//! The end of an engine: what computes, sleeps or waits is refused, and no outcome blames the program.

use crate::common::{guest_wat, load, run, small_limits};
use ampoule_engine::{Engine, EngineConfig, EngineError};
use ampoule_model::Limits;
use std::time::Duration;
use tokio::runtime::Handle;

#[tokio::test(flavor = "multi_thread")]
async fn guests_that_compute_or_sleep_at_the_end_are_no_outcomes() {
    for own_threads in [true, false] {
        let config =
            EngineConfig { slots: 8, seats: 1, max_memory_bytes: 64 << 20, ..EngineConfig::default() };
        let engine = Engine::new(config).unwrap();
        if own_threads {
            engine.compute_on_own_threads(Handle::current()).unwrap();
        }
        let computes = load(&engine, &guest_wat("(loop $again (br $again)) (unreachable)"));
        let sleeps = load(&engine, &guest_wat("(call $sleep (i64.const 3600000000000)) (call $done)"));
        // Nothing but the end of the engine ends them in time.
        let endless = Limits { wall_time: Duration::from_secs(600), fuel: u64::MAX / 4, ..small_limits() };
        let mut runs = tokio::task::JoinSet::new();
        for image in [&computes, &computes, &sleeps, &sleeps] {
            let (engine, image) = (engine.clone(), image.clone());
            runs.spawn(async move { run(&engine, &image, endless, None).await });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        engine.end_guests();
        let mut shut_down = 0;
        while let Some(ended) = runs.join_next().await {
            match ended.unwrap() {
                Err(EngineError::Shutdown) => shut_down += 1,
                // One that never had a seat.
                Err(EngineError::Waited { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(shut_down >= 2, "{shut_down}");
    }
}
