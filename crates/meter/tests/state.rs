//! A guest's state is its memory and the globals it exports; a module with any other is refused.

use ampoule_meter::{MeterError, check_state};

fn checked(items: &str) -> Result<(), MeterError> {
    check_state(&wat::parse_str(format!("(module {items})")).expect("it is WAT"))
}

#[test]
fn memory_and_exported_globals_are_what_a_guest_is() {
    checked(
        r#"(import "ampoule" "exit" (func (param i32)))
           (memory (export "memory") 1)
           (table 4 funcref) (elem (i32.const 0) func $get) (data (i32.const 16) "text")
           (global $constant i32 (i32.const 1))
           (global $pointer (export "__stack_pointer") (mut i32) (i32.const 65536))
           (func $get (result i32) (global.get $constant))
           (func (drop (call_indirect (result i32) (i32.const 0))) (global.set $pointer (i32.const 2)))"#,
    )
    .expect("this is a guest");
}

#[test]
fn what_hides_elsewhere_is_refused_by_its_name() {
    let table =
        r#"(table $table 4 funcref) (elem $functions func $f) (data $text "text") (memory 1) (func $f)"#;
    let code = |code: &str| format!("{table} (func {code})");
    for (items, name) in [
        ("(global (mut i32) (i32.const 0))".to_owned(), "global 0"),
        (
            r#"(global (export "a") (mut i32) (i32.const 0)) (global i32 (i32.const 0)) (global (mut i64) (i64.const 0))"#
                .to_owned(),
            "global 2",
        ),
        (r#"(import "ampoule" "global" (global (mut i32)))"#.to_owned(), "import"),
        ("(memory 1) (memory 1)".to_owned(), "2 memories"),
        (code("(table.set $table (i32.const 0) (ref.func $f))"), "table.set"),
        (code("(drop (table.grow $table (ref.func $f) (i32.const 1)))"), "table.grow"),
        (code("(table.fill $table (i32.const 0) (ref.func $f) (i32.const 1))"), "table.fill"),
        (code("(table.copy $table $table (i32.const 0) (i32.const 1) (i32.const 1))"), "table.copy"),
        (code("(table.init $table $functions (i32.const 0) (i32.const 0) (i32.const 1))"), "table.init"),
        (code("(elem.drop $functions)"), "elem.drop"),
        (code("(data.drop $text)"), "data.drop"),
    ] {
        let refused = checked(&items).expect_err(name).to_string();
        assert!(refused.contains(name), "{refused} does not name {name}");
    }
}
