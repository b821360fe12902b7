//! What a build consists of: every step with its key, whether it must run and why.

use crate::cache::Cache;
use crate::compile;
use crate::error::Result;
use crate::key::{self, Inputs};
use crate::recipe::{self, Recipe};
use crate::snapshot;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Raised when scripts are run in another way (environment, folders), so that all outputs are
/// made anew.
const STEP_FORMAT: &str = "1";

/// Name of the snapshot among the steps.
pub(crate) const SNAPSHOT: &str = "snapshot";
/// Name of the compilation among the steps.
pub(crate) const COMPILE: &str = "compile";

/// One step as `ampoule image build --explain` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStep {
    /// The step's name; after the recipe's own come `snapshot` and `compile`.
    pub name: String,
    /// sha256 over everything that goes in.
    pub key: String,
    /// Why it runs, or why it does not.
    pub reason: Reason,
}

/// Why a step runs or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Does not run: its output is there.
    UpToDate,
    /// Does not run: its output is gone, but nothing that runs reads it.
    NotNeeded,
    /// Runs: it never did before.
    New,
    /// Runs: its output was removed, though nothing changed.
    OutputGone,
    /// Runs: these inputs changed since the newest output.
    Changed(Vec<String>),
}

impl Reason {
    /// Whether the step runs.
    pub fn runs(&self) -> bool {
        !matches!(self, Reason::UpToDate | Reason::NotNeeded)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::UpToDate => formatter.write_str("up to date"),
            Reason::NotNeeded => formatter.write_str("not needed"),
            Reason::New => formatter.write_str("never built"),
            Reason::OutputGone => formatter.write_str("its output was removed"),
            Reason::Changed(labels) => write!(formatter, "changed: {}", labels.join(", ")),
        }
    }
}

/// A step with everything that is needed to run it.
pub(crate) struct StepPlan {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) inputs: Inputs,
    /// Direct needs: name and key.
    pub(crate) needs: Vec<(String, String)>,
    /// Absent for the builder's own steps.
    pub(crate) script: Option<ScriptPlan>,
    pub(crate) reason: Reason,
}

pub(crate) struct ScriptPlan {
    pub(crate) script: PathBuf,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) sources: Vec<String>,
}

/// All steps of an image, in order.
pub(crate) struct Plan {
    pub(crate) steps: Vec<StepPlan>,
    /// The key of the whole build.
    pub(crate) key: String,
}

impl Plan {
    /// Computes all keys; reads the recipe's files and nothing else.
    pub(crate) fn of(recipe: &Recipe) -> Result<Plan> {
        let mut steps: Vec<StepPlan> = Vec::new();
        for step in &recipe.steps {
            let mut inputs = Inputs::from([
                ("format".to_owned(), STEP_FORMAT.to_owned()),
                // Steps build native tools too.
                ("machine".to_owned(), format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)),
                ("script".to_owned(), step.script.to_string_lossy().into_owned()),
            ]);
            for file in &step.files {
                let digest = key::of_file(&recipe.root.join(file))?;
                inputs.insert(file_label(file), digest);
            }
            for id in &step.sources {
                inputs.insert(format!("source {id}"), recipe.source(id).sha256.clone());
            }
            let script = ScriptPlan {
                script: step.script.clone(),
                files: step.files.clone(),
                sources: step.sources.clone(),
            };
            let plan = StepPlan::new(&step.name, inputs, &step.needs, &steps, Some(script));
            steps.push(plan);
        }
        let last = vec![recipe.steps.last().expect("a checked recipe has a step").name.clone()];
        steps.push(StepPlan::new(SNAPSHOT, snapshot::inputs(), &last, &steps, None));
        steps.push(StepPlan::new(COMPILE, compile::inputs()?, &[SNAPSHOT.to_owned()], &steps, None));
        // What the manifest takes from the recipe goes into no step.
        let packages = serde_json::to_string(&recipe::packages(recipe)).expect("packages are JSON");
        let compiled = steps.last().expect("the last of them was just added").key.clone();
        let inputs = Inputs::from([("compiled".to_owned(), compiled), ("packages".to_owned(), packages)]);
        Ok(Plan { steps, key: key::key(&inputs) })
    }

    /// Decides which steps run for the output of `target`: those whose output is missing and read by another
    /// one that runs.
    pub(crate) fn decide(&mut self, cache: &Cache, image: &str, target: &str) {
        let mut wanted = BTreeSet::from([target.to_owned()]);
        for step in self.steps.iter_mut().rev() {
            let there = cache.output(image, &step.name, &step.key).is_dir();
            step.reason = if there {
                Reason::UpToDate
            } else if !wanted.contains(&step.name) {
                Reason::NotNeeded
            } else {
                wanted.extend(step.needs.iter().map(|(name, _)| name.clone()));
                match cache.last_run(image, &step.name) {
                    None => Reason::New,
                    Some(last) => changes(&last.inputs, &step.inputs),
                }
            };
        }
    }

    /// The step with this name; there is one.
    pub(crate) fn step(&self, name: &str) -> &StepPlan {
        let found = self.steps.iter().find(|step| step.name == name);
        found.expect("plans are asked only for steps they have")
    }

    pub(crate) fn explain(&self) -> Vec<PlannedStep> {
        let explain = |step: &StepPlan| PlannedStep {
            name: step.name.clone(),
            key: step.key.clone(),
            reason: step.reason.clone(),
        };
        self.steps.iter().map(explain).collect()
    }
}

impl StepPlan {
    fn new(
        name: &str,
        mut inputs: Inputs,
        needs: &[String],
        earlier: &[StepPlan],
        script: Option<ScriptPlan>,
    ) -> StepPlan {
        let mut needed = Vec::new();
        for need in needs {
            let step = earlier.iter().find(|step| step.name == *need).expect("needs name earlier steps");
            inputs.insert(format!("step {need}"), step.key.clone());
            needed.push((need.clone(), step.key.clone()));
        }
        StepPlan {
            name: name.to_owned(),
            key: key::key(&inputs),
            inputs,
            needs: needed,
            script,
            reason: Reason::New,
        }
    }
}

/// How a file of a recipe is called among the inputs.
pub(crate) fn file_label(file: &Path) -> String {
    format!("file {}", file.display())
}

fn changes(before: &Inputs, now: &Inputs) -> Reason {
    let labels: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let changed: Vec<String> =
        labels.into_iter().filter(|label| before.get(*label) != now.get(*label)).cloned().collect();
    match changed.is_empty() {
        true => Reason::OutputGone,
        false => Reason::Changed(changed),
    }
}
