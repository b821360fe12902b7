//! Every limit: its outcome, what it says, what was used, and that the next execution is right.

use crate::common::compare::describe;
use crate::common::runner::{execute, without_times};
use crate::common::{request, service_of, service_with_slots};
use ampoule_model::{Deterministic, Language, Limits, Outcome, Request, RequestedLimits, Status};
use ampoule_service::{Service, ServiceConfig};
use std::sync::LazyLock;
use std::time::Duration;

static SERVICE: LazyLock<Service> = LazyLock::new(|| service_with_slots(2));

const LOOP: [(Language, &str); 2] = [
    (Language::Python, "def main():\n    while True:\n        pass\n"),
    (Language::Javascript, "function main() { for (;;); }"),
];

const TRIVIAL: [(Language, &str); 2] = [
    (Language::Python, "def main(a, b):\n    return a + b\n"),
    (Language::Javascript, "const main = ({a, b}) => a + b;"),
];

fn run(mut request: Request, limits: RequestedLimits) -> Outcome {
    request.limits = RequestedLimits { wall_time: limits.wall_time.or(request.limits.wall_time), ..limits };
    execute(&SERVICE, request).expect("the request is admitted")
}

/// The failure's message of an outcome that must have this status.
fn message(outcome: &Outcome, status: Status) -> &str {
    assert_eq!(outcome.status, status, "{}", describe(outcome));
    &outcome.failure.as_ref().expect("a stop says why").message
}

fn next_is_right() {
    for (language, source) in TRIVIAL {
        let mut request = request(language, source);
        request.input_json = r#"{"a": 40, "b": 2}"#.into();
        let outcome = execute(&SERVICE, request).expect("it is admitted");
        assert_eq!((outcome.status, outcome.result_json.as_str()), (Status::Completed, "42"));
    }
}

#[test]
fn fuel() {
    for (language, source) in LOOP {
        let limits = RequestedLimits { fuel: Some(300_000_000), ..RequestedLimits::default() };
        let outcome = run(request(language, source), limits);
        let said = message(&outcome, Status::FuelExhausted);
        assert!(said.contains("300000000 units of fuel") && said.contains("limits.fuel"), "{said}");
        assert_eq!(outcome.failure.as_ref().map(|failure| failure.kind.as_str()), Some("FuelExhausted"));
        let used = outcome.usage.fuel;
        // Fuel is charged by the cycle of the interpreter: the last charge may go a little beyond the limit.
        assert!((299_000_000..300_010_000).contains(&used), "{used} units used");
        next_is_right();
    }
}

#[test]
fn wall_time_of_a_loop() {
    for (language, source) in LOOP {
        let limits =
            RequestedLimits { wall_time: Some(Duration::from_millis(300)), ..RequestedLimits::default() };
        let outcome = run(request(language, source), limits);
        let said = message(&outcome, Status::TimedOut);
        assert!(said.contains("0.3 s of wall time") && said.contains("limits.wall_time"), "{said}");
        let wall = outcome.usage.wall_time;
        assert!(wall >= Duration::from_millis(295) && wall < Duration::from_secs(3), "{wall:?}");
        assert!(outcome.usage.cpu_time <= wall + Duration::from_millis(20), "{:?}", outcome.usage);
        assert!(outcome.usage.fuel > 1_000_000, "{:?}", outcome.usage);
        next_is_right();
    }
}

#[test]
fn wall_time_of_a_sleep_costs_no_processor() {
    let sleepers = [
        (Language::Python, "import time\ndef main(): time.sleep(60)"),
        (Language::Javascript, "const main = () => new Promise((resolve) => setTimeout(resolve, 60000));"),
    ];
    for (language, source) in sleepers {
        let limits =
            RequestedLimits { wall_time: Some(Duration::from_millis(400)), ..RequestedLimits::default() };
        let outcome = run(request(language, source), limits);
        message(&outcome, Status::TimedOut);
        assert!(outcome.usage.wall_time >= Duration::from_millis(395), "{:?}", outcome.usage);
        assert!(outcome.usage.cpu_time < Duration::from_millis(200), "{:?}", outcome.usage);
        next_is_right();
    }
}

