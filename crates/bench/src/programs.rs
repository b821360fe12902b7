//! The programs that are measured; the CPU-bound ones also run in the native interpreters.

use ampoule_model::Language;

pub(crate) struct CpuProgram {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
    /// The input's `n`: sized so that a native interpreter of the same source needs about 100 ms.
    pub(crate) n: u32,
}

macro_rules! program {
    ($folder:literal, $name:literal, $ending:literal, $n:literal) => {
        CpuProgram {
            name: $name,
            source: include_str!(concat!("../programs/", $folder, "/", $name, ".", $ending)),
            n: $n,
        }
    };
}

const PYTHON: [CpuProgram; 8] = [
    program!("python", "fib", "py", 28),
    program!("python", "nbody", "py", 16000),
    program!("python", "spectral_norm", "py", 120),
    program!("python", "strings", "py", 4000),
    program!("python", "regex", "py", 150),
    program!("python", "json_text", "py", 100),
    program!("python", "dict_list", "py", 120),
    program!("python", "sorting", "py", 10),
];

const JAVASCRIPT: [CpuProgram; 8] = [
    program!("javascript", "fib", "js", 28),
    program!("javascript", "nbody", "js", 16000),
    program!("javascript", "spectral_norm", "js", 160),
    program!("javascript", "strings", "js", 2000),
    program!("javascript", "regex", "js", 40),
    program!("javascript", "json_text", "js", 100),
    program!("javascript", "objects", "js", 60),
    program!("javascript", "sorting", "js", 6),
];

pub(crate) fn cpu_set(language: Language) -> &'static [CpuProgram] {
    match language {
        Language::Python => &PYTHON,
        Language::Javascript => &JAVASCRIPT,
    }
}

/// The smallest program with an input and a result.
pub(crate) fn trivial(language: Language) -> (&'static str, &'static str) {
    let source = match language {
        Language::Python => "def main(a, b):\n    return {\"sum\": a + b}\n",
        Language::Javascript => "function main({ a, b }) {\n  return { sum: a + b };\n}\n",
    };
    (source, "{\"a\": 1, \"b\": 2}")
}

/// A function with a top level of tens of milliseconds, and an input.
pub(crate) const RATES: (&str, &str) =
    (include_str!("../programs/python/rates.py"), "{\"code\": \"EUR\", \"amount\": 12.5, \"month\": 11}");

/// Seed 001 §2.3, as the fixtures have it, with its input.
pub(crate) const DATES: (&str, &str) = (
    include_str!("../../../tests/fixtures/seeds/001-2.3-dates/program.js"),
    r#"{"start_date_str": "2024-01-15T09:00:00Z", "end_date_str": "2024-01-20T12:30:00Z"}"#,
);

/// 99 lines of TypeScript as people write them, with their input.
pub(crate) const TYPESCRIPT: (&str, &str) = (
    include_str!("../programs/typescript/invoices.ts"),
    r#"{"today": "2026-02-01", "invoices": [
        {"id": 1, "customer": "a", "currency": "EUR", "status": "sent", "due": "2026-01-02",
         "lines": [{"sku": "x", "quantity": 2, "unitPrice": 9.99}]},
        {"id": 2, "customer": "b", "currency": "USD", "status": "paid", "due": "2026-01-02",
         "lines": [{"sku": "y", "quantity": 1, "unitPrice": 100, "discount": 0.1}]}]}"#,
);

/// Seed 001 §1.3: JSON out of what a language model wrote.
pub(crate) const CLEAN_UP: &str = include_str!("../programs/python/clean_up.py");

/// A template as nodes of Dify have them: values, a condition, a loop, a filter.
pub(crate) const TEMPLATE: &str = "Dear {{ customer }},\n{% if vip %}welcome back{% else %}welcome{% endif %}!\n\
{% for item in items %}{{ loop.index }}. {{ item|upper }}\n{% endfor %}Total: {{ items|length }}\n";

/// A prompt of 2 KB from a template of Jinja that stands in the source.
pub(crate) const PROMPT: &str = include_str!("../programs/python/prompt.py");

/// What the prompt is made of.
pub(crate) const PROMPT_INPUT: &str = include_str!("../programs/python/prompt.json");

/// What a model writes: twelve records in a fenced block with words around it.
pub(crate) fn clean_up_input() -> String {
    let records: Vec<String> = (0..12)
        .map(|number| {
            format!(
                "  {{\"id\": {number}, \"name\": \"Person {number}\", \"email\": \"person{number}@example.com\", \
                 \"score\": {}.5, \"tags\": [\"new\", \"team-{}\"], \"active\": {}}}",
                number * 7,
                number % 3,
                number % 2 == 0
            )
        })
        .collect();
    let text = format!(
        "Sure! Here is the data you asked for:\n\n```json\n[\n{}\n]\n```\n\nLet me know if you need more.",
        records.join(",\n")
    );
    serde_json::json!({ "llm_output": text }).to_string()
}

/// Seed 001 §2.2: statistics over records with pandas.
pub(crate) const PANDAS_TABLE: &str = include_str!("../../../tests/fixtures/seeds/001-2.2-pandas/program.py");

/// 100 records, some of them without a name or with a score that is no number.
pub(crate) fn pandas_input() -> String {
    pandas_input_from(0)
}

/// The same with other scores for every `start`.
pub(crate) fn pandas_input_from(start: u32) -> String {
    let records: Vec<serde_json::Value> = (0..100u32)
        .map(|number| {
            let score = match number % 25 {
                3 => serde_json::json!(null),
                7 => serde_json::json!("61"),
                11 => serde_json::json!("bad"),
                15 => serde_json::json!(-4),
                _ => serde_json::json!(f64::from((start + number * 7919) % 9973) / 100.0),
            };
            let name = (number % 20 != 9).then(|| format!("person {number}"));
            let department = ["eng", "sales", "legal", "ops", "hr"][(number * 3 % 5) as usize];
            serde_json::json!({ "id": number, "name": name, "department": department, "score": score })
        })
        .collect();
    let data_json = serde_json::Value::from(records).to_string();
    serde_json::json!({ "data_json": data_json }).to_string()
}

/// One operation of NumPy, chosen by the input, so many times.
pub(crate) const NUMPY_OPS: &str = include_str!("../programs/python/numpy_ops.py");

/// Operations that share a promise.
pub(crate) struct NumpyGroup {
    pub(crate) what: &'static str,
    /// How many times slower than native at most.
    pub(crate) bound: f64,
    /// Names in [`NUMPY_OPS`], and how often: so that native needs some 30 ms.
    pub(crate) operations: &'static [(&'static str, u32)],
}

pub(crate) const NUMPY: [NumpyGroup; 2] = [
    NumpyGroup {
        what: "NumPy element-wise, reductions, fft on 100,000 elements",
        bound: 2.0,
        operations: &[
            ("add", 600),
            ("multiply", 600),
            ("divide", 500),
            ("sqrt", 300),
            ("compare", 1000),
            ("where", 150),
            ("sum", 1000),
            ("mean", 1000),
            ("std", 200),
            ("max", 1500),
            ("cumsum", 150),
            ("fft", 40),
        ],
    },
    NumpyGroup {
        what: "NumPy sort, exp, log of 100,000 elements, 200x200 matmul",
        bound: 5.0,
        operations: &[("sort", 50), ("argsort", 10), ("exp", 200), ("log", 100), ("matmul", 50)],
    },
];
