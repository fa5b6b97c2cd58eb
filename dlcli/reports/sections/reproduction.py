"""How to repeat the run: its command, versions and machine."""

from __future__ import annotations

from dlcli.reports.blocks import Block, Code, Section, Table, Text
from dlcli.reports.material import Material


def reproduction(material: Material) -> Section:
    """Return the section."""
    say, facts = material.say, material.facts
    record = facts.record
    blocks: list[Block] = [Text(say("reproduction.command"))]
    if facts.command:
        blocks.append(Code(facts.command))
    if record.kind == "train":
        blocks += [Text(say("reproduction.reproduce")), Code(f"dlcli reproduce {facts.shown_path}")]
    machine = record.machine
    rows = [
        [say("reproduction.started"), record.started],
        [say("reproduction.seed"), str(record.seed)],
        *([name, version] for name, version in record.versions.items()),
        [say("reproduction.platform"), machine.platform or "–"],
        [say("reproduction.processor"), machine.processor or "–"],
        [say("reproduction.cpus"), str(machine.cpus or "–")],
        [say("reproduction.config_sha256"), record.config_sha256 or "–"],
    ]
    rows += [[code.path.rpartition("/")[2], code.sha256] for code in record.code]
    header = [say("reproduction.what"), say("reproduction.value")]
    blocks.append(Table(say("reproduction.caption"), header, rows, left=2))
    return Section("reproduction", say("reproduction.title"), blocks)
