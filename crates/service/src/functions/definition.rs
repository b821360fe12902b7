//! A version of a function as it is kept: the JSON text whose sha256 names the version.
//!
//! Fields are never renamed and new ones are left out where they are empty, so that what was kept yesterday
//! is what it was.

use ampoule_model::{
    Contract, Entry, File, FunctionFile, FunctionImport, FunctionReference, Language, Module, Program,
    Request, RequestedLimits,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a version is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Definition {
    language: Language,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    file_name: String,
    source: String,
    modules: Vec<KeptModule>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    bigint: bool,
    pub(super) contract: Contract,
    limits: RequestedLimits,
    imports: Vec<KeptImport>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    environment: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<FunctionFile>,
}

/// What a version's guests find beside their program.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// Environment variables.
    pub(super) environment: BTreeMap<String, String>,
    /// Files, in the order of their paths.
    pub(super) files: Vec<FunctionFile>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptModule {
    name: String,
    source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptImport {
    function: String,
    version: String,
    module: String,
}

impl Definition {
    pub(super) fn new(
        program: Program,
        image: Option<String>,
        contract: Contract,
        limits: &RequestedLimits,
        imports: &[FunctionImport],
        surroundings: Surroundings,
    ) -> Self {
        let module = |module: Module| KeptModule { name: module.name, source: module.source };
        let import = |import: &FunctionImport| KeptImport {
            function: import.function.name.clone(),
            version: import.function.version.clone(),
            module: import.module.clone(),
        };
        Definition {
            language: program.language,
            image,
            file_name: program.file_name,
            source: program.source,
            modules: program.modules.into_iter().map(module).collect(),
            bigint: program.bigint,
            contract,
            limits: *limits,
            imports: imports.iter().map(import).collect(),
            environment: surroundings.environment,
            files: surroundings.files,
        }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers have a JSON form")
    }

    pub(super) fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    pub(super) fn program(&self) -> Program {
        let module =
            |module: &KeptModule| Module { name: module.name.clone(), source: module.source.clone() };
        Program {
            language: self.language,
            entry: Entry::Main,
            source: self.source.clone(),
            file_name: self.file_name.clone(),
            modules: self.modules.iter().map(module).collect(),
            bigint: self.bigint,
        }
    }

    pub(super) fn image(&self) -> Option<&str> {
        self.image.as_deref()
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    pub(super) fn limits(&self) -> RequestedLimits {
        self.limits
    }

    pub(super) fn imports(&self) -> Vec<FunctionImport> {
        let import = |import: &KeptImport| FunctionImport {
            function: FunctionReference {
                name: import.function.clone(),
                version: import.version.clone(),
                alias: String::new(),
            },
            module: import.module.clone(),
        };
        self.imports.iter().map(import).collect()
    }

    pub(super) fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    pub(super) fn files(&self) -> &[FunctionFile] {
        &self.files
    }

    /// Whether it has what servers before did not know of, and would run it without.
    pub(super) fn has_surroundings(&self) -> bool {
        !self.environment.is_empty() || !self.files.is_empty() || self.bigint
    }

    /// A run of its top level, as a request; `files` are those that it tells of.
    pub(super) fn request(&self, files: Vec<File>) -> Request {
        Request {
            image: self.image.clone(),
            limits: self.limits(),
            files,
            environment: self.environment.clone().into_iter().collect(),
            ..Request::of(self.program())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampoule_model::{Conversion, Variable, VariableType};

    fn definition() -> Definition {
        of(Surroundings::default())
    }

    fn of(surroundings: Surroundings) -> Definition {
        let program = Program {
            language: Language::Python,
            entry: Entry::Main,
            source: "s".into(),
            file_name: "main.py".into(),
            modules: vec![Module { name: "m".into(), source: "t".into() }],
            bigint: false,
        };
        let (contract, limits) = (Contract::default(), RequestedLimits::default());
        Definition::new(program, None, contract, &limits, &[], surroundings)
    }

    /// Were this text another one, every function that is kept would have another version.
    #[test]
    fn the_text_stays_as_it_is() {
        let definition = of(Surroundings::default());
        assert_eq!(
            definition.to_json(),
            "{\"language\":\"python\",\"file_name\":\"main.py\",\"source\":\"s\",\
             \"modules\":[{\"name\":\"m\",\"source\":\"t\"}],\
             \"contract\":{\"inputs\":[],\"outputs\":[],\"convert_inputs\":false},\"limits\":{},\"imports\":[]}"
        );
        assert_eq!(Definition::from_json(&definition.to_json()), Some(definition));
        let definition = of(Surroundings {
            environment: [("A".to_owned(), "1".to_owned())].into(),
            files: vec![FunctionFile { path: "f".into(), size: 2, sha256: "0a".into() }],
        });
        assert!(definition.to_json().ends_with(
            "\"limits\":{},\"imports\":[],\"environment\":{\"A\":\"1\"},\"files\":[{\"path\":\"f\",\"size\":2,\"sha256\":\"0a\"}]}"
        ));
        assert_eq!(Definition::from_json(&definition.to_json()), Some(definition));
    }

    /// Functions that convert were kept with `true` when Dify's rule was the only one: they go on as they
    /// were.
    #[test]
    fn conversions_stay_what_they_were() {
        let kept = |convert_inputs, text: &str| {
            let variable = Variable {
                name: "v".into(),
                kind: VariableType::Number,
                optional: false,
                description: String::new(),
            };
            let contract = Contract { inputs: vec![variable], convert_inputs, ..Contract::default() };
            let definition = Definition { contract, ..definition() };
            let json = definition.to_json();
            assert!(json.contains(&format!("\"convert_inputs\":{text}}}")), "{json}");
            assert_eq!(Definition::from_json(&json), Some(definition));
        };
        kept(Conversion::None, "false");
        kept(Conversion::Dify, "true");
        kept(Conversion::Strict, "\"strict\"");
        let unknown =
            definition().to_json().replace("\"convert_inputs\":false", "\"convert_inputs\":\"lax\"");
        assert_eq!(Definition::from_json(&unknown), None);
    }
}
