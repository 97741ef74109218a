#!/usr/bin/env bash
# Runs this folder's nodes on one machine; start.sh --help says how.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
. "$here/../layout.sh"
layout "$here" "$@"
