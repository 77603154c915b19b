# Makes and fills .venv. Sourced by the other scripts, never run:
#
#     source scripts/setup.sh
#     set_up_venv "dev,postgres"     # extras of pyproject.toml; "" for none
#
# Afterwards .venv/bin/python has everything that pyproject.toml asks for, in the versions of constraints.txt.
# A stamp file in .venv names the extras and the hash of both files, so that the next start checks nothing else.

readonly OLDEST_PYTHON=3.11
readonly NEWEST_PYTHON=3.14 # the newest that the pinned torch has a build for
readonly OLDEST_DRIVER=580  # of NVIDIA's Linux drivers: the first for CUDA 13, which PyPI's torch is built for

# Each argument is a line.
say() { printf '%s\n' "$@" >&2; }

die() {
    say "$@"
    exit 1
}

# Prints the interpreter's version as 3.11, or nothing if it does not run (version managers leave such shims behind).
python_version() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

# True if $1 lies between the oldest and the newest version that work. sort -V knows that 3.9 comes before 3.11.
version_fits() {
    [[ "$(printf '%s\n' "$OLDEST_PYTHON" "$1" "$NEWEST_PYTHON" | sort -V | sed -n 2p)" == "$1" ]]
}

# Prints the first interpreter that fits; otherwise explains what was found and what to install.
find_python() {
    local name version found=""
    for name in python3.11 python3.12 python3.13 python3.14 python3; do
        command -v "$name" >/dev/null || continue
        version="$(python_version "$name")" || continue
        if version_fits "$version"; then
            command -v "$name"
            return
        fi
        found+=" $name (version $version)"
    done
    die "LoRA Studio needs Python $OLDEST_PYTHON to $NEWEST_PYTHON. Found:${found:- no Python 3 at all}." \
        "Install one, then run this again. For example:" \
        "    Debian, Ubuntu:  sudo apt-get install python3.11 python3.11-venv   (python3 python3-venv where that is 3.11 or newer)" \
        "    Fedora:          sudo dnf install python3.12" \
        "    macOS:           brew install python@3.12"
}

make_venv() {
    local python version
    python="$(find_python)" || exit 1
    version="$(python_version "$python")"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        die "$python has no working 'venv' module. Debian and Ubuntu: sudo apt-get install python$version-venv"
    say "Making .venv with $python (Python $version)."
    "$python" -m venv .venv || die "'$python -m venv .venv' failed; remove .venv and try again."
}

# Before 23.2 pip would download torch only to tell which file it would take.
renew_old_pip() {
    local version
    version="$(.venv/bin/pip --version | cut -d' ' -f2)"
    if [[ "$(printf '%s\n' 23.2 "$version" | sort -V | head -n 1)" != 23.2 ]]; then
        .venv/bin/python -m pip install --quiet --upgrade pip || die "Could not renew pip $version."
    fi
}

pinned() { grep -i "^$1==" constraints.txt; }

# STUDIO_DEVICE=cpu leaves the GPU alone.
has_nvidia_gpu() {
    [[ "${STUDIO_DEVICE:-}" != cpu ]] && command -v nvidia-smi >/dev/null && nvidia-smi >/dev/null 2>&1
}

# Prints the driver's version as 570.133.07.
driver_version() { nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1; }

# True if the driver runs CUDA 13. A version that cannot be read counts as new enough: torch itself has the last word.
driver_fits() {
    local major="${1%%.*}"
    [[ ! "$major" =~ ^[0-9]+$ ]] || ((major >= OLDEST_DRIVER))
}

has_package() { .venv/bin/python -c "import importlib.metadata as m; m.version('$1')" 2>/dev/null; }

# Asks pip, without downloading it, which torch it would take: "cpu" or "cuda". The CUDA build asks for nvidia-*
# packages on Linux; the CPU build of a local file or of a mirror does not, and on macOS there is only one build.
torch_build_of_pip() {
    if [[ "$(uname -s)" != Linux ]]; then
        echo cpu
        return
    fi
    .venv/bin/python -m pip install --quiet --dry-run --ignore-installed --no-deps --report - "$(pinned torch)" 2>/dev/null |
        .venv/bin/python -c '
import json, sys
needs = json.load(sys.stdin)["install"][0]["metadata"].get("requires_dist", [])
print("cuda" if any(need.startswith("nvidia-") for need in needs) else "cpu")
' || die "pip finds no $(pinned torch) for this machine. Is the network up? pip's own words:" \
        "$(.venv/bin/python -m pip install --dry-run --no-deps "$(pinned torch)" 2>&1 | tail -n 3)"
}

# True if the installed torch cannot use a GPU: it was installed before there was one here.
has_cpu_torch() {
    [[ "$(uname -s)" == Linux ]] && has_package torch && .venv/bin/python -c '
import importlib.metadata, sys
sys.exit(any(need.startswith("nvidia-") for need in importlib.metadata.requires("torch") or []))
'
}

