//! What the fuzz targets (`fuzz/`) need of the inside: not a part of the API.

use super::contract;
use super::convert::Unconvertible;
use super::convert_dify::convert as convert_value;
use super::schema::{Signature, of_input, of_output};
use crate::error::Error;
use ampoule_model::{Contract, VariableType};

/// A value as another type.
pub fn convert(kind: VariableType, json: &str) -> Result<String, String> {
    convert_value(kind, json).map_err(|Unconvertible(why)| why)
}

/// An input, checked and perhaps converted.
pub fn take_input(contract: &Contract, json: String, most: usize) -> Result<String, Error> {
    contract::take_input(contract, json, most)
}

/// What is wrong with a result.
pub fn check_result(contract: &Contract, json: &str) -> Result<(), String> {
    contract::check_result(contract, json)
}

/// What a guest says of `main`, as schemas of its input and output.
pub fn schemas(signature: &str, contract: &Contract) -> (String, Option<String>) {
    let signature = Signature::read(Some(signature));
    let output = of_output(signature.as_ref(), contract).map(|schema| schema.to_string());
    (of_input(signature.as_ref(), contract).to_string(), output)
}
