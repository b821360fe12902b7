//! What the host does to take and to restore a checkpoint is done in pieces: others go first between them,
//! and it is paid for.

use crate::common::{guest_of, guest_wat, job, load, program, run, small_limits, write_image};
use ampoule_engine::{
    Checkpoint, Engine, EngineConfig, EngineError, FairShare, Image, Job, Preparation, Start,
};
use ampoule_model::{Limits, Status};
use std::time::Duration;

/// Mebibytes that the top level leaves, in one run of pages.
const LEFT: usize = 48;

/// Writes to each of its pages.
fn leaving() -> String {
    let prepare = "(local $at i32)
        (drop (memory.grow (i32.const 768)))
        (local.set $at (i32.const 65536))
        (loop $next
            (i64.store (local.get $at) (i64.const 1))
            (local.set $at (i32.add (local.get $at) (i32.const 4096)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 50331648))))
        (call $done)";
    guest_of(prepare, "(call $done)", "(call $done)", "")
}

fn limits() -> Limits {
    Limits { memory_bytes: 64 << 20, wall_time: Duration::from_secs(60), ..small_limits() }
}

fn two_slots() -> Engine {
    let config = EngineConfig {
        slots: 2,
        seats: 1,
        reused_guests: 0,
        max_memory_bytes: 64 << 20,
        ..EngineConfig::default()
    };
    Engine::new(config).unwrap()
}

async fn prepared(
    engine: &Engine,
    image: &Image,
    share: &FairShare,
    most: u64,
) -> Result<Preparation, EngineError> {
    let program = program();
    let start = Start::Program { program: &program, compiled: None };
    engine.checkpoint(image, &Job { share, ..job(start, limits()) }, most).await
}

async fn checkpoint(engine: &Engine, image: &Image) -> Checkpoint {
    match prepared(engine, image, &FairShare::new(1), u64::MAX).await.unwrap() {
        Preparation::Ready(prepared) => prepared.checkpoint,
        Preparation::Failed(outcome) => panic!("{:?}", outcome.failure),
    }
}

/// How often another task of the same thread gets its turn while `what` is done beside a guest that lives.
async fn turns_during(engine: &Engine, what: impl Future<Output = ()>) -> usize {
    let sleeper = load(engine, &guest_wat("(call $sleep (i64.const 3600000000000)) (call $done)"));
    let sleeping = run(engine, &sleeper, limits(), None);
    let other = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        tokio::pin!(what);
        let mut turns = 0;
        // The other task is polled between two polls of what is done.
        std::future::poll_fn(|context| {
            turns += 1;
            what.as_mut().poll(context)
        })
        .await;
        turns
    };
    tokio::select! {
        ended = sleeping => panic!("it sleeps no more: {ended:?}"),
        turns = other => turns,
    }
}

#[tokio::test]
async fn others_get_their_turn_in_the_middle_of_a_restore() {
    let engine = two_slots();
    let image = load(&engine, &leaving());
    let checkpoint = checkpoint(&engine, &image).await;
    assert!(checkpoint.size() > (LEFT - 1) << 20, "{}", checkpoint.size());
    let turns = turns_during(&engine, async {
        let outcome = engine.run(&image, &job(Start::Checkpoint(&checkpoint), limits())).await.unwrap();
        assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
    });
    let turns = turns.await;
    assert!(turns >= LEFT, "{turns} turns in {LEFT} MiB");
}

#[tokio::test]
async fn others_get_their_turn_while_a_checkpoint_is_taken() {
    let engine = two_slots();
    let image = load(&engine, &leaving());
    let before = turns_during(&engine, async {
        // Whatever the top level itself takes.
        let refused = prepared(&engine, &image, &FairShare::new(1), 0).await;
        assert!(matches!(refused, Err(EngineError::LargeCheckpoint { most: 0 })), "{refused:?}");
    });
    let before = before.await;
    let turns = turns_during(&engine, async {
        checkpoint(&engine, &image).await;
    });
    let turns = turns.await;
    assert!(turns >= before + LEFT - 2, "{turns} turns in {LEFT} MiB, {before} without");
}

#[tokio::test]
async fn the_account_pays_for_taking_a_checkpoint() {
    let engine = two_slots();
    let image = load(&engine, &leaving());
    let share = FairShare::new(1);
    let Ok(Preparation::Ready(prepared)) = prepared(&engine, &image, &share, u64::MAX).await else {
        panic!("it is not prepared");
    };
    let top_level = prepared.outcome.usage.cpu_time;
    assert!(share.cpu_time() > top_level, "{:?} of the share, {top_level:?} without", share.cpu_time());
}

#[tokio::test]
async fn too_large_a_checkpoint_is_refused_and_one_as_large_as_may_be_is_not() {
    let engine = two_slots();
    let image = load(&engine, &leaving());
    let size = checkpoint(&engine, &image).await.size() as u64;
    let share = FairShare::new(1);
    let refused = prepared(&engine, &image, &share, size - 1).await;
    assert!(matches!(refused, Err(EngineError::LargeCheckpoint { most }) if most == size - 1), "{refused:?}");
    assert!(matches!(prepared(&engine, &image, &share, size).await, Ok(Preparation::Ready(_))));
}

/// The image is mapped for guests when it is loaded, and once more for what checkpoints are compared with.
#[tokio::test]
async fn the_image_is_mapped_once_for_all_checkpoints() {
    let engine = two_slots();
    let folder = tempfile::tempdir().unwrap();
    write_image(folder.path(), &leaving());
    let image = engine.load(folder.path()).unwrap();
    let mapped = || {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.lines().filter(|line| line.contains(&*folder.path().to_string_lossy())).count()
    };
    let loaded = mapped();
    checkpoint(&engine, &image).await;
    let first = mapped();
    assert!(first > loaded, "it was mapped, and is not any more: {loaded} mappings");
    for _ in 0..3 {
        checkpoint(&engine, &image).await;
        assert_eq!(mapped(), first);
    }
}
