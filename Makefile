# SPDX-License-Identifier: GPL-2.0
#
# portwatch: the module, the tool, and the virtual machine in which they are
# tried and tested. "make help" lists what there is.

KDIR ?= /lib/modules/$(shell uname -r)/build
KVERSION ?= $(shell uname -r)
DESTDIR ?=
PREFIX ?= /usr/local
ARGS ?=
MATRIX ?=

module_dir = $(DESTDIR)/lib/modules/$(KVERSION)/updates
completion_dirs = $(addprefix $(DESTDIR)$(PREFIX)/share/bash-completion,\
	/completions /)
rules_dir = $(DESTDIR)$(PREFIX)/lib/udev/rules.d

.PHONY: all
all: module user ## build module and tool (the default)

.PHONY: module
module: ## build kmod/portwatch.ko (KDIR=... for other headers)
	@test -e $(KDIR)/Makefile || { echo "no kernel headers in $(KDIR):" \
		"install linux-headers-$(KVERSION), or say KDIR=..." >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

.PHONY: user
user: ## build user/portwatch and libportwatch
	$(MAKE) -C user

.PHONY: run
run: ## show portwatch at work in a VM with real servers (ARGS="--json")
	@scripts/run $(ARGS)

.PHONY: vm
vm: ## open a shell in a VM with the module loaded
	@scripts/vm-shell

.PHONY: check
check: ## run every test, on this machine and in the VM
	@scripts/check

.PHONY: check-debug
check-debug: ## run the module's tests on a kernel with KASAN, lockdep, kmemleak
	@scripts/check debug

.PHONY: matrix
matrix: ## build and test on every kernel (MATRIX="trixie sid": on some)
	@scripts/matrix $(MATRIX)

.PHONY: truth
truth: ## compare portwatch and its peers with what programs know, in the VM
	@scripts/truth

.PHONY: bench
bench: ## count what operations cost with us and with others, in the VM
	@scripts/bench

.PHONY: style
style: ## check the form of the sources
	@scripts/style

.PHONY: install
install: all ## install module, tool, library, man pages (DESTDIR=, PREFIX=)
	install -D -m 0644 kmod/portwatch.ko $(module_dir)/portwatch.ko
	install -D -m 0644 scripts/60-portwatch.rules \
		$(rules_dir)/60-portwatch.rules
	$(MAKE) -C user install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	$(if $(DESTDIR),,depmod $(KVERSION))

.PHONY: uninstall
uninstall: ## remove exactly what install put there
	rm -f $(module_dir)/portwatch.ko $(rules_dir)/60-portwatch.rules
	-rmdir $(module_dir) $(rules_dir) $(dir $(rules_dir)) 2>/dev/null
	$(MAKE) -C user uninstall DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	-rmdir $(DESTDIR)$(PREFIX)/share/man/man[1-8] $(completion_dirs) \
		2>/dev/null
	$(if $(DESTDIR),,depmod $(KVERSION))

.PHONY: clean
clean: ## remove what was built, the VM's root too
	if test -e $(KDIR)/Makefile; then \
		$(MAKE) -C $(KDIR) M=$(CURDIR) clean; fi
	$(MAKE) -C user clean
	$(MAKE) -C selftests/vm/init clean
	rm -rf build

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / \
		{ printf "  make %-11s %s\n", $$1, $$2 }' Makefile
