//! A guest that traps says where, if the engine is asked for it, and else only what happened.

use crate::common::{guest_wat_with, load, run, small_limits};
use ampoule_engine::{Engine, EngineConfig};
use ampoule_model::Status;

#[tokio::test]
async fn a_trap_has_a_backtrace_with_names_where_it_is_asked_for() {
    let wat =
        guest_wat_with("(call $a_broken_function) (call $done)", "(func $a_broken_function (unreachable))");
    for debug_guest in [true, false] {
        let engine = Engine::new(EngineConfig { slots: 1, debug_guest, ..EngineConfig::default() }).unwrap();
        let image = load(&engine, &wat);
        let outcome = run(&engine, &image, small_limits(), None).await.unwrap();
        let message = outcome.failure.unwrap().message;
        assert_eq!(outcome.status, Status::Internal);
        assert!(
            message.starts_with("the guest failed: wasm trap: wasm `unreachable` instruction executed"),
            "{message}"
        );
        assert_eq!(message.contains("a_broken_function"), debug_guest, "{message}");
        assert_eq!(message.contains('\n'), debug_guest, "{message}");
    }
}
