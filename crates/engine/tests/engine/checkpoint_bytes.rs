//! A checkpoint that comes from a file is what was written, or an error.

use crate::checkpoints::prepare;
use crate::common::{guest_of, job, load, one_slot, small_limits};
use ampoule_engine::{Checkpoint, Engine, EngineError, Image, Preparation, Start};
use ampoule_model::Status;
use sha2::{Digest, Sha256};

/// Where the parts begin whose bytes the tests change: name, sha256, length of the digest, digest.
const MEMORY: usize = 8 + 32 + 4 + 64;
const GLOBALS: usize = MEMORY + 8;
const RUNS: usize = GLOBALS + 4 + 9;

async fn written(engine: &Engine) -> (Image, Vec<u8>) {
    let prepare_body =
        "(i64.store (i32.const 8192) (i64.const 0x1111)) (global.set $sp (i32.const 4242)) (call $done)";
    let call_body = "(if (i64.ne (i64.load (i32.const 8192)) (i64.const 0x1111)) (then (unreachable)))
        (if (i32.ne (global.get $sp) (i32.const 4242)) (then (unreachable))) (call $done)";
    let image = load(engine, &guest_of(prepare_body, call_body, "(call $done)", ""));
    match prepare(engine, &image, small_limits()).await {
        Preparation::Ready(prepared) => (image, prepared.checkpoint.to_bytes()),
        Preparation::Failed(outcome) => panic!("{:?}", outcome.failure),
    }
}

/// The bytes with a digest that is right for them.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&bytes[40..]);
    bytes[8..40].copy_from_slice(&digest);
    bytes
}

fn error_of(bytes: &[u8]) -> String {
    match Checkpoint::from_bytes(bytes) {
        Err(EngineError::BadCheckpoint(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_written_is_read() {
    let engine = one_slot();
    let (image, bytes) = written(&engine).await;
    let read = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!(read.to_bytes(), bytes);
    let outcome = engine.run(&image, &job(Start::Checkpoint(&read), small_limits())).await.unwrap();
    assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
}

#[tokio::test]
async fn every_cut_and_every_changed_byte_is_noticed() {
    let (_, bytes) = written(&one_slot()).await;
    for length in 0..bytes.len() {
        error_of(&bytes[..length]);
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        error_of(&changed);
    }
    error_of(&[&bytes[..], b"more"].concat());
}

#[tokio::test]
async fn a_lie_under_a_right_digest_is_an_error_all_the_same() {
    let (_, bytes) = written(&one_slot()).await;
    let lies: [(usize, &[u8], &str); 12] = [
        (40, &u32::MAX.to_le_bytes(), "the length of the image's digest"),
        (44, &[0xff], "a digest that is no text"),
        (MEMORY, &u64::MAX.to_le_bytes(), "more memory than there is"),
        (MEMORY, &(65536u64 + 1).to_le_bytes(), "memory in parts"),
        (MEMORY, &0u64.to_le_bytes(), "pages beyond memory"),
        (GLOBALS, &u32::MAX.to_le_bytes(), "globals without end"),
        (GLOBALS + 4, &[9], "a global of no type"),
        (GLOBALS + 9, &[1], "an i32 of 33 bits"),
        (RUNS, &u32::MAX.to_le_bytes(), "runs without end"),
        (RUNS + 4, &u32::MAX.to_le_bytes(), "a run that begins beyond all memory"),
        (RUNS + 8, &u32::MAX.to_le_bytes(), "a run without end"),
        (RUNS + 8, &0u32.to_le_bytes(), "an empty run"),
    ];
    Checkpoint::from_bytes(&sealed(bytes.clone())).expect("the truth is not refused");
    for (at, lie, name) in lies {
        let mut lying = bytes.clone();
        lying[at..at + lie.len()].copy_from_slice(lie);
        assert_ne!(lying, bytes, "{name} is no lie");
        let reason = error_of(&sealed(lying));
        assert!(reason.contains("do not fit together"), "{name}: {reason}");
    }
}

#[tokio::test]
async fn what_no_guest_of_the_image_could_be_is_refused_or_ends_as_an_outcome() {
    let engine = one_slot();
    let (image, bytes) = written(&engine).await;
    // Fewer globals than the image has: the count and the one that there is.
    let mut none = bytes.clone();
    none[GLOBALS..GLOBALS + 4].copy_from_slice(&0u32.to_le_bytes());
    none.drain(GLOBALS + 4..RUNS);
    let none = Checkpoint::from_bytes(&sealed(none)).unwrap();
    let refused = engine.run(&image, &job(Start::Checkpoint(&none), small_limits())).await;
    assert!(matches!(refused, Err(EngineError::BadCheckpoint(_))), "{refused:?}");
    // A global of another type.
    let mut other = bytes.clone();
    other[GLOBALS + 4] = 1;
    let other = Checkpoint::from_bytes(&sealed(other)).unwrap();
    let outcome = engine.run(&image, &job(Start::Checkpoint(&other), small_limits())).await.unwrap();
    assert_eq!(outcome.status, Status::Internal);
    // All the memory that there is: beyond the limit.
    let mut large = bytes.clone();
    large[MEMORY..MEMORY + 8].copy_from_slice(&(1u64 << 32).to_le_bytes());
    let large = Checkpoint::from_bytes(&sealed(large)).unwrap();
    let outcome = engine.run(&image, &job(Start::Checkpoint(&large), small_limits())).await.unwrap();
    assert_eq!(outcome.status, Status::OutOfMemory);
}