#[test]
fn memory() {
    let hungry = [
        (
            Language::Python,
            "def main():\n    kept = []\n    while True:\n        kept.append(bytes(1 << 20))",
        ),
        (
            Language::Javascript,
            "function main() { const kept = []; for (;;) kept.push(new Uint8Array(1 << 20).fill(1)); }",
        ),
    ];
    for (language, source) in hungry {
        let limits = RequestedLimits { memory_bytes: Some(160 << 20), ..RequestedLimits::default() };
        let outcome = run(request(language, source), limits);
        let said = message(&outcome, Status::OutOfMemory);
        assert!(said.contains("limit of 160 MiB") && said.contains("limits.memory_bytes"), "{said}");
        let peak = outcome.usage.peak_memory_bytes;
        assert!((150 << 20..=160 << 20).contains(&peak), "{peak} bytes at the end");
        next_is_right();
    }
}

#[test]
fn more_memory_than_the_default_can_be_asked_for() {
    let source = "def main():\n    return len(bytes(400 << 20))";
    let outcome = run(request(Language::Python, source), RequestedLimits::default());
    message(&outcome, Status::OutOfMemory);
    let limits = RequestedLimits { memory_bytes: Some(600 << 20), ..RequestedLimits::default() };
    let outcome = run(request(Language::Python, source), limits);
    assert_eq!(outcome.status, Status::Completed, "{}", describe(&outcome));
    // A few MiB lie ready in the image.
    assert!(outcome.usage.peak_memory_bytes > 390 << 20, "{:?}", outcome.usage);
}

#[test]
fn output() {
    let talkers = [
        (Language::Python, "def main():\n    while True:\n        print('x' * 99)"),
        (Language::Javascript, "function main() { for (;;) console.log('x'.repeat(99)); }"),
    ];
    for (language, source) in talkers {
        let limits = RequestedLimits { output_bytes: Some(5000), ..RequestedLimits::default() };
        let outcome = run(request(language, source), limits);
        let said = message(&outcome, Status::OutputLimit);
        assert!(said.contains("5000 bytes") && said.contains("limits.output_bytes"), "{said}");
        assert!(outcome.stdout_truncated && !outcome.stderr_truncated);
        assert_eq!(outcome.stdout.len(), 5000);
        assert!(outcome.usage.output_bytes > 5000, "what was written before truncation: {:?}", outcome.usage);
        next_is_right();
    }
}

#[test]
fn output_at_the_limit_is_whole() {
    let limits = RequestedLimits { output_bytes: Some(5000), ..RequestedLimits::default() };
    let outcome = run(request(Language::Python, "def main():\n    print('x' * 4999)"), limits);
    assert_eq!(
        (outcome.status, outcome.stdout.len(), outcome.stdout_truncated),
        (Status::Completed, 5000, false)
    );
    assert_eq!(outcome.usage.output_bytes, 5000);
}

#[test]
fn result() {
    let large = [
        (Language::Python, "def main(n):\n    return 'x' * n"),
        (Language::Javascript, "const main = ({n}) => 'x'.repeat(n);"),
    ];
    for (language, source) in large {
        let limits = RequestedLimits { result_bytes: Some(1000), ..RequestedLimits::default() };
        let mut asked = request(language, source);
        asked.input_json = r#"{"n": 998}"#.into();
        let outcome = run(asked.clone(), limits);
        assert_eq!((outcome.status, outcome.result_json.len()), (Status::Completed, 1000));
        asked.input_json = r#"{"n": 999}"#.into();
        let outcome = run(asked, limits);
        let said = message(&outcome, Status::OutputLimit);
        assert!(
            said.contains("1001 bytes") && said.contains("1000 bytes") && said.contains("result_bytes"),
            "{said}"
        );
        assert!(outcome.result_json.is_empty());
        next_is_right();
    }
}

