#!/usr/bin/env bash
# Builds the program and its images, and lays out in FOLDER what the container holds: build.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release
program="${CARGO_TARGET_DIR:-target}/release/ampoule"
"$program" image build
deploy/container/install.sh "$1" "$program" "${XDG_CACHE_HOME:-$HOME/.cache}/ampoule/images"
