//! What programs meet in guests, one file per behaviour.

#[path = "../common/mod.rs"]
mod common;

mod bytecode;
mod checkpoint_details;
mod checkpoint_walls;
mod dify_async;
mod fuel;
mod function_files;
mod functions;
mod imports;
mod isolation;
mod json_texts;
mod limits;
mod packages;
mod readme;
mod wheels;
