//! The program `ampoule` as its users meet it: the command line and the server, one file per behaviour.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/process.rs"]
mod process;

use ampoule_testing::tiny;

mod administration;
mod cli;
mod connections;
mod container;
mod converting;
mod dify;
mod functions;
mod graphon;
mod hosts;
mod openapi;
mod operating;
mod python_client;
mod remote;
mod serve;
mod shutdown;
mod tenants;
mod traces;
mod usage;
