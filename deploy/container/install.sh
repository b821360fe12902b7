#!/usr/bin/env bash
# Lays out a server's files: install.sh FOLDER PROGRAM IMAGES
#
#   usr/bin/ampoule              the program
#   usr/share/ampoule/images     of each image the one that is current
#   etc/ampoule/ampoule.toml     container.toml
set -euo pipefail
folder="$1" program="$2" images="$3"
here="$(cd "$(dirname "$0")" && pwd)"
install -D -m 755 "$program" "$folder/usr/bin/ampoule"
install -D -m 644 "$here/container.toml" "$folder/etc/ampoule/ampoule.toml"
for image in "$images"/*/; do
    name="$(basename "$image")" digest="$(cat "$image/current")"
    to="$folder/usr/share/ampoule/images/$name"
    mkdir -p "$to"
    cp -r --reflink=auto "$image/$digest" "$to/"
    cp "$image/current" "$to/"
done
# Whoever runs the server may read them, and nobody may change them.
chmod -R a+rX,a-w "$folder/usr/share/ampoule"
