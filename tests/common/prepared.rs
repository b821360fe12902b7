//! Programs in two halves: their top level is run once, and `main` is called from the checkpoint.

use super::compare::Answer;
use super::{SHARE, block_on, load_images};
use ampoule_engine::{
    Checkpoint, Compilation, Engine, EngineConfig, Image, Job, Preparation, Prepared, Start,
};
use ampoule_model::{File, Language, Limits, Outcome, Request};
use ampoule_service::ServiceConfig;
use std::sync::LazyLock;

/// An engine and both of its images.
pub(crate) struct TestEnvironment {
    pub(crate) engine: Engine,
    images: Vec<Image>,
}

/// The one of this test binary.
pub(crate) static HOUSE: LazyLock<TestEnvironment> = LazyLock::new(|| TestEnvironment::with_slots(8));

impl TestEnvironment {
    pub(crate) fn with_slots(slots: u32) -> TestEnvironment {
        let engine =
            Engine::new(EngineConfig { slots, ..EngineConfig::default() }).expect("the engine starts");
        let images = load_images(&engine).iter().cloned().collect();
        TestEnvironment { engine, images }
    }

    pub(crate) fn image(&self, language: Language) -> &Image {
        self.images.iter().find(|image| image.language() == language).expect("both are loaded")
    }

    /// Compiles the program and runs its top level, with the request's files and environment or without.
    pub(crate) fn prepare(&self, request: &Request, furnished: bool) -> Result<Prepared, Box<Outcome>> {
        let mut program = request.program.clone();
        if program.file_name.is_empty() {
            program.file_name = program.language.default_file_name().to_owned();
        }
        let image = self.image(program.language);
        let job = |compiled| Job {
            start: Start::Program { program: &program, compiled },
            files: if furnished { &request.files } else { &[] },
            environment: if furnished { &request.environment } else { &[] },
            ..job_of(request)
        };
        let compiled = match block_on(self.engine.compile(image, &job(None))).expect("the engine works") {
            Compilation::Ready(compiled) => compiled,
            Compilation::Failed(outcome) => return Err(outcome),
        };
        let prepared = block_on(self.engine.checkpoint(image, &job(Some(&compiled)), u64::MAX));
        match prepared.expect("the engine works") {
            Preparation::Ready(prepared) => Ok(*prepared),
            Preparation::Failed(outcome) => Err(outcome),
        }
    }

    /// Calls `main` with the request's input, and with its files and environment or without.
    pub(crate) fn call(&self, checkpoint: &Checkpoint, request: &Request, furnished: bool) -> Outcome {
        let job = Job {
            start: Start::Checkpoint(checkpoint),
            files: if furnished { &request.files } else { &[] },
            environment: if furnished { &request.environment } else { &[] },
            ..job_of(request)
        };
        let image = self.image(request.program.language);
        block_on(self.engine.run(image, &job)).expect("the engine works")
    }

    /// Both halves as one: what a run of the program would come to.
    pub(crate) fn both(&self, request: &Request) -> Answer {
        let prepared = match self.prepare(request, true) {
            Ok(prepared) => prepared,
            Err(outcome) => return Ok(*outcome),
        };
        let mut outcome = self.call(&prepared.checkpoint, request, false);
        outcome.stdout.insert_str(0, &prepared.outcome.stdout);
        outcome.stderr.insert_str(0, &prepared.outcome.stderr);
        outcome.usage.output_bytes += prepared.outcome.usage.output_bytes;
        Ok(outcome)
    }
}

/// The limits, input and mode of a request, as the service fills them in.
fn job_of(request: &Request) -> Job<'_> {
    static NO_FILES: &[File] = &[];
    static NO_VARIABLES: &[(String, String)] = &[];
    let defaults = ServiceConfig::default().defaults;
    let asked = &request.limits;
    Job {
        // Of no meaning: every user of this sets its own.
        start: Start::Program { program: &request.program, compiled: None },
        input_json: if request.input_json.is_empty() { "{}" } else { &request.input_json },
        files: NO_FILES,
        environment: NO_VARIABLES,
        stdin: &request.stdin,
        output_files: &request.output_files,
        limits: Limits {
            wall_time: asked.wall_time.unwrap_or(defaults.wall_time),
            memory_bytes: asked.memory_bytes.unwrap_or(defaults.memory_bytes),
            cpu_time: asked.cpu_time.unwrap_or(defaults.cpu_time),
            fuel: asked.fuel.unwrap_or(defaults.fuel),
            output_bytes: asked.output_bytes.unwrap_or(defaults.output_bytes),
            result_bytes: asked.result_bytes.unwrap_or(defaults.result_bytes),
            ..defaults
        },
        deterministic: request.deterministic,
        share: &SHARE,
        output_stream: None,
        permit: None,
        memory: None,
    }
}
