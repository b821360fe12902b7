//! Functions: programs that are kept under a name, in versions.

use crate::{Deterministic, File, Program, RequestedLimits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One call of a function as asked for: nothing in it is checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionCall {
    /// Which function.
    pub function: FunctionReference,
    /// See [`crate::Request::input_json`].
    pub input_json: String,
    /// See [`crate::Request::files`]; in the place of the function's own of the same path, and beside its
    /// others.
    pub files: Vec<File>,
    /// Environment variables; in the place of the function's own of the same key, and beside its others.
    pub environment: Vec<(String, String)>,
    /// See [`crate::Request::stdin`].
    pub stdin: Vec<u8>,
    /// See [`crate::Request::output_files`].
    pub output_files: Vec<String>,
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
    /// The version, or the digits that it alone begins with; empty: the one that `alias` points to.
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
    /// Files that its top level and every call find below the working directory.
    pub files: Vec<File>,
    /// Environment variables that its top level and every call find.
    pub environment: Vec<(String, String)>,
    /// Aliases that are to point to it, beside `latest`.
    pub aliases: Vec<String>,
    /// `latest` stays where it is.
    pub keep_latest: bool,
    /// For people; empty: what is kept of this version stays.
    pub description: String,
    /// For finding it; none: those that are kept of this version stay.
    pub labels: BTreeMap<String, String>,
    /// Who puts it, as the transport knows; empty: not known.
    pub by: String,
}

impl PutFunction {
    /// Keeps `program` under a name, and says nothing else.
    pub fn of(name: impl Into<String>, program: Program) -> Self {
        PutFunction {
            name: name.into(),
            program,
            image: None,
            contract: Contract::default(),
            limits: RequestedLimits::default(),
            imports: Vec::new(),
            files: Vec::new(),
            environment: Vec::new(),
            aliases: Vec::new(),
            keep_latest: false,
            description: String::new(),
            labels: BTreeMap::new(),
            by: String::new(),
        }
    }
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
    /// Who put it first; empty: not known.
    pub created_by: String,
    /// For people.
    pub description: String,
    /// For finding it.
    pub labels: BTreeMap<String, String>,
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
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
    /// Its files, by path.
    pub files: Vec<FunctionFile>,
    /// What `main` takes, as JSON Schema.
    pub input_schema_json: String,
    /// What `main` gives, as JSON Schema; empty if nothing is known.
    pub output_schema_json: String,
}

/// A file of a function, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionFile {
    /// Its path below the working directory.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// The sha256 of its content, in hex.
    pub sha256: String,
}

/// A function as a list tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionSummary {
    /// Its name.
    pub name: String,
    /// Its versions that were asked for, the oldest first.
    pub versions: Vec<FunctionVersion>,
    /// All of its aliases and the versions that they point to.
    pub aliases: BTreeMap<String, String>,
}

/// A version as a list tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionVersion {
    /// The version: a sha256 in hex.
    pub version: String,
    /// When it was first put, in milliseconds since the Unix epoch.
    pub created_unix_millis: u64,
    /// Who put it first; empty: not known.
    pub created_by: String,
    /// For people.
    pub description: String,
    /// For finding it.
    pub labels: BTreeMap<String, String>,
}

/// What is to become of a function's aliases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AliasUpdate {
    /// The function's name.
    pub name: String,
    /// Aliases that are to point to versions.
    pub set: Vec<AliasTarget>,
    /// Aliases that are to go.
    pub remove: Vec<String>,
}

/// Where an alias is to point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AliasTarget {
    /// The alias.
    pub alias: String,
    /// A version, or the digits that it alone begins with.
    pub version: String,
    /// In the place of a version, another alias: the version that it points to now.
    pub from_alias: String,
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
