#!/bin/bash
# Unpacks a native Node: $OUT/bin/node.
set -euo pipefail

tar xzf "$SRC_NODE"
mkdir "$OUT/bin"
cp package/bin/node "$OUT/bin/node"
"$OUT/bin/node" -e 'process.exit(typeof Intl === "object" ? 0 : 1)'
