"""The words of the reports, explained: the answers first (LEGEND), then the terms."""

from __future__ import annotations

from .words import DASH, NOT_APPLICABLE

# Answer, meaning.
LEGEND = (
    ("Yes", "It was seen, and it is as agreed."),
    ("Nearly", "It was seen, and it is close to what was agreed. It earns half and counts as falling short."),
    ("No", "It was seen, and it is not as agreed."),
    ("Not checked", "There is no answer. It earns nothing and is never taken for a Yes."),
    ("Excused", "It falls short and you agreed to that until a day that is printed."),
    (f"{NOT_APPLICABLE} ({DASH})", "The machine is of a kind that this cannot apply to."),
)

# Anchor, term, meaning.
GLOSSARY = (
    ("machine", "Machine", "A laptop, PC or server that is on the list for this check."),
    (
        "promise",
        "Promise",
        "One of the things that we want to say of every machine without a doubt, such as “its whole disk is encrypted”.",
    ),
    ("encryption", "Disk encryption", "Scrambles everything on the disk, so that a stolen laptop is only lost hardware."),
    (
        "recovery-key",
        "Recovery key",
        "A long number that opens an encrypted disk when the usual way fails. This check never reads it; it "
        "only asks whether there is one.",
    ),
    (
        "antivirus",
        "Antivirus",
        "A program that looks for harmful software and stops it. It is only as good as its newest list of threats.",
    ),
    ("definitions", "Definitions", "The antivirus program's list of known threats. It should be renewed every day."),
    (
        "updates",
        "Updates",
        "Corrections that the maker of a program publishes. Security updates close holes that attackers use.",
    ),
    ("support", "Out of support", "The maker no longer corrects this system. New holes in it stay open for ever."),
    ("restart", "Restart pending", "An update is on the machine and works only after a restart."),
    ("grade", "Grade", "A letter from A to F for the whole list of machines. An A means every machine."),
    (
        "points",
        "Points",
        "A number from 0 to 100 behind the letter. Important checks count more, and a server counts as much as three PCs.",
    ),
    (
        "coverage",
        "Answers we have",
        "The share of all answers that this check asked for and got, weighted like the points.",
    ),
    ("held", "Held at a letter", "Some faults weigh so much that the letter cannot be better, whatever the points say."),
    ("provisional", "Provisional", "A letter given though much could not be checked. It may change when more is seen."),
    ("worst-case", "Worst case", "The letter we would give if everything that we could not check were bad."),
    ("excused", "Excused", "A fault that you accepted for a time, in writing, with a reason and an end date."),
    ("standard", "Standard", "The list of checks, limits and weights that this grade is measured against."),
    (
        "evidence",
        "Evidence",
        "What the machine itself answered, word for word, with the time and a fingerprint (SHA-256) that "
        "shows if it was changed.",
    ),
    (
        "identity",
        "Identity proven",
        "The machine proved who it is, by a key that we know, a certificate that we trust or its domain, so nobody stood "
        "in its place.",
    ),
)
