//! `ampoule function put --convert`: how inputs become what a function declares. On a tiny guest, whose `e`
//! answers with its input.

use crate::process::{Server, ampoule};
use std::process::Output;

fn function(server: &Server, arguments: &[&str]) -> Output {
    let url = format!("http://{}", server.address);
    let mut all = vec!["function", arguments[0], "--addr", &url];
    all.extend(&arguments[1..]);
    ampoule(&server.folder, &all).output().unwrap()
}

#[test]
fn a_text_that_is_no_number_is_an_error_and_difys_rule_is_there_on_request() {
    let server = Server::start("");
    let cases = [
        (
            "--convert",
            (
                Some(2),
                "",
                "ampoule: --input: input_json['a'] is a string that is no number, the function takes a number\n",
            ),
        ),
        ("--convert=dify", (Some(0), "{\n  \"a\": 0\n}\n", "")),
    ];
    for (convert, (code, stdout, stderr)) in cases {
        let put = function(&server, &["put", "f", "echo.py", "--input", "a:number", convert]);
        assert!(put.status.success(), "{}", String::from_utf8_lossy(&put.stderr));
        let called = function(&server, &["call", "f", "--input", "{\"a\": \"12.5\"}"]);
        assert_eq!(String::from_utf8_lossy(&called.stdout), "{\n  \"a\": 12.5\n}\n");
        let called = function(&server, &["call", "f", "--input", "{\"a\": \"abc\"}"]);
        let texts = (String::from_utf8_lossy(&called.stdout), String::from_utf8_lossy(&called.stderr));
        assert_eq!((called.status.code(), &*texts.0, &*texts.1), (code, stdout, stderr));
    }
}
