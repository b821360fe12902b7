//! What runs on the threads, and in which order.

use super::*;
use std::sync::mpsc;

/// One thread, which is busy until the sender is dropped.
fn busy() -> (Arc<Threads>, mpsc::Sender<()>, Running<()>) {
    let threads = Threads::start(1, Handle::current()).unwrap();
    let (release, held) = mpsc::channel::<()>();
    let (begins, began) = mpsc::channel();
    let running = threads.run(
        async move {
            begins.send(()).unwrap();
            let _ = held.recv();
        },
        GivenUp::default(),
    );
    began.recv().unwrap();
    (threads, release, running)
}

#[tokio::test]
async fn executions_go_before_whatever_else_there_is_to_do() {
    let (threads, release, first) = busy();
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |what| {
        let order = Arc::clone(&order);
        async move {
            arrive().await;
            order.lock().unwrap().push((what, OWN.get()));
        }
    };
    let others =
        [threads.run(note("other"), GivenUp::default()), threads.run(note("other"), GivenUp::default())];
    let execution = threads.execute(note("execution"), GivenUp::default());
    drop(release);
    first.await;
    execution.await;
    for other in others {
        other.await;
    }
    assert_eq!(*order.lock().unwrap(), [("execution", true), ("other", true), ("other", true)]);
    threads.end();
}

#[tokio::test]
async fn an_execution_begins_where_it_is_asked_for_and_goes_on_on_a_thread_of_its_own() {
    let (threads, release, first) = busy();
    let begun = Arc::new(AtomicBool::new(false));
    let execution = threads.execute(
        {
            let begun = Arc::clone(&begun);
            async move {
                begun.store(!OWN.get(), Ordering::Relaxed);
                arrive().await;
                OWN.get()
            }
        },
        GivenUp::default(),
    );
    assert!(begun.load(Ordering::Relaxed), "although the thread is busy");
    drop(release);
    first.await;
    assert!(execution.await);
    assert_eq!(threads.running.load(Ordering::Relaxed), 0);
    threads.end();
}
