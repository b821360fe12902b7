//! Admission: checks everything a request says before anything is done for it.

use crate::capacity::memory;
use crate::capacity::slots::MemoryDemand;
use crate::config::{ServiceConfig, Sizes};
use crate::error::{Error, bytes, quoted};
use crate::images::Images;
use crate::tenants::{Tenant, TenantConfig};
use crate::validate::input;
use crate::validate::names;
use ampoule_engine::Image;
use ampoule_model::{
    Deterministic, Entry, File, Language, Limits, Program, Request, RequestedLimits, check_pattern,
};
use std::time::Duration;

/// A request that can be run.
pub(crate) struct Admitted {
    pub(crate) image: Image,
    pub(crate) program: Program,
    pub(crate) input_json: String,
    /// The input that the program is compiled for: the keys are all that a body depends on, and nothing else
    /// depends on anything.
    pub(crate) compile_input: String,
    pub(crate) files: Vec<File>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) stdin: Vec<u8>,
    pub(crate) output_files: Vec<String>,
    pub(crate) limits: Limits,
    pub(crate) deterministic: Option<Deterministic>,
    /// What it needs of the host's memory.
    pub(crate) need: MemoryDemand,
}

/// Checks `request` against what the service has and grants its tenant.
pub(crate) fn admit(
    config: &ServiceConfig,
    images: &Images,
    tenant: &Tenant,
    request: Request,
) -> Result<Admitted, Error> {
    let request_bytes = memory::of_request(&request);
    let image = image(images, request.image.as_deref(), request.program.language)?;
    let limits = limits(tenant.config(), &request.limits)?;
    let mut program = request.program;
    program_is_sound(&config.sizes, &mut program)?;
    let mut input_json = request.input_json;
    if input_json.is_empty() {
        input_json.push_str("{}");
    }
    files_are_sound(&config.sizes, &request.files)?;
    environment_is_sound(&config.sizes, &request.environment)?;
    stdin_is_sound(&config.sizes, &request.stdin)?;
    output_files_are_sound(&config.sizes, &request.output_files)?;
    // Last, as it is the one look that takes time.
    let compile_input = object(&config.sizes, program.entry, &input_json)?;
    Ok(Admitted {
        need: MemoryDemand {
            request: request_bytes,
            guest: memory::AT_START,
            most: memory::of_limits(&limits),
        },
        image,
        program,
        input_json,
        compile_input,
        files: request.files,
        environment: request.environment,
        stdin: request.stdin,
        output_files: request.output_files,
        limits,
        deterministic: request.deterministic,
    })
}

pub(crate) fn image(images: &Images, name: Option<&str>, language: Language) -> Result<Image, Error> {
    let Some(name) = name else {
        return images.get(language.name()).cloned().ok_or_else(|| {
            let reason =
                format!("is {}, which has no image here; there are: {}", language.name(), images.list());
            Error::invalid("source.language", reason)
        });
    };
    let image = images.get(name).ok_or_else(|| {
        Error::invalid(
            "source.image",
            format!("is {}, which is not here; there are: {}", quoted(name), images.list()),
        )
    })?;
    if image.language() != language {
        let reason =
            format!("is {}, which runs {}, not {}", quoted(name), image.language().name(), language.name());
        return Err(Error::invalid("source.image", reason));
    }
    Ok(image.clone())
}

pub(crate) fn limits(config: &TenantConfig, requested: &RequestedLimits) -> Result<Limits, Error> {
    requested.zip(config.defaults).zip(config.caps).try_map(
        |name, ((requested, default), cap)| time(name, requested, default, cap),
        |name, ((requested, default), cap)| amount(name, requested, default, cap, bytes),
        |name, ((requested, default), cap)| {
            amount(name, requested, default, cap, |amount| amount.to_string())
        },
        |_, (((), default), ())| Ok(default),
    )
}

fn amount(
    name: &str,
    requested: Option<u64>,
    default: u64,
    cap: u64,
    show: impl Fn(u64) -> String,
) -> Result<u64, Error> {
    match requested {
        None | Some(0) => Ok(default),
        Some(amount) if amount > cap => {
            let reason = format!("is {}, the server's cap is {}: ask for less", show(amount), show(cap));
            Err(Error::invalid(format!("limits.{name}"), reason))
        }
        Some(amount) => Ok(amount),
    }
}

fn time(
    name: &str,
    requested: Option<Duration>,
    default: Duration,
    cap: Duration,
) -> Result<Duration, Error> {
    let requested = requested.unwrap_or_default();
    if requested > cap {
        let reason = format!(
            "is {} s, the server's cap is {} s: ask for less",
            requested.as_secs_f64(),
            cap.as_secs_f64()
        );
        return Err(Error::invalid(format!("limits.{name}"), reason));
    }
    Ok(if requested.is_zero() { default } else { requested })
}

