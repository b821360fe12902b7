//! Load cannot drive the server out of memory: 256 clients ask for all that they may and use it, and the
//! server's own count, as the kernel has it, stays below the memory that it is configured with and a
//! constant.
//!
//! What is looked at, again and again, is what a control group would count: each page once, however many
//! guests map it (`Pss`).

use crate::common;
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::v1::{ExecuteRequest, File, Language, Limits, Source, Status};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

/// What the server is told that executions may take together.
const BUDGET: u64 = 2 << 30;

/// What it may have beside: the images' code and pristine memory, as far as they are mapped, connections, the
/// messages that are being received and sent, the allocator's leftovers.
const BESIDE: u64 = 512 << 20;

const CLIENTS: usize = 256;

/// How long the load goes on.
const LOAD: Duration = Duration::from_secs(20);

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &std::path::Path) -> Server {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let config = folder.join("config.toml");
        std::fs::write(
            &config,
            format!("memory = {BUDGET}\nqueue_timeout = \"10s\"\n[log]\nfilter = \"warn\"\n"),
        )
        .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_ampoule"))
            .args(["serve", "--listen", &address, "--config"])
            .arg(config)
            .env("AMPOULE_IMAGES", common::images_folder())
            .env("XDG_DATA_HOME", folder)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Server { child, address }
    }

    async fn connect(&self) -> ExecutionServiceClient<Channel> {
        connect(self.address.clone()).await
    }

    fn memory(&self) -> u64 {
        memory_of(self.child.id())
    }
}

