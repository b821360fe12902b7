//! The way of a build, from recipe to image.

use crate::cache::{Cache, LastRun, create_folder, remove};
use crate::compile;
use crate::error::{Error, IoContext, Result};
use crate::image::{self, PACKAGES_FILE, Parts};
use crate::options::Options;
use crate::plan::{COMPILE, Plan, PlannedStep, SNAPSHOT, StepPlan};
use crate::progress::Progress;
use crate::recipe::{Recipe, Source};
use crate::schedule::{Job, Stop, run_all};
use crate::script;
use crate::snapshot::{self, GUEST_FILE};
use crate::sources;
use ampoule_model::manifest::Manifest;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Name of the fetching among the steps.
const SOURCES: &str = "sources";

/// Said when another process holds the cache's lock.
const WAITING: &str = "another build is at work in this cache; waiting for it";

/// Builds images; cheap to make.
#[derive(Debug)]
pub struct Builder {
    options: Options,
    cache: Cache,
}

/// An image that is there and current.
#[derive(Clone, Debug)]
pub struct BuiltImage {
    /// The folder with its files.
    pub folder: PathBuf,
    /// Its description.
    pub manifest: Manifest,
    /// Whether this call built it; false if it was there already.
    pub fresh: bool,
}

impl Builder {
    /// A builder for these folders; makes the cache folder if it is missing.
    pub fn new(options: Options) -> Result<Builder> {
        let cache = Cache::new(&options.cache)?;
        Ok(Builder { options, cache })
    }

    /// The folder images are written to.
    pub fn images(&self) -> &Path {
        &self.options.images
    }

    /// Names of all images that can be built.
    pub fn names(&self) -> Result<Vec<String>> {
        Recipe::list(&self.options.runtimes)
    }

    /// Whether the current image is what its recipe says now. Reads the recipe's files, runs nothing.
    pub fn is_current(&self, name: &str) -> Result<bool> {
        let recipe = Recipe::load(&self.options.runtimes, name)?;
        Ok(self.current(&recipe, &Plan::of(&recipe)?).is_some())
    }

    /// Which steps a build would run, and why.
    pub fn explain(&self, name: &str) -> Result<Vec<PlannedStep>> {
        let recipe = Recipe::load(&self.options.runtimes, name)?;
        let mut plan = Plan::of(&recipe)?;
        plan.decide(&self.cache, name, COMPILE);
        Ok(plan.explain())
    }

    /// Builds every image there is a recipe for.
    pub fn build_all(&self, progress: &mut dyn Progress) -> Result<Vec<BuiltImage>> {
        self.names()?.iter().map(|name| self.build(name, progress)).collect()
    }

    /// Builds the image `name`, unless it is current and whole. Waits while another process builds in the
    /// same cache.
    pub fn build(&self, name: &str, progress: &mut dyn Progress) -> Result<BuiltImage> {
        let recipe = Recipe::load(&self.options.runtimes, name)?;
        if let Some(image) = self.current(&recipe, &Plan::of(&recipe)?)
            && image::is_intact(&image.folder, &image.manifest)
        {
            return Ok(image);
        }
        let _lock = self.cache.lock(|| progress.note(WAITING))?;
        // The other build may have made it; and the recipe may have changed while we waited.
        let recipe = Recipe::load(&self.options.runtimes, name)?;
        let mut plan = Plan::of(&recipe)?;
        if let Some(image) = self.current(&recipe, &plan) {
            if image::is_intact(&image.folder, &image.manifest) {
                return Ok(image);
            }
            // The image's code and the step's may be one file with two names.
            progress.note(&format!("the image {name} is damaged and is made again"));
            remove(&self.cache.output(name, COMPILE, &plan.step(COMPILE).key))?;
        }
        plan.decide(&self.cache, name, COMPILE);
        self.run(&recipe, &plan, progress)?;
        self.assemble(&recipe, &plan)
    }

    /// The folder one step of the recipe left, which is built if it is not there: the interpreter's sources,
    /// its native build, whatever tests and benchmarks compare with.
    pub fn build_step(&self, name: &str, step: &str, progress: &mut dyn Progress) -> Result<PathBuf> {
        // What is there is not waited for, however long another build takes.
        let (_, plan) = self.plan_for(name, step)?;
        let output = self.cache.output(name, step, &plan.step(step).key);
        if output.is_dir() {
            self.cache.touch(&output);
            return Ok(output);
        }
        let _lock = self.cache.lock(|| progress.note(WAITING))?;
        // The other build may have made it; and the recipe may have changed while we waited.
        let (recipe, plan) = self.plan_for(name, step)?;
        let output = self.cache.output(name, step, &plan.step(step).key);
        if !output.is_dir() {
            self.run(&recipe, &plan, progress)?;
        }
        self.cache.touch(&output);
        Ok(output)
    }

    /// The recipe and what a build of one of its steps would run.
    fn plan_for(&self, name: &str, step: &str) -> Result<(Recipe, Plan)> {
        let recipe = Recipe::load(&self.options.runtimes, name)?;
        let mut plan = Plan::of(&recipe)?;
        if !plan.steps.iter().any(|planned| planned.name == step) {
            let known = plan.steps.into_iter().map(|step| step.name).collect();
            return Err(Error::UnknownStep { image: name.to_owned(), step: step.to_owned(), known });
        }
        plan.decide(&self.cache, name, step);
        Ok((recipe, plan))
    }

