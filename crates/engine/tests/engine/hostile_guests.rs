//! Guests that lie to the host: addresses, lengths and answers that make no sense.
//!
//! A program that breaks out of its interpreter can do all of this; it must end as an outcome.

use crate::common::{guest_wat, guest_wat_with, job, load, one_slot, program, run, small_limits};
use ampoule_engine::{Job, Start};
use ampoule_model::{Outcome, Status};

async fn status_of(body: &str) -> Status {
    let engine = one_slot();
    let image = load(&engine, &guest_wat(body));
    run(&engine, &image, small_limits(), None).await.unwrap().status
}

#[tokio::test]
async fn addresses_outside_of_memory_are_refused() {
    for body in [
        "(call $output_write (i32.const 1) (i32.const 65535) (i32.const 2)) (call $done)",
        "(call $output_write (i32.const 1) (i32.const -1) (i32.const -1)) (call $done)",
        "(call $random_fill (i32.const 65535) (i32.const 2)) (call $done)",
        "(call $random_fill (i32.const -1) (i32.const 8)) (call $done)",
    ] {
        assert_eq!(status_of(body).await, Status::Internal, "{body}");
    }
}

#[tokio::test]
async fn one_call_for_random_bytes_is_bounded() {
    assert_eq!(
        status_of("(call $random_fill (i32.const 0) (i32.const 65537)) (call $done)").await,
        Status::Internal
    );
    assert_eq!(
        status_of("(call $random_fill (i32.const 4096) (i32.const 1024)) (call $done)").await,
        Status::Completed
    );
}

#[tokio::test]
async fn unknown_streams_are_refused() {
    assert_eq!(
        status_of("(call $output_write (i32.const 3) (i32.const 0) (i32.const 1)) (call $done)").await,
        Status::Internal
    );
}

#[tokio::test]
async fn answers_outside_of_memory_or_without_sense_are_internal() {
    for body in [
        "(i64.const -1)",
        "(i64.const 0)",
        "(i64.or (i64.shl (i64.const 65535) (i64.const 32)) (i64.const 100))",
        "(i64.or (i64.shl (i64.const 16) (i64.const 32)) (i64.const 20))",
    ] {
        assert_eq!(status_of(body).await, Status::Internal, "{body}");
    }
}

/// A guest that answers with a file of this name, asked for files by these patterns.
async fn with_a_file(name: &str, patterns: &[&str]) -> Outcome {
    let field = format!("{name}\\00x");
    let length = name.len() + 2;
    // Kind and result as in every tiny guest, and the file after them.
    let items = format!("(data (i32.const 37) \"\\07\\00\\00\\00\\{length:02x}\\00\\00\\00{field}\")");
    let answer = format!("(i64.or (i64.shl (i64.const 16) (i64.const 32)) (i64.const {}))", 21 + 8 + length);
    let engine = one_slot();
    let image = load(&engine, &guest_wat_with(&answer, &items));
    let program = program();
    let output_files: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    let start = Start::Program { program: &program, compiled: None };
    let job = Job { output_files: &output_files, ..job(start, small_limits()) };
    engine.run(&image, &job).await.unwrap()
}

#[tokio::test]
async fn files_that_nobody_has_asked_for_are_refused() {
    for (name, patterns) in [
        ("out/a", &[][..]),
        ("out/a", &["*.csv"]),
        ("a.csv", &["*.csv"]),
        ("reports/a", &["*.csv", "reports/**"]),
    ] {
        let outcome = with_a_file(name, patterns).await;
        assert_eq!((outcome.status, outcome.files.len()), (Status::Completed, 1), "{name} {patterns:?}");
        assert_eq!((outcome.files[0].path.as_str(), &*outcome.files[0].content), (name, &b"x"[..]));
    }
    for (name, patterns) in [
        ("a.csv", &[][..]),
        ("Makefile", &["*.csv"]),
        (".git/hooks/pre-commit", &["*.csv", "reports/**"]),
        ("x/a.csv", &["*.csv"]),
        ("../a.csv", &["**"]),
        ("/a.csv", &["**"]),
        ("a/../b", &["**"]),
    ] {
        let outcome = with_a_file(name, patterns).await;
        assert_eq!((outcome.status, outcome.files.len()), (Status::Internal, 0), "{name} {patterns:?}");
    }
}

#[tokio::test]
async fn negative_and_endless_sleeps_end_in_time() {
    assert_eq!(status_of("(call $sleep (i64.const -5)) (call $done)").await, Status::Completed);
    assert_eq!(
        status_of("(call $sleep (i64.const 0x7fffffffffffffff)) (call $done)").await,
        Status::TimedOut
    );
}

#[tokio::test]
async fn exit_ends_the_execution_as_raised() {
    assert_eq!(status_of("(call $exit (i32.const 3)) (call $done)").await, Status::Raised);
}

/// What C++ does: `$thrown n` throws and catches `n` exceptions one after the other, `$kept n` keeps `n` at a
/// time.
const EXCEPTIONS: &str = r#"
    (tag $tag (param i32))
    (func $caught (param $value i32) (result exnref) (local $exception exnref)
        (block $out (result i32 exnref)
            (try_table (result i32 exnref) (catch_ref $tag $out) (throw $tag (local.get $value))))
        (local.set $exception)
        (drop)
        (local.get $exception))
    (func $thrown (param $count i32)
        (loop $again
            (drop (call $caught (local.get $count)))
            (local.set $count (i32.sub (local.get $count) (i32.const 1)))
            (br_if $again (local.get $count))))
    (func $kept (param $count i32) (local $exception exnref)
        (local.set $exception (call $caught (local.get $count)))
        (if (local.get $count) (then (call $kept (i32.sub (local.get $count) (i32.const 1)))))
        (if (ref.is_null (local.get $exception)) (then (unreachable))))"#;

async fn status_with_exceptions(body: &str) -> Status {
    let engine = one_slot();
    let image = load(&engine, &guest_wat_with(body, EXCEPTIONS));
    run(&engine, &image, small_limits(), None).await.unwrap().status
}

#[tokio::test]
async fn exceptions_are_collected_when_they_are_over() {
    // 32 bytes each: 200,000 of them would not fit.
    let body = "(call $thrown (i32.const 200000)) (call $done)";
    assert_eq!(status_with_exceptions(body).await, Status::Completed);
}

#[tokio::test]
async fn the_hosts_memory_for_exceptions_is_bounded() {
    assert_eq!(status_with_exceptions("(call $kept (i32.const 1000)) (call $done)").await, Status::Completed);
    assert_eq!(
        status_with_exceptions("(call $kept (i32.const 100000)) (call $done)").await,
        Status::OutOfMemory
    );
}
