# SPDX-License-Identifier: GPL-2.0
"""Results as KTAP, whose plan comes last."""


class Report:
    """The results of one program; its name is the first word of each."""

    def __init__(self, subject):
        self.subject, self.number, self.failed = subject, 0, 0
        print("TAP version 13")

    def result(self, good, name):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} {self.subject}: {name}")

    def end(self):
        """The plan; returns the exit status."""
        print(f"1..{self.number}")
        return 1 if self.failed or not self.number else 0
