# Everyday recipes. `just` alone lists them.

_default:
    @just --list --unsorted

# ---- run ----

# Run a program in the sandbox: just run examples/hello.py --input '{"name": "Ada"}'
run *ARGS:
    cargo run --release --quiet -- run {{ARGS}}

# Serve gRPC on 127.0.0.1:50051
serve *ARGS:
    cargo run --release --quiet -- serve {{ARGS}}

# ---- images ----

# Build the images from source (a no-op when nothing changed)
images *ARGS:
    cargo run --release --quiet -- image build {{ARGS}}

# Why would an image be rebuilt?
explain:
    cargo run --release --quiet -- image build --explain

# ---- check ----

# All tests
test *ARGS:
    ./test {{ARGS}}

# What CI runs
ci:
    .ci/run

# Formatting and lints
lint:
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- -D warnings

# CPython's and QuickJS's own tests inside the guests, all of them
conformance:
    cargo test --release --workspace --test conformance -- --include-ignored

# ---- measure ----

# Every number of SPECIFICATION.md, on this machine
bench *ARGS:
    cargo run --release --quiet -- bench {{ARGS}}

# Throughput and tails of 1 to 256 clients
load *ARGS:
    cargo run --release --quiet -- bench --load {{ARGS}}

# 200,000 executions of every kind, good and bad, each checked; the server's memory goes to docs/soak.svg
soak *ARGS:
    cargo run --release --quiet -- bench --soak {{ARGS}}

# Fuzz what reads bytes from outside or from a guest: just fuzz [TARGET] [SECONDS]
fuzz TARGET="all" SECONDS="600":
    fuzz/run {{TARGET}} {{SECONDS}}
