#!/bin/sh
# Builds ONNX's C++ library once, outside the checkout, where cmake/dependencies.cmake finds it.
# usage: tools/build_onnx.sh [PREFIX]      (PREFIX: ${XDG_CACHE_HOME:-~/.cache}/thimble/onnx-VERSION)
# Does nothing when PREFIX holds a whole build made with this machine's protobuf. The source and a newer CMake come
# from PyPI through pip; ONNX_SOURCE may name an unpacked source tree instead.
set -eu

version=1.23.2
prefix=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/thimble/onnx-$version}
protobuf=$(protoc --version | sed 's/.* //')
built_with="onnx $version
protobuf $protobuf"

if [ -f "$prefix/built_with.txt" ] && [ "$(cat "$prefix/built_with.txt")" = "$built_with" ]; then
  echo "ONNX $version is built: $prefix"
  exit 0
fi

mkdir -p "$(dirname "$prefix")"
# Beside the prefix, so that the last step is a rename: a build that was stopped is never taken for a whole one.
work=$(mktemp -d "$prefix.building.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

echo "ONNX $version is not built yet: building it in $prefix (two to four minutes, once)."
echo "From PyPI, into a folder that is deleted afterwards: cmake (3.26 or newer), the source of onnx $version."
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'cmake>=3.26'
source=${ONNX_SOURCE:-}
if [ -z "$source" ]; then
  "$work/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary onnx --dest "$work" \
    "onnx==$version"
  tar -xf "$work/onnx-$version.tar.gz" -C "$work"
  source=$work/onnx-$version
fi

jobs=$(nproc)
launcher=$(command -v ccache || true)
"$work/venv/bin/cmake" -G Ninja -S "$source" -B "$work/build" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_LIBDIR=lib \
  -DONNX_ML=ON -DONNX_BUILD_PYTHON=OFF -DONNX_USE_UNITY_BUILD=ON >"$work/log" 2>&1 &&
  "$work/venv/bin/cmake" --build "$work/build" --parallel "$jobs" >>"$work/log" 2>&1 &&
  "$work/venv/bin/cmake" --install "$work/build" --prefix "$work/installed" >>"$work/log" 2>&1 || {
  tail -40 "$work/log" >&2
  echo "tools/build_onnx.sh: building ONNX failed; the end of its log is above." >&2
  exit 1
}
echo "$built_with" >"$work/installed/built_with.txt"

# Another build may have finished meanwhile: the one that is there goes, whole or stale, and ours takes its place.
if [ -e "$prefix" ]; then mv "$prefix" "$work/old"; fi
mv "$work/installed" "$prefix"
echo "ONNX $version is built: $prefix"