pub(crate) fn program_is_sound(sizes: &Sizes, program: &mut Program) -> Result<(), Error> {
    if program.source.is_empty() {
        return Err(Error::invalid("source.code", "is empty: give a program"));
    }
    if program.file_name.is_empty() {
        program.file_name = program.language.default_file_name().to_owned();
    }
    if program.bigint && program.language != Language::Javascript {
        let reason = format!(
            "is set and the program is in {}, whose integers hold all digits: leave it out",
            program.language.name()
        );
        return Err(Error::invalid("source.bigint", reason));
    }
    names::check_file_name(&program.file_name)
        .map_err(|reason| Error::invalid("source.file_name", reason))?;
    at_most("source.modules", "modules", program.modules.len(), sizes.modules)?;
    let modules: usize = program.modules.iter().map(|module| module.source.len()).sum();
    not_larger("source", "with its modules ", program.source.len() + modules, sizes.source_bytes)?;
    for (index, module) in program.modules.iter().enumerate() {
        let field = || format!("source.modules[{index}].name");
        names::check_module_name(program.language, &module.name)
            .map_err(|reason| Error::invalid(field(), reason))?;
        if program.modules[..index].iter().any(|earlier| earlier.name == module.name) {
            let reason =
                format!("{} occurs twice: give every module a name of its own", quoted(&module.name));
            return Err(Error::invalid(field(), reason));
        }
    }
    Ok(())
}

/// Checks the input and returns what the program is compiled for.
pub(crate) fn object(sizes: &Sizes, entry: Entry, input_json: &str) -> Result<String, Error> {
    not_larger("input_json", "", input_json.len(), sizes.input_bytes)?;
    let compile_input = match entry {
        Entry::Body => input::keys_only(input_json),
        Entry::Main | Entry::Script => input::check_object(input_json).map(|()| "{}".to_owned()),
    };
    compile_input.map_err(|input::NotAnObject(why)| Error::invalid("input_json", why))
}

pub(crate) fn files_are_sound(sizes: &Sizes, files: &[File]) -> Result<(), Error> {
    at_most("files", "files", files.len(), sizes.files)?;
    for (index, file) in files.iter().enumerate() {
        names::check_path(&file.path)
            .map_err(|reason| Error::invalid(format!("files[{index}].path"), reason))?;
    }
    if let Some((index, reason)) = names::find_clash(files) {
        return Err(Error::invalid(format!("files[{index}].path"), reason));
    }
    let total = files.iter().map(|file| file.path.len() + file.content.len()).sum();
    not_larger("files", "together ", total, sizes.file_bytes)
}

pub(crate) fn environment_is_sound(sizes: &Sizes, environment: &[(String, String)]) -> Result<(), Error> {
    at_most("env", "variables", environment.len(), sizes.environment)?;
    for (index, (key, value)) in environment.iter().enumerate() {
        names::check_key(key).map_err(|reason| Error::invalid("env", format!("has a key that {reason}")))?;
        if environment[..index].iter().any(|(earlier, _)| earlier == key) {
            return Err(Error::invalid("env", format!("has the key {} twice", quoted(key))));
        }
        if value.contains('\0') {
            return Err(Error::invalid("env", format!("holds a NUL in the value of {}", quoted(key))));
        }
    }
    let total = environment.iter().map(|(key, value)| key.len() + value.len()).sum();
    not_larger("env", "together ", total, sizes.environment_bytes)
}

pub(crate) fn stdin_is_sound(sizes: &Sizes, stdin: &[u8]) -> Result<(), Error> {
    not_larger("stdin", "", stdin.len(), sizes.stdin_bytes)
}

pub(crate) fn output_files_are_sound(sizes: &Sizes, patterns: &[String]) -> Result<(), Error> {
    at_most("output_files", "patterns", patterns.len(), sizes.output_files)?;
    for (index, pattern) in patterns.iter().enumerate() {
        check_pattern(pattern).map_err(|reason| Error::invalid(format!("output_files[{index}]"), reason))?;
    }
    Ok(())
}

fn at_most(field: &str, things: &str, count: usize, most: usize) -> Result<(), Error> {
    if count <= most {
        return Ok(());
    }
    Err(Error::invalid(field, format!("has {count} {things}, the server's cap is {most}: send fewer")))
}

fn not_larger(field: &str, which: &str, size: usize, most: usize) -> Result<(), Error> {
    if size <= most {
        return Ok(());
    }
    let reason = format!("{which}takes {size} bytes, the server's cap is {}: send less", bytes(most as u64));
    Err(Error::invalid(field, reason))
}
