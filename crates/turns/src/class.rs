//! Classes: which of their tasks are ready, and which wait.

use crate::paced::Task;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The place of a task among those that wait: its priority, the time that its member has used lately, and
/// when it came.
pub(crate) type Place = (u8, u64, u64);

/// The classes that share some threads. Clones are the same.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ready: usize,
    classes: Mutex<Classes>,
}

#[derive(Debug, Default)]
struct Classes {
    named: HashMap<Arc<str>, Weak<Class>>,
    /// How many there may be before those that nobody uses are looked for.
    sweep_at: usize,
}

/// Callers who share their turns.
pub struct Class {
    name: Arc<str>,
    /// How many tasks of it are in the threads' queue at the same time.
    most_ready: usize,
    tasks: Mutex<Tasks>,
}

#[derive(Default)]
struct Tasks {
    /// In the threads' queue, or polled.
    ready: usize,
    /// None, unless as many as may be are ready.
    waiting: BTreeMap<Place, Arc<Task>>,
    arrivals: u64,
}

impl Turns {
    /// No classes yet. `ready`: how many tasks of a class are in the threads' queue at the same time; with
    /// fewer than there are threads, a class that is alone does not use all of them.
    pub fn new(ready: usize) -> Turns {
        Turns(Arc::new(Inner { ready: ready.max(1), classes: Mutex::default() }))
    }

    /// The class of that name.
    pub fn class(&self, name: &str) -> Arc<Class> {
        let mut classes = self.0.classes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(class) = classes.named.get(name).and_then(Weak::upgrade) {
            return class;
        }
        if classes.named.len() >= classes.sweep_at {
            classes.named.retain(|_, class| class.strong_count() > 0);
            classes.sweep_at = 2 * classes.named.len() + 16;
        }
        let class = Arc::new(Class { name: name.into(), most_ready: self.0.ready, tasks: Mutex::default() });
        classes.named.insert(Arc::clone(&class.name), Arc::downgrade(&class));
        class
    }
}

impl Class {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many of its tasks wait for their turn.
    pub fn waiting(&self) -> usize {
        self.tasks().waiting.len()
    }

    /// Whether the task may go into the threads' queue; else it waits here, and is told.
    pub(crate) fn enter(&self, task: &Arc<Task>) -> bool {
        let mut tasks = self.tasks();
        if tasks.ready < self.most_ready {
            tasks.ready += 1;
            return true;
        }
        tasks.arrivals += 1;
        let (priority, used) = task.place();
        let place = (priority, used, tasks.arrivals);
        tasks.waiting.insert(place, Arc::clone(task));
        false
    }

    /// A task's turn is over: the next one has it.
    pub(crate) fn leave(self: &Arc<Self>) {
        loop {
            let next = {
                let mut tasks = self.tasks();
                let Some((_, next)) = tasks.waiting.pop_first() else {
                    tasks.ready -= 1;
                    return;
                };
                next
            };
            // Not those that were dropped meanwhile.
            if next.grant(self) {
                return;
            }
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Class").field("name", &self.name).finish_non_exhaustive()
    }
}
