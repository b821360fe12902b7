//! Functions: kept by name and version, called from their checkpoints, one tenant's apart from another's.

use crate::common;
use crate::common::{block_on, load_images, request};
use ampoule_engine::{Engine, EngineConfig};
use ampoule_model::{
    Contract, Conversion, Function, FunctionCall, FunctionImport, FunctionReference, Language, Module,
    PutFunction, RequestedLimits, Status, Variable, VariableType,
};
use ampoule_service::{
    Batch, Call, Error, Execution, FunctionStore, FunctionsConfig, ListFunctions, LocalObjectStore,
    OutputStream, Put, Service, ServiceConfig, StoreQuota,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A service that keeps functions in a folder; dropping it and making another one is a restart.
pub(crate) struct TestEnvironment {
    pub(crate) service: Service,
    pub(crate) folder: TempDir,
}

impl TestEnvironment {
    pub(crate) fn new() -> TestEnvironment {
        TestEnvironment::with(|_| {})
    }

    fn with(change: impl Fn(&mut ServiceConfig)) -> TestEnvironment {
        let folder = tempfile::tempdir().unwrap();
        TestEnvironment { service: service(folder.path(), &change), folder }
    }

    pub(crate) fn restarted(self) -> TestEnvironment {
        let TestEnvironment { service: old, folder } = self;
        drop(old);
        TestEnvironment { service: service(folder.path(), &|_| {}), folder }
    }

    fn caller(&self) -> Call {
        Call::new(self.service.open_tenant().unwrap())
    }

    fn put(&self, put: PutFunction) -> Result<Put, Error> {
        block_on(self.service.put_function(&self.caller(), put))
    }

    /// Puts what must be kept.
    pub(crate) fn keep(&self, put: PutFunction) -> Function {
        let put = self.put(put).unwrap();
        put.function.unwrap_or_else(|| panic!("{:?}", put.preparation.unwrap().outcome.failure))
    }

    pub(crate) fn call(&self, call: FunctionCall) -> Result<Execution, Error> {
        block_on(self.service.execute_as(&self.caller(), call))
    }

    /// The result of a call that must complete.
    pub(crate) fn result(&self, name: &str, input_json: &str) -> String {
        let execution = self.call(call(name, input_json)).unwrap();
        assert_eq!(execution.outcome.status, Status::Completed, "{:?}", execution.outcome.failure);
        execution.outcome.result_json
    }
}

fn service(folder: &Path, change: &impl Fn(&mut ServiceConfig)) -> Service {
    let mut config = ServiceConfig {
        engine: EngineConfig { slots: 8, ..EngineConfig::default() },
        ..ServiceConfig::default()
    };
    change(&mut config);
    let engine = Engine::new(config.engine.clone()).unwrap();
    let images = load_images(&engine);
    let store = FunctionStore::new(Arc::new(LocalObjectStore::open(folder).unwrap()));
    Service::with_functions(config, engine, images, Some(store))
}

pub(crate) fn put(name: &str, language: Language, source: &str) -> PutFunction {
    let request = request(language, source);
    PutFunction { limits: request.limits, ..PutFunction::of(name, request.program) }
}

pub(crate) fn python(name: &str, source: &str) -> PutFunction {
    put(name, Language::Python, source)
}

pub(crate) fn call(name: &str, input_json: &str) -> FunctionCall {
    FunctionCall { function: reference(name), input_json: input_json.into(), ..FunctionCall::default() }
}

fn reference(name: &str) -> FunctionReference {
    FunctionReference { name: name.into(), ..FunctionReference::default() }
}

fn variable(name: &str, kind: VariableType) -> Variable {
    Variable { name: name.into(), kind, optional: false, description: String::new() }
}

#[test]
fn a_call_starts_where_the_top_level_has_ended_and_sees_nothing_of_other_calls() {
    let house = TestEnvironment::new();
    let sources = [
        (
            Language::Python,
            "print('top')\ncount = 40\ndef main(n):\n    global count\n    count += n\n    return count\n",
        ),
        (
            Language::Javascript,
            "console.log('top'); let count = 40; function main({n}) { count += n; return count; }",
        ),
    ];
    for (language, source) in sources {
        let put = house.put(put(language.name(), language, source)).unwrap();
        assert_eq!(put.preparation.unwrap().outcome.stdout, "top\n");
        for _ in 0..3 {
            let execution = house.call(call(language.name(), "{\"n\": 2}")).unwrap();
            assert_eq!(
                (execution.outcome.result_json.as_str(), execution.outcome.stdout.as_str()),
                ("42", "")
            );
            assert_eq!(execution.function_version, put.function.as_ref().unwrap().version);
        }
    }
}

#[test]
fn versions_never_change_and_aliases_move() {
    let house = TestEnvironment::new();
    let with_alias = |number: u32, alias: &str| PutFunction {
        aliases: vec![alias.into()],
        ..python("f", &format!("def main():\n    return {number}\n"))
    };
    let one = house.keep(with_alias(1, "stable"));
    let two = house.keep(with_alias(2, "canary"));
    assert_eq!(two.aliases, ["canary", "latest"]);
    let by = |version: &str, alias: &str| {
        let function = FunctionReference { name: "f".into(), version: version.into(), alias: alias.into() };
        house
            .call(FunctionCall { function, ..FunctionCall::default() })
            .map(|execution| execution.outcome.result_json)
    };
    assert_eq!(by("", "").unwrap(), "2");
    assert_eq!(by("", "stable").unwrap(), "1");
    assert_eq!(by(&one.version, "").unwrap(), "1");
    // The same again is the same version, and nothing is run for it.
    let again = house.put(with_alias(1, "canary")).unwrap();
    assert!(again.preparation.is_none());
    assert_eq!(again.function.unwrap().version, one.version);
    assert_eq!(by("", "canary").unwrap(), "1");
    let missing = by("", "beta").unwrap_err();
    assert_eq!(missing.to_string(), "function 'f' has no alias 'beta'");
    let mistaken = by("stable", "").unwrap_err();
    assert!(mistaken.to_string().starts_with("function.version is 'stable': versions have 64"), "{mistaken}");
    let unknown = by(&"0".repeat(64), "").unwrap_err();
    assert!(matches!(unknown, Error::NotFound(_)), "{unknown}");
}

#[test]
fn a_top_level_that_does_not_complete_keeps_nothing() {
    let house = TestEnvironment::new();
    let short = RequestedLimits { fuel: Some(100_000_000), ..RequestedLimits::default() };
    let cases = [
        ("raise ValueError('no')", Status::Raised),
        ("def main(:", Status::Raised),
        ("while True: pass", Status::FuelExhausted),
        ("x = 'a' * (1 << 30)", Status::OutOfMemory),
        ("no_main = 1", Status::Raised),
    ];
    for (source, status) in cases {
        let put = house.put(PutFunction { limits: short, ..python("f", source) }).unwrap();
        assert!(put.function.is_none(), "{source}");
        let preparation = put.preparation.unwrap();
        assert_eq!(preparation.outcome.status, status, "{source}: {:?}", preparation.outcome.failure);
        assert!(matches!(house.call(call("f", "{}")), Err(Error::NotFound(_))));
    }
    assert_eq!(std::fs::read_dir(house.folder.path().join("objects")).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_kept_is_refused_and_named() {
    let house = TestEnvironment::with(|config| {
        config.functions = FunctionsConfig {
            room: StoreQuota { functions: 1, versions: 2, bytes: 64 << 20 },
            checkpoint_bytes: 8 << 20,
            cache_bytes: 16 << 20,
        };
    });
    let good = || python("f", "def main():\n    return 1\n");
    let mut body = good();
    body.program.entry = ampoule_model::Entry::Body;
    let undeclared = Contract { inputs: vec![variable("n", VariableType::Number)], ..Contract::default() };
    let import = |name: &str| FunctionImport { function: reference(name), module: String::new() };
    let cases = [
        (PutFunction { name: "../f".into(), ..good() }, "name '../f' is no name: use 1 to 100 letters"),
        (PutFunction { aliases: vec!["".into()], ..good() }, "aliases[0] is empty"),
        (body, "source.entry is body: a function's top level is run once"),
        (python("f", ""), "source.code is empty"),
        (PutFunction { image: Some("ruby".into()), ..good() }, "source.image is 'ruby', which is not here"),
        (
            PutFunction { contract: undeclared, ..good() },
            "inputs[0] is 'n', which main does not take; it takes nothing",
        ),
        (
            PutFunction { imports: vec![import("g")], ..good() },
            "imports[0].function cannot be followed: there is no function 'g'",
        ),
        (python("f", "x = bytes(range(256)) * (40 << 12)\ndef main():\n    return 1\n"), "source leaves "),
    ];
    for (put, expected) in cases {
        let error = house.put(put).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    house.keep(good());
    house.keep(python("f", "def main():\n    return 2\n"));
    for (put, expected) in [
        (python("f", "def main():\n    return 3\n"), "function 'f' has 2 versions, at most 2 are kept"),
        (python("g", "def main():\n    return 3\n"), "the tenant has 1 functions, at most 1 are kept"),
    ] {
        let full = house.put(put).unwrap_err();
        assert!(matches!(full, Error::Full(_)) && full.to_string().starts_with(expected), "{full}");
    }
    assert_eq!(house.result("f", ""), "2");
}

#[test]
fn after_a_restart_functions_are_as_they_were_and_their_top_level_is_not_run_again() {
    let house = TestEnvironment::new();
    house.keep(python("f", "import uuid\nmade = str(uuid.uuid4())\ndef main():\n    return made\n"));
    let first = house.result("f", "{}");
    let house = house.restarted();
    assert_eq!(house.result("f", "{}"), first);
    // Without the checkpoint, as after a new image, the top level is run again, and that is kept.
    let checkpoints = house.folder.path().join("objects/functions/open/f/checkpoints");
    std::fs::remove_dir_all(&checkpoints).unwrap();
    let house = house.restarted();
    let second = house.result("f", "{}");
    assert_ne!(second, first);
    let house = house.restarted();
    assert_eq!(house.result("f", "{}"), second);
    // A damaged one is made again, too.
    let file = std::fs::read_dir(&checkpoints).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let house = house.restarted();
    assert_ne!(house.result("f", "{}"), second);
}

#[test]
fn a_large_checkpoint_is_kept_in_memory() {
    let house = TestEnvironment::new();
    let source =
        "import uuid\nmade, table = str(uuid.uuid4()), b'x' * (50 << 20)\ndef main():\n    return made\n";
    house.keep(python("f", source));
    std::fs::remove_dir_all(house.folder.path().join("objects/functions/open/f/checkpoints")).unwrap();
    // Were it not in memory, the top level would be run for each of these.
    assert_eq!(house.result("f", "{}"), house.result("f", "{}"));
}

#[test]
fn a_damaged_definition_is_our_fault_and_harms_no_other() {
    let house = TestEnvironment::new();
    house.keep(python("f", "def main():\n    return 1\n"));
    house.keep(python("g", "def main():\n    return 2\n"));
    let definitions = house.folder.path().join("objects/functions/open/f/definitions");
    let file = std::fs::read_dir(definitions).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&file).unwrap().replace("return 1", "return 9");
    std::fs::write(&file, text).unwrap();
    let house = house.restarted();
    let damaged = house.call(call("f", "{}")).unwrap_err();
    assert_eq!(damaged.to_string(), "the function store failed: try again later");
    assert_eq!(house.result("g", "{}"), "2");
}

#[test]
fn functions_import_the_modules_of_others_by_version() {
    let house = TestEnvironment::new();
    let tools = |suffix: &str| {
        let mut put = python(
            "text-tools",
            &format!(
                "from helpers import strip\ndef normalize(text):\n    return strip(text) + '{suffix}'\ndef main(text):\n    return normalize(text)\n"
            ),
        );
        let source = "def strip(text):\n    return text.strip()\n".into();
        put.program.modules.push(Module { name: "helpers".into(), source });
        put
    };
    let first = house.keep(tools("1"));
    let import = FunctionImport { function: reference("text-tools"), module: "tools".into() };
    let using = || PutFunction {
        imports: vec![import.clone()],
        ..python("user", "import tools, helpers\ndef main(text):\n    return tools.normalize(text)\n")
    };
    let user = house.keep(using());
    assert_eq!(user.imports[0].function.version, first.version);
    assert_eq!(house.result("user", "{\"text\": \" a \"}"), "\"a1\"");
    // Another version of what it imports makes no difference before it is put again.
    house.keep(tools("2"));
    assert_eq!(house.result("user", "{\"text\": \" a \"}"), "\"a1\"");
    assert_ne!(house.keep(using()).version, user.version);
    assert_eq!(house.result("user", "{\"text\": \" a \"}"), "\"a2\"");
    let caller = house.caller();
    block_on(house.service.delete_function(&caller, &reference("text-tools"))).unwrap();
    let house = house.restarted();
    assert_eq!(house.result("user", "{\"text\": \" a \"}"), "\"a2\"");
    // A module of its own that has the same name and another text.
    let house = TestEnvironment::new();
    house.keep(tools("1"));
    let mut clash = using();
    clash.program.modules.push(Module { name: "helpers".into(), source: "x = 1".into() });
    let error = house.put(clash).unwrap_err().to_string();
    assert!(error.starts_with("imports[0] brings a module 'helpers'"), "{error}");
    let unnamed = FunctionImport { function: reference("text-tools"), module: String::new() };
    let error = house.put(PutFunction { imports: vec![unnamed], ..using() }).unwrap_err().to_string();
    assert!(error.contains("'text-tools' is no Python module name"), "{error}");
}

#[test]
fn declared_types_are_checked_on_the_way_in_and_out() {
    let house = TestEnvironment::new();
    let contract = Contract {
        inputs: vec![variable("n", VariableType::Number)],
        outputs: vec![variable("double", VariableType::Number)],
        convert_inputs: Conversion::None,
    };
    let source =
        "def main(n: float) -> dict:\n    'Doubles.'\n    return {'double': n * 2 if n else 'none'}\n";
    let function = house.keep(PutFunction { contract, ..python("f", source) });
    assert!(function.input_schema_json.contains("\"required\":[\"n\"]"), "{}", function.input_schema_json);
    assert!(function.input_schema_json.contains("\"description\":\"Doubles.\""));
    assert!(function.output_schema_json.contains("\"double\":{\"type\":\"number\"}"));
    assert_eq!(house.result("f", "{\"n\": 4}"), "{\"double\":8}");
    let wrong = house.call(call("f", "{\"n\": \"4\"}")).unwrap_err();
    assert_eq!(wrong.to_string(), "input_json['n'] is a string, the function takes a number");
    let outcome = house.call(call("f", "{\"n\": 0}")).unwrap().outcome;
    assert_eq!((outcome.status, outcome.result_json.as_str()), (Status::InvalidResult, ""));
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.message, "result's 'double' is a string, the function declares a number");
}

/// Dify's rule against the table itself, run by Python: for every value and every type.
#[test]
fn difys_rule_converts_as_its_table_says() {
    let house = TestEnvironment::new();
    let types = [
        VariableType::String,
        VariableType::Number,
        VariableType::Boolean,
        VariableType::Object,
        VariableType::Array,
        VariableType::File,
    ];
    let contract = Contract {
        inputs: types.map(|kind| Variable { optional: true, ..variable(kind.name(), kind) }).into(),
        outputs: Vec::new(),
        convert_inputs: Conversion::Dify,
    };
    house.keep(PutFunction {
        contract,
        ..python(
            "ours",
            "def main(**inputs):\n    return {name: repr(value) for name, value in inputs.items()}\n",
        )
    });
    house.keep(python("table", include_str!("../functions/convert.py")));
    let values: Vec<String> = serde_json::from_str(include_str!("../functions/values.json")).unwrap();
    for value in values {
        // An optional variable may be null; then it is.
        let types: Vec<&str> = types.iter().map(|kind| kind.name()).filter(|_| value != "null").collect();
        let members: Vec<String> = types.iter().map(|name| format!("\"{name}\": {value}")).collect();
        let ours = house.result("ours", &format!("{{{}}}", members.join(",")));
        let input = format!("{{\"value\": {value}, \"types\": {}}}", serde_json::to_string(&types).unwrap());
        let mut expected: serde_json::Value = serde_json::from_str(&house.result("table", &input)).unwrap();
        let is_number = value.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        if is_number {
            // A number stays the number it was.
            let same = house.result("ours", &format!("{{\"number\": {value}}}"));
            let same: serde_json::Value = serde_json::from_str(&same).unwrap();
            expected["number"] = same["number"].clone();
        }
        assert_eq!(serde_json::from_str::<serde_json::Value>(&ours).unwrap(), expected, "{value}");
    }
}

/// Whatever strict conversion takes, Python finds to be of the declared type; and a text that is no number is
/// an error.
#[test]
fn strict_conversion_takes_what_says_the_same() {
    let house = TestEnvironment::new();
    let kinds = [VariableType::String, VariableType::Number, VariableType::Boolean, VariableType::Object];
    let contract = Contract {
        inputs: kinds.map(|kind| Variable { optional: true, ..variable(kind.name(), kind) }).into(),
        outputs: Vec::new(),
        convert_inputs: Conversion::Strict,
    };
    let source = "def main(**inputs):\n    return {name: repr(value) for name, value in inputs.items()}\n";
    house.keep(PutFunction { contract, ..python("f", source) });
    let given = r#"{"string": 1.50, "number": "12.5", "boolean": "False", "object": "{\"a\": [1]}"}"#;
    let taken = r#"{"string":"'1.50'","number":"12.5","boolean":"False","object":"{'a': [1]}"}"#;
    assert_eq!(house.result("f", given), taken);
    let wrong = house.call(call("f", "{\"number\": \"abc\"}")).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "input_json['number'] is a string that is no number, the function takes a number or null"
    );
}

#[test]
fn a_tenants_functions_are_its_own() {
    let house = TestEnvironment::with(|config| {
        config.tenants = vec![config.tenant("one"), config.tenant("two")];
    });
    let of = |name: &str| Call::new(house.service.tenant(name).unwrap());
    let (one, two) = (of("one"), of("two"));
    let kept =
        block_on(house.service.put_function(&one, python("f", "def main():\n    return 1\n"))).unwrap();
    let version = kept.function.unwrap().version;
    for reference in [reference("f"), FunctionReference { version, ..reference("f") }] {
        let calling = FunctionCall { function: reference.clone(), ..FunctionCall::default() };
        assert!(block_on(house.service.execute_as(&one, calling.clone())).is_ok());
        let errors = [
            block_on(house.service.execute_as(&two, calling)).unwrap_err(),
            block_on(house.service.get_function(&two, &reference)).unwrap_err(),
            block_on(house.service.delete_function(&two, &reference)).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.to_string(), "there is no function 'f'");
        }
    }
    let importing = PutFunction {
        imports: vec![FunctionImport { function: reference("f"), module: String::new() }],
        ..python("g", "def main():\n    return 1\n")
    };
    assert!(block_on(house.service.put_function(&two, importing)).is_err());
    let all = ListFunctions::default();
    assert!(block_on(house.service.list_functions(&two, &all)).unwrap().functions.is_empty());
    // A function of the same name and text is another one.
    block_on(house.service.put_function(&two, python("f", "def main():\n    return 1\n"))).unwrap();
    block_on(house.service.delete_function(&one, &reference("f"))).unwrap();
    let still = FunctionCall { function: reference("f"), ..FunctionCall::default() };
    assert!(block_on(house.service.execute_as(&two, still)).is_ok());
}