# uv knows where PyTorch's builds are; pip does not. $1: cpu, or auto for the newest CUDA that the driver runs. Fails
# quietly where uv or its index cannot be reached.
install_torch_with_uv() {
    local uv
    uv="$(command -v uv)" || {
        .venv/bin/python -m pip install --quiet -c constraints.txt uv >/dev/null 2>&1 || return 1
        uv=.venv/bin/uv
    }
    "$uv" pip install --quiet --python .venv/bin/python --torch-backend "$1" -c constraints.txt torch 2>/dev/null
}

# For a driver that is too old for the CUDA build of PyPI: a build for an older CUDA, or an end before the download.
install_torch_for_old_driver() {
    say "The NVIDIA driver here is $1. PyPI's torch is built for CUDA 13, which needs driver $OLDEST_DRIVER or newer." \
        "Looking for a build for the CUDA of this driver (about 3 GB to download)."
    install_torch_with_uv auto && ! has_cpu_torch && return
    die "There is no such build of $(pinned torch). Install driver $OLDEST_DRIVER or newer (Ubuntu: sudo apt-get install nvidia-driver-$OLDEST_DRIVER-server)," \
        "or set STUDIO_DEVICE=cpu to run without the GPU. Nothing of torch with CUDA was downloaded from PyPI."
}

# Sizes measured on Linux x86-64 with Python 3.11.
say_sizes() {
    case "$1" in
    cpu) say "First start: about 0.3 GB to download (torch's CPU build is 0.2 GB of it); .venv will take about 1.6 GB of disk." ;;
    cuda) say "First start: about 3 GB to download (torch with CUDA); .venv will take about 7 GB of disk." ;;
    esac
    [[ "$2" == *dev* ]] && say "The tools for tests and checks add 0.1 GB to the download and 0.3 GB to the disk."
    say "Free here: $(df -Pk . | awk 'NR == 2 { printf "%.1f GB", $4 / 1e6 }')."
}

# $1: extras. Says the sizes before anything is downloaded and, where pip would take a CUDA build that nobody can use,
# tries to do better.
install_torch() {
    local build
    if has_nvidia_gpu && has_cpu_torch; then
        say "There is an NVIDIA GPU, but the torch in .venv is the CPU build: it is replaced."
        .venv/bin/python -m pip uninstall --quiet --yes torch || die "pip could not remove the CPU build of torch."
    fi
    has_package torch && return
    build="$(torch_build_of_pip)" || exit 1
    if [[ "$build" == cuda ]] && ! has_nvidia_gpu; then
        say "No NVIDIA GPU here, so the CPU build of torch is enough, but pip would take the CUDA build."
        say_sizes cpu "$1"
        say "Looking for the CPU build of torch (about 200 MB)."
        install_torch_with_uv cpu && return
        say "The CPU build cannot be had here: installing the CUDA build, which runs on the CPU as well."
    fi
    if [[ "$build" == cuda ]] && has_nvidia_gpu && ! driver_fits "$(driver_version)"; then
        install_torch_for_old_driver "$(driver_version)"
        return
    fi
    if [[ "$build" == cpu ]] && has_nvidia_gpu; then
        say "pip finds only the CPU build of torch here (its index is a mirror?): the GPU will not be used."
    fi
    say_sizes "$build" "$1"
}

# pip shows its progress to a person; a log gets errors only.
quiet_unless_watched() { [[ -t 2 ]] || echo --quiet --quiet; }

check_venv_python() {
    local version
    version="$(python_version .venv/bin/python)"
    version_fits "$version" ||
        die "The Python in .venv is ${version:-broken}; LoRA Studio needs $OLDEST_PYTHON to $NEWEST_PYTHON. Remove .venv and run this again."
}

stamp_hash() { cat pyproject.toml constraints.txt | cksum | tr -d ' '; }

# $1: extras, comma separated, or nothing.
set_up_venv() {
    local extras="${1:-}" hash stamp
    hash="$(stamp_hash)"
    stamp=".venv/.studio-${extras:-base}-$hash"
    [[ -x .venv/bin/python && -e "$stamp" ]] && return
    [[ -x .venv/bin/python ]] || make_venv
    check_venv_python
    renew_old_pip
    install_torch "$extras"
    say "Installing what is missing (a minute or two)."
    # shellcheck disable=SC2046 # two words or none
    .venv/bin/python -m pip install $(quiet_unless_watched) -c constraints.txt -e ".${extras:+[$extras]}" ||
        die "pip could not install LoRA Studio's packages; its message is above. What is done is kept: run this again to go on."
    find .venv -maxdepth 1 -name '.studio-*' ! -name "*-$hash" -delete
    : >"$stamp"
    : >".venv/.studio-base-$hash"
}