#[test]
fn limits_above_the_cap_are_refused() {
    let caps = ServiceConfig::default();
    let asks: [(RequestedLimits, &str, &str); 5] = [
        (
            RequestedLimits { wall_time: Some(Duration::from_secs(61)), ..RequestedLimits::default() },
            "limits.wall_time",
            "60 s",
        ),
        (
            RequestedLimits {
                memory_bytes: Some(caps.engine.max_memory_bytes + 1),
                ..RequestedLimits::default()
            },
            "limits.memory_bytes",
            "1 GiB",
        ),
        (
            RequestedLimits { fuel: Some(caps.caps.fuel + 1), ..RequestedLimits::default() },
            "limits.fuel",
            "cap",
        ),
        (
            RequestedLimits { output_bytes: Some(caps.caps.output_bytes + 1), ..RequestedLimits::default() },
            "limits.output_bytes",
            "16 MiB",
        ),
        (
            RequestedLimits { result_bytes: Some(caps.caps.result_bytes + 1), ..RequestedLimits::default() },
            "limits.result_bytes",
            "32 MiB",
        ),
    ];
    for (limits, field, says) in asks {
        let mut asked = request(Language::Python, "def main(): return 1");
        asked.limits = limits;
        let reason = execute(&SERVICE, asked).expect_err("it is refused");
        assert!(reason.contains(field) && reason.contains(says), "{reason}");
    }
}

#[test]
fn defaults_are_those_that_are_promised() {
    let limits = Limits::default();
    assert_eq!(limits.wall_time, Duration::from_secs(10));
    assert_eq!(limits.memory_bytes, 256 << 20);
    assert_eq!(limits.output_bytes, 1 << 20);
    assert_eq!(limits.result_bytes, 16 << 20);
    let config = ServiceConfig::default();
    assert_eq!(config.caps.wall_time, Duration::from_secs(60));
    assert_eq!(config.sizes.input_bytes, 16 << 20);
    config.check().expect("the defaults do not contradict themselves");
}

#[test]
fn the_whole_default_input_fits_into_the_default_memory() {
    let counters = [
        (Language::Python, "def main(text):\n    return len(text)"),
        (Language::Javascript, "const main = ({text}) => text.length;"),
    ];
    for (language, source) in counters {
        let mut asked = request(language, source);
        let length = (16 << 20) - 12;
        asked.input_json = format!("{{\"text\": \"{}\"}}", "x".repeat(length));
        let outcome = execute(&SERVICE, asked).expect("it is admitted");
        assert_eq!(outcome.result_json, length.to_string(), "{}", describe(&outcome));
    }
}

#[test]
fn usage_is_plausible() {
    for (language, source) in TRIVIAL {
        let mut asked = request(language, source);
        asked.input_json = r#"{"a": 1, "b": 2}"#.into();
        let small = execute(&SERVICE, asked).expect("it is admitted").usage;
        let work = match language {
            Language::Python => "def main():\n    return sum(i * i for i in range(200000))",
            Language::Javascript => {
                "function main() { let t = 0; for (let i = 0; i < 2000000; i++) t += i * i; return t; }"
            }
        };
        let large = execute(&SERVICE, request(language, work)).expect("it is admitted").usage;
        assert!(small.fuel > 1000 && small.fuel < 50_000_000, "{small:?}");
        assert!(large.fuel > 5_000_000 && large.fuel > 10 * small.fuel, "{small:?} {large:?}");
        assert!(
            large.cpu_time > Duration::from_millis(1) && large.cpu_time > small.cpu_time,
            "{small:?} {large:?}"
        );
        assert!(large.wall_time >= large.cpu_time / 2, "{large:?}");
        assert!(small.peak_memory_bytes < 16 << 20, "{small:?}");
        assert_eq!(small.output_bytes, 0);
    }
}

#[test]
fn a_source_is_compiled_in_the_time_that_it_is_long() {
    for (language, main) in TRIVIAL {
        let fuel = |lines: usize| {
            let mut asked = request(language, &format!("{main}\n{}", "x = 1;\n".repeat(lines)));
            asked.input_json = r#"{"a": 40, "b": 2}"#.into();
            if language == Language::Javascript {
                asked.program.source.insert_str(0, "let x;\n");
            }
            let outcome = execute(&SERVICE, asked).expect("it is admitted");
            assert_eq!(outcome.status, Status::Completed, "{}", describe(&outcome));
            outcome.usage.fuel
        };
        let (short, long) = (fuel(2_000), fuel(16_000));
        assert!(long < 12 * short, "{language:?}: {short} units for 2,000 lines, {long} for 16,000");
    }
}

