#!/bin/sh
# Installs what building and testing Thimble needs, on Debian 12 or newer: says what, then installs only what is missing.
# usage: tools/install_dependencies.sh [build] [firmware] [test]     (no group: build)
#   build    compilers and libraries of the thimble program, and ONNX (tools/build_onnx.sh)
#   test     cross compilers, QEMU, and a Python environment with ONNX Runtime as the oracle
#   firmware cross compilers and QEMU alone: what the samples need
# The Python environment lies in ${XDG_CACHE_HOME:-~/.cache}/thimble/python; THIMBLE_PYTHON_ENV names another.
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
environment=${THIMBLE_PYTHON_ENV:-${XDG_CACHE_HOME:-$HOME/.cache}/thimble/python}
build_packages="g++ cmake ninja-build libprotobuf-dev protobuf-compiler libfmt-dev libcli11-dev
  nlohmann-json3-dev python3 python3-venv"
firmware_packages="gcc-arm-none-eabi libnewlib-arm-none-eabi gcc-riscv64-unknown-elf qemu-system-arm qemu-system-misc"
test_packages="$firmware_packages catch2 clang"
test_modules="onnx==1.23.2 onnxruntime==1.32.0 numpy"

packages="" modules="" groups=${*:-build}
for group in $groups; do
  case $group in
    build) packages="$packages $build_packages" ;;
    firmware) packages="$packages $firmware_packages" ;;
    test) packages="$packages $test_packages" modules=$test_modules ;;
    *) echo "tools/install_dependencies.sh: there is no group '$group'. Groups: build, firmware, test." >&2; exit 1 ;;
  esac
done

missing=""
for package in $packages; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  case " $missing " in *" $package "*) continue ;; esac
  [ "$status" = installed ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
  echo "Installing with apt:$missing"
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    as_root=sudo
    command -v sudo >/dev/null || { echo "Neither root nor sudo is here. Install the packages above, then run this again." >&2; exit 1; }
  fi
  $as_root apt-get update -qq
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

if [ -n "$modules" ]; then
  # The list is the stamp: written last, so that an environment half made is made again.
  if [ "$(cat "$environment/modules.txt" 2>/dev/null || true)" != "$modules" ]; then
    echo "Installing with pip into $environment: $modules"
    rm -rf "$environment"
    python3 -m venv "$environment"
    # shellcheck disable=SC2086
    "$environment/bin/pip" install --quiet --disable-pip-version-check $modules
    echo "$modules" >"$environment/modules.txt"
  fi
fi

case " $groups " in *" build "*) "$tools/build_onnx.sh" ;; esac