/// The physical memory of a process, in bytes.
fn memory_of(process: u32) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|found| found.strip_prefix("Pss:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

/// Looks at a process's memory until it is told to end.
struct Peak {
    over: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<u64>,
}

impl Peak {
    fn of(process: u32) -> Peak {
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut peak = 0;
            while !ends.load(Ordering::Relaxed) {
                peak = peak.max(memory_of(process));
                std::thread::sleep(Duration::from_millis(10));
            }
            peak
        });
        Peak { over, thread }
    }

    fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn connect(address: String) -> ExecutionServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let started = Instant::now();
    loop {
        match endpoint.connect().await {
            Ok(channel) => return ExecutionServiceClient::new(channel).max_decoding_message_size(128 << 20),
            Err(error) => assert!(started.elapsed() < Duration::from_secs(60), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn request(language: Language, code: &str) -> ExecuteRequest {
    let source = Source { language: language.into(), code: code.into(), ..Source::default() };
    ExecuteRequest { source: Some(source), ..ExecuteRequest::default() }
}

/// A way to take memory, and how it may end when it is let in.
type Greed = (&'static str, fn() -> ExecuteRequest, &'static [Status]);

const GREED: [Greed; 5] = [
    (
        "fills all memory that it may ask for",
        || ExecuteRequest {
            limits: Some(Limits { memory_bytes: 1 << 30, ..Limits::default() }),
            ..request(
                Language::Python,
                "def main():\n    kept = []\n    while True:\n        kept.append(b'x' * (1 << 20))\n",
            )
        },
        &[Status::OutOfMemory, Status::TimedOut],
    ),
    (
        "fills its memory in JavaScript",
        || {
            request(
                Language::Javascript,
                "function main() { const kept = []; for (;;) kept.push(new Uint8Array(1 << 20).fill(1)) }",
            )
        },
        &[Status::OutOfMemory, Status::TimedOut],
    ),
    (
        "sends a large input",
        || ExecuteRequest {
            input_json: format!("{{\"text\": \"{}\"}}", "x".repeat(4 << 20)),
            ..request(Language::Python, "def main(text):\n    return len(text)\n")
        },
        &[Status::Completed, Status::TimedOut],
    ),
    (
        "asks for a large answer",
        || ExecuteRequest {
            limits: Some(Limits { output_bytes: 16 << 20, result_bytes: 32 << 20, ..Limits::default() }),
            ..request(
                Language::Python,
                "def main():\n    print('x' * (15 << 20))\n    return 'y' * (30 << 20)\n",
            )
        },
        &[Status::Completed, Status::TimedOut],
    ),
    (
        "sends files and has them back",
        || ExecuteRequest {
            files: (0..4).map(|n| File { path: format!("in/{n}"), content: vec![n; 1 << 20] }).collect(),
            ..request(
                Language::Python,
                "import os\ndef main():\n    os.makedirs('out', exist_ok=True)\n    for n in range(4):\n        \
                 open(f'out/{n}', 'wb').write(open(f'in/{n}', 'rb').read())\n",
            )
        },
        &[Status::Completed, Status::TimedOut],
    ),
];

#[test]
fn the_server_stays_within_its_memory_and_serves_on() {
    let _alone = crate::ALONE.blocking_lock();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let peak = Peak::of(server.child.id());
    let (idle, counts) = common::block_on(async {
        let mut client = server.connect().await;
        sum(&mut client).await;
        let idle = server.memory();
        let counts = load(&server).await;
        for _ in 0..20 {
            sum(&mut client).await;
        }
        // Of 115 large inputs, none to six are let in while others fill all memory: which is luck. Afterwards
        // all kinds are.
        for (what, make, ends) in GREED {
            let ended = greedy(&mut client, what, make(), ends).await;
            assert!(ended.is_some(), "after the load nothing that {what} is let in");
        }
        (idle, counts)
    });
    let (peak, after) = (peak.end(), server.memory());
    let mib = |bytes: u64| bytes >> 20;
    println!(
        "idle {} MiB, peak {} MiB, after {} MiB resident, of {} MiB and {} beside: {counts:?}",
        mib(idle),
        mib(peak),
        mib(after),
        mib(BUDGET),
        mib(BESIDE)
    );
    let executed: usize =
        counts.iter().filter(|((_, ended), _)| ended.is_some()).map(|(_, count)| count).sum();
    assert!(executed >= 25, "hardly anything was let in: {counts:?}");
    assert!(
        counts.keys().any(|(_, ended)| ended.is_none()),
        "nothing was refused, so this was no load: {counts:?}"
    );
    assert!(peak > idle + BUDGET / 4, "the load took hardly any memory: {} MiB", mib(peak));
    assert!(peak <= BUDGET + BESIDE, "{} MiB", mib(peak));
}

/// How often each way ended in a status, or was refused.
type Counts = BTreeMap<(&'static str, Option<i32>), usize>;

async fn load(server: &Server) -> Counts {
    let counts = Arc::new(Mutex::new(Counts::new()));
    let over = Arc::new(AtomicBool::new(false));
    let mut clients = tokio::task::JoinSet::new();
    for index in 0..CLIENTS {
        let (address, counts, over) = (server.address.clone(), Arc::clone(&counts), Arc::clone(&over));
        clients.spawn(async move {
            let mut client = connect(address).await;
            let mut turn = index;
            while !over.load(Ordering::Relaxed) {
                let (what, make, ends) = GREED[turn % GREED.len()];
                turn += 1;
                let ended = greedy(&mut client, what, make(), ends).await;
                *counts.lock().unwrap().entry((what, ended)).or_default() += 1;
            }
        });
    }
    tokio::time::sleep(LOAD).await;
    over.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    std::mem::take(&mut *counts.lock().unwrap())
}

/// The status it ended in; `None` when it was refused for want of room.
async fn greedy(
    client: &mut ExecutionServiceClient<Channel>,
    what: &str,
    request: ExecuteRequest,
    ends: &[Status],
) -> Option<i32> {
    match client.execute(request).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            assert!(ends.contains(&answer.status()), "{what}: {:?} {:?}", answer.status(), answer.failure);
            Some(answer.status)
        }
        Err(status) => {
            assert_eq!(status.code(), Code::ResourceExhausted, "{what}: {status:?}");
            assert!(!status.details().is_empty(), "{what}: it is not said when to try again: {status:?}");
            // As a client does that was told to come later.
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn sum(client: &mut ExecutionServiceClient<Channel>) {
    let asked = ExecuteRequest {
        input_json: "{\"a\": 1, \"b\": 2}".into(),
        ..request(Language::Python, "def main(a, b):\n    return a + b\n")
    };
    let answer = client.execute(asked).await.unwrap().into_inner();
    assert_eq!((answer.status(), answer.result_json.as_str()), (Status::Completed, "3"));
}
