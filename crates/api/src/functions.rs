//! Functions: from proto to words, and back.

use crate::from_proto::{InvalidMessage, files, invalid, limits, program};
use crate::times::unix_nanos_to_proto;
use crate::to_proto::{limits_to_proto, source_to_proto};
use crate::v1;
use ampoule_model as world;

const NANOS_PER_MILLISECOND: i64 = 1_000_000;

/// What a client asks to keep, in words. Only what proto itself leaves open is checked here.
pub fn put_function_from_proto(put: v1::PutFunctionRequest) -> Result<world::PutFunction, InvalidMessage> {
    let source = put.source.ok_or_else(|| invalid("source", "is missing: give a program"))?;
    let (program, image) = program(source)?;
    let contract = world::Contract {
        inputs: variables("inputs", put.inputs)?,
        outputs: variables("outputs", put.outputs)?,
        convert_inputs: conversion(put.convert_inputs)?,
    };
    let import = |import: v1::FunctionImport| world::FunctionImport {
        function: reference(import.function.unwrap_or_default()),
        module: import.module,
    };
    Ok(world::PutFunction {
        name: put.name,
        program,
        image,
        contract,
        limits: limits(put.limits)?,
        imports: put.imports.into_iter().map(import).collect(),
        files: files(put.files),
        environment: put.env.into_iter().collect(),
        aliases: put.aliases,
        keep_latest: put.keep_latest,
        description: put.description,
        labels: put.labels,
        by: String::new(),
    })
}

/// What is to become of a function's aliases.
pub fn alias_update_from_proto(update: v1::UpdateFunctionAliasesRequest) -> world::AliasUpdate {
    let target = |target: v1::AliasTarget| world::AliasTarget {
        alias: target.alias,
        version: target.version,
        from_alias: target.from_alias,
    };
    world::AliasUpdate {
        name: update.name,
        set: update.set.into_iter().map(target).collect(),
        remove: update.remove,
    }
}

/// Which function a request is about.
pub fn function_reference_from_proto(
    given: Option<v1::FunctionReference>,
) -> Result<world::FunctionReference, InvalidMessage> {
    given.map(reference).ok_or_else(|| invalid("function", "is missing: name one"))
}

/// What a server says of a function's version.
pub fn function_to_proto(function: world::Function) -> v1::Function {
    let import = |import: world::FunctionImport| v1::FunctionImport {
        function: Some(v1::FunctionReference {
            name: import.function.name,
            version: import.function.version,
            alias: import.function.alias,
        }),
        module: import.module,
    };
    let file = |file: world::FunctionFile| v1::FunctionFile {
        path: file.path,
        size_bytes: file.size,
        sha256: file.sha256,
    };
    v1::Function {
        name: function.name,
        version: function.version,
        aliases: function.aliases,
        create_time: Some(time_to_proto(function.created_unix_millis)),
        source: Some(source_to_proto(function.program, function.image)),
        inputs: function.contract.inputs.into_iter().map(variable_to_proto).collect(),
        outputs: function.contract.outputs.into_iter().map(variable_to_proto).collect(),
        convert_inputs: conversion_to_proto(function.contract.convert_inputs).into(),
        limits: Some(limits_to_proto(&function.limits)),
        imports: function.imports.into_iter().map(import).collect(),
        input_schema_json: function.input_schema_json,
        output_schema_json: function.output_schema_json,
        created_by: function.created_by,
        description: function.description,
        labels: function.labels,
        env: function.environment,
        files: function.files.into_iter().map(file).collect(),
    }
}

/// What a list tells of a function.
pub fn function_summary_to_proto(summary: world::FunctionSummary) -> v1::FunctionSummary {
    let version = |version: world::FunctionVersion| v1::FunctionVersion {
        version: version.version,
        create_time: Some(time_to_proto(version.created_unix_millis)),
        created_by: version.created_by,
        description: version.description,
        labels: version.labels,
    };
    v1::FunctionSummary {
        name: summary.name,
        versions: summary.versions.iter().map(|version| version.version.clone()).collect(),
        aliases: summary.aliases,
        details: summary.versions.into_iter().map(version).collect(),
    }
}

fn time_to_proto(unix_millis: u64) -> pbjson_types::Timestamp {
    let milliseconds = i64::try_from(unix_millis).unwrap_or(i64::MAX);
    unix_nanos_to_proto(milliseconds.saturating_mul(NANOS_PER_MILLISECOND))
}

pub(crate) fn reference(reference: v1::FunctionReference) -> world::FunctionReference {
    world::FunctionReference { name: reference.name, version: reference.version, alias: reference.alias }
}

fn variables(side: &str, variables: Vec<v1::Variable>) -> Result<Vec<world::Variable>, InvalidMessage> {
    let variable = |(index, variable): (usize, v1::Variable)| {
        let kind = kind(variable.r#type).ok_or_else(|| {
            const TYPES: &str = "use VARIABLE_TYPE_STRING, _NUMBER, _BOOLEAN, _OBJECT, _ARRAY or _FILE";
            let is = match variable.r#type {
                0 => "is not set".to_owned(),
                number => format!("is {number}, which is no type"),
            };
            invalid(format!("{side}[{index}].type"), format!("{is}: {TYPES}"))
        })?;
        Ok(world::Variable {
            name: variable.name,
            kind,
            optional: variable.optional,
            description: variable.description,
        })
    };
    variables.into_iter().enumerate().map(variable).collect()
}

fn kind(number: i32) -> Option<world::VariableType> {
    match v1::VariableType::try_from(number).ok()? {
        v1::VariableType::Unspecified => None,
        v1::VariableType::String => Some(world::VariableType::String),
        v1::VariableType::Number => Some(world::VariableType::Number),
        v1::VariableType::Boolean => Some(world::VariableType::Boolean),
        v1::VariableType::Object => Some(world::VariableType::Object),
        v1::VariableType::Array => Some(world::VariableType::Array),
        v1::VariableType::File => Some(world::VariableType::File),
    }
}

fn conversion(number: i32) -> Result<world::Conversion, InvalidMessage> {
    match v1::Conversion::try_from(number) {
        Ok(v1::Conversion::Unspecified) => Ok(world::Conversion::None),
        Ok(v1::Conversion::Strict) => Ok(world::Conversion::Strict),
        Ok(v1::Conversion::Dify) => Ok(world::Conversion::Dify),
        Err(_) => Err(invalid(
            "convert_inputs",
            format!(
                "is {number}, which is no conversion: use CONVERSION_STRICT or CONVERSION_DIFY, or leave it out"
            ),
        )),
    }
}

fn conversion_to_proto(conversion: world::Conversion) -> v1::Conversion {
    match conversion {
        world::Conversion::None => v1::Conversion::Unspecified,
        world::Conversion::Strict => v1::Conversion::Strict,
        world::Conversion::Dify => v1::Conversion::Dify,
    }
}

fn variable_to_proto(variable: world::Variable) -> v1::Variable {
    let kind = match variable.kind {
        world::VariableType::String => v1::VariableType::String,
        world::VariableType::Number => v1::VariableType::Number,
        world::VariableType::Boolean => v1::VariableType::Boolean,
        world::VariableType::Object => v1::VariableType::Object,
        world::VariableType::Array => v1::VariableType::Array,
        world::VariableType::File => v1::VariableType::File,
    };
    v1::Variable {
        name: variable.name,
        r#type: kind.into(),
        optional: variable.optional,
        description: variable.description,
    }
}