    fn current(&self, recipe: &Recipe, plan: &Plan) -> Option<BuiltImage> {
        let (folder, manifest) = image::current(&self.options.images, &recipe.name)?;
        (manifest.build_key == plan.key).then_some(BuiltImage { folder, manifest, fresh: false })
    }

    /// Runs the steps that must run.
    fn run(&self, recipe: &Recipe, plan: &Plan, progress: &mut dyn Progress) -> Result<()> {
        self.cache.clear_scratch()?;
        let running: Vec<&StepPlan> = plan.steps.iter().filter(|step| step.reason.runs()).collect();
        let mut jobs = vec![self.job(recipe, SOURCES, Vec::new(), None)?];
        for step in &running {
            let needs = step.needs.iter().map(|(name, _)| name.as_str());
            let needs = std::iter::once(SOURCES).chain(needs).collect();
            jobs.push(self.job(recipe, &step.name, needs, Some(step))?);
            if let Some(script) = &step.script {
                script::stage(&self.cache, recipe, step, script)?;
            }
        }
        // The fetching counts as a step.
        progress.begin(&recipe.name, plan.steps.len() + 1, plan.steps.len() - running.len());
        let result = run_all(jobs, progress, |job, stop| match job.step {
            None => sources::fetch_all(&self.cache, &wanted_sources(recipe, &running), &job.log),
            Some(step) => self.run_step(recipe, step, &job.log, stop),
        });
        progress.end(result.is_ok());
        result
    }

    fn job<'a>(
        &self,
        recipe: &Recipe,
        name: &'a str,
        needs: Vec<&'a str>,
        step: Option<&'a StepPlan>,
    ) -> Result<Job<'a>> {
        let log = self.cache.log(&recipe.name, name)?;
        // Whoever watches the log must not see the last run's lines.
        File::create(&log).doing("create", &log)?;
        Ok(Job { name, needs, log, step })
    }

    fn run_step(&self, recipe: &Recipe, step: &StepPlan, log: &Path, stop: &Stop) -> Result<()> {
        let started = Instant::now();
        let scratch = self.cache.scratch(&recipe.name, &step.name);
        let finished = self.make(recipe, step, &scratch, log, stop)?;
        let last_run = LastRun { inputs: step.inputs.clone(), seconds: started.elapsed().as_secs_f64() };
        self.cache.keep(&recipe.name, &step.name, &step.key, &finished, &last_run)?;
        remove(&scratch)
    }

    /// Makes a step's output somewhere in its scratch folder and returns where.
    fn make(
        &self,
        recipe: &Recipe,
        step: &StepPlan,
        scratch: &Path,
        log: &Path,
        stop: &Stop,
    ) -> Result<PathBuf> {
        if let Some(script) = &step.script {
            let out = script::run(&self.cache, recipe, step, script, self.options.jobs, stop)?;
            let is_last = recipe.steps.last().is_some_and(|last| last.name == step.name);
            if is_last {
                check_result(recipe, &out)?;
            }
            return Ok(out);
        }
        let (need, key) = &step.needs[0];
        let needed = self.cache.output(&recipe.name, need, key);
        let out = scratch.join("out");
        create_folder(&out)?;
        match step.name.as_str() {
            SNAPSHOT => snapshot::run(&recipe.name, &needed, &out, log)?,
            _ => compile::run(&recipe.name, &needed, &out)?,
        }
        Ok(out)
    }

    fn assemble(&self, recipe: &Recipe, plan: &Plan) -> Result<BuiltImage> {
        let output = |step: &StepPlan| self.cache.output(&recipe.name, &step.name, &step.key);
        for step in &plan.steps {
            self.cache.touch(&output(step));
        }
        let last = recipe.steps.last().expect("a checked recipe has a step");
        let parts = Parts {
            last_step: output(plan.step(&last.name)),
            snapshot: output(plan.step(SNAPSHOT)),
            compiled: output(plan.step(COMPILE)),
        };
        let (folder, manifest) = image::assemble(&self.options.images, recipe, &plan.key, &parts)?;
        Ok(BuiltImage { folder, manifest, fresh: true })
    }
}

/// What the steps that run will read.
fn wanted_sources<'a>(recipe: &'a Recipe, running: &[&StepPlan]) -> Vec<&'a Source> {
    let scripts = running.iter().filter_map(|step| step.script.as_ref());
    let ids: BTreeSet<&String> = scripts.flat_map(|script| &script.sources).collect();
    ids.into_iter().map(|id| recipe.source(id)).collect()
}

/// The last step must leave what the builder goes on from.
fn check_result(recipe: &Recipe, out: &Path) -> Result<()> {
    let missing = [GUEST_FILE, PACKAGES_FILE].into_iter().find(|file| !out.join(file).is_file());
    match missing {
        None => Ok(()),
        Some(file) => Err(Error::Guest {
            image: recipe.name.clone(),
            message: format!("the recipe's last step left no $OUT/{file}"),
        }),
    }
}
