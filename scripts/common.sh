# Functions that the scripts in this folder share, to be sourced. Sourcing changes no directory and installs nothing.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
qgis_tests=$build/qgis-tests
export RSGPT_HOME=${RSGPT_HOME:-$build/home}
mkdir -p "$RSGPT_HOME"
RSGPT_HOME=$(cd "$RSGPT_HOME" && pwd)

say() { printf '== %s\n' "$*" >&2; }

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
        fail "This needs root or sudo: $*"
    fi
}

apt_install() {
    command -v apt-get >/dev/null || fail "Install these packages by hand, then run again: $*"
    say "Installing $* (apt)"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2
}

# plugin_python ARGS...: runs code that needs only Python 3.9 or later, from any working directory.
plugin_python() { PYTHONPATH=$root PYTHONDONTWRITEBYTECODE=1 python3 "$@"; }

finds_python() {
    plugin_python -c 'import sys; from rsgpt_plugin.client.environment.interpreters import find_python; sys.exit(find_python() is None)'
}

ensure_python() {
    command -v python3 >/dev/null && (finds_python || command -v uv >/dev/null) && return
    as_root apt-get update -q >&2
    apt_install python3 python3-venv
}

# ensure_backend [GROUP...]: creates the managed environment with the same code as the plugin's setup.
ensure_backend() {
    ensure_python
    local groups=() group
    for group in "$@"; do groups+=(--group "$group"); done
    plugin_python -m rsgpt_plugin.client.environment.environment make ${groups[@]+"${groups[@]}"}
}

backend_python() { plugin_python -m rsgpt_plugin.client.environment.environment python; }

has_qgis() {
    command -v qgis_process >/dev/null && [ -x /usr/bin/python3 ] &&
        /usr/bin/python3 -c 'import sys; from qgis.core import Qgis; sys.exit(Qgis.QGIS_VERSION_INT < 33400)' 2>/dev/null
}

# backports_of SUITE: prints the machine's apt source of the suite, changed to its backports: same mirror, same key.
backports_of() {
    local suite=$1 stanza line
    stanza=$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
        awk -v RS='' -v wanted="(^|\n)Suites:([^\n]* )?$suite( |\n|\$)" '$0 ~ wanted { print; exit }')
    if [ -n "$stanza" ]; then
        printf '%s\n' "$stanza" | sed "/^#/d; s/^Suites:.*/Suites: $suite-backports/; s/^Components:.*/Components: main/"
        return
    fi
    line=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -nE "s/^deb +(\[[^]]*\] +)?([^ ]+) +$suite +main.*/deb \1\2 $suite-backports main/p" | head -n 1)
    [ -n "$line" ] && printf '%s\n' "$line"
}

add_backports() {
    local suite=$1 source ending=list
    apt-cache policy | grep -q "n=$suite-backports" && return
    source=$(backports_of "$suite") || fail "No apt source of $suite was found, so $suite-backports cannot be added."
    case $source in *URIs:*) ending=sources ;; esac
    say "Adding $suite-backports, from the same mirror as $suite"
    printf '%s\n' "$source" | as_root tee "/etc/apt/sources.list.d/rsgpt-backports.$ending" >/dev/null
}

ensure_qgis() {
    has_qgis && return
    command -v apt-get >/dev/null || fail "Install QGIS 3.34 or later, then run again."
    local suite
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    if [ "$suite" = bookworm ]; then
        add_backports "$suite"
        as_root apt-get update -q >&2
        apt_install -t "$suite-backports" qgis
    else
        as_root apt-get update -q >&2
        apt_install qgis python3-qgis
    fi
    has_qgis || fail "QGIS is older than 3.34. Install a newer version, then run again."
}

# A virtual display for the window of QGIS.
ensure_display() { command -v xvfb-run >/dev/null || apt_install xvfb xauth; }

# An environment based on QGIS's Python, for the tests of the plugin.
ensure_qgis_tests() {
    ensure_qgis
    ensure_display
    local wanted=$root/tests/plugin/requirements.txt
    cmp -s "$wanted" "$qgis_tests/requirements.txt" && return
    /usr/bin/python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    say "Creating the environment of the QGIS tests"
    rm -rf "$qgis_tests"
    /usr/bin/python3 -m venv --system-site-packages "$qgis_tests"
    "$qgis_tests/bin/pip" install -q --disable-pip-version-check -r "$wanted" >&2
    cp "$wanted" "$qgis_tests/requirements.txt"
}

# compile_translations FOLDER: builds each .qm file that is older than its .ts file.
compile_translations() {
    local tool source
    for source in "$1"/*.ts; do
        [ "${source%.ts}.qm" -nt "$source" ] && continue
        tool=$(PATH=$PATH:/usr/lib/qt6/bin:/usr/lib/qt5/bin command -v lrelease) || {
            apt_install qttools5-dev-tools
            tool=/usr/lib/qt5/bin/lrelease
        }
        "$tool" -silent -nounfinished "$source" >&2
    done
}

ensure_translations() { compile_translations "$root/i18n"; }

# Runs QGIS without a window and with a private folder for sockets. QGIS uses the first Python in PATH, which would be the
# wrong one in a shell with pyenv or conda.
headless() {
    export PATH=/usr/bin:$PATH
    export QT_QPA_PLATFORM=${QT_QPA_PLATFORM:-offscreen}
    export XDG_RUNTIME_DIR=$build/run
    mkdir -p "$XDG_RUNTIME_DIR"
    chmod 700 "$XDG_RUNTIME_DIR"
}
