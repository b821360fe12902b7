//! Functions: programs that are kept under a name, in versions.

use crate::{Deterministic, File, Program, RequestedLimits};
use serde::{Deserialize, Serialize};

/// One call of a function as asked for: nothing in it is checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionCall {
    /// Which function.
    pub function: FunctionReference,
    /// See [`crate::Request::input_json`].
    pub input_json: String,
    /// See [`crate::Request::files`].
    pub files: Vec<File>,
    /// Environment variables, on top of none: a function has none of its own.
    pub environment: Vec<(String, String)>,
    /// The limits asked for; what is absent becomes the function's.
    pub limits: RequestedLimits,
    /// See [`crate::Request::deterministic`].
    pub deterministic: Option<Deterministic>,
    /// See [`crate::Request::idempotency_key`].
    pub idempotency_key: String,
}

/// Names a function and one of its versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionReference {
    /// Its name among the tenant's functions.
    pub name: String,
    /// The version; empty: the one that `alias` points to.
    pub version: String,
    /// The alias; empty, and without a version: `latest`.
    pub alias: String,
}

/// A program to be kept as a version of a function: nothing in it is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutFunction {
    /// The function's name.
    pub name: String,
    /// The program; its entry is `main`.
    pub program: Program,
    /// See [`crate::Request::image`].
    pub image: Option<String>,
    /// What its input may be, and what its result must have.
    pub contract: Contract,
    /// Limits of the top level, and of calls that choose none.
    pub limits: RequestedLimits,
    /// Functions whose modules it can import.
    pub imports: Vec<FunctionImport>,
    /// Aliases that are to point to it, beside `latest`.
    pub aliases: Vec<String>,
}

/// A version of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The function's name.
    pub name: String,
    /// The version: a sha256 in hex.
    pub version: String,
    /// Aliases that point to it, sorted.
    pub aliases: Vec<String>,
    /// When it was first put, in milliseconds since the Unix epoch.
    pub created_unix_millis: u64,
    /// The program, with what it imports of others among its modules.
    pub program: Program,
    /// See [`crate::Request::image`].
    pub image: Option<String>,
    /// What its input may be, and what its result must have.
    pub contract: Contract,
    /// Limits of the top level, and of calls that choose none.
    pub limits: RequestedLimits,
    /// What it imports, by versions.
    pub imports: Vec<FunctionImport>,
    /// What `main` takes, as JSON Schema.
    pub input_schema_json: String,
    /// What `main` gives, as JSON Schema; empty if nothing is known.
    pub output_schema_json: String,
}

/// Modules of another function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionImport {
    /// Which function.
    pub function: FunctionReference,
    /// The name that its source is imported by; empty: the function's.
    pub module: String,
}

/// What a function declares of its input and its result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// None: any object.
    pub inputs: Vec<Variable>,
    /// None: anything.
    pub outputs: Vec<Variable>,
    /// What becomes of inputs that are of another type.
    pub convert_inputs: Conversion,
}

/// What becomes of an input that is not of its declared type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "KeptConversion", into = "KeptConversion")]
pub enum Conversion {
    /// It is refused.
    #[default]
    None,
    /// It is converted if it says the same in another form, else refused.
    Strict,
    /// It is converted by the rule of Dify's workflows, which finds something for nearly everything: 0, null.
    Dify,
}

/// As functions are kept: there was one rule once, Dify's, and a flag for it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum KeptConversion {
    Dify(bool),
    Named(String),
}

impl From<Conversion> for KeptConversion {
    fn from(conversion: Conversion) -> Self {
        match conversion {
            Conversion::None => KeptConversion::Dify(false),
            Conversion::Dify => KeptConversion::Dify(true),
            Conversion::Strict => KeptConversion::Named("strict".into()),
        }
    }
}

impl TryFrom<KeptConversion> for Conversion {
    type Error = String;

    fn try_from(kept: KeptConversion) -> Result<Self, String> {
        match kept {
            KeptConversion::Dify(false) => Ok(Conversion::None),
            KeptConversion::Dify(true) => Ok(Conversion::Dify),
            KeptConversion::Named(name) if name == "strict" => Ok(Conversion::Strict),
            KeptConversion::Named(name) => Err(format!("'{name}' is no conversion")),
        }
    }
}

/// A declared input or output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Its key in the input object, or in the result.
    pub name: String,
    /// Its type.
    pub kind: VariableType,
    /// It may be absent or null.
    pub optional: bool,
    /// For people.
    pub description: String,
}

/// The type of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableType {
    /// A text.
    String,
    /// A number, whole or not.
    Number,
    /// True or false.
    Boolean,
    /// An object.
    Object,
    /// An array.
    Array,
    /// An object that tells of a file.
    File,
}

impl VariableType {
    /// The lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            VariableType::String => "string",
            VariableType::Number => "number",
            VariableType::Boolean => "boolean",
            VariableType::Object => "object",
            VariableType::Array => "array",
            VariableType::File => "file",
        }
    }
}