#[test]
fn functions_are_listed_by_pages() {
    let house = TestEnvironment::new();
    for name in ["b", "a", "c"] {
        house.keep(python(name, "def main():\n    return 1\n"));
    }
    let caller = house.caller();
    let page = |token: &str| {
        let list = ListFunctions { size: 2, token: token.into(), ..ListFunctions::default() };
        block_on(house.service.list_functions(&caller, &list)).unwrap()
    };
    let names = |page: &ampoule_service::FunctionPage| {
        page.functions.iter().map(|function| function.name.clone()).collect::<Vec<_>>()
    };
    let first = page("");
    assert_eq!(names(&first), ["a", "b"]);
    let second = page(first.next.as_deref().unwrap());
    assert_eq!((names(&second), second.next), (vec!["c".to_owned()], None));
    let many = ListFunctions { size: 1001, ..ListFunctions::default() };
    assert!(block_on(house.service.list_functions(&caller, &many)).is_err());
}

#[test]
fn streams_batches_and_idempotency_keys_take_functions() {
    let house = TestEnvironment::new();
    house.keep(python("f", "import uuid\ndef main(n):\n    print(n)\n    return [n, str(uuid.uuid4())]\n"));
    let caller = house.caller();
    let output_stream = OutputStream::default();
    let streamed =
        block_on(house.service.execute_streamed(&caller, call("f", "{\"n\": 1}"), &output_stream)).unwrap();
    assert_eq!(streamed.outcome.status, Status::Completed);
    assert!(streamed.outcome.stdout.is_empty());
    let inputs: Vec<String> = (0..20).map(|n| format!("{{\"n\": {n}}}")).collect();
    let batch = Batch { request: call("f", "").into(), inputs, parallelism: 3 };
    let mut run = block_on(async { house.service.execute_batch(&caller, batch) }).unwrap();
    let mut done = 0;
    while let Some((index, answer)) = block_on(run.next()) {
        assert!(answer.unwrap().outcome.result_json.starts_with(&format!("[{index},")));
        done += 1;
    }
    assert_eq!(done, 20);
    let keyed = || FunctionCall { idempotency_key: "k".into(), ..call("f", "{\"n\": 1}") };
    let (first, second) = (house.call(keyed()).unwrap(), house.call(keyed()).unwrap());
    assert_eq!(first.outcome.result_json, second.outcome.result_json);
}

#[test]
fn a_call_has_the_functions_limits_unless_it_chooses_its_own() {
    let house = TestEnvironment::new();
    let limits = RequestedLimits { fuel: Some(500_000_000), ..RequestedLimits::default() };
    house.keep(PutFunction { limits, ..python("f", "def main():\n    while True: pass\n") });
    let outcome = house.call(call("f", "{}")).unwrap().outcome;
    assert_eq!(outcome.status, Status::FuelExhausted);
    assert!(outcome.failure.unwrap().message.contains("500000000"));
    let wall_time = Some(Duration::from_millis(50));
    let own = RequestedLimits { wall_time, fuel: Some(10_000_000_000_000), ..RequestedLimits::default() };
    let outcome = house.call(FunctionCall { limits: own, ..call("f", "{}") }).unwrap().outcome;
    assert_eq!(outcome.status, Status::TimedOut);
}

#[test]
fn a_server_without_a_store_says_so() {
    let service = common::service_with_slots(1);
    let caller = Call::new(service.open_tenant().unwrap());
    let error = block_on(service.execute_as(&caller, call("f", "{}"))).unwrap_err();
    assert_eq!(error.to_string(), "this server keeps no functions: its operator can set functions.folder");
}
