//! What a person sees while an image is built.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a long step shows life where there is no terminal, e.g. in CI.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Told by the builder, always from the thread that called it.
pub trait Progress {
    /// A build of `image` starts; `total` steps belong to it and `cached` of them are there already.
    fn begin(&mut self, image: &str, total: usize, cached: usize);
    /// Something worth a line of its own.
    fn note(&mut self, message: &str);
    /// A step starts.
    fn started(&mut self, step: &str);
    /// A step is at work; called several times a second with the last line of its log.
    fn running(&mut self, step: &str, line: &str);
    /// A step ended well.
    fn finished(&mut self, step: &str, elapsed: Duration);
    /// The build is over, well or not.
    fn end(&mut self, well: bool);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn note(&mut self, _: &str) {}
    fn started(&mut self, _: &str) {}
    fn running(&mut self, _: &str, _: &str) {}
    fn finished(&mut self, _: &str, _: Duration) {}
    fn end(&mut self, _: bool) {}
}

/// Progress on stderr: bars on a terminal, otherwise plain lines with a heartbeat.
pub struct ConsoleProgress {
    bars: Option<MultiProgress>,
    image: String,
    total: usize,
    done: usize,
    begun: Instant,
    overall: Option<ProgressBar>,
    steps: BTreeMap<String, RunningStep>,
}

struct RunningStep {
    started: Instant,
    last_heartbeat: Instant,
    bar: Option<ProgressBar>,
}

impl ConsoleProgress {
    /// Bars if stderr is a terminal, else lines.
    pub fn new() -> ConsoleProgress {
        let bars = std::io::stderr()
            .is_terminal()
            .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        ConsoleProgress {
            bars,
            image: String::new(),
            total: 0,
            done: 0,
            begun: Instant::now(),
            overall: None,
            steps: BTreeMap::new(),
        }
    }

    fn say(&self, line: &str) {
        match &self.bars {
            Some(bars) => drop(bars.println(line)),
            // Progress that cannot be written is no reason to stop.
            None => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }
}

impl Default for ConsoleProgress {
    fn default() -> Self {
        ConsoleProgress::new()
    }
}

impl Progress for ConsoleProgress {
    fn begin(&mut self, image: &str, total: usize, cached: usize) {
        self.image = image.to_owned();
        self.total = total;
        self.done = cached;
        self.begun = Instant::now();
        self.say(&format!("building image {image}: {} of {total} steps to do", total - cached));
        self.overall = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new(total as u64));
            bar.set_style(style("{prefix:14} [{bar:30}] {pos}/{len}  {elapsed}").progress_chars("=> "));
            bar.set_prefix(image.to_owned());
            bar.set_position(cached as u64);
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
    }

    fn note(&mut self, message: &str) {
        self.say(message);
    }

    fn started(&mut self, step: &str) {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            bar.set_style(style("  {spinner} {prefix:12} {elapsed:>6}  {wide_msg:.dim}"));
            bar.set_prefix(step.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            self.say(&format!("      {step} starts"));
        }
        let now = Instant::now();
        let running = RunningStep { started: now, last_heartbeat: now, bar };
        self.steps.insert(step.to_owned(), running);
    }

    fn running(&mut self, step: &str, line: &str) {
        let Some(running) = self.steps.get_mut(step) else {
            return;
        };
        if let Some(bar) = &running.bar {
            bar.set_message(line.to_owned());
        } else if running.last_heartbeat.elapsed() >= HEARTBEAT {
            running.last_heartbeat = Instant::now();
            let elapsed = human(running.started.elapsed());
            let separator = if line.is_empty() { "" } else { ": " };
            self.say(&format!("      {step}, {elapsed}{separator}{line}"));
        }
    }

    fn finished(&mut self, step: &str, elapsed: Duration) {
        self.done += 1;
        if let Some(bar) = self.steps.remove(step).and_then(|running| running.bar) {
            bar.finish_and_clear();
        }
        if let Some(overall) = &self.overall {
            overall.set_position(self.done as u64);
        }
        self.say(&format!("[{}/{}] {step} … {}", self.done, self.total, human(elapsed)));
    }

    fn end(&mut self, well: bool) {
        for (_, running) in std::mem::take(&mut self.steps) {
            if let Some(bar) = running.bar {
                bar.finish_and_clear();
            }
        }
        if let Some(overall) = self.overall.take() {
            overall.finish_and_clear();
        }
        if well {
            self.say(&format!("image {}: done in {}", self.image, human(self.begun.elapsed())));
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are constants")
}

/// `0.4s`, `52s`, `1m52s`.
pub(crate) fn human(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", elapsed.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        _ => format!("{}m{:02}s", seconds / 60, seconds % 60),
    }
}
