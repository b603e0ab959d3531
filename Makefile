# make audit   audits this computer: prints the grade and where the HTML and Excel are
# make demo    builds a made-up client with a year of audits, to look at without a machine
# make test    installs what the tests need (system packages too, as root or with passwordless sudo) and runs them
# make lint    ruff, mypy, shellcheck
# make bench   prints the figures of docs/benchmarks.md; installs the clients that ours is measured beside
.PHONY: audit demo test lint bench venv test-venv system format

# What the tests run against, from Debian: an SSH server, other shells, package managers, a browser, an office, Kerberos.
SYSTEM = openssh-server openssh-client debootstrap debian-archive-keyring gnupg fish busybox shellcheck apt-utils dpkg-dev \
	createrepo-c dnf zypper rpm pacman-package-manager libarchive-tools cryptsetup-bin dmsetup lvm2 mdadm btrfs-progs \
	clamav-daemon chromium libreoffice-calc postgresql krb5-kdc krb5-admin-server krb5-user python3-gssapi \
	gcc libc6-dev libkrb5-dev python3-dev libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 poppler-utils

audit: venv
	@.venv/bin/scorecard audit --local --out scorecard-report; code=$$?; [ $$code -eq 0 ] || [ $$code -eq 3 ]

demo: venv
	@.venv/bin/scorecard demo

venv:
	@scripts/venv requirements.lock

test-venv:
	@scripts/venv requirements-test.lock

system:
	@scripts/system $(SYSTEM) || echo "some tests will be skipped and say which program they miss" >&2

# Tests start many processes: each would compile all that it loads again where nothing of it is kept.
test: export PYTHONDONTWRITEBYTECODE =
test: export PYTHONPYCACHEPREFIX = $(CURDIR)/.venv/bytecode
test: test-venv system
	.venv/bin/python -P -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(TESTS)

lint: test-venv
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	shellcheck scripts/lock scripts/system scripts/venv .ci/run checks/*/*.sh scorecard/preludes/*.sh

format: test-venv
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: test-venv system
	.venv/bin/python -m bench
