#!/bin/sh
# Writes the hashed requirement files from pyproject.toml. No registry address may get into them: whoever installs
# uses the registry that his own pip or uv is set up with.
set -eu
UV=${UV:-.uv/bin/uv}
UV_VERSION=${UV_VERSION:?say which uv}

compile() {
    "$UV" pip compile --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-header --no-emit-index-url -q "$@"
}

compile pyproject.toml --extra web --extra forecast --extra sign --group dev -o requirements/dev.txt
compile pyproject.toml --group build -c requirements/dev.txt -o requirements/core.txt
compile pyproject.toml --extra web --extra forecast --extra sign --group build -c requirements/dev.txt -o requirements/web.txt
echo "uv==$UV_VERSION" | compile - -o requirements/uv.txt

if grep -nE 'https?://|--(extra-)?index-url|--find-links' requirements/*.txt; then
    echo "lock: an address got into the requirement files (see above)" >&2
    exit 1
fi