#[test]
fn peak_memory_follows_the_program() {
    let source = "def main(mebibytes):\n    return len(bytearray(mebibytes << 20))";
    let peak = |mebibytes: u64| {
        let mut asked = request(Language::Python, source);
        asked.input_json = format!("{{\"mebibytes\": {mebibytes}}}");
        execute(&SERVICE, asked).expect("it is admitted").usage.peak_memory_bytes
    };
    let grown = peak(100).saturating_sub(peak(1));
    assert!((80 << 20..=130 << 20).contains(&grown), "{grown}");
}

#[test]
fn memory_is_counted_beyond_the_image() {
    let holders = [
        (Language::Python, "def main(mebibytes):\n    return len(bytearray(mebibytes << 20))"),
        (Language::Javascript, "const main = ({ mebibytes }) => new Uint8Array(mebibytes << 20).length;"),
    ];
    for (language, source) in holders {
        for (mebibytes, status) in
            [(1, Status::Completed), (60, Status::Completed), (80, Status::OutOfMemory)]
        {
            let mut asked = request(language, source);
            asked.input_json = format!("{{\"mebibytes\": {mebibytes}}}");
            asked.limits.memory_bytes = Some(64 << 20);
            let outcome = execute(&SERVICE, asked).expect("it is admitted");
            assert_eq!(outcome.status, status, "{mebibytes} MiB: {}", describe(&outcome));
            assert!(outcome.usage.peak_memory_bytes <= 64 << 20, "{:?}", outcome.usage);
        }
    }
}

#[test]
fn fuel_is_the_same_on_every_run_in_deterministic_mode() {
    let programs = [
        (
            Language::Python,
            "import json, random, re, time\ndef main(text):\n    random.shuffle(words := text.split())\n    return [words, time.time(), json.loads(json.dumps({w: re.sub('a', 'b', w) for w in words})), [str(x) for x in {*words}]]",
        ),
        (
            Language::Javascript,
            "async function main({ text }) { await new Promise((r) => setTimeout(r, 3)); return [text.split(' ').sort(() => Math.random() - 0.5), Date.now(), new Map(Object.entries({ a: Math.random() }))]; }",
        ),
    ];
    for (language, source) in programs {
        let mut asked = request(language, source);
        asked.input_json = r#"{"text": "a banana and an ananas are not the same a a a"}"#.into();
        asked.deterministic = Some(Deterministic { seed: 5, now_unix_nanos: 1_700_000_000_000_000_000 });
        // The first run of a fresh service compiles; the second finds the compiled program; another service
        // starts over; and with no room for compiled programs every run compiles.
        let uncached = service_of(ServiceConfig { program_cache_bytes: 0, ..ServiceConfig::default() });
        let services = [service_with_slots(1), service_with_slots(3), uncached];
        let mut outcomes: Vec<Outcome> = Vec::new();
        for service in &services {
            for _ in 0..3 {
                outcomes.push(without_times(&execute(service, asked.clone()).expect("it is admitted")));
            }
        }
        assert_eq!(outcomes[0].status, Status::Completed, "{}", describe(&outcomes[0]));
        for outcome in &outcomes {
            assert_eq!(outcome, &outcomes[0], "{}", language.name());
        }
    }
}

#[test]
fn a_program_that_does_not_compile_uses_the_same_fuel_every_time() {
    for (language, source) in [(Language::Python, "def main(:"), (Language::Javascript, "function main( {")] {
        let fuel = |_| {
            let outcome = execute(&SERVICE, request(language, source)).expect("it is admitted");
            assert_eq!(outcome.status, Status::Raised, "{}", describe(&outcome));
            outcome.usage.fuel
        };
        let used: Vec<u64> = (0..3).map(fuel).collect();
        assert!(used[0] > 0 && used.iter().all(|fuel| *fuel == used[0]), "{used:?}");
    }
}
