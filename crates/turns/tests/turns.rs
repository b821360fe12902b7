//! Tasks of many callers on shared threads: who is polled when, and that no wake is lost.

use ampoule_turns::{Member, Priority, Turns};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Ready again at once, so often; each poll is told.
struct Busy<F> {
    polls: usize,
    polled: F,
}

impl<F: FnMut() + Unpin> Future for Busy<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        (self.polled)();
        self.polls -= 1;
        if self.polls == 0 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn busy<F: FnMut() + Unpin>(polls: usize, polled: F) -> Busy<F> {
    Busy { polls, polled }
}

/// Who was polled, in order.
#[derive(Clone, Default)]
struct Polls(Arc<Mutex<Vec<&'static str>>>);

impl Polls {
    fn of(&self, who: &'static str) -> impl FnMut() + Send + Unpin + use<> {
        let polls = self.clone();
        move || polls.0.lock().unwrap().push(who)
    }

    fn taken(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_thousand_busy_tasks_of_one_class_are_two_polls_ahead_of_another() {
    let turns = Turns::new(2);
    let polls = Polls::default();
    let flood = Member::new(turns.class("flood"));
    let mut tasks = Vec::new();
    for _ in 0..1000 {
        let task = busy(20, polls.of("flood"));
        tasks.push(tokio::spawn(Member::new(flood.class()).paced(Priority::Connection, task)));
    }
    tokio::task::yield_now().await;
    let other = Member::new(turns.class("other")).paced(Priority::Connection, busy(10, polls.of("other")));
    tokio::spawn(other).await.unwrap();
    let polls = polls.taken();
    let begun = polls.iter().position(|who| *who == "other").unwrap();
    let of_flood = polls[begun..].iter().filter(|who| **who == "flood").count();
    // tokio's own queue is told of a task that wakes itself after those that are woken by it.
    assert!(of_flood <= 10 * 4, "{of_flood} polls of the flood between ten of the other");
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn requests_go_before_connections_and_those_that_used_less_before_those_that_used_more() {
    let turns = Turns::new(1);
    let class = turns.class("a");
    let polls = Polls::default();
    let (used, fresh) = (Member::new(Arc::clone(&class)), Member::new(Arc::clone(&class)));
    // It computes.
    let long =
        used.paced(Priority::Connection, async { std::thread::sleep(std::time::Duration::from_millis(5)) });
    tokio::spawn(long).await.unwrap();
    let names = [
        (&used, Priority::Connection, "used connection"),
        (&fresh, Priority::Connection, "fresh connection"),
        (&used, Priority::Request, "used request"),
        (&fresh, Priority::Request, "fresh request"),
    ];
    // A poll that lasts until all others wait.
    let started = Arc::new(AtomicUsize::new(0));
    let first = Member::new(Arc::clone(&class)).paced(Priority::Request, async {
        let mut waiting = Vec::new();
        for (member, priority, name) in names {
            let mut polled = polls.of(name);
            let started = Arc::clone(&started);
            let mut task = Box::pin(member.paced(priority, async move {
                polled();
                started.fetch_add(1, SeqCst);
            }));
            assert!(futures_util::poll!(&mut task).is_pending(), "{name}");
            waiting.push(task);
        }
        assert_eq!(class.waiting(), 4);
        waiting
    });
    let tasks: Vec<_> = first.await.into_iter().map(tokio::spawn).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(polls.taken(), ["fresh request", "used request", "fresh connection", "used connection"]);
}

#[tokio::test]
async fn a_turn_that_is_not_taken_and_one_that_panics_are_passed_on() {
    let class = Turns::new(1).class("a");
    let member = Member::new(Arc::clone(&class));
    for _ in 0..3 {
        // It has the turn and is dropped before it is polled again.
        let (wake, mut woken) = mpsc::unbounded_channel::<()>();
        let mut dropped = Box::pin(member.paced(Priority::Request, async move { woken.recv().await }));
        assert!(futures_util::poll!(&mut dropped).is_pending());
        wake.send(()).unwrap();
        let mut waits = Box::pin(member.paced(Priority::Request, async {}));
        assert!(futures_util::poll!(&mut waits).is_pending(), "the turn is taken");
        let mut gone = Box::pin(member.paced(Priority::Request, async {}));
        assert!(futures_util::poll!(&mut gone).is_pending());
        drop((gone, dropped));
        waits.await;
        assert!(tokio::spawn(member.paced(Priority::Request, async { panic!("a bug") })).await.is_err());
    }
    member.paced(Priority::Connection, async {}).await;
    assert_eq!(class.waiting(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_wake_is_lost_whatever_threads_classes_and_drops_there_are() {
    const MESSAGES: usize = 2000;
    let turns = Turns::new(2);
    let mut tasks = Vec::new();
    for index in 0..24 {
        let member = Member::new(turns.class(["a", "b", "c"][index % 3]));
        let (there, mut here) = mpsc::channel::<usize>(1 + index % 4);
        let turns = turns.clone();
        let moved = member.clone();
        tasks.push(tokio::spawn(member.paced(Priority::Request, async move {
            for message in 0..MESSAGES {
                there.send(message).await.unwrap();
                if message % 100 == index {
                    let name = ["a", "b", "c"][(index + message) % 3];
                    moved.join(name, || turns.class(name));
                }
            }
        })));
        let member2 = member.clone();
        tasks.push(tokio::spawn(member.paced(Priority::Connection, async move {
            for message in 0..MESSAGES {
                assert_eq!(here.recv().await, Some(message));
                if message % 50 == 0 {
                    // Begun, and given up.
                    let abandoned =
                        tokio::spawn(member2.paced(Priority::Connection, std::future::pending::<()>()));
                    tokio::task::yield_now().await;
                    abandoned.abort();
                }
            }
        })));
    }
    for task in tasks {
        task.await.unwrap();
    }
    for name in ["a", "b", "c"] {
        let class = turns.class(name);
        while class.waiting() > 0 {
            tokio::task::yield_now().await;
        }
        Member::new(class).paced(Priority::Connection, async {}).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_that_is_alone_has_all_threads() {
    let class = Turns::new(2).class("a");
    let barrier = Arc::new(std::sync::Barrier::new(2));
    let both = [(); 2].map(|()| {
        let barrier = Arc::clone(&barrier);
        // Each is polled until the other one is.
        tokio::spawn(Member::new(Arc::clone(&class)).paced(Priority::Connection, async move {
            barrier.wait();
        }))
    });
    for task in both {
        task.await.unwrap();
    }
}

#[test]
fn classes_that_nobody_uses_are_forgotten() {
    let turns = Turns::new(1);
    let kept = turns.class("kept");
    for index in 0..10_000 {
        turns.class(&format!("tenant-{index}"));
    }
    assert!(Arc::ptr_eq(&kept, &turns.class("kept")));
    let shown = format!("{turns:?}");
    assert!(shown.matches("tenant-").count() < 100, "{}", shown.len());
}
